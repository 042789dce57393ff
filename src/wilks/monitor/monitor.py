"""Judging a stream of batches against a fixed reference."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wilks.monitor.batches import Judgeable, Refused, looked_at
from wilks.monitor.evidence import Count, Drift, EvidenceSum, Ranks, tie_breaker
from wilks.monitor.null_laws import NullP
from wilks.monitor.places import places, worst_place
from wilks.monitor.reference import MonitorReference
from wilks.monitor.scoring import AdditiveScorer
from wilks.monitor.verdict import Batch, Cause, State, Verdict, p_and_z
from wilks.monitor.windows import Window, WindowResult
from wilks.samples import Events, Sample
from wilks.significance import z_score
from wilks.storage import Folder
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray

_EVIDENT = 1e-6


class Monitor:
    """Decides on batches, one after the other.

    The p of a batch is its conformal rank among held-out calibration batches and earlier batches, all scored against
    the same reference, with ties broken by random numbers of the seed. It is exactly uniform for good batches, whatever
    the statistic and however small the reference. Where there are too few of them for being beyond all to be BAD, the
    state is decided by the null law of the batch size; ``method`` says which p it was, and the verdict has both. A
    batch whose t lies twice as far above the median of the toys as the last of them is not ranked among later: a fixed
    limit that good batches hardly ever reach, and that keeps a broken detector from becoming the norm.

    Args:
        reference: what `build_reference` made, or the folder where it was saved.
        timer: seconds of a clock that never goes back, for the latency.

    Raises:
        StoreError: there is no reference in the folder.

    >>> import wilks
    >>> rng = np.random.default_rng(0)
    >>> reference, pool = wilks.split(wilks.Sample(rng.normal(size=12_000)), n_first=4_000, seed=0)
    >>> analysis = wilks.Analysis(reference=reference, model=wilks.Histogram(n_bins=10), toy_source=pool,
    ...                           expected_events=100)
    >>> monitor = Monitor(wilks.build_reference(analysis))
    >>> str(monitor.update(rng.normal(size=100)).state), str(monitor.update(rng.normal(1.0, size=100)).state)
    ('GOOD', 'BAD')
    >>> str(monitor.update(rng.normal(size=5)).cause)
    'too few events'
    """

    def __init__(self, reference: MonitorReference | Folder, *, timer: Callable[[], float] = time.perf_counter) -> None:
        self.reference = reference if isinstance(reference, MonitorReference) else MonitorReference.load(reference)
        self._timer, decisions = timer, self.reference.decisions
        self.n_batches = 0
        self._ranks = Ranks(self.reference.calibration, n_earlier=decisions.n_ranks)
        self._sum = EvidenceSum(kappa=decisions.kappa, limit=decisions.batches_between_alarms)
        self._count = Count(level=decisions.medium, n=decisions.n_in_a_row)
        self._drift = Drift(n_batches=decisions.window)
        self._windows = self._make_windows()

    def _make_windows(self) -> dict[str, Window]:
        scorer, baseline = self.reference.scorer, self.reference.baseline
        if not isinstance(scorer, AdditiveScorer) or baseline is None:
            return {}
        lengths = {"growing": None, "sliding": self.reference.decisions.window}
        return {name: Window(scorer, baseline, n_batches=n) for name, n in lengths.items()}

    @one_blas_thread()
    def update(self, batch: Batch | Sample | Events, *, now: float | None = None) -> Verdict:
        """The verdict on one more batch.

        Args:
            batch: a `Batch`, or its events alone: a sample, an array (n, d), or a table with the features.
            now: seconds since 1970, by which a batch with a time is found stale; None: its age is not looked at.
        """
        started = self._timer()
        given = batch if isinstance(batch, Batch) else Batch(batch)
        found = looked_at(given, self.reference, now=now)
        verdict = self._judged(given, found) if isinstance(found, Judgeable) else self._refused(given, found)
        self.n_batches += 1
        return replace(verdict, latency_s=self._timer() - started)

    def replay(self, verdicts: Iterable[Mapping[str, Any]]) -> None:
        """Take up what earlier verdicts, as `Verdict.to_dict` gave them, had led to; windows begin anew."""
        for one in verdicts:
            self.n_batches += 1
            if one["state"] == State.NOT_EVALUATED:
                continue
            which = self.reference.null.nearest(one["n_events"])
            self._follow(_Scored(one["score"], one["p_value"], one["conformal"]["p_value"], which))
            if one["is_ranked"]:
                self._ranks.add(one["score"])

    def _refused(self, batch: Batch, found: Refused) -> Verdict:
        return self._verdict(
            batch, found.n_events, state=State.NOT_EVALUATED, cause=found.cause, reason=f"{found.cause}: {found.reason}"
        )

    def _judged(self, batch: Batch, found: Judgeable) -> Verdict:
        reference, events = self.reference, found.events
        n, null, scorer = len(events), reference.null, reference.scorer
        sums = scorer.sums([events]) if isinstance(scorer, AdditiveScorer) else None
        if sums is not None and isinstance(scorer, AdditiveScorer):
            scores = scorer.scores_of(sums, np.array([float(n)]))[0]
        else:
            scores = scorer.scores([events])[0]
        if not np.all(np.isfinite(scores)):
            return self._refused(batch, Refused(Cause.NO_FIT, "its fit did not converge", n))
        t = null.t(scores, n)
        return self._decided(batch, events, t=t, sums=None if sums is None else sums[0])

    def _decided(self, batch: Batch, events: FloatArray, *, t: float, sums: FloatArray | None) -> Verdict:
        reference, rates, n = self.reference, self.reference.decisions, len(events)
        null, score = reference.null.p(t, n), reference.null.z(t, n)
        which = reference.null.nearest(n)
        n_ranks = self._ranks.n(which)
        conformal = self._ranks.p(score, which, u=tie_breaker(rates.tie_seed, self.n_batches))
        log_p, method = (
            (math.log(conformal), "conformal") if n_ranks + 1 > 1.0 / rates.bad else (null.log_p_value, null.method)
        )
        is_ranked = not reference.null.is_beyond_doubt(t, n)
        followed = self._follow(_Scored(score, math.exp(log_p), conformal, which))
        if is_ranked:
            self._ranks.add(score)
        windows = {} if sums is None else {name: one.add(sums, n) for name, one in self._windows.items()}
        alarms = (*followed.alarms, *self._window_alarms(windows))
        p = math.exp(log_p)
        state = State.BAD if p < rates.bad else State.MEDIUM if p < rates.medium else State.GOOD
        found = places(reference.profiles, events, n_reference=reference.n_reference)
        verdict = self._verdict(batch, n, state=state, reason="")
        verdict = replace(
            verdict,
            p_value=p,
            log_p_value=log_p,
            z_score=z_score(p) if method == "conformal" else null.z_score,
            method=method,
            t=t,
            null={"p_value": null.p_value, "z_score": null.z_score, "method": null.method},
            conformal={"p_value": conformal, "n_ranks": n_ranks, "n_calibration": self._ranks.n_fixed(which)},
            score=score,
            is_ranked=is_ranked,
            where=worst_place(found),
            by_feature=found,
            evidence=followed.evidence,
            n_medium=followed.n_medium,
            drift_p_value=followed.drift_p_value,
            windows=windows,
            alarms=alarms,
        )
        return replace(verdict, reason=self._reason(verdict, null))

    def _follow(self, one: "_Scored") -> "_Followed":
        """What a batch does to the sums over time."""
        rates = self.reference.decisions
        reached, is_alarm = self._sum.add(one.conformal)
        n_medium = self._count.add(one.p_value)
        n_fixed = self._ranks.n_fixed(one.which)
        drift = self._drift.add(self._ranks.mid_rank(one.score, one.which), n_fixed=n_fixed)
        standing = {
            "jump": is_alarm,
            "drift": drift is not None and drift < rates.bad,
            "k of n": n_medium >= rates.k_of_n,
        }
        evidence = {"sum": reached, "limit": rates.batches_between_alarms}
        return _Followed(tuple(name for name, stands in standing.items() if stands), evidence, n_medium, drift)

    def _window_alarms(self, windows: Mapping[str, WindowResult]) -> tuple[str, ...]:
        bad = math.log(self.reference.decisions.bad)
        return tuple(
            f"{name} window"
            for name, one in windows.items()
            if one.n_batches > 1 and one.log_p_value is not None and one.log_p_value < bad
        )

    def _verdict(
        self, batch: Batch, n_events: int, *, state: State, reason: str, cause: Cause | None = None
    ) -> Verdict:
        return Verdict(
            index=self.n_batches,
            name=batch.name,
            time=batch.time,
            n_events=n_events,
            state=state,
            reason=reason,
            reference=self.reference.digest,
            cause=cause,
            left_out=batch.left_out,
        )

    def _reason(self, one: Verdict, null: NullP) -> str:
        assert one.p_value is not None and one.z_score is not None
        ranked = f"among {one.conformal['n_ranks']:,} good batches" if one.method == "conformal" else "by the null law"
        said = f"{p_and_z(one.p_value, one.z_score)} {ranked}"
        if one.method == "conformal" and null.p_value < _EVIDENT:
            said += f"; by the null law {p_and_z(null.p_value, null.z_score)}"
        where = f"; {one.where}" if one.state is not State.GOOD and one.where is not None else ""
        alarms = f"; alarms: {', '.join(one.alarms)}" if one.alarms else ""
        return f"{said}{where}{alarms}"


@dataclass(frozen=True)
class _Scored:
    """What is followed over time of a batch; ``which`` law of the grid is nearest to its size."""

    score: float
    p_value: float
    conformal: float
    which: int


@dataclass(frozen=True)
class _Followed:
    """What stands after it."""

    alarms: tuple[str, ...]
    evidence: dict[str, float]
    n_medium: int
    drift_p_value: float | None

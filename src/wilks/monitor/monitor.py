"""Judging a stream of batches against a fixed reference."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wilks.monitor.batches import Judgeable, Refused, looked_at
from wilks.monitor.history import CONFORMAL, History, Standing
from wilks.monitor.learned import learned_ratios
from wilks.monitor.null_laws import EXTRAPOLATED
from wilks.monitor.places import Place, places, worst_place
from wilks.monitor.reference import MonitorReference
from wilks.monitor.scoring import AdditiveScorer, LinearScorer
from wilks.monitor.verdict import Alarm, Batch, Cause, State, Verdict, p_and_z
from wilks.monitor.windows import GROWING, SLIDING, WindowResult, Windows
from wilks.samples import Events, Sample
from wilks.storage import Folder
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray
from wilks.wording import listed

WINDOW_ALARMS = {GROWING: Alarm.GROWING_WINDOW, SLIDING: Alarm.SLIDING_WINDOW}
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
        self._timer, self.n_batches = timer, 0
        self._history, self.windows = History(self.reference), _windows_of(self.reference)

    def change_reference(self, reference: MonitorReference) -> None:
        """Judge by another reference from the next batch on.

        The sum of evidence and k of n go on: each p was uniform for good batches given the reference of its time, and
        what adds up p needs no more. Ranks, drift and windows begin anew.
        """
        self.reference = reference
        self._history, self.windows = self._history.under(reference), _windows_of(reference)

    @one_blas_thread()
    def update(self, batch: Batch | Sample | Events, *, now: float | None = None) -> Verdict:
        """The verdict on one more batch.

        Args:
            batch: a `Batch`, or its events alone: a sample, an array (n, d), or a table with the features.
                Columns with names are defined and selected as the reference was (`MonitorReference.reading`); events
                of an array must have passed.
            now: seconds since 1970, by which a batch with a time is found stale; None: its age is not looked at.
        """
        started = self._timer()
        given = batch if isinstance(batch, Batch) else Batch(batch)
        found = looked_at(given, self.reference, now=now)
        verdict = self._judged(given, found) if isinstance(found, Judgeable) else self._refused(given, found)
        self.n_batches += 1
        return replace(verdict, latency_s=self._timer() - started)

    def replay(self, verdicts: Iterable[Mapping[str, Any]]) -> None:
        """Take up what earlier verdicts, as `Verdict.to_dict` gave them, had led to; windows begin anew: their sums are
        not in a verdict. Of verdicts by another reference the sum of evidence and k of n are taken up.
        """
        for one in verdicts:
            self.n_batches += 1
            if one["state"] != State.NOT_EVALUATED:
                self._history.take_up(one)

    def _refused(self, batch: Batch, found: Refused) -> Verdict:
        return Verdict(
            **self._identity(batch, found.n_events),
            state=State.NOT_EVALUATED,
            cause=found.cause,
            reason=f"{found.cause}: {found.reason}",
        )

    def _judged(self, batch: Batch, found: Judgeable) -> Verdict:
        null, events = self.reference.null, found.events
        scores, sums = self._scores(events)
        if not np.all(np.isfinite(scores)):
            return self._refused(batch, Refused(Cause.NO_FIT, "its fit did not converge", len(events)))
        t = null.t(scores, len(events))
        standing = self._history.add(t, len(events), index=self.n_batches)
        windows = self._in_windows(sums, len(events), is_good=standing.is_ranked)
        found_places = places(self.reference.profiles, events, n_reference=self.reference.n_reference)
        alarms = (*standing.alarms, *self._window_alarms(windows))
        return Verdict(
            **self._identity(batch, len(events)),
            **_of_standing(standing),
            state=standing.state,
            reason=_reason(standing, worst_place(found_places), alarms),
            t=t,
            where=worst_place(found_places),
            by_feature=found_places,
            learned={} if standing.state is State.GOOD else self._learned(scores, sums, len(events)),
            windows=windows,
            alarms=alarms,
        )

    def _scores(self, events: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """The statistics of the members, and the sums (r,) that they come from where there are any."""
        scorer = self.reference.scorer
        if not isinstance(scorer, AdditiveScorer):
            return scorer.scores([events])[0], None
        sums = scorer.sums([events])
        return scorer.scores_of(sums, np.array([float(len(events))]))[0], sums[0]

    def _learned(self, scores: FloatArray, sums: FloatArray | None, n_events: int) -> Mapping[str, tuple[float, ...]]:
        here = self.reference
        if not isinstance(here.scorer, LinearScorer) or sums is None or here.shown_events is None:
            return {}
        member = here.null.strongest(scores, n_events)
        f = here.scorer.log_ratio(sums, n_events, member=member, events=here.shown_events)
        return learned_ratios(f, here.shown_events, here.profiles)

    def _in_windows(self, sums: FloatArray | None, n_events: int, *, is_good: bool) -> dict[str, WindowResult]:
        if sums is None or self.windows is None:
            return {}
        return self.windows.add(sums, n_events, is_good=is_good)

    def _window_alarms(self, windows: Mapping[str, WindowResult]) -> Iterator[Alarm]:
        bad = math.log(self.reference.decisions.bad)
        for name, one in windows.items():
            if one.n_batches > 1 and one.log_p_value is not None and one.log_p_value < bad:
                yield WINDOW_ALARMS[name]

    def _identity(self, batch: Batch, n_events: int) -> dict[str, Any]:
        """Which batch a verdict is on, and by which reference."""
        named = {"index": self.n_batches, "name": batch.name, "time": batch.time, "n_events": n_events}
        return {**named, "reference": self.reference.digest, "left_out": batch.left_out}


def _windows_of(reference: MonitorReference) -> Windows | None:
    """None where statistics have no sums."""
    scorer, baseline, laws = reference.scorer, reference.baseline, reference.windows
    if not isinstance(scorer, AdditiveScorer) or baseline is None or laws is None:
        return None
    return Windows(scorer, baseline, laws, n_batches=reference.decisions.window)


def _of_standing(one: Standing) -> dict[str, Any]:
    """Fields of a verdict."""
    names = ("conformal", "score", "is_ranked", "evidence", "n_medium", "drift_p_value")
    null = {"p_value": one.null.p_value, "z_score": one.null.z_score, "method": one.null.method}
    deciding = {"p_value": one.deciding.p_value, **one.deciding._asdict()}
    return {**deciding, "null": null, **{name: getattr(one, name) for name in names}}


def _reason(one: Standing, where: Place, alarms: Sequence[str]) -> str:
    is_conformal = one.deciding.method == CONFORMAL
    ranked = f"among {one.conformal['n_ranks']:,} batches" if is_conformal else _by_the_null(one.deciding.method)
    said = f"{p_and_z(one.deciding.p_value, one.deciding.z_score)} {ranked}"
    if is_conformal and one.null.p_value < _EVIDENT:
        said += f"; {p_and_z(one.null.p_value, one.null.z_score)} {_by_the_null(one.null.method)}"
    place = f"; {where}" if one.state is not State.GOOD else ""
    return f"{said}{place}{f'; alarms: {listed(alarms)}' if alarms else ''}"


def _by_the_null(method: str) -> str:
    return "by the null law, extrapolated beyond its toys" if method == EXTRAPOLATED else "by the null law"

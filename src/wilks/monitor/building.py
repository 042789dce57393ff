"""From an analysis to a reference of monitoring."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Generator, Null
from wilks.monitor.deviations import Deviation, standard_deviations
from wilks.monitor.learned import drawn_events
from wilks.monitor.null_laws import NullLaws, SizeLaw, size_law
from wilks.monitor.options import BuildOptions, Decisions, Validity
from wilks.monitor.places import Profile
from wilks.monitor.reference import MonitorReference, Seen
from wilks.monitor.scoring import AdditiveScorer, LinearScorer, Scorer, scorer_of
from wilks.monitor.windows import window_laws
from wilks.samples import Sample
from wilks.threads import one_blas_thread
from wilks.toys import check_drawable, sample_notices, toy_rng
from wilks.typing import FloatArray, require_kind
from wilks.wording import listed

_FEWEST_CALIBRATION, _SPARE = 10, 1.6
_NOTABLE_Z_ERROR = 0.2


@one_blas_thread()
def build_reference(
    analysis: Analysis,
    *,
    options: BuildOptions | None = None,
    validity: Validity | None = None,
    decisions: Decisions | None = None,
    reading: Mapping[str, Any] = MappingProxyType({}),
) -> MonitorReference:
    """What batches are judged by: statistic, its null given this reference, calibration batches, and power.

    Held-out events are those of the analysis' toy source: a pool that shares no event with the reference, or a
    generator. Calibration batches of a pool share no event with each other. A rebuild from the same events gives the
    same digest.

    Args:
        analysis: reference, model and source of held-out events, without nuisances; its expected events are the size
            of a batch where ``options`` name none.
        options: sizes, and numbers of toys.
        validity: for which batches the reference stands.
        decisions: the rates at which it decides.
        reading: how batches are read from files: arguments of `wilks.read`, without the features. ``where`` and
            ``define`` are applied to columns in memory, too.

    Raises:
        InputError: nuisances, no held-out events or too few, negative weights, a model whose fits mostly fail.

    >>> import wilks
    >>> rng = np.random.default_rng(0)
    >>> reference, pool = wilks.split(wilks.Sample(rng.normal(size=6_000)), n_first=4_000, seed=0)
    >>> analysis = wilks.Analysis(reference=reference, model=wilks.Histogram(n_bins=10), toy_source=pool,
    ...                           expected_events=100)
    >>> built = build_reference(analysis, options=BuildOptions(n_toys=200, n_power=0))
    >>> built.null.sizes.tolist(), [one.size for one in built.calibration]
    ([100.0], [20])
    """
    require_kind(analysis, Analysis, name="analysis")
    options, validity, decisions = options or BuildOptions(), validity or Validity(), decisions or Decisions()
    sizes = options.batch_sizes or (max(2, round(analysis.expected_events)),)
    _check(analysis, sizes)
    scorer, source = scorer_of(analysis), HeldOut(analysis, options)
    laws = tuple(_law(scorer, source, n_events=n) for n in sizes)
    null = NullLaws(laws, scorer.combination)
    is_shown = isinstance(scorer, LinearScorer)
    shown = drawn_events(analysis.reference, rng=source.rng("shown", 0)) if is_shown else None
    built = MonitorReference(
        name=analysis.name,
        features=analysis.features,
        model=analysis.model.describe(),
        described=analysis.describe(),
        n_reference=analysis.reference.n_effective,
        n_held_out=None if source.pool is None else source.pool.n_events,
        scorer=scorer,
        null=null,
        calibration=tuple(np.sort(_calibration_z(scorer, null, source, n_events=n)) for n in sizes),
        baseline=None,
        windows=None,
        profiles=tuple(Profile.of(analysis.reference, name) for name in analysis.features),
        shown_events=shown,
        power=(),
        validity=validity,
        decisions=decisions,
        built_with={**vars(options), "batch_sizes": list(sizes)},
        reading=dict(reading),
        notices=(*sample_notices(analysis), *_notices(laws), *_reach_notices(laws, decisions)),
        analysis=analysis,
    )
    _check_range(built)
    return dataclasses.replace(built, power=tuple(_power(built, source)), **_for_windows(built, source))


class HeldOut:
    """Good batches of events that the reference does not hold.

    Args:
        analysis: its toy source is a pool or a generator.
        options: how many of them, and their seed.
    """

    def __init__(self, analysis: Analysis, options: BuildOptions) -> None:
        self.options, self._analysis = options, analysis
        source = analysis.toy_source
        self.generator = source if isinstance(source, Generator) else None
        self.pool = analysis.nominal_pool
        self._order = self.rng("calibration", 0).permutation(self._n_pool)

    @property
    def _n_pool(self) -> int:
        return 0 if self.pool is None else self.pool.n_events

    def toys(self, scorer: Scorer, n_events: int) -> FloatArray:
        """Statistics of toys of n events, shape (toys, members)."""
        rng = self.rng("toys", n_events)
        if self.pool is None:
            return scorer.scores([self._drawn(rng, n_events) for _ in range(self.options.n_toys)])
        rows = np.stack([rng.choice(self._n_pool, n_events, replace=False) for _ in range(self.options.n_toys)])
        return scorer.scores_of_rows(self.pool.events, rows)

    def calibration(self, n_events: int) -> list[FloatArray]:
        """Batches of n events, of a pool without a common one."""
        rng = self.rng("calibration", n_events)
        if self.pool is None:
            return [self._drawn(rng, n_events) for _ in range(self.options.n_calibration)]
        n_batches = min(self.options.n_calibration, self._n_pool // n_events)
        rows = self._order[: n_batches * n_events].reshape(n_batches, n_events)
        return [self.pool.events[some] for some in rows]

    def z_error(self, n_events: int) -> float | None:
        """The error on Z that all toys of n events share."""
        return self._analysis.pool_z_error(n_events)

    def deviating(self, one: Deviation, n_events: int) -> Iterator[FloatArray]:
        """Batches with a deviation."""
        rng, n_good = self.rng(one.text, n_events), int(_SPARE * n_events) + 10
        for _ in range(self.options.n_power):
            if self.pool is None:
                good = self._drawn(rng, n_good)
            else:
                good = self.pool.events[rng.choice(self._n_pool, min(n_good, self._n_pool), replace=False)]
            yield one.change(good, n_events, rng)

    def _drawn(self, rng: np.random.Generator, n_events: int) -> FloatArray:
        assert self.generator is not None
        return self.generator.draw(rng, n_events, n_features=len(self._analysis.features))

    def rng(self, purpose: str, n_events: int) -> np.random.Generator:
        """Random numbers for one purpose and size of batches."""
        return toy_rng(_Purpose(purpose, n_events), seed=self.options.seed, index=0)


class _Purpose:
    """What random numbers are drawn for."""

    def __init__(self, purpose: str, n_events: int) -> None:
        self._told: dict[str, object] = {"monitor": purpose, "n_events": n_events}

    def to_dict(self) -> dict[str, object]:
        return self._told


def _law(scorer: Scorer, source: HeldOut, *, n_events: int) -> SizeLaw:
    toys, error = source.toys(scorer, n_events), source.z_error(n_events)
    return size_law(toys, n_events, combination=scorer.combination, pool_z_error=error)


def _for_windows(built: MonitorReference, source: HeldOut) -> dict[str, Any]:
    """What windows are compared with, all held-out events or the calibration batches of a generator, and their null."""
    scorer, most = built.scorer, built.most_events
    if not isinstance(scorer, AdditiveScorer):
        return {}
    n_events = built.null.laws[-1].n_events
    events = np.concatenate(source.calibration(n_events)) if source.pool is None else source.pool.events
    largest = max(len(events), built.decisions.window * most)
    laws = window_laws(scorer, events, smallest=built.fewest_events, largest=largest, rng=source.rng("windows", 0))
    return {"baseline": scorer.baseline(events), "windows": laws}


def _calibration_z(scorer: Scorer, null: NullLaws, source: HeldOut, *, n_events: int) -> FloatArray:
    """Z of the calibration batches of one size; those whose fit failed are left out, as such batches are."""
    scores = scorer.scores(source.calibration(n_events))
    converged = scores[np.all(np.isfinite(scores), axis=1)]
    return np.array([null.z(null.t(one, n_events), n_events) for one in converged])


def _power(built: MonitorReference, source: HeldOut) -> Iterator[Seen]:
    """At the middle size of the grid."""
    if not source.options.n_power:
        return
    n_events, rates = built.null.laws[len(built.null.laws) // 2].n_events, built.decisions
    for one in standard_deviations(_reference_of(built)):
        batches = [batch for batch in source.deviating(one, n_events) if len(batch) == n_events]
        if not batches:
            continue
        scores = built.scorer.scores(batches)
        p = np.array([built.null.p(built.null.t(row, n_events), n_events).p_value for row in scores])
        medium, bad = float(np.mean(p < rates.medium)), float(np.mean(p < rates.bad))
        yield Seen(one.text, one.feature, n_events, len(batches), medium, bad)


def _reference_of(built: MonitorReference) -> Sample:
    assert built.analysis is not None
    return built.analysis.reference


def _check(analysis: Analysis, sizes: Sequence[int]) -> None:
    if analysis.nuisances:
        raise InputError(
            "a reference of monitoring must have no nuisances, but the analysis has "
            f"{', '.join(analysis.nuisances.names)}: conditions that may differ belong into the held-out events; build "
            "it without nuisances"
        )
    if analysis.reference.has_negative_weights:
        raise InputError(
            "a reference of monitoring must have no negative weights, but this one has; unweight it, or take another"
        )
    if analysis.toy_source is None:
        raise InputError(
            "a reference of monitoring needs events that it does not hold, for its null and its calibration batches, "
            "but the analysis has none; give Analysis(toy_source=...): a sample that shares no event with the "
            "reference (wilks.split makes one) or a wilks.Generator. In an analysis file: reference.n_training, "
            "toys.pool or toys.generator"
        )
    check_drawable(analysis, Null(n_events=max(sizes)))
    pool = analysis.nominal_pool
    if pool is None:
        return
    if np.ptp(pool.event_weights) != 0:
        raise InputError(
            "held-out events must have equal weights, as those of a batch have, but theirs differ; unweight them "
            "(wilks.samples.unweight)"
        )
    if pool.n_events < _FEWEST_CALIBRATION * max(sizes):
        raise InputError(
            f"there must be held-out events for {_FEWEST_CALIBRATION} batches of {max(sizes):,}, but there are "
            f"{pool.n_events:,}; hold out more, or give smaller batch_sizes"
        )


def _check_range(built: MonitorReference) -> None:
    """Raise unless the null is known, to a factor of 2 in the size, for all batches that are valid."""
    sizes = built.null.sizes
    if built.fewest_events < 0.5 * sizes[0] or built.most_events > 2.0 * sizes[-1]:
        raise InputError(
            f"batches must be within a factor of 2 of batch_sizes, {listed(f'{one:,.0f}' for one in sizes)}, "
            f"but {built.fewest_events:,} to {built.most_events:,} events are valid; give more batch_sizes"
        )


def _reach_notices(laws: Sequence[SizeLaw], decisions: Decisions) -> Iterator[str]:
    n_toys = min(one.t.size for one in laws)
    if (n_toys + 1) * decisions.bad < 1.0:
        yield (
            f"BAD is p < {decisions.bad:g}, beyond the reach of {n_toys:,} toys: until enough batches are ranked, the "
            f"tail of the null law is extrapolated there; give n_toys={math.ceil(2.0 / decisions.bad):,}"
        )


def _notices(laws: Sequence[SizeLaw]) -> Iterator[str]:
    for law in laws:
        if law.pool_z_error is not None and law.pool_z_error > _NOTABLE_Z_ERROR:
            yield (
                f"Batches of {law.n_events:,} events: the null law rests on so few held-out events that its Z has an "
                f"error of {law.pool_z_error:.2f} which more toys do not reduce; hold out more"
            )

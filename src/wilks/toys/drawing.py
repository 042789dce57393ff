"""Toy i of a hypothesis: its events and auxiliary measurements, and whether they can be drawn at all."""

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Generator, Hypothesis, require_holdable, require_hypothesis
from wilks.samples import Sample, shared_events, unweight
from wilks.toys.identity import auxiliary_rng, toy_rng
from wilks.toys.likeness import require_like_reference
from wilks.toys.supplies import BACKGROUND, SIGNAL, Supply, supplies
from wilks.typing import FloatArray

_MARGIN = 5.0
_FEW, _MANY = 64, 500  # events of a trial


def draw_toy(analysis: Analysis, hypothesis: Hypothesis, *, seed: int, index: int) -> FloatArray:
    """Raw events (n, d) of toy ``index``; n may be 0.

    The number of events is Poisson with the expectation of the hypothesis. From a pool, events are drawn without
    replacement; a weighted pool is unweighted by hit or miss first, afresh for each toy.

    Raises:
        InputError: the source gives too few or unusable events.
    """
    rng = toy_rng(hypothesis, seed=seed, index=index)
    parts = []
    for supply in supplies(analysis, hypothesis):
        n = int(supply.mean) if supply.is_fixed else int(rng.poisson(supply.mean))
        events = _draw(supply, rng, n)
        parts.append(events if supply.place is None else supply.place(events))
    return np.concatenate(parts)


def draw_auxiliaries(analysis: Analysis, hypothesis: Hypothesis, *, seed: int, index: int) -> FloatArray:
    """Auxiliary measurements (j,) of toy ``index``: around the nuisances of the hypothesis, with its offsets."""
    return drawn_auxiliaries(analysis, hypothesis, auxiliary_rng(hypothesis, seed=seed, index=index))


def drawn_auxiliaries(analysis: Analysis, hypothesis: Hypothesis, rng: np.random.Generator) -> FloatArray:
    """Auxiliary measurements (j,) around the nuisances of the hypothesis, with its offsets."""
    nuisances = analysis.nuisances
    if not nuisances:
        return np.empty(0)
    centre = nuisances.values(hypothesis.nuisances) + nuisances.values(hypothesis.auxiliary_offsets)
    return nuisances.draw_observed(rng, centre)


def check_drawable(analysis: Analysis, hypothesis: Hypothesis) -> None:
    """Raise before anything long starts if toys of ``hypothesis`` cannot be drawn.

    Raises:
        InputError: no source, or none at these nuisances; a nuisance that the analysis does not have; a pool that is
            too small, has negative weights or other features, or shares events with the reference; a generator that
            fails, returns something else than finite events of the right shape, or takes its random numbers from
            elsewhere than the rng it is given; a source of toys of the reference that is not like it.
    """
    require_hypothesis(hypothesis)
    if not isinstance(analysis, Analysis):
        raise InputError(f"toys are drawn for a wilks.Analysis, but a {type(analysis).__name__} came")
    for supply in supplies(analysis, hypothesis):
        if isinstance(supply.source, Sample):
            _check_pool(supply.role, supply.source, supply.analysis)
            _check_pool_size(supply, supply.source)
        else:
            require_holdable(supply.mean, n_features=len(supply.analysis.features), what=f"a toy of {supply.role}")
            _check_generator(supply, supply.source, hypothesis)
        if supply.role.startswith(BACKGROUND):
            require_like_reference(supply.analysis)


def _draw(supply: Supply, rng: np.random.Generator, n: int) -> FloatArray:
    source = supply.source
    if isinstance(source, Generator):
        return source.draw(rng, n, n_features=len(supply.analysis.features), nuisances=supply.nuisances)
    if not source.is_weighted or np.ptp(source.event_weights) == 0:
        usable = np.arange(source.n_events)
    else:
        usable = unweight(source, rng=rng)
    if usable.size < n:
        raise InputError(f"a toy of {n:,} events was asked of a pool that gives {usable.size:,}; enlarge the pool")
    events: FloatArray = source.events[rng.choice(usable, n, replace=False)]
    return events


def _check_generator(supply: Supply, source: Generator, hypothesis: Hypothesis) -> None:
    analysis = supply.analysis

    def trial(n: int, index: int) -> FloatArray:
        return _draw(supply, toy_rng(hypothesis, seed=0, index=index), n)

    first, second, third = trial(_FEW, -1), trial(_FEW, -1), trial(_FEW, -2)
    if not np.array_equal(first, second):
        raise InputError(
            f"the generator {source.name} must take all its random numbers from the rng that it is given, so that "
            "a toy can be drawn again, but two calls with the same rng gave different events"
        )
    if np.array_equal(first, third) and supply.role != SIGNAL:
        raise InputError(
            f"the generator {source.name} must take its random numbers from the rng that it is given, but two "
            "different rngs gave the same events: all toys would be one"
        )
    if n_shared := shared_events(analysis.reference, Sample(trial(_MANY, -3), features=analysis.features)):
        raise InputError(
            f"{supply.role} must share no event with the reference, but {n_shared:,} of {_MANY:,} events from "
            f"{source.name} are in it: toys that repeat events of the reference look too much like it"
        )


def _check_pool(role: str, pool: Sample, analysis: Analysis) -> None:
    features = analysis.features
    if pool.features != features:
        raise InputError(
            f"{role} must have the features {', '.join(features)} in this order, but it has {', '.join(pool.features)}"
        )
    if pool is not analysis.toy_source and (n_shared := shared_events(analysis.reference, pool)):
        raise InputError(
            f"{role} must share no event with the reference, but {n_shared:,} of its {pool.n_events:,} events are in "
            "both: toys that repeat events of the reference look too much like it"
        )
    if pool.has_negative_weights:
        unweight(pool, rng=np.random.default_rng(0))  # refuses, and says why


def _check_pool_size(supply: Supply, pool: Sample) -> None:
    largest = float(np.max(pool.event_weights, initial=0.0))
    chances = pool.event_weights / largest if largest > 0 else np.zeros(1)
    n_usable = float(np.sum(chances))
    needed = supply.mean + _MARGIN * np.sqrt(supply.variance + np.sum(chances * (1.0 - chances)))
    if n_usable < needed:
        raise InputError(
            f"{supply.role} must give at least {needed:,.0f} unweighted events ({supply.mean:,.6g} and {_MARGIN:g} "
            f"standard deviations), but it gives {n_usable:,.0f}; enlarge it or lower the expected events"
        )

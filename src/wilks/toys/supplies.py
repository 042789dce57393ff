"""What the events of a toy are drawn from, at the nuisances of its hypothesis, and how many of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Hypothesis, Null, ShiftedNuisance, ToySource
from wilks.kept import kept
from wilks.nuisances import RegionSources, Unselected
from wilks.samples import Sample
from wilks.statistics.regions import Regions
from wilks.typing import FloatArray

BACKGROUND, SIGNAL, WHOLE = "the toy source", "the signal", "the alternative's source"
_MOST_KEPT = 2  # each is a sample as large as the pool; toys of one hypothesis ask for one again and again


@dataclass(frozen=True)
class Supply:
    """Events of one kind in a toy.

    Attributes:
        role: for messages.
        source: a pool or a generator, at the nuisances of the hypothesis.
        mean: expected number of events.
        is_fixed: exactly that many, not a Poisson number.
        nuisances: what a generator is told.
        analysis: whose events these are: of one region, where there are several.
        place: what makes rows of all regions of them; None: they are such rows.
    """

    role: str
    source: ToySource
    mean: float
    is_fixed: bool
    nuisances: Mapping[str, float]
    analysis: Analysis
    place: Callable[[FloatArray], FloatArray] | None = None

    @property
    def variance(self) -> float:
        """Of the number of events."""
        return 0.0 if self.is_fixed else self.mean


def supplies(analysis: Analysis, hypothesis: Hypothesis) -> Iterator[Supply]:
    """Where the events of a toy come from, in the order in which they are drawn.

    The expected number of background events is N(R_0) times N(R_nu*) / N(R_0): exp(nu) for a normalisation; what passes
    the selection after the transforms, for `Unselected`; `Generator.yield_ratio`, for a generator.

    Raises:
        InputError: the analysis has no source of toys, or none that reaches these nuisances.
    """
    told = hypothesis.nuisances
    analysis.nuisances.values({**told, **hypothesis.auxiliary_offsets})  # refuses names that it does not have
    _require_possible(analysis, told)
    if isinstance(hypothesis, Alternative) and hypothesis.source is not None:
        assert hypothesis.expected_events is not None
        mean = hypothesis.expected_events
        yield Supply(WHOLE, hypothesis.source, mean, is_fixed=False, nuisances=told, analysis=analysis)
        return
    yield from _by_region(analysis, hypothesis) if analysis.regions else _of_reference(analysis, hypothesis)
    if isinstance(hypothesis, Alternative) and hypothesis.signal is not None:
        assert hypothesis.n_signal is not None
        mean = hypothesis.n_signal
        yield Supply(SIGNAL, hypothesis.signal, mean, is_fixed=False, nuisances={}, analysis=analysis)


def _require_possible(analysis: Analysis, told: Mapping[str, float]) -> None:
    for one in analysis.nuisances:
        if told.get(one.name, 0.0) <= one.auxiliary.least_nu:
            raise InputError(
                f"the true {one.name} must be above -1, for its measurement is about the factor 1 + {one.name}, but "
                f"{told[one.name]:g} came"
            )


def _by_region(analysis: Analysis, hypothesis: Hypothesis) -> Iterator[Supply]:
    """Background events of each region, at the nuisances that it has."""
    assert isinstance(analysis.model, Regions)
    given = hypothesis.expected_background if isinstance(hypothesis, Alternative) else None
    share = 1.0 if given is None else given / analysis.expected_events
    for k, (name, one) in enumerate(analysis.regions.items()):
        told = {key: value for key, value in hypothesis.nuisances.items() if key in one.nuisances.names}
        for supply in _of_reference(one, _in_region(hypothesis, told)):
            place = partial(analysis.model.layout.placed, k)
            yield replace(supply, role=f"{supply.role} of region {name}", mean=share * supply.mean, place=place)


def _in_region(hypothesis: Hypothesis, told: Mapping[str, float]) -> Hypothesis:
    """What it says of the background of a region with these nuisances.

    Raises:
        InputError: a fixed number of events.
    """
    if isinstance(hypothesis, Null) and hypothesis.n_events is not None:
        raise InputError(
            f"toys of several regions have Poisson numbers of events in each, but n_events={hypothesis.n_events} came; "
            "leave it out"
        )
    return ShiftedNuisance(told, is_reweighted=hypothesis.is_reweighted) if told else Null()


def _of_reference(analysis: Analysis, hypothesis: Hypothesis) -> Iterator[Supply]:
    """Background events of one region."""
    told = hypothesis.nuisances
    source, ratio = _background(analysis, hypothesis)
    n_events = hypothesis.n_events if isinstance(hypothesis, Null) else None
    given = hypothesis.expected_background if isinstance(hypothesis, Alternative) else None
    central = analysis.expected_events if given is None else given
    mean = central * ratio if n_events is None else float(n_events)
    yield Supply(BACKGROUND, source, mean, is_fixed=n_events is not None, nuisances=told, analysis=analysis)


def _background(analysis: Analysis, hypothesis: Hypothesis) -> tuple[ToySource, float]:
    """The source of background events at the nuisances of the hypothesis, and N(R_nu*) / N(R_0)."""
    source, told = analysis.toy_source, hypothesis.nuisances
    if source is None:
        raise InputError(
            "toys need a source of events, but the analysis has none; give Analysis(toy_source=...): a sample that "
            "shares no event with the reference (wilks.split makes one) or wilks.Generator('module:function')"
        )
    assert not isinstance(source, RegionSources)  # `supplies` asks each region
    if hypothesis.is_reweighted:
        return _reweighted(analysis, dict(told))
    if isinstance(source, Unselected):
        nominal = analysis.nominal_pool
        assert nominal is not None
        if not told:
            return nominal, 1.0
        varied = _varied(analysis, dict(told))
        return varied, varied.expected_events / nominal.expected_events
    known = [one for one in analysis.nuisances if one.is_normalization]
    normalization = prod(one.yield_factor(told.get(one.name, 0.0)) for one in known)
    if isinstance(source, Generator):
        return source, normalization * source.yield_at(told)
    shapes = [one.name for one in analysis.nuisances if told.get(one.name, 0.0) and not one.is_normalization]
    if shapes:
        raise InputError(
            f"toys at another value of {', '.join(shapes)} cannot be drawn from a pool of events at 0; give "
            "Analysis(toy_source=...) a generator, or wilks.Unselected(events before the selection, where=...) and the "
            "nuisance a transform. ShiftedNuisance(..., is_reweighted=True) draws them with the learned response, "
            "which validates nothing"
        )
    return source, normalization


@kept(most=_MOST_KEPT)
def _varied(analysis: Analysis, told: Mapping[str, float]) -> Sample:
    """Events before the selection at these nuisances, as far as they pass it."""
    assert isinstance(analysis.toy_source, Unselected)
    return analysis.toy_source.at(analysis.nuisances, told)


@kept(most=_MOST_KEPT)
def _reweighted(analysis: Analysis, told: Mapping[str, float]) -> tuple[ToySource, float]:
    """The pool with weights w r, and N(R_nu*) / N(R_0)."""
    pool = analysis.nominal_pool
    if pool is None:
        raise InputError(
            "only a pool of events can be reweighted with the response, but the toys of this analysis come from a "
            "generator, which draws at the nuisances itself; leave is_reweighted out"
        )
    nuisances, reference = analysis.nuisances, analysis.reference
    z, weights = nuisances.in_sigmas(told), reference.event_weights
    shifted = nuisances.on(reference.events).shifted_log_ratio(z, weights)
    # The shift is one number for all events, which moves the yield and not what is drawn.
    ratio = np.exp(nuisances.on(pool.events).log_ratio(z))
    events = Sample(pool.events, pool.event_weights * ratio, features=pool.features)
    return events, float(weights @ np.exp(shifted)) / analysis.expected_events

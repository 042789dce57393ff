"""What the events of a toy are drawn from, at the nuisances of its hypothesis, and how many of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Hypothesis, Null, ToySource
from wilks.kept import kept
from wilks.nuisances import Unselected
from wilks.samples import Sample

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
    """

    role: str
    source: ToySource
    mean: float
    is_fixed: bool
    nuisances: Mapping[str, float]

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
    if isinstance(hypothesis, Alternative) and hypothesis.source is not None:
        assert hypothesis.expected_events is not None
        yield Supply(WHOLE, hypothesis.source, hypothesis.expected_events, is_fixed=False, nuisances=told)
        return
    source, ratio = _background(analysis, hypothesis)
    n_events = hypothesis.n_events if isinstance(hypothesis, Null) else None
    given = hypothesis.expected_background if isinstance(hypothesis, Alternative) else None
    central = analysis.expected_events if given is None else given
    mean = central * ratio if n_events is None else float(n_events)
    yield Supply(BACKGROUND, source, mean, is_fixed=n_events is not None, nuisances=told)
    if isinstance(hypothesis, Alternative) and hypothesis.signal is not None:
        assert hypothesis.n_signal is not None
        yield Supply(SIGNAL, hypothesis.signal, hypothesis.n_signal, is_fixed=False, nuisances={})


def _background(analysis: Analysis, hypothesis: Hypothesis) -> tuple[ToySource, float]:
    """The source of background events at the nuisances of the hypothesis, and N(R_nu*) / N(R_0)."""
    source, told = analysis.toy_source, hypothesis.nuisances
    if source is None:
        raise InputError(
            "toys need a source of events, but the analysis has none; give Analysis(toy_source=...): a sample that "
            "shares no event with the reference (wilks.split makes one) or wilks.Generator('module:function')"
        )
    if hypothesis.is_reweighted:
        return _reweighted(analysis, dict(told))
    if isinstance(source, Unselected):
        nominal = analysis.nominal_pool
        assert nominal is not None
        if not told:
            return nominal, 1.0
        varied = _varied(analysis, dict(told))
        return varied, varied.expected_events / nominal.expected_events
    normalization = exp(sum(told.get(one.name, 0.0) for one in analysis.nuisances if one.is_normalization))
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

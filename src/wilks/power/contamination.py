"""A reference that holds some of the signal itself, as one from data of a control region may: what is seen then."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, ToySource
from wilks.samples import Sample, split
from wilks.selection.trials import with_reference
from wilks.typing import FloatArray, finite_number


def excess_left(contamination: float, *, n_reference_per_data: float = math.inf) -> float:
    """What is left at most of the excess of t that a signal makes: (1 - c)^2 / (1 + N_D / N_R).

    With expected densities b(x) of the background and S s(x) of the signal, the mean of t exceeds that of its null by
    lambda = S^2 int s^2 / b dx, for a model that can follow and a signal that is small everywhere. If the reference
    holds the share c of the signal, the difference of both is (1 - c) S s, and what the reference expects b + c S s:

        lambda(c) = (1 - c)^2 S^2 int s^2 / (b + c S s) dx  <=  (1 - c)^2 lambda(0).

    Equality is the leading order; a narrow signal that outnumbers its background in place loses more. A reference that
    is itself a sample of N_R events for N_D of the data makes the variance of the difference 1 + N_D / N_R times as
    large, where the null averages over references. See section 2.6 of "Learning New Physics from an Imperfect Machine".

    Args:
        contamination: c, from 0; at 1 both are alike and nothing is seen.
        n_reference_per_data: N_R / N_D, infinite for a reference that is known exactly.

    Raises:
        InputError: a negative number.

    >>> excess_left(0.1), excess_left(0.1, n_reference_per_data=1.0)
    (0.81, 0.405)
    """
    c = _share(contamination)
    if not n_reference_per_data > 0:
        raise InputError(f"n_reference_per_data must be positive, but {n_reference_per_data!r} came")
    return (1.0 - c) ** 2 / (1.0 + 1.0 / n_reference_per_data)


def count_excess_left(contamination: float) -> float:
    """What is left of the part of t that sees the number of events, where a measurement of the yield holds the share c.

    With a normalization known to sigma by an auxiliary measurement, the excess of t by S events on B is, in leading
    order, lambda = lambda_shape + (S/B - delta)^2 / (1/B + sigma^2), where delta is by how much the signal raises the
    measurement: c S/B leaves (1 - c)^2 of the second term, and lambda_shape = S^2/B (int s^2/b dx - 1) as it is.

    >>> round(count_excess_left(0.1), 9)
    0.81
    """
    return (1.0 - _share(contamination)) ** 2


@dataclass(frozen=True, eq=False)
class Contaminated:
    """An analysis whose reference holds events of a signal, made by `contaminated`.

    Attributes:
        analysis: with that reference, whose weights sum to what was expected before and ``n_signal``.
        null: what its reference says data are: toys for the law of t.
        signal: events that the reference does not hold.
        expected_background: without the signal.
    """

    analysis: Analysis
    null: Alternative
    signal: ToySource
    expected_background: float

    def data_of(self, alternative: Alternative) -> Alternative:
        """An alternative of the analysis before, with signal events that this reference does not hold."""
        return replace(alternative, signal=self.signal, expected_background=self.expected_background)


def contaminated(analysis: Analysis, *, signal: ToySource, n_signal: float, seed: int = 0) -> Contaminated:
    """The analysis with a reference that holds ``n_signal`` expected events of a signal, and its null.

    As many events are added as the density of the reference asks for, N_R / N(R_0) for each expected one, with equal
    weights; of a sample of signal at most half, and the others are left for toys. The model is that of the analysis,
    with centers from the new reference; the standardization is kept.

    Raises:
        InputError: a sample of signal with fewer than two events, or negative weights.
    """
    n_signal = finite_number(n_signal, name="n_signal")
    if n_signal <= 0:
        raise InputError(f"n_signal must be positive, but {n_signal!r} came")
    reference = analysis.reference
    wanted = max(1, round(n_signal / analysis.reference_share))
    events, weights, rest = _taken(signal, wanted, analysis.features, seed=seed)
    whole = Sample(
        np.concatenate([reference.events, events]),
        np.concatenate([reference.event_weights, weights * (n_signal / np.sum(weights))]),
        features=analysis.features,
    )
    null = Alternative(signal=rest, n_signal=n_signal, expected_background=analysis.expected_events)
    return Contaminated(with_reference(analysis, whole), null, rest, analysis.expected_events)


def _taken(
    signal: ToySource, wanted: int, features: tuple[str, ...], *, seed: int
) -> tuple[FloatArray, FloatArray, ToySource]:
    """Events and weights for the reference, and what toys are drawn from."""
    rng = np.random.Generator(np.random.Philox(seed))
    if isinstance(signal, Generator):
        return signal.draw(rng, wanted, n_features=len(features), nuisances={}), np.ones(wanted), signal
    if signal.n_events < 2 or signal.has_negative_weights:
        raise InputError(
            "a signal that is put into the reference must have at least two events, for half of them are left for "
            f"toys, and no negative weights, but {signal.n_events:,} events came; give more, or a generator"
        )
    taken, rest = split(signal, n_first=min(wanted, signal.n_events // 2), seed=seed)
    return taken.events, taken.event_weights, rest


def _share(contamination: float) -> float:
    c = finite_number(contamination, name="contamination")
    if c < 0:
        raise InputError(f"contamination must be 0 or more, but {contamination!r} came")
    return c

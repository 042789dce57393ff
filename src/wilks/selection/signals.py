"""Random signals that nobody searches for: local distortions of the reference, to tell models apart by their power."""

import math
from typing import NamedTuple

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.hypotheses import Alternative, Null
from wilks.samples import Sample, Standardization
from wilks.selection.trials import toy_seed
from wilks.toys import draw_toy
from wilks.typing import FloatArray

IDEAL_Z = 5.0
_LOG_WIDTHS = (math.log(0.1), math.log(1.0))
_MOST_FEATURES = 2
_N_DRAWN, _SHARE_OF_POOL = 50_000, 0.5
_MOST_WIDENED = 8


class RandomSignal(NamedTuple):
    """An excess around a random event: its features, center and width in standard deviations of the reference."""

    features: tuple[str, ...]
    center: tuple[float, ...]
    width: float
    hypothesis: Alternative


class _Bump(NamedTuple):
    columns: list[int]
    center: FloatArray
    width: float

    def height(self, standardized: FloatArray) -> FloatArray:
        """exp(-|x - c|^2 / (2 s^2)) of events (n, d), in the features of the bump."""
        apart = standardized[:, self.columns] - self.center
        return np.asarray(np.exp(-0.5 * np.sum(apart**2, axis=1) / self.width**2))


def random_signals(analysis: Analysis, n_signals: int, *, seed: int) -> tuple[RandomSignal, ...]:
    """Excesses of density g(x) n(x|R_0), g a Gaussian of a width between 0.1 and 1 standard deviation around an event.

    One or two features are distorted. The number of signal events is that for which the best test of this very signal
    would have about Z = 5: n_S = Z sqrt(N(R_0)) E[g] / sqrt(E[g^2]), the expectations over the reference. Events of the
    signal are events of the source of toys that pass g by hit or miss: they lie where events of the reference lie.

    Raises:
        CalibrationError: the source gives too few events for any of them.
    """
    rng = np.random.Generator(np.random.Philox(key=toy_seed(seed, "signals")))
    scales = Standardization.of(analysis.reference)
    n_drawn = _N_DRAWN
    if analysis.nominal_pool is not None:
        weights = analysis.nominal_pool.event_weights
        n_drawn = min(n_drawn, int(_SHARE_OF_POOL * np.sum(weights) / np.max(weights)))
    events = draw_toy(analysis, Null(n_events=max(n_drawn, 1)), seed=toy_seed(seed, "signals"), index=0)
    return tuple(_signal(analysis, rng, events, scales=scales) for _ in range(n_signals))


def _signal(
    analysis: Analysis, rng: np.random.Generator, events: FloatArray, *, scales: Standardization
) -> RandomSignal:
    reference = scales.apply(analysis.reference.events)
    n_features = int(rng.integers(1, min(_MOST_FEATURES, reference.shape[1]) + 1))
    columns = sorted(rng.choice(reference.shape[1], n_features, replace=False).tolist())
    weights = np.maximum(analysis.reference.event_weights, 0.0)
    center = reference[rng.choice(weights.size, p=weights / weights.sum())][columns]
    bump = _Bump(columns, center, float(np.exp(rng.uniform(*_LOG_WIDTHS))))
    chances = rng.uniform(size=len(events))
    for _ in range(_MOST_WIDENED):
        n_signal = events_for(bump.height(reference), weights)
        passed = events[chances < bump.height(scales.apply(events))]
        if len(passed) >= 2.0 * n_signal + 30.0:
            sample = Sample(passed, features=analysis.features)
            names = tuple(analysis.features[j] for j in columns)
            hypothesis = Alternative(signal=sample, n_signal=n_signal)
            return RandomSignal(names, tuple(center.tolist()), bump.width, hypothesis)
        bump = bump._replace(width=1.5 * bump.width)
    raise CalibrationError(
        f"a random signal needs more events near one than the source of toys gives: {len(events):,} were drawn; give a "
        "larger pool or a generator"
    )


def events_for(height: FloatArray, weights: FloatArray) -> float:
    """Events of a signal of density g n(x|R_0) that its own best test sees at Z = 5, to first order.

    >>> round(events_for(np.array([1.0, 1.0, 0.0, 0.0]), np.full(4, 25.0)), 2)
    35.36
    """
    first, second = float(weights @ height), float(weights @ height**2)
    return IDEAL_Z * first / math.sqrt(second)

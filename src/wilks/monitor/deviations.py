"""Standard deviations of data, with which the power of a reference is measured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from wilks.samples import Sample
from wilks.typing import FloatArray

_SHIFTS, _DEAD, _NOISE = (0.1, 0.3), 0.1, 0.1


@dataclass(frozen=True, eq=False)
class Deviation:
    """A change of good events.

    Attributes:
        text: in words.
        feature: that deviates.
        change: from good events (m, d), more than are needed, to n deviating ones.
    """

    text: str
    feature: str
    change: Callable[[FloatArray, int, np.random.Generator], FloatArray]


def standard_deviations(reference: Sample) -> Iterator[Deviation]:
    """Of each feature: two shifts, a dead region of a tenth of the events, and noise in a tenth of the values."""
    for j, name in enumerate(reference.features):
        values = reference.column(name)
        spread = float(np.subtract(*np.quantile(values, [0.84, 0.16]))) / 2.0 or float(np.std(values))
        low, high = (float(one) for one in np.quantile(values, [0.001, 0.999]))
        for share in _SHIFTS:
            yield Deviation(f"{name} shifted by {share:g} of its spread", name, _shift(j, share * spread))
        first, last = (float(one) for one in np.quantile(values, [0.5, 0.5 + _DEAD]))
        yield Deviation(f"{name} dead from {first:.4g} to {last:.4g}", name, _dead(j, first, last))
        yield Deviation(f"{name} noise in {_NOISE:.0%} of events", name, _noise(j, low, high))


Change = Callable[[FloatArray, int, np.random.Generator], FloatArray]


def _shift(j: int, by: float) -> Change:
    def change(events: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        moved = events[:n].copy()
        moved[:, j] += by
        return moved

    return change


def _dead(j: int, first: float, last: float) -> Change:
    def change(events: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        is_dead = (events[:, j] >= first) & (events[:, j] < last)
        return events[~is_dead][:n]

    return change


def _noise(j: int, low: float, high: float) -> Change:
    def change(events: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        noisy = events[:n].copy()
        is_noise = rng.random(n) < _NOISE
        noisy[is_noise, j] = rng.uniform(low, high, size=int(np.sum(is_noise)))
        return noisy

    return change

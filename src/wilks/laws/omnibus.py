"""Four distances of n toys from a chi-square taken together, and what so many toys can see: by simulated sets.

Each simulated set is treated as the toys were. Where these chose the number of degrees of freedom, or the weight clip,
every set chooses it anew, and what was chosen is judged no more.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.special

from wilks.typing import FloatArray

TAIL_PROBABILITY = 0.05
SIZE = 0.05
N_SIMULATED, LARGEST_SIMULATED = 2_000, 500
N_SEEN, LARGEST_SEEN = 400, 1_000
TESTS = ("KS", "mean", "variance", "tail")
_LARGE_SETS, _LEAST = 200, 1e-300
_MEAN, _RATIO, _TAIL = 1, 2, 3


@dataclass(frozen=True)
class SharedLaw:
    """A law that gives p of many toys, all of which share what it is off.

    Attributes:
        n_calibration: p = (k + 1)/(n + 1) is counted among so many toys, the same for all; None: it is computed.
        common_z: the standard deviation of what Z of all toys is off, as by one reference.
        n_simulated: sets that p of all tests together is counted among: its least value is one of these and one more.
    """

    n_calibration: int | None = None
    common_z: float = 0.0
    n_simulated: int = N_SIMULATED

    def drawn(self, rng: np.random.Generator, size: tuple[int, int], *, shift: float = 0.0) -> FloatArray:
        """-2 log p of sets (s, n) under the null hypothesis, or with Z too large by ``shift``."""
        z = rng.normal(size=size) + self.common_z * rng.normal(size=(size[0], 1)) + shift
        p = scipy.special.ndtr(-z)
        if self.n_calibration is not None:
            others = np.sort(rng.uniform(size=(size[0], self.n_calibration)), axis=1)
            counts = [np.searchsorted(one, row, side="right") for one, row in zip(others, p, strict=True)]
            p = (np.stack(counts) + 1.0) / (self.n_calibration + 1.0)
        values: FloatArray = -2.0 * np.log(p)
        return values

    def with_fewer(self, factor: float) -> SharedLaw:
        """What is as many errors off for sets that are ``factor`` times smaller."""
        n = None if self.n_calibration is None else max(1, round(self.n_calibration / factor))
        return SharedLaw(n, self.common_z * math.sqrt(factor), self.n_simulated)


@dataclass(frozen=True)
class Yardstick:
    """What toys are compared with, and what of it they chose themselves.

    Attributes:
        n: valid toys.
        dof: of the chi-square.
        chose_dof: it is the mean of these toys.
        tuned_mean: their mean, which a weight clip that they chose brought to where it is; None: they chose none. By
            the clip t is multiplied, to first order, and so every simulated set is multiplied to this mean.
        shared: the values are -2 log p of p by one law, which are compared with chi-square(2); None: they are t.
    """

    n: int
    dof: float
    chose_dof: bool = False
    tuned_mean: float | None = None
    shared: SharedLaw | None = None

    @property
    def judged(self) -> tuple[int, ...]:
        """Places in `TESTS`: the mean is judged only where the toys chose nothing by it."""
        return (0, _RATIO, _TAIL) if self.chose_dof or self.tuned_mean is not None else (0, _MEAN, _RATIO, _TAIL)

    def drawn(self, rng: np.random.Generator, n_sets: int) -> FloatArray:
        """Sets (s, n) that follow the chi-square as well as the toys can."""
        if self.shared is not None:
            return self.shared.drawn(rng, (n_sets, self.n))
        return self.treated(rng.chisquare(self.dof, size=(n_sets, self.n)))

    def treated(self, sets: FloatArray) -> FloatArray:
        """Sets of toys (s, n) after they chose what these toys chose."""
        if self.tuned_mean is None:
            return sets
        scaled: FloatArray = sets * (self.tuned_mean / sets.mean(axis=1, keepdims=True))
        return scaled


def distances(sets: FloatArray, yard: Yardstick) -> FloatArray:
    """KS distance, mean, log of variance/(2 mean), and toys above the 95 % point, of sets (s, n): shape (s, 4)."""
    values = np.sort(sets, axis=1)
    n, means = values.shape[1], values.mean(axis=1)
    half = 0.5 * (means[:, None] if yard.chose_dof else yard.dof)
    cdf = scipy.special.gammainc(half, 0.5 * values)
    steps = np.arange(n + 1) / n
    farthest = np.maximum((steps[1:] - cdf).max(axis=1), (cdf - steps[:-1]).max(axis=1))
    ratios = np.log(np.maximum(values.var(axis=1, ddof=1), _LEAST) / np.maximum(2.0 * means, _LEAST))
    above = (cdf >= 1.0 - TAIL_PROBABILITY).sum(axis=1)
    return np.stack([farthest, means, ratios, above.astype(np.float64)], axis=1)


def p_values(found: FloatArray, yard: Yardstick) -> FloatArray:
    """p of each of the four distances (s, 4) among those of simulated sets, two-sided but for KS; shape (s, 4)."""
    return _ranked(_scaled(found, yard), _null(yard).sorted_distances)


def together(p: FloatArray, yard: Yardstick) -> FloatArray:
    """The omnibus p (s,) of the p-values (s, 4): that of the smallest one that is judged, by rank among simulated sets.

    Two of the four may well be one and the same departure: the sets have the same correlations, and this is the p of
    the smallest of the p-values, no bound. Its least value is 1/2,001.
    """
    smallest = p[:, yard.judged].min(axis=1)
    null = _null(yard).sorted_smallest
    found: FloatArray = (1 + np.searchsorted(null, smallest * (1.0 + 1e-9), side="right")) / (null.size + 1)
    return found


class Seen(NamedTuple):
    """How often a departure from the chi-square is seen at a size of 5 %, by each test alone and by all together.

    Attributes:
        departure: in words.
        shares: of sets, in the order of `TESTS`; None for what is not judged.
        together: by the omnibus p.
    """

    departure: str
    shares: tuple[float | None, ...]
    together: float


@functools.lru_cache(maxsize=32)
def seen(yard: Yardstick) -> tuple[Seen, ...]:
    """What the tests find, from 400 simulated sets for each departure (200 above 500 toys): an error of 3 % at most.

    Above 1,000 toys the figures are those of 1,000: more toys see more.
    """
    limited = dataclasses.replace(yard, n=min(yard.n, LARGEST_SEEN))
    rng = np.random.Generator(np.random.Philox(key=[limited.n, 1]))
    return tuple(_seen(departure, sets, limited) for departure, sets in _departures(limited, rng))


def _seen(departure: str, sets: FloatArray, yard: Yardstick) -> Seen:
    p = p_values(distances(yard.treated(sets), yard), yard)
    shares = [float(np.mean(p[:, k] <= SIZE)) if k in yard.judged else None for k in range(len(TESTS))]
    return Seen(departure, tuple(shares), float(np.mean(together(p, yard) <= SIZE)))


def _departures(yard: Yardstick, rng: np.random.Generator) -> list[tuple[str, FloatArray]]:
    """Sets that are no chi-square: of another variance or mean, or with a tail that is twice as full."""
    dof, size = yard.dof, (N_SEEN if yard.n <= LARGEST_SIMULATED else _LARGE_SETS, yard.n)
    found = [
        (f"variance {'15 % too small' if ratio < 1.0 else '15 % too large'}", _gamma(rng, dof, ratio, size))
        for ratio in (0.85, 1.15)
    ]
    if _MEAN in yard.judged:
        found.append(("mean too large by one", rng.chisquare(dof + 1.0, size=size)))
    full = rng.chisquare(dof, size=size)
    is_moved = rng.uniform(size=size) < TAIL_PROBABILITY / (1.0 - TAIL_PROBABILITY)
    upper = rng.uniform(0.0, TAIL_PROBABILITY, size=size)
    tail = 2.0 * scipy.special.gammainccinv(0.5 * dof, upper)
    return [*found, ("twice the toys above the 95 % point", np.where(is_moved, tail, full))]


def _gamma(rng: np.random.Generator, mean: float, ratio: float, size: tuple[int, int]) -> FloatArray:
    return rng.gamma(mean / (2.0 * ratio), 2.0 * ratio, size=size)


class _Null(NamedTuple):
    sorted_distances: FloatArray
    sorted_smallest: FloatArray


@functools.lru_cache(maxsize=32)
def _null(yard: Yardstick) -> _Null:
    """Those of sets of a chi-square, of n toys each or 500 of more."""
    few = _few(yard)
    rng = np.random.Generator(np.random.Philox(key=few.n))
    n_simulated = N_SIMULATED if few.shared is None else few.shared.n_simulated
    found = distances(few.drawn(rng, n_simulated), few)
    columns = np.sort(found, axis=0)
    own = _ranked(found, columns, is_among=True)
    return _Null(columns, np.sort(own[:, yard.judged].min(axis=1)))


def _few(yard: Yardstick) -> Yardstick:
    """The same for 500 toys at most, with a tuned mean that is as many errors off."""
    if yard.n <= LARGEST_SIMULATED:
        return yard
    factor = math.sqrt(yard.n / LARGEST_SIMULATED)
    tuned = None if yard.tuned_mean is None else yard.dof + (yard.tuned_mean - yard.dof) * factor
    shared = None if yard.shared is None else yard.shared.with_fewer(factor**2)
    return Yardstick(LARGEST_SIMULATED, yard.dof, yard.chose_dof, tuned, shared)


def _ranked(found: FloatArray, null: FloatArray, *, is_among: bool = False) -> FloatArray:
    """p of (s, 4) among sorted columns; ``is_among``: those of the columns themselves."""
    p, n = np.empty_like(found), null.shape[0]
    more, of = (0, n) if is_among else (1, n + 1)
    for k in range(found.shape[1]):
        values = found[:, k]
        above = n - np.searchsorted(null[:, k], values - 1e-9 * np.abs(values), side="left") + more
        below = np.searchsorted(null[:, k], values + 1e-9 * np.abs(values), side="right") + more
        p[:, k] = np.minimum(1.0, (above if k == 0 else 2 * np.minimum(above, below)) / of)
    return p


def _scaled(found: FloatArray, yard: Yardstick) -> FloatArray:
    """Distances of more than 500 toys as 500 would have them that are as many errors off."""
    n, few = yard.n, min(yard.n, LARGEST_SIMULATED)
    if n == few:
        return found
    factor = math.sqrt(n / few)
    scaled = found * [_ks_scale(n) / _ks_scale(few), 1.0, factor, 1.0]
    scaled[:, _MEAN] = yard.dof + (found[:, _MEAN] - yard.dof) * factor
    scaled[:, _TAIL] = few * (TAIL_PROBABILITY + (found[:, _TAIL] / n - TAIL_PROBABILITY) * factor)
    return scaled


def _ks_scale(n: int) -> float:
    return math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)

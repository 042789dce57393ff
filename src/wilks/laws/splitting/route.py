"""The pilot of multilevel splitting: it sets the levels, and how far and how often particles move at each."""

import math
from typing import NamedTuple

import numpy as np

from wilks.laws.splitting.particles import Particles, Population
from wilks.significance import least_tied
from wilks.significance.text import probability
from wilks.statistics.law import Refusal
from wilks.typing import BoolArray, FloatArray, IntArray

KEPT_SHARE = 0.4
MOST_LEVELS = 200
FEWEST_ABOVE = 10
_REFRESHED, _FEWEST_MOVES, _MOST_MOVES = 0.25, 4, 40
_TARGET, _GAIN, _LEAST_SIZE = 0.4, 1.0, 1e-4
_NEEDS = "needs a chain that goes on from level to level"


class Level(NamedTuple):
    """Where particles must lie, and how those that do move there.

    Attributes:
        least: of t.
        size: of each move.
        n_moves: how many.
    """

    least: float
    size: float
    n_moves: int


class Route(NamedTuple):
    """Levels on the way to the observed t.

    Attributes:
        levels: below it, ascending.
        log_p: the pilot's own estimate of the chance to reach the end.
        is_complete: whether the end is the observed t; else the last level, far beyond the wanted reach.
    """

    levels: tuple[Level, ...]
    log_p: float
    is_complete: bool


def explored(
    population: Population, t: float, *, n_particles: int, reach: float, rng: np.random.Generator
) -> Route | Refusal:
    """A route to t, or to where p is a tenth of ``reach``.

    At each level those particles go on that are the more extreme two fifths, or, where many are equal, all that reach
    the next value.
    """
    particles, log_p, size = population.drawn(n_particles, rng), 0.0, 1.0
    levels: list[Level] = []
    end, current = float(least_tied(t)), -math.inf
    while True:
        share = float(np.mean(particles.t >= end))
        if share >= KEPT_SHARE:
            return Route(tuple(levels), log_p + math.log(share), True)
        if log_p < math.log(reach) - math.log(10.0):
            return Route(tuple(levels), log_p, False)
        least = min(next_level(particles.t, current), end)
        is_up = particles.t >= least
        if len(levels) == MOST_LEVELS or np.count_nonzero(is_up) < FEWEST_ABOVE:
            return Refusal(_NEEDS, _stuck(current, n_particles, log_p))
        log_p += math.log(float(np.mean(is_up)))
        particles = particles.picked(survivors(is_up, rng))
        level = _settled(particles, least, size=size, rng=rng)
        levels.append(level)
        current, size = least, level.size


def next_level(t: FloatArray, current: float) -> float:
    """The least t of the more extreme two fifths; where they tie with the current level, the next value above.

    >>> round(next_level(np.arange(10.0), -1.0), 6), round(next_level(np.array([0.0, 0, 0, 0, 7]), 0.0), 6)
    (6.0, 7.0)
    """
    n_kept = max(1, math.floor(KEPT_SHARE * t.size))
    least = float(least_tied(np.partition(t, t.size - n_kept)[t.size - n_kept]))
    if least > current:
        return least
    above = t[least_tied(t) > current]
    return float(least_tied(np.min(above))) if above.size else math.inf


def survivors(is_up: BoolArray, rng: np.random.Generator) -> IntArray:
    """Places of a new generation (n,): every one that is up, and as many copies, as even as can be, as fill it."""
    up = rng.permutation(np.flatnonzero(is_up))
    return np.resize(up, is_up.size)


def _settled(particles: Particles, least: float, *, size: float, rng: np.random.Generator) -> Level:
    """Move particles until a quarter of them is drawn anew, with the size that suits; they are moved in place."""
    refreshed, sizes = 0.0, list[float]()
    while len(sizes) < _FEWEST_MOVES or (refreshed < _REFRESHED and len(sizes) < _MOST_MOVES):
        accepted = float(np.mean(particles.move(least, size=size, rng=rng)))
        refreshed += size * accepted
        sizes.append(size)
        size = float(np.clip(size * math.exp(_GAIN * (accepted - _TARGET)), _LEAST_SIZE, 1.0))
    return Level(least, float(np.mean(sizes[len(sizes) // 2 :])), len(sizes))


def _stuck(current: float, n_particles: int, log_p: float) -> str:
    where = "t has too few distinct values" if math.isfinite(current) else "nearly all draws have one t"
    return (
        f"of {n_particles:,} particles at t = {current:.6g}, where p is about {probability(math.exp(log_p))}, fewer "
        f"than {FEWEST_ABOVE} went beyond it: {where}"
    )

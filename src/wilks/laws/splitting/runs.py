"""One run of multilevel splitting along a route that was fixed before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from wilks.laws.splitting.particles import Particles, Population
from wilks.laws.splitting.route import Level, Route, survivors
from wilks.significance import least_tied
from wilks.typing import FloatArray, IntArray


@dataclass(frozen=True)
class Run:
    """What one run found.

    Attributes:
        log_p: of p, the product over levels of the shares that went on; minus infinity where none did.
        least_accepted: the least share of proposals that were taken, over levels.
        least_moved: the least share of particles that moved at all at a level.
        most_memory: the largest correlation of t before and after the moves of a level.
        n_families: 1 / sum s^2 with s the share of those at the end that descend from one particle of the beginning.
    """

    log_p: float
    least_accepted: float
    least_moved: float
    most_memory: float
    n_families: float

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Run":
        """The inverse of `to_document`."""
        return cls(**document)


class _Step(NamedTuple):
    """What the moves of one level did."""

    accepted: float
    moved: float
    memory: float


def run_along(population: Population, route: Route, t: float, *, n_particles: int, rng: np.random.Generator) -> Run:
    """One run: as levels and moves do not depend on it, its p is right on average, however many particles there are.

    (Del Moral, Feynman-Kac Formulae, 2004, theorem 7.4.2.)
    """
    particles, end = population.drawn(n_particles, rng), float(least_tied(t))
    ancestors, log_p, steps = np.arange(n_particles), 0.0, [_Step(1.0, 1.0, 0.0)]
    for level in route.levels:
        is_up = particles.t >= level.least
        if not np.any(is_up):
            return _ended(-math.inf, steps, ancestors[:0])
        log_p += math.log(float(np.mean(is_up)))
        places = survivors(is_up, rng)
        particles, ancestors = particles.picked(places), ancestors[places]
        steps.append(_moved(particles, level, rng=rng))
    is_there = particles.t >= end
    share = float(np.mean(is_there))
    return _ended(log_p + math.log(share) if share > 0 else -math.inf, steps, ancestors[is_there])


def _ended(log_p: float, steps: list[_Step], ancestors: IntArray) -> Run:
    sizes = np.unique(ancestors, return_counts=True)[1]
    n_families = float(np.sum(sizes)) ** 2 / float(np.sum(sizes**2)) if sizes.size else 0.0
    accepted, moved, memory = zip(*steps, strict=True)
    return Run(log_p, min(accepted), min(moved), max(memory), n_families)


def _moved(particles: Particles, level: Level, *, rng: np.random.Generator) -> _Step:
    """Move particles in place."""
    before, has_moved, accepted = particles.t.copy(), np.zeros(particles.t.size, dtype=bool), 0.0
    for _ in range(level.n_moves):
        taken = particles.move(level.least, size=level.size, rng=rng)
        accepted += float(np.mean(taken)) / level.n_moves
        has_moved |= taken
    return _Step(accepted, float(np.mean(has_moved)), _correlation(before, particles.t))


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """Of what is finite; 0 where one does not vary."""
    is_finite = np.isfinite(one) & np.isfinite(other)
    a, b = one[is_finite], other[is_finite]
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])

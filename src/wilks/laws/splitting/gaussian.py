"""Squares of normal variables as particles: a null whose tail is a chi-square, known exactly."""

import numpy as np

from wilks.typing import BoolArray, FloatArray, IntArray


class GaussianParticles:
    """t = sum_j x_j^2 of independent standard normal x (n, d).

    A move takes x to sqrt(1 - s) x + sqrt(s) z with z normal.
    """

    def __init__(self, x: FloatArray) -> None:
        self._x = x
        self.t: FloatArray = np.sum(x**2, axis=1)

    def picked(self, places: IntArray) -> "GaussianParticles":
        """Copies."""
        return GaussianParticles(self._x[places])

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> BoolArray:
        """See `wilks.laws.splitting.particles.Particles`."""
        x = np.sqrt(1.0 - size) * self._x + np.sqrt(size) * rng.standard_normal(self._x.shape)
        t = np.sum(x**2, axis=1)
        taken: BoolArray = t >= least
        self._x[taken], self.t[taken] = x[taken], t[taken]
        return taken


class GaussianSums:
    """The population of `GaussianParticles` in d dimensions."""

    def __init__(self, n_dimensions: int) -> None:
        self._n_dimensions = n_dimensions

    def drawn(self, n: int, rng: np.random.Generator) -> GaussianParticles:
        """n independent draws."""
        return GaussianParticles(rng.standard_normal((n, self._n_dimensions)))

"""Gaussians about centers, as a feature map."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.statistics.linear.centers import squared_distances
from wilks.statistics.linear.feature_map import Resolution
from wilks.typing import FloatArray

_LEAST_EXPONENT = -200.0  # 1e-87: products of two are still normal numbers; with smaller ones arithmetic is slow
_REACH_IN_WIDTHS = 9.0  # exp(-81/2) is 3e-18 of a Gaussian: nothing beside 1 in double precision


@dataclass(frozen=True, eq=False)
class Gaussians:
    """k(x, z_m) = exp(-|x - z_m|^2 / (2 width^2)) with K_mn = k(z_m, z_n).

    Args:
        centers: z, shape (m, d), in standardized features.
        width: common to all.

    >>> Gaussians(np.array([[0.0]]), 2.0).values(np.array([[2.0]])).round(6).tolist()
    [[0.606531]]
    """

    centers: FloatArray
    width: float

    @property
    def n_values(self) -> int:
        return int(self.centers.shape[0])

    @property
    def resolution(self) -> Resolution | None:
        if self.centers.shape[1] > 1:
            return None
        reach = _REACH_IN_WIDTHS * self.width
        return Resolution(self.width, float(np.min(self.centers)) - reach, float(np.max(self.centers)) + reach)

    def values(self, events: FloatArray) -> FloatArray:
        if events.shape[1] == 1:
            exponents = squared_distances(events, self.centers)
            exponents *= -0.5 / self.width**2
            np.maximum(exponents, _LEAST_EXPONENT, out=exponents)
            return np.exp(exponents, out=exponents)
        # One product of matrices makes the exponents: -|x|^2/2 - |z|^2/2 + x.z.
        x, z = events / self.width, self.centers / self.width
        left = np.column_stack([x, -0.5 * np.sum(x**2, axis=1), np.ones(x.shape[0])])
        right = np.column_stack([z, np.ones(z.shape[0]), -0.5 * np.sum(z**2, axis=1)])
        exponents = left @ right.T
        np.clip(exponents, _LEAST_EXPONENT, 0.0, out=exponents)
        values: FloatArray = np.exp(exponents, out=exponents)
        return values

    def penalty(self) -> FloatArray:
        return self.values(self.centers)

    def portable(self) -> dict[str, Any]:
        """Plain values for programs without this package."""
        return {"width": self.width, "centers": self.centers.tolist()}

    def digest(self) -> str:
        told = hashlib.sha256(repr((self.width, self.centers.shape)).encode())
        told.update(np.ascontiguousarray(self.centers).tobytes())
        return told.hexdigest()

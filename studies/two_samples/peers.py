"""Tests of two samples by others, as "Refereeing the referees" (2409.16336) compares them, and one kernel of its width.

Each is a function of two samples (n, d) and (m, d), in raw features, that grows with their difference.
"""

from collections.abc import Callable

import numpy as np
import scipy.linalg

import wilks

N_SLICES, BLOCK = 100, 64
N_CENTERS, RIDGE, N_FOR_DISTANCES = 100, 1e-2, 1_000
WIDTH_OVER = {5: 2.5, 20: 3.5, 100: 4.5}  # the 90th percentile of the distances between events, over the width


def mean_ks(a: np.ndarray, b: np.ndarray) -> float:
    """The Kolmogorov-Smirnov distance of a feature, averaged over features; for equal sizes."""
    return float(np.mean([ks_distance(one, other) for one, other in zip(a.T, b.T, strict=True)]))


def ks_distance(a: np.ndarray, b: np.ndarray) -> float:
    """sup |F_a - F_b| of two columns without ties between them."""
    order = np.argsort(np.concatenate([a, b]))
    steps = np.where(order < a.size, 1.0 / a.size, -1.0 / b.size)
    return float(np.max(np.abs(np.cumsum(steps))))


def sliced_ks(a: np.ndarray, b: np.ndarray) -> float:
    """The same on random directions."""
    directions = slices(a.shape[1])
    return mean_ks(a @ directions, b @ directions)


def sliced_wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    """The mean distance of sorted values, averaged over random directions; for equal sizes."""
    directions = slices(a.shape[1])
    return float(np.mean(np.abs(np.sort(a @ directions, axis=0) - np.sort(b @ directions, axis=0))))


def slices(d: int) -> np.ndarray:
    """Directions, (d, N_SLICES), the same for all pairs."""
    directions = np.random.default_rng(d).normal(size=(d, N_SLICES))
    return directions / np.linalg.norm(directions, axis=0)


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of means and covariances."""
    c_a, c_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(c_a).real
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c_b @ root), 0.0))
    shift = a.mean(axis=0) - b.mean(axis=0)
    return float(shift @ shift + np.trace(c_a) + np.trace(c_b) - 2.0 * np.sum(cross))


def mmd(a: np.ndarray, b: np.ndarray) -> float:
    """The unbiased maximum mean discrepancy of the kernel (x.y/d + 1)^4; for equal sizes."""
    n, d = a.shape
    within = [quartic_sum(x, x) - np.sum((np.sum(x * x, axis=1) / d + 1.0) ** 4) for x in (a, b)]
    return float(sum(within) / (n * (n - 1)) - 2.0 * quartic_sum(a, b) / n**2)


def quartic_sum(a: np.ndarray, b: np.ndarray) -> float:
    """sum over all pairs of (x.y/d + 1)^4, by blocks of rows."""
    total, scaled = 0.0, np.ascontiguousarray(b.T) / a.shape[1]
    for first in range(0, len(a), BLOCK):
        values = a[first : first + BLOCK] @ scaled
        values += 1.0
        values *= values
        total += float(np.vdot(values, values))
    return total


def one_kernel(a: np.ndarray, b: np.ndarray) -> float:
    """t of one Gaussian kernel in standardized features, fitted to its end: a is the reference, b the data."""
    rows = np.random.default_rng(0).choice(len(a), N_FOR_DISTANCES, replace=False)
    some = (a[rows] - a.mean(axis=0)) / a.std(axis=0)
    distances = np.linalg.norm(some[: len(some) // 2] - some[len(some) // 2 :], axis=1)
    width = float(np.quantile(distances, 0.9)) / WIDTH_OVER[a.shape[1]]
    kernel = wilks.Kernel(n_centers=N_CENTERS, width=width, ridge=RIDGE, is_score=False)
    return float(wilks.fit(wilks.Analysis(reference=wilks.Sample(a), model=kernel), wilks.Sample(b)).t)


PEERS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "sliced Wasserstein": sliced_wasserstein,
    "mean KS": mean_ks,
    "sliced KS": sliced_ks,
    "Frechet": frechet,
    "MMD": mmd,
    "one kernel": one_kernel,
}
MOST_PAIRS = {"MMD": 5}

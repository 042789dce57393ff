"""Pairs of samples: those that the default set was chosen on, and those of the literature that it is measured on."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]
Problem = Callable[[np.random.Generator], Pair]


def perturbed(rng: np.random.Generator, n: int, d: int, *, scale: float, bumps: int = 1) -> np.ndarray:
    """Events (n, d) of the perturbed uniform density of "MMD Aggregated Two-Sample Test", J. Mach. Learn. Res. 24
    (2023) 194: 1 + scale c_d / bumps times the product of waves of compact support along the axes.
    """
    height = scale * {1: 2.7, 2: 7.3}[d]
    found = np.empty((0, d))
    while len(found) < n:
        x = rng.uniform(size=(4 * n, d))
        waves = [sum(_wave(column * bumps - k) for k in range(1, bumps + 1)) for column in x.T]
        density = 1.0 + height / bumps * np.prod(waves, axis=0)
        found = np.concatenate([found, x[rng.uniform(size=4 * n) * (1.0 + height) < density]])
    return found[:n]


def _wave(t: np.ndarray) -> np.ndarray:
    rises, falls = (t > -1) & (t < -0.5), (t > -0.5) & (t < 0)
    with np.errstate(over="ignore", under="ignore"):
        up = np.exp(-1.0 / np.clip(1.0 - (4.0 * t + 3.0) ** 2, 1e-3, None)) * rises
        down = np.exp(-1.0 / np.clip(1.0 - (4.0 * t + 1.0) ** 2, 1e-3, None)) * falls
    return up - down


def equicorrelated(rng: np.random.Generator, n: int, d: int, rho: float) -> np.ndarray:
    """Normal events (n, d) of unit variance, every two features with the correlation rho."""
    return np.sqrt(1.0 - rho) * rng.normal(size=(n, d)) + np.sqrt(rho) * rng.normal(size=(n, 1))


def four_peaks(rng: np.random.Generator, n: int, last: float) -> np.ndarray:
    """Events (n, 2) of four normal peaks at (+-20, +-20), of deviation 1 but for the last."""
    which = rng.integers(4, size=n)
    deviation = np.where(which == 3, last, 1.0)
    return np.array([[20, 20], [20, -20], [-20, 20], [-20, -20]])[which] + rng.normal(size=(n, 2)) * deviation[:, None]


def published() -> dict[str, Problem]:
    """Rows with a published power at a level of 5 %, by name."""
    found: dict[str, Problem] = {}
    for rho in (0.57, 0.60, 0.63):
        found[f"correlated normal, d = 3, n = 2,500, .5 against {rho:g}"] = lambda rng, rho=rho: (
            equicorrelated(rng, 2_500, 3, 0.5),
            equicorrelated(rng, 2_500, 3, rho),
        )
    for s in (0.6, 0.7, 1.4, 1.6):
        found[f"four peaks, d = 2, n = 500, s = {s:g}"] = lambda rng, s=s: (
            four_peaks(rng, 500, 1.0),
            four_peaks(rng, 500, s),
        )
    for d, scales in ((1, (0.2, 0.3, 0.4)), (2, (0.4, 0.6, 0.8))):
        for scale in scales:
            found[f"perturbed uniform, d = {d}, n = 500, scale {scale:g}"] = lambda rng, d=d, scale=scale: (
                rng.uniform(size=(500, d)),
                perturbed(rng, 500, d, scale=scale),
            )
    return found


class Mixture:
    """A mixture of normal distributions of "Refereeing the referees" (2409.16336), deformed by epsilon.

    Args:
        told: its loc, scale and probs, and unit vectors of deformations.
    """

    N_EVENTS = 10_000

    def __init__(self, told: dict) -> None:
        self._loc, self._scale, self._shares = (np.array(told[name]) for name in ("loc", "scale", "probs"))
        self._shift, self._stretch = (np.array(told["deform_unit"][name]) for name in ("mean", "cov_diag"))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        which = rng.choice(len(self._shares), self.N_EVENTS, p=self._shares / self._shares.sum())
        return self._loc[which] + self._scale[which] * rng.normal(size=(self.N_EVENTS, self._loc.shape[1]))

    def deformed(self, rng: np.random.Generator, kind: str, epsilon: float) -> np.ndarray:
        """A sample of the deformed distribution; the names are those of the publication."""
        x = self.draw(rng)
        if kind == "mu":
            return x + epsilon * self._shift
        if kind == "Sigma_ii":
            return (x - x.mean(0)) * (1.0 + epsilon * self._stretch) + x.mean(0)
        if kind == "Sigma_ij":
            return shuffled(rng, x, epsilon)
        if kind in ("pow+", "pow-"):
            return np.sign(x) * np.abs(x) ** (1.0 + epsilon * (1.0 if kind == "pow+" else -1.0))
        noise = rng.normal(size=x.shape) if kind == "N" else rng.uniform(-1.0, 1.0, size=x.shape)
        return x + epsilon * noise


def shuffled(rng: np.random.Generator, x: np.ndarray, share: float) -> np.ndarray:
    """A share of the rows exchange their values, feature by feature: marginals stay, relations fade."""
    x = x.copy()
    for column in x.T:
        rows = rng.choice(len(x), int(share * len(x)), replace=False)
        column[rows] = column[rng.permutation(rows)]
    return x


def mixtures(path: Path) -> dict[str, Mixture]:
    """By dimension, from the file of their parameters."""
    return {name: Mixture(told) for name, told in json.loads(path.read_text()).items()}


def mixed(background: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """Both, one after the other."""
    return np.concatenate([background, signal])


def bent(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Events (n, d): a log-normal, and normal ones of which every other leans on its logarithm."""
    normal = rng.normal(size=(n, d))
    leaning = normal + 0.5 * normal[:, :1] * (np.arange(d) % 2)
    leaning[:, 0] = np.exp(0.8 * normal[:, 0])
    return leaning


def narrow(rng: np.random.Generator, n: int, d: int, seed: int) -> np.ndarray:
    """Events (n, d) of a mixture of narrow normal distributions, drawn once for each seed."""
    told = np.random.default_rng(seed)
    k = 3 if d < 10 else 6
    loc, scale, shares = told.uniform(0, 1, (k, d)) * 4, told.uniform(0.01, 0.3, (k, d)), told.dirichlet(np.ones(k) * 3)
    which = rng.choice(k, n, p=shares)
    return loc[which] + scale[which] * rng.normal(size=(n, d))


def blobs(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    """Nine peaks in a square, each with the correlation rho."""
    return rng.integers(0, 3, size=(n, 2)) * 10.0 + rng.normal(size=(n, 2)) @ np.linalg.cholesky([[1, rho], [rho, 1]]).T


def two_relations(rng: np.random.Generator, n: int, d: int, rho: float) -> np.ndarray:
    """Two overlapping normal peaks with opposite correlations of the first two features."""
    sign = rng.integers(2, size=n) * 2 - 1
    z = rng.normal(size=(n, d))
    z[:, 1] = sign * rho * z[:, 0] + np.sqrt(1.0 - rho**2) * z[:, 1]
    return z + 0.5 * (sign > 0)[:, None]


def modulated(rng: np.random.Generator, n: int, depth: float) -> np.ndarray:
    """Angles (n, 1) with the density 1 + depth cos(phi - 3)."""
    phi = rng.uniform(0.0, 2.0 * np.pi, 4 * n)
    return phi[rng.uniform(size=4 * n) * (1.0 + depth) < 1.0 + depth * np.cos(phi - 3.0)][:n, None]


def beside(rng: np.random.Generator, column: np.ndarray, n_others: int) -> np.ndarray:
    """A column with normal ones beside it that tell nothing."""
    return np.column_stack([column, rng.normal(size=(len(column), n_others))])


FOR_CHOOSING: dict[str, Problem] = {
    "nine peaks, correlation 0 and .6": lambda r: (blobs(r, 1_000, 0.0), blobs(r, 1_000, 0.6)),
    "two relations, d = 10": lambda r: (two_relations(r, 2_000, 10, 0.0), two_relations(r, 2_000, 10, 0.5)),
    "one of ten features shifted": lambda r: (
        r.normal(size=(1_000, 10)),
        r.normal(size=(1_000, 10)) + 0.14 * (np.arange(10) == 3),
    ),
    "three features wider": lambda r: (r.normal(size=(1_500, 3)), r.normal(size=(1_500, 3)) * 1.045),
    "peak on an exponential": lambda r: (
        r.exponential(size=(2_000, 1)),
        mixed(r.exponential(size=(1_970, 1)), 2.5 + 0.1 * r.normal(size=(30, 1))),
    ),
    "peak in the tail": lambda r: (
        r.exponential(size=(2_000, 1)),
        mixed(r.exponential(size=(1_985, 1)), 6.0 + 0.3 * r.normal(size=(15, 1))),
    ),
    "region in three features": lambda r: (
        bent(r, 3_000, 3),
        mixed(bent(r, 2_960, 3), np.array([2.5, 1.0, 0.5]) + 0.25 * r.normal(size=(40, 3))),
    ),
    "region in five features": lambda r: (
        bent(r, 5_000, 5),
        mixed(bent(r, 4_970, 5), np.array([2.5, 1.0, 0.5, -1.0, 1.0]) + 0.3 * r.normal(size=(30, 5))),
    ),
    "narrow mixture, d = 4, shifted": lambda r: (narrow(r, 3_000, 4, 77), narrow(r, 3_000, 4, 77) + 0.006),
    "narrow mixture, d = 4, shuffled": lambda r: (narrow(r, 3_000, 4, 77), shuffled(r, narrow(r, 3_000, 4, 77), 0.012)),
    "narrow mixture, d = 12, shifted": lambda r: (narrow(r, 3_000, 12, 78), narrow(r, 3_000, 12, 78) + 0.004),
    "narrow mixture, d = 12, smeared": lambda r: (
        narrow(r, 3_000, 12, 78),
        narrow(r, 3_000, 12, 78) + 0.012 * r.normal(size=(3_000, 12)),
    ),
    "log-normal, one wider": lambda r: (
        np.exp(1.2 * r.normal(size=(2_000, 3))),
        np.exp(np.array([1.29, 1.2, 1.2]) * r.normal(size=(2_000, 3))),
    ),
    "counts beside three features": lambda r: (
        beside(r, r.poisson(3.0, 2_000), 3),
        beside(r, r.poisson(3.15, 2_000), 3),
    ),
    "angle beside two features": lambda r: (
        beside(r, modulated(r, 1_500, 0.0), 2),
        beside(r, modulated(r, 1_500, 0.16), 2),
    ),
    "perturbed uniform, d = 2, two bumps": lambda r: (
        r.uniform(size=(800, 2)),
        perturbed(r, 800, 2, scale=0.9, bumps=2),
    ),
    "perturbed uniform, d = 1, three bumps": lambda r: (
        r.uniform(size=(800, 1)),
        perturbed(r, 800, 1, scale=0.9, bumps=3),
    ),
    "correlated normal, d = 5, unequal sizes": lambda r: (
        equicorrelated(r, 1_000, 5, 0.3),
        equicorrelated(r, 600, 5, 0.37),
    ),
    "one feature wider, 6,000 and 300": lambda r: (bent(r, 6_000, 3), bent(r, 300, 3) * np.array([1.0, 1.0, 1.18])),
}

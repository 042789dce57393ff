"""Do two sets of toys have one distribution of t? KS, mean and variance, by relabelling: exact for any distribution."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.special

from wilks.significance import z_score
from wilks.typing import FloatArray
from wilks.validation.checks import SIZE

TESTS = ("KS", "mean", "variance")
_AT_ONCE = 500
_OFTEN = 0.9


@dataclass(frozen=True)
class Likeness:
    """How two sets of toys compare.

    Attributes:
        p_values: of the KS distance, the difference of the means and the ratio of the variances, two-sided.
        p_value: of the smallest of the three, by its rank among relabellings: their correlations are in it.
        shift: mean of the second less that of the first, in standard deviations of the first.
    """

    p_values: tuple[float, float, float]
    p_value: float
    shift: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**dict(zip(TESTS, self.p_values, strict=True)), "together": self.p_value, "shift": self.shift}


def likeness(first: FloatArray, second: FloatArray, *, n_relabellings: int, seed: int = 0) -> Likeness:
    """Compare t of two sets of toys, (n,) and (m,), all valid, among relabellings of both together.

    If both come from one distribution, whatever it is, labels are exchangeable: each p is the rank of what is observed
    among ``n_relabellings`` draws and itself, and no p is too small too often.

    >>> rng = np.random.default_rng(1)
    >>> t = rng.gamma(4.0, size=(2, 200))
    >>> likeness(t[0], t[1], n_relabellings=199).p_value > 0.05
    True
    >>> likeness(t[0], t[1] + 1.0, n_relabellings=199).p_value
    0.01
    """
    pooled = np.concatenate([first, second])
    order = np.argsort(pooled, kind="stable")
    observed = (order < first.size)[None]
    rng = np.random.Generator(np.random.Philox(key=[seed, pooled.size]))
    found = [_distances(pooled[order], observed)]
    for begin in range(0, n_relabellings, _AT_ONCE):
        n = min(_AT_ONCE, n_relabellings - begin)
        found.append(_distances(pooled[order], _relabelled(rng, n, first.size, pooled.size)))
    p = _ranked(np.concatenate(found))
    smallest = p.min(axis=1)
    own = tuple(float(one) for one in p[0])
    shift = float(np.mean(second) - np.mean(first)) / (float(np.std(first)) or 1.0)
    return Likeness(own, float(np.mean(smallest <= smallest[0])), shift)  # type: ignore[arg-type]


def shift_often_seen(n: int, m: int, *, n_looks: int, size: float = SIZE) -> float:
    """The shift of the mean, in standard deviations, that is seen in 9 of 10 cases by one of ``n_looks`` comparisons.

    (z(size/(6 n_looks)) + z(0.1)) sqrt(1/n + 1/m): three two-sided tests a comparison, normal means.

    >>> round(shift_often_seen(400, 100, n_looks=4), 2)
    0.52
    """
    z = z_score(size / (2.0 * len(TESTS) * n_looks)) + float(scipy.special.ndtri(_OFTEN))
    return float(z * np.sqrt(1.0 / n + 1.0 / m))


def _relabelled(rng: np.random.Generator, n_sets: int, n: int, n_all: int) -> npt.NDArray[np.bool_]:
    """Which of the pooled values are in the first set, (s, N), n of them in each row."""
    return rng.permuted(np.tile(np.arange(n_all) < n, (n_sets, 1)), axis=1)


def _distances(values: FloatArray, labels: npt.NDArray[np.bool_]) -> FloatArray:
    """KS distance, distance of means, of log variances, for labels (s, N) of ascending values (N,): shape (s, 3)."""
    n, n_all = int(labels[0].sum()), values.size
    steps = np.where(labels, 1.0 / n, -1.0 / (n_all - n))
    is_last = np.append(values[1:] > values[:-1], True)
    farthest = np.abs(np.cumsum(steps, axis=1)[:, is_last]).max(axis=1)
    centered = values - values.mean()
    scale = float(np.mean(centered**2)) or 1.0
    means, others = _moments(labels, centered, n), _moments(~labels, centered, n_all - n)
    spread = np.log(np.maximum(means[1], 1e-12 * scale)) - np.log(np.maximum(others[1], 1e-12 * scale))
    return np.stack([farthest, np.abs(means[0] - others[0]), np.abs(spread)], axis=1)


def _moments(labels: npt.NDArray[np.bool_], values: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of those with a label."""
    mean = labels @ values / n
    return mean, labels @ values**2 / n - mean**2


def _ranked(found: FloatArray) -> FloatArray:
    """p of each row among all, by column; what differs by rounding alone is a tie."""
    p = np.empty_like(found)
    for k, column in enumerate(found.T):
        ascending = np.sort(column)
        p[:, k] = 1.0 - np.searchsorted(ascending, column * (1.0 - 1e-9) - 1e-12, side="left") / column.size
    return p

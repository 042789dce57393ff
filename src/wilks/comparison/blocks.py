"""What members of one kind have in common: sums over rows that are additive, and statistics of those sums."""

import abc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import scipy.linalg

from wilks.comparison.nulls import Null, Traces
from wilks.comparison.row_maps import RowMap
from wilks.laws import Probability
from wilks.significance import gamma_log_sf
from wilks.typing import FloatArray, IntArray

_BLOCK_NUMBERS = 2**20  # 8 MiB, above which new memory is slow
_MOST_PAIRED = 500
_AT_ONCE = 2**20


@dataclass(frozen=True)
class Member:
    """One statistic of a comparison.

    Attributes:
        name: in tables.
        kind: of members that are combined with each other first.
        feature: the one that it looks at alone; empty for several.
        width: of its Gaussians, in standardized features; NaN without.
    """

    name: str
    kind: str
    feature: str = ""
    width: float = float("nan")


class Block(abc.ABC):
    """Members whose statistics come from the same sums over rows.

    Attributes:
        members: of the columns of what `log_p_values` returns.
        remedy: what helps where t is no number.
    """

    members: tuple[Member, ...]
    remedy: ClassVar[str] = "please report it"

    @property
    @abc.abstractmethod
    def n_columns(self) -> int:
        """Sums over rows."""

    @property
    def n_products(self) -> int:
        """Multiplications for each row and draw."""
        return self.n_columns

    @property
    def is_additive(self) -> bool:
        """Whether t_j are simple functions of sums over rows, which change with single events at no cost."""
        return True

    @property
    def n_at_once(self) -> int:
        """Draws whose statistics may be taken together."""
        return _AT_ONCE

    @abc.abstractmethod
    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        """sum_i c_i phi_i over some rows for coefficients (k, rows), shape (k, columns)."""

    @abc.abstractmethod
    def statistics(self, sums: FloatArray) -> FloatArray:
        """t_j of each member from sums over all rows (k, columns), shape (k, members)."""

    @property
    @abc.abstractmethod
    def row_map(self) -> RowMap | None:
        """phi of any rows; None where `sums` counts them in `marginals.N_CELLS` cells of their ranks."""

    @property
    def n_coordinates(self) -> int:
        """Numbers of a row that `coordinates` gives."""
        return self.n_columns

    @abc.abstractmethod
    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        """What t_j are simple functions of sums of, at some rows in any order, shape (rows, coordinates)."""

    @abc.abstractmethod
    def statistics_at(self, sums: FloatArray) -> FloatArray:
        """t_j from sum_i c_i of the coordinates (k, coordinates), as `statistics` has them; shape (k, members)."""

    @abc.abstractmethod
    def log_p_values(self, t: FloatArray) -> FloatArray:
        """log p_j of t_j (k, members) by laws that put members on one scale; shape (k, members)."""

    def local_log_p(self, t: FloatArray, *, answer: Probability) -> FloatArray:
        """log p_j of the observed t_j (members,) by the laws that say most of them: as a rule those of one scale.

        ``answer`` is that of the comparison, which is a member's own where it is alone.
        """
        found: FloatArray = self.log_p_values(t[None])[0]
        return found

    def analytic(self, t: float) -> Probability | None:
        """p of a member that is alone, by a law that relabellings have confirmed; None where there is none."""
        return None


class QuadraticScale(NamedTuple):
    """Mean and variance of quadratic statistics over the draws of a null, arrays (members,)."""

    mean: FloatArray
    variance: FloatArray

    @classmethod
    def of(cls, null: Null, traces: list[Traces], *, n_estimated: int = 0) -> "QuadraticScale":
        """From what the moments are made of.

        Where tr (W V)^2 is an estimate from pairs of rows, as for the last ``n_estimated`` ones, the variance, a
        difference, may come out as anything: it is taken as that trace at least, half of the Gaussian limit.
        """
        mean, variance = (
            np.array(some) for some in zip(*((one.trace, null.variance(one)) for one in traces), strict=True)
        )
        squares = np.array([one.square for one in traces])
        is_estimated = np.arange(len(traces)) >= len(traces) - n_estimated
        return cls(mean, np.where(is_estimated, np.maximum(variance, squares), variance))

    def log_p_values(self, t: FloatArray) -> FloatArray:
        """log p (k, members) of gamma laws with these moments."""
        return gamma_log_sf(t, mean=self.mean, variance=self.variance)


def row_slices(n_rows: int, n_columns: int, *, first: int = 0) -> Iterator[slice]:
    """Rows from ``first`` to before ``n_rows``, in portions whose columns take at most 8 MiB."""
    size = max(256, _BLOCK_NUMBERS // max(n_columns, 1))
    return (slice(begin, min(begin + size, n_rows)) for begin in range(first, n_rows, size))


def mean_and_covariance(
    values: Callable[[slice], FloatArray], *, size: int, masses: FloatArray, variances: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The mean of values over the masses, and sum_i v_i (values_i - mean)(values_i - mean)^T.

    Args:
        values: of some rows, shape (rows, size).
        size: columns.
        masses, variances: of as many of the first rows as are taken, shape (c,).
    """
    mean, first, second = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for rows in row_slices(masses.size, size):
        some = values(rows)
        mean += masses[rows] @ some
        first += variances[rows] @ some
        second += (some * variances[rows, None]).T @ some
    mean /= np.sum(masses)
    crossed = np.outer(first, mean)
    second += np.sum(variances) * np.outer(mean, mean) - crossed - crossed.T
    return mean, second


def whitening(hessian: FloatArray, penalty: FloatArray) -> FloatArray:
    """The lower root L of H + penalty: with psi = L^-1 phi, b^T (H + penalty)^-1 b is the square of sum c psi."""
    root: FloatArray = scipy.linalg.cholesky(hessian + penalty, lower=True)
    return root


def whitened(root: FloatArray, rows: FloatArray) -> FloatArray:
    """L^-1 v of each row v (k, m), shape (m, k)."""
    solved: FloatArray = scipy.linalg.solve_triangular(root, rows.T, lower=True, check_finite=False)
    return solved


def square_of_pairs(kernel: FloatArray, variances: FloatArray) -> float:
    """tr V^2 of V = sum_i v_i psi_i psi_i^T from psi_i . psi_k of the first rows (c, c), a random subset.

    tr V^2 = sum_ik v_i v_k (psi_i . psi_k)^2; pairs of different rows of the subset stand for all such pairs.

    Args:
        kernel: psi_i . psi_k.
        variances: v of all rows.
    """
    squares, some = kernel**2, variances[: kernel.shape[0]]
    own = np.diag(squares) @ some**2
    between = float(some @ squares @ some - own)
    more_pairs = (np.sum(variances) ** 2 - np.sum(variances**2)) / (np.sum(some) ** 2 - np.sum(some**2))
    return float(between * more_pairs + own * np.sum(variances**2) / np.sum(some**2))


def subset(null: Null) -> slice:
    """The first rows of a pool: a random subset."""
    return slice(0, min(_MOST_PAIRED, null.pool.n_rows))

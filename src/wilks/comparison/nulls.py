"""What the coefficients of a sum over rows could have been if both samples came from one distribution.

Every statistic of a comparison is a function of b = sum_i c_i phi(x_i) over the pooled rows, with sum_i c_i = 0. A null
says which c were observed, and draws others.
"""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from wilks.comparison.pool import Pool, arranged
from wilks.samples import Sample
from wilks.typing import BoolArray, FloatArray, IntArray

Drawn = npt.NDArray[Any]
_MOST_BYTES = 2**29


class Traces(NamedTuple):
    """What the moments of q = b^T W b are made of; V = Cov b, psi = W^(1/2) (phi - mean).

    Attributes:
        trace: tr W V.
        square: tr (W V)^2.
        quartic: sum_i m_i |psi_i|^4, m the masses.
    """

    trace: float
    square: float
    quartic: float


class Null(abc.ABC):
    """Coefficients of the rows of a pool: the observed ones, and as many others as are asked for.

    Attributes:
        pool: the rows.
        method: what a p is called that is counted among draws.
        is_exact: whether b of the draws has the law that b of the data has under the null, whatever the sizes.
    """

    pool: Pool
    method: ClassVar[str]
    is_exact: ClassVar[bool]

    @property
    @abc.abstractmethod
    def observed(self) -> FloatArray:
        """c of the samples as they are, shape (u,)."""

    @property
    @abc.abstractmethod
    def variances(self) -> FloatArray:
        """v with Cov b = sum_i v_i (phi_i - mean)(phi_i - mean)^T, shape (u,)."""

    def leading_variances(self, n_rows: int) -> FloatArray:
        """v of the first rows, a random subset that stands for all: they sum to what those of all rows do."""
        some = self.variances[:n_rows]
        return some * float(np.sum(self.variances) / np.sum(some))

    @property
    @abc.abstractmethod
    def in_samples(self) -> tuple[FloatArray, FloatArray]:
        """What each row counts in the one and in the other sample, in the order in which they were given."""

    @property
    def units(self) -> tuple[float, float]:
        """What these counts are multiples of, in events or weights of each sample."""
        return 1.0, 1.0

    @abc.abstractmethod
    def draw(self, numbers: Sequence[int], *, seed: int) -> Drawn:
        """Draws by their numbers, each a function of its number and the seed alone; shape (k, u)."""

    @abc.abstractmethod
    def coefficients(self, drawn: Drawn, rows: slice) -> FloatArray:
        """c of these draws at some rows, shape (k, rows)."""

    @abc.abstractmethod
    def variance(self, traces: Traces) -> float:
        """Of q = b^T W b over the draws."""

    @property
    @abc.abstractmethod
    def n_at_once(self) -> int:
        """Draws that take half a GiB."""


@dataclass(frozen=True, eq=False)
class Relabelling(Null):
    """Events of the pool labelled anew: c_i = a_i - f n_i, with a_i of the n_i events of row i in the first sample.

    Given the pooled set each of the relabellings that keep the sizes is as likely as the observed one, so that a p
    counted among them is exact. With f = n_A/n,

        E b = 0,   Cov b = n_A n_B / (n (n - 1)) sum_i n_i (phi_i - mean)(phi_i - mean)^T.

    Args:
        pool: with the masses n_i.
        counts: a_i, shape (u,).
        is_swapped: whether the first sample here is the second that was given.
    """

    pool: Pool
    counts: IntArray
    is_swapped: bool
    method: ClassVar[str] = "permutation"
    is_exact: ClassVar[bool] = True

    @classmethod
    def of(cls, a: Sample, b: Sample) -> "Relabelling":
        """That of two samples without weights; the first one is that with fewer events.

        Of two of one size it is the one that has more of the first row in which they differ, so that a swap changes
        nothing.
        """
        events = np.concatenate([a.events, b.events])
        rows = arranged(events)
        is_a = (rows.order < a.n_events).astype(np.int64)
        counts = np.add.reduceat(is_a, rows.starts)
        masses = np.diff(np.append(rows.starts, rows.order.size))
        firsts = rows.order[rows.starts]
        differing = np.flatnonzero(2 * counts != masses)
        is_swapped = a.n_events > b.n_events or (
            a.n_events == b.n_events and differing.size > 0 and 2 * counts[differing[0]] < masses[differing[0]]
        )
        pool = Pool(events[firsts], masses.astype(np.float64), rows.levels[firsts], a.features)
        return cls(pool, masses - counts if is_swapped else counts, bool(is_swapped))

    @property
    def in_samples(self) -> tuple[FloatArray, FloatArray]:
        own, other = self.counts.astype(np.float64), self.pool.masses - self.counts
        return (other, own) if self.is_swapped else (own, other)

    @cached_property
    def n_first(self) -> int:
        """n_A."""
        return int(np.sum(self.counts))

    @cached_property
    def n_events(self) -> int:
        """n."""
        return int(np.sum(self.pool.masses))

    @property
    def share(self) -> float:
        """f."""
        return self.n_first / self.n_events

    @property
    def observed(self) -> FloatArray:
        return self.counts - self.share * self.pool.masses

    @cached_property
    def variances(self) -> FloatArray:
        n, n_first = self.n_events, self.n_first
        return n_first * (n - n_first) / (n * (n - 1.0)) * self.pool.masses

    @property
    def n_at_once(self) -> int:
        return max(1, _MOST_BYTES // (self._kind.itemsize * self.pool.n_rows))

    @property
    def _kind(self) -> np.dtype[Any]:
        return np.min_scalar_type(int(np.max(self.pool.masses)))

    def draw(self, numbers: Sequence[int], *, seed: int) -> Drawn:
        n, n_first, u = self.n_events, self.n_first, self.pool.n_rows
        labels = np.zeros(n, dtype=self._kind)
        labels[:n_first] = 1
        starts = np.concatenate([[0], np.cumsum(self.pool.masses[:-1])]).astype(np.int64)
        drawn = np.empty((len(numbers), u), dtype=self._kind)
        for row, number in zip(drawn, numbers, strict=True):
            mixed = np.random.Generator(np.random.Philox(key=[seed, number])).permutation(labels)
            row[:] = mixed if u == n else np.add.reduceat(mixed, starts, dtype=self._kind)
        return drawn

    def coefficients(self, drawn: Drawn, rows: slice) -> FloatArray:
        centered: FloatArray = drawn[:, rows] - self.share * self.pool.masses[rows]
        return centered

    def variance(self, traces: Traces) -> float:
        """Exact, from the fourth moments of draws without replacement.

        With v = n_A n_B/(n (n - 1)), P2 = n f (1 - f), P4 = P2 (1 - 3 f (1 - f)) and the sums over distinct events

            a4 = P4/n,  a31 = -P4/(n(n-1)),  a22 = (P2^2 - P4)/(n(n-1)),  a211 = (2 P4 - P2^2)/(n(n-1)(n-2)),
            a1111 = (3 P2^2 - 6 P4)/(n(n-1)(n-2)(n-3)),  c = a4 - 4 a31 - 3 a22 + 12 a211 - 6 a1111,
            d = 3 (a22 - 2 a211 + a1111),   Var q = c sum_i m_i |psi_i|^4 + (d/3 v^2) (T^2 + 2 S) - T^2 ,

        T = tr W V and S = tr (W V)^2.
        """
        n, f = float(self.n_events), self.share
        second = n * f * (1.0 - f)
        fourth = second * (1.0 - 3.0 * f * (1.0 - f))
        a31, a22 = -fourth / (n * (n - 1)), (second**2 - fourth) / (n * (n - 1))
        a211 = (2 * fourth - second**2) / (n * (n - 1) * (n - 2))
        a1111 = (3 * second**2 - 6 * fourth) / (n * (n - 1) * (n - 2) * (n - 3))
        c = fourth / n - 4 * a31 - 3 * a22 + 12 * a211 - 6 * a1111
        third = a22 - 2 * a211 + a1111
        v = f * (1.0 - f) * n / (n - 1.0)
        squares = traces.trace**2
        return c * traces.quartic + third / v**2 * (squares + 2.0 * traces.square) - squares


@dataclass(frozen=True, eq=False)
class Multipliers(Null):
    """Weighted events, whose labels are not exchangeable: c_i = +-(W_other/W) w_i, times normal numbers in the draws.

    The weights of each sample are scaled to sum to its effective number of events, W^2 / sum w^2: their unit changes
    nothing. With the mean of the pooled weights,

        b = (W_B/W) sum_A w phi - (W_A/W) sum_B w phi,   Cov b = sum_i c_i^2 (phi_i - mean)(phi_i - mean)^T .

    Draws have this covariance as well: sum_i xi_i c_i (phi_i - mean) with xi normal. What they lack is how far b itself
    is from normal, so that p is approximate.

    Args:
        pool: with the masses ``|w|``.
        signed: c, shape (u,).
        weights: w, scaled, shape (u,).
        is_a: which rows are of the first sample, shape (u,).
        scaled_by: what the weights of each sample were multiplied by.
    """

    pool: Pool
    signed: FloatArray
    weights: FloatArray
    is_a: BoolArray
    scaled_by: tuple[float, float]
    method: ClassVar[str] = "bootstrap"
    is_exact: ClassVar[bool] = False

    @classmethod
    def of(cls, a: Sample, b: Sample) -> "Multipliers":
        """That of two samples of which at least one has weights."""
        events = np.concatenate([a.events, b.events])
        units = (_unit(a), _unit(b))
        weights = np.concatenate([a.event_weights * units[0], b.event_weights * units[1]])
        total_a, total_b = a.expected_events * units[0], b.expected_events * units[1]
        is_a = np.arange(weights.size) < a.n_events
        signed = np.where(is_a, total_b, -total_a) / (total_a + total_b) * weights
        rows = arranged(events)
        place = np.cumsum(np.isin(np.arange(rows.order.size), rows.starts))
        order = rows.order[np.lexsort((weights[rows.order], place))]
        order = order[weights[order] != 0]
        pool = Pool(events[order], np.abs(weights[order]), rows.levels[order], a.features)
        return cls(pool, signed[order], weights[order], is_a[order], units)

    @property
    def in_samples(self) -> tuple[FloatArray, FloatArray]:
        return np.where(self.is_a, self.weights, 0.0), np.where(self.is_a, 0.0, self.weights)

    @property
    def units(self) -> tuple[float, float]:
        return self.scaled_by

    @property
    def observed(self) -> FloatArray:
        return self.signed

    @cached_property
    def variances(self) -> FloatArray:
        return self.signed**2

    @property
    def n_at_once(self) -> int:
        return max(1, _MOST_BYTES // (8 * self.pool.n_rows))

    def draw(self, numbers: Sequence[int], *, seed: int) -> Drawn:
        drawn = np.empty((len(numbers), self.pool.n_rows))
        share = self.weights / np.sum(self.weights)
        for row, number in zip(drawn, numbers, strict=True):
            normal = np.random.Generator(np.random.Philox(key=[seed, number])).standard_normal(row.size)
            row[:] = normal * self.signed
            row -= np.sum(row) * share
        return drawn

    def coefficients(self, drawn: Drawn, rows: slice) -> FloatArray:
        some: FloatArray = drawn[:, rows]
        return some

    def variance(self, traces: Traces) -> float:
        return 2.0 * traces.square


def _unit(sample: Sample) -> float:
    """W / sum w^2: weights times it sum to the effective number of events."""
    return sample.expected_events / float(np.sum(sample.event_weights**2))

"""The symmetrised network: both samples tested against the pooled one, with certified fits."""

import dataclasses
import functools

import numpy as np

from wilks.comparison.blocks import Block, Member
from wilks.comparison.nulls import Null, Relabelling
from wilks.comparison.row_maps import RowMap
from wilks.errors import InputError
from wilks.laws import Probability
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import Sample, Standardization
from wilks.search import Search
from wilks.significance import chi2_log_sf
from wilks.statistics.base import Engine
from wilks.statistics.fits import Data
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.network.model import NetworkModel
from wilks.statistics.points import to_few_sizes
from wilks.typing import FloatArray, IntArray

_MANY = 10**9  # multiplications of one relabelling, so that the fewest are made
_AT_ONCE, _ATTEMPTS = 4, 4


class NetworkBlock(Block):
    """t = t_{A+B}(A) + t_{A+B}(B), in which the pooled sample is the reference of either sample.

    With n = n_A + n_B pooled events, of which A has n_A,

        t_{A+B}(A) = -2 min_f { (n_A/n) sum_{A+B} (exp f - 1) - sum_A f },

    and t_{A+B}(B) likewise with a network g of its own: H_1 gives each sample its own distribution, H_0 both the pooled
    one ("Learning New Physics from Data: a Symmetrized Approach", arXiv:2401.09530). Every event of a sample is in its
    reference, so that no f diverges where a sample alone has events; the box |w| <= W bounds what is left.

    Its sums over rows are the coefficients themselves: t is no function of fewer.

    Args:
        null: relabellings of events without weights.
        model: f and g.
        search: of each fit.

    Raises:
        InputError: weighted events, whose labels are not exchangeable.
    """

    remedy = "give more starts, search=wilks.Search(n_starts=...)"

    def __init__(self, null: Null, model: NetworkModel, *, search: Search) -> None:
        if not isinstance(null, Relabelling):
            raise InputError(
                "a network compares events without weights, whose labels can be permuted, but some have weights; leave "
                "model out for the default set, or unweight them (wilks.unweight)"
            )
        self._null, self._model, self._search = null, model, search
        self._engines: dict[tuple[float, int], Engine] = {}
        self.members = (Member(f"symmetrised {model.describe()}", "network"),)

    @property
    def n_columns(self) -> int:
        return self._null.pool.n_rows

    @property
    def n_products(self) -> int:
        return _MANY

    @property
    def n_at_once(self) -> int:
        return _AT_ONCE

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        placed = np.zeros((coefficients.shape[0], self.n_columns))
        placed[:, rows] = coefficients
        return placed

    def statistics(self, sums: FloatArray) -> FloatArray:
        counts = np.rint(sums + self._null.share * self._null.pool.masses).astype(np.int64)
        both: FloatArray = np.sum(self.of_each(counts), axis=1, keepdims=True)
        return both

    def of_each(self, counts: IntArray) -> FloatArray:
        """t of the first and of the second sample, (k, 2), for ``counts`` (k, u) of the rows in the first.

        NaN where a fit failed.
        """
        others = self._null.pool.masses.astype(np.int64) - counts
        share = self._null.share
        return np.stack([self._t(share, counts), self._t(1.0 - share, others)], axis=1)

    def _t(self, share: float, counts: IntArray) -> FloatArray:
        """t of the sample with this share of the pool, with ``counts`` (k, u) of its rows; NaN where no fit succeeds.

        A fit without a certified minimum is made again with other starts, four times as many: what is not certified
        would count as reaching any t.
        """
        events, t = self._null.pool.events, np.full(len(counts), np.nan)
        for attempt in range(_ATTEMPTS):
            rows = np.flatnonzero(np.isnan(t))
            data = [Data(np.repeat(events, counts[row], axis=0), np.empty(0)) for row in rows]
            if not data:
                break
            engine = self._engine(share, attempt)
            step = max(1, engine.n_together)
            parts = [engine.fit(data[first : first + step]) for first in range(0, len(data), step)]
            t[rows] = [one.t for part in parts for one in part]
        return t

    def _engine(self, share: float, attempt: int) -> Engine:
        """For the sample with this share of the pool; made once."""
        if (share, attempt) not in self._engines:
            more = {"n_starts": 4 * self._search.n_starts, "seed": self._search.seed + attempt} if attempt else {}
            pool, search = self._null.pool, dataclasses.replace(self._search, **more)
            reference = Sample(pool.events, share * pool.masses, features=pool.features)
            problem = Problem(reference, self._standardization, Nuisances(), search)
            self._engines[share, attempt] = NetworkEngine(problem, self._model, rounding=to_few_sizes)
        return self._engines[share, attempt]

    @functools.cached_property
    def _standardization(self) -> Standardization:
        pool = self._null.pool
        return Standardization.of(Sample(pool.events, pool.masses, features=pool.features))

    @property
    def is_additive(self) -> bool:
        return False

    @property
    def row_map(self) -> RowMap | None:
        raise InputError("a network compares samples in memory, but these are streamed; read them, or leave model out")

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        raise NotImplementedError("t of a network is no function of sums")

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        raise NotImplementedError("t of a network is no function of sums")

    def log_p_values(self, t: FloatArray) -> FloatArray:
        """By a chi-square with one degree of freedom less than parameters: what the sum would have at linear order.

        It falls with t, which is all that is made of it.
        """
        degrees = self._model.n_parameters(len(self._null.pool.features)) - 1
        return np.array([[chi2_log_sf(float(one), degrees) if np.isfinite(one) else 0.0] for one in t[:, 0]])

    def local_log_p(self, t: FloatArray, *, answer: Probability) -> FloatArray:
        """That of the comparison: a network is alone, and of its t no law is known but that of the relabellings."""
        return np.array([answer.log_p_value])

"""Members that look at features one by one: waves on ranks (Neyman's smooth test), of each and of all together."""

from typing import NamedTuple

import numpy as np
import scipy.sparse

from wilks.comparison.blocks import Block, Member, QuadraticScale, square_of_pairs, subset, whitened, whitening
from wilks.comparison.nulls import Null, Traces
from wilks.comparison.pool import in_cells
from wilks.typing import FloatArray, IntArray

N_CELLS = 2048


class FeatureWaves(NamedTuple):
    """Waves of one feature in cells of its ranks, whitened.

    Attributes:
        cells: which cell a row is in, shape (u,).
        psi: L^-1 of the centered waves at each cell, L L^T = H + 2 ridge; shape (cells, waves).
        hessian: Cov of sum_i c_i psi_i, shape (waves, waves).
    """

    cells: IntArray
    psi: FloatArray
    hessian: FloatArray


def waves_at(ranks: FloatArray, n_waves: int) -> FloatArray:
    """sqrt(2) cos(pi k u) for k = 1 to ``n_waves`` at ranks u (c,), shape (c, n_waves)."""
    waves: FloatArray = np.sqrt(2.0) * np.cos(np.pi * np.outer(ranks, np.arange(1, n_waves + 1)))
    return waves


def feature_waves(ranks: FloatArray, null: Null, *, n_waves: int, ridge: float) -> FeatureWaves:
    """The waves of a feature with these ranks (u,)."""
    cells = in_cells(ranks, N_CELLS)
    masses = np.bincount(cells, weights=null.pool.masses)
    variances = np.bincount(cells, weights=null.variances)
    waves = waves_at(np.bincount(cells, weights=null.pool.masses * ranks) / masses, n_waves)
    waves -= masses @ waves / np.sum(masses)
    hessian = (waves * variances[:, None]).T @ waves
    root = whitening(hessian, 2.0 * ridge * np.eye(n_waves))
    psi = np.ascontiguousarray(whitened(root, waves).T)
    return FeatureWaves(cells, psi, whitened(root, whitened(root, hessian)))


class MarginalBlock(Block):
    """t = sum_f b_f^T (H_f + 2 ridge)^-1 b_f over features f, and of each of them, for several numbers of waves.

    With L L^T = H_f + 2 ridge and psi = L^-1 phi the statistic of the first k waves is the sum of the first k squares
    of sum_i c_i psi_i, for every k.

    Args:
        null: of the rows.
        orders: how many waves, ascending.
        ridge: of the penalty.
    """

    def __init__(self, null: Null, *, orders: tuple[int, ...], ridge: float) -> None:
        names = null.pool.features
        self._orders = orders
        found = [feature_waves(ranks, null, n_waves=orders[-1], ridge=ridge) for ranks in null.pool.ranks.T]
        self._ends = np.cumsum([one.psi.shape[0] for one in found])
        self._psi = [one.psi for one in found]
        places = np.column_stack([one.cells for one in found]) + np.append(0, self._ends[:-1])
        self._places = places.astype(np.int32)
        own = [Member(f"{name}, {_waves(k)}", "features", name) for name in names for k in orders]
        both = [Member(f"all features, {_waves(k)}", "marginals") for k in orders]
        self.members = (*own, *(both if len(names) > 1 else ()))
        self.scale = QuadraticScale.of(null, self._traces(null, found), n_estimated=len(self.members) - len(own))

    @property
    def n_columns(self) -> int:
        return int(self._ends[-1])

    @property
    def row_map(self) -> None:
        return None

    @property
    def n_products(self) -> int:
        return int(self._places.shape[1])

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        places = self._places[rows]
        n_rows, n_features = places.shape
        ends = np.arange(0, n_rows * n_features + 1, n_features)
        ones = np.ones(places.size)
        table = scipy.sparse.csr_matrix((ones, places.ravel(), ends), shape=(n_rows, self.n_columns))
        product: FloatArray = (table.T @ coefficients.T).T
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        parts = np.split(sums, self._ends[:-1], axis=1)
        return self.statistics_at(np.concatenate([part @ psi for part, psi in zip(parts, self._psi, strict=True)], 1))

    @property
    def n_coordinates(self) -> int:
        return self._orders[-1] * len(self._psi)

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        cells = self._places[rows] - np.append(0, self._ends[:-1])
        return np.concatenate([psi[own] for psi, own in zip(self._psi, cells.T, strict=True)], axis=1)

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        n_features, starts = len(self._psi), np.array((0, *self._orders[:-1]))
        firsts = (np.arange(n_features)[:, None] * self._orders[-1] + starts).ravel()
        steps = np.add.reduceat(sums**2, firsts, axis=1).reshape(sums.shape[0], n_features, -1)
        found = np.cumsum(steps, axis=2)
        own = found.reshape(sums.shape[0], -1)
        return np.concatenate([own, np.sum(found, axis=1)], axis=1) if n_features > 1 else own

    def log_p_values(self, t: FloatArray) -> FloatArray:
        return self.scale.log_p_values(t)

    def _traces(self, null: Null, found: list[FeatureWaves]) -> list[Traces]:
        """Of each feature and number of waves, and of all features together."""
        masses, starts = null.pool.masses, (0, *self._orders[:-1])
        lengths = np.zeros((len(self._orders), masses.size))
        traces = []
        for one in found:
            steps = [np.sum(one.psi[:, a:b] ** 2, axis=1) for a, b in zip(starts, self._orders, strict=True)]
            own = np.cumsum(steps, axis=0)
            at_cells = np.bincount(one.cells, weights=masses)
            lengths += own[:, one.cells]
            traces += [
                Traces(float(np.trace(one.hessian[:k, :k])), float(np.sum(one.hessian[:k, :k] ** 2)), quartic)
                for k, quartic in zip(self._orders, (own**2 @ at_cells).tolist(), strict=True)
            ]
        return [*traces, *(self._together(null, found, traces, lengths) if len(found) > 1 else ())]

    def _together(
        self, null: Null, found: list[FeatureWaves], traces: list[Traces], lengths: FloatArray
    ) -> list[Traces]:
        """Traces of sums over features, which are correlated."""
        kernels = self._kernels(found, subset(null))
        own = np.array([one.trace for one in traces]).reshape(len(found), -1).sum(axis=0)
        quartic = lengths**2 @ null.pool.masses
        return [
            Traces(trace, square_of_pairs(kernel, null.variances), fourth)
            for trace, kernel, fourth in zip(own.tolist(), kernels, quartic.tolist(), strict=True)
        ]

    def _kernels(self, found: list[FeatureWaves], some: slice) -> list[FloatArray]:
        """psi_i . psi_k of a subset of the rows, summed over features, for each number of waves."""
        starts = (0, *self._orders[:-1])
        steps = [np.zeros((some.stop, some.stop)) for _ in self._orders]
        for one in found:
            psi = one.psi[one.cells[some]]
            for step, first, last in zip(steps, starts, self._orders, strict=True):
                step += psi[:, first:last] @ psi[:, first:last].T
        return list(np.cumsum(steps, axis=0))


def _waves(k: int) -> str:
    return f"{k} wave" if k == 1 else f"{k} waves"

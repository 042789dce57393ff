"""The members of a comparison for which nothing was chosen."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from wilks.campaign.side_by_side import LARGE, side_by_side
from wilks.comparison.blocks import Block
from wilks.comparison.kernels import KernelBlock
from wilks.comparison.marginals import MarginalBlock
from wilks.comparison.nulls import Null
from wilks.comparison.pairs import PairBlock, degree_of_pairs
from wilks.comparison.scan import ScanBlock
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.widths import width_of_dof
from wilks.typing import FloatArray

_WIDTH_ROWS, _MOST_PLACES, _DOF_EVENTS, _SCAN_EVENTS = 1_000, 40_000, 4_000.0, 20_000.0


@dataclass(frozen=True)
class DefaultSet:
    """What is compared where no model is given: frozen numbers, chosen by power on other problems than those reported.

    Six kinds of members see different deviations (docs/decisions/default-set.md): kernels over all features, and over
    their ranks, with widths by effective degrees of freedom; waves on the ranks of single features, and of all of them
    together; products of normal scores of pairs of features; and scans for a small region.

    Attributes:
        dof_least: effective degrees of freedom of the widest kernel; each narrower one has about twice as many.
        dof_most: of the narrowest one for 4,000 events; in proportion to the third root of their number, up to
            ``dof_limit``.
        centers_per_dof, fewest_centers: Gaussians of a kernel.
        ridge: of waves, and of the kernels whose degrees of freedom are counted.
        kernel_ridges: of each kernel, as members; the first alone where its Hessian comes from a subset of the rows,
            which a weak penalty fits so closely that t is too large for its law.
        orders: numbers of waves.
        scan_events: within the reach of one Gaussian of a scan, for 20,000 events or fewer; in proportion to the
            root of their number for more.
        n_scanned: Gaussians of a scan.
        fewest_per_order, fewest_per_dof: events for each wave, and for each degree of freedom.
        most_moment_rows: from how many rows, a random subset, the Hessian of a kernel is taken.
    """

    dof_least: float = 6.0
    dof_most: float = 90.0
    dof_limit: float = 300.0
    centers_per_dof: float = 3.3
    fewest_centers: int = 50
    ridge: float = 0.3
    kernel_ridges: tuple[float, ...] = (0.3, 0.01)
    orders: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    scan_events: tuple[float, ...] = (100.0, 400.0)
    n_scanned: int = 300
    fewest_per_order: int = 4
    fewest_per_dof: int = 10
    most_moment_rows: int = 40_000

    def blocks(self, null: Null, *, seed: int) -> list[Block]:
        """Those that the rows of a null allow."""
        return side_by_side(self._makers(null, seed), is_large=null.pool.n_rows >= LARGE)

    def _makers(self, null: Null, seed: int) -> Iterator[Callable[[], Block]]:
        """What makes each of them."""
        n_events = effective_events(null)
        coordinates = {"kernels": null.pool.standardized, "kernels on ranks": null.pool.scores}
        orders = [k for k in self.orders if k == self.orders[0] or k * self.fewest_per_order <= n_events]
        yield partial(MarginalBlock, null, orders=tuple(orders), ridge=self.ridge)
        if degree := degree_of_pairs(len(null.pool.features)):
            yield partial(PairBlock, null, degree=degree)
        for kind, events in coordinates.items():
            places = Places(null, events, seed=seed)
            yield from (partial(self._kernel, null, places, dof=dof, kind=kind) for dof in self.dofs(n_events))
        centers = Places(null, null.pool.standardized, seed=seed + 1).centers(min(self.n_scanned, int(n_events / 2)))
        for n in self.scan_events:
            grown = n * math.sqrt(max(1.0, n_events / _SCAN_EVENTS))
            if 4.0 * grown <= n_events:
                yield partial(ScanBlock, null, centers, n_events=grown, seed=seed)

    def dofs(self, n_events: float) -> list[float]:
        """Effective degrees of freedom of the kernels, narrowest first.

        >>> [round(dof) for dof in DefaultSet().dofs(4_000)], len(DefaultSet().dofs(1e6))
        ([90, 46, 23, 12, 6], 7)
        """
        grown = self.dof_most * max(1.0, n_events / _DOF_EVENTS) ** (1.0 / 3.0)
        most = min(grown, self.dof_limit, n_events / self.fewest_per_dof)
        least = min(self.dof_least, most / 2.0)
        return [float(dof) for dof in np.geomspace(most, least, 1 + max(1, round(math.log2(most / least))))]

    def _kernel(self, null: Null, places: "Places", *, dof: float, kind: str) -> Block:
        """A kernel with these degrees of freedom."""
        wanted = max(self.fewest_centers, int(self.centers_per_dof * dof))
        centers = places.centers(min(wanted, int(effective_events(null) / 2)))
        width = chosen_width(null, places.events, dof, centers=centers, ridge=self.ridge)
        return KernelBlock(
            null,
            Gaussians(centers, width),
            events=places.events,
            ridges=self.kernel_ridges if null.pool.n_rows <= self.most_moment_rows else self.kernel_ridges[:1],
            kind=kind,
            n_rows=self.most_moment_rows,
        )


def effective_events(null: Null) -> float:
    """How many events the pooled masses count as: (sum m)^2 / sum m^2 of weights, n without."""
    masses = null.pool.masses
    return float(np.sum(masses)) if null.is_exact else float(np.sum(masses) ** 2 / np.sum(masses**2))


class Places:
    """Where centers can stand, in some coordinates of the rows."""

    def __init__(self, null: Null, events: FloatArray, *, seed: int) -> None:
        some = slice(0, _MOST_PLACES)  # a random subset
        self.events, self._seed = events, seed
        self._candidates = Candidates(events[some], null.pool.masses[some])

    def centers(self, n: int) -> FloatArray:
        """At most n centers, half by density and half spread, as many as there are distinct places for; (m, d)."""
        rng = np.random.Generator(np.random.Philox(self._seed))
        chosen = self._candidates.centers(rng, max(1, min(n, len(self._candidates.places))))
        return np.unique(chosen, axis=0)


def chosen_width(null: Null, events: FloatArray, dof: float, *, centers: FloatArray, ridge: float) -> float:
    """The width with these effective degrees of freedom, or as many as the centers have, from a subset of the rows."""
    variances = null.leading_variances(_WIDTH_ROWS)
    return width_of_dof(dof, events[:_WIDTH_ROWS], variances, centers=centers, ridge=ridge)

"""Where the Gaussians of a kernel stand, and how wide they are: chosen from the reference alone.

Centers taken from the pooled sample, as is customary, make f depend on the data twice, and the null distribution with
it. Centers drawn from the reference by its density leave its outskirts empty, where new signals are expected; half of
them are therefore spread over the whole range.
"""

from functools import cached_property

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import far_events, in_order
from wilks.typing import BoolArray, FloatArray

_MOST_CANDIDATES = 200_000
_MOST_PAIRED = 2_000
_PERCENTILE = 90.0


class Candidates:
    """Where centers may stand: events (n, d), standardized, with weights (n,); a weight counts by its size, 0 not.

    Events far outside all others (`wilks.samples.far_events`) are left aside where places are spread or distances are
    taken: those that stand for a missing value would take them all.
    """

    def __init__(self, events: FloatArray, weights: FloatArray) -> None:
        counted = weights != 0
        self.events, self.sizes = events[counted], np.abs(weights[counted])

    @classmethod
    def of(cls, problem: Problem) -> "Candidates":
        """Those of a reference, its `Problem.representative` rows in an order that is not that of the file."""
        problem = problem.representative
        return cls(*in_order(problem.standardized[:], problem.reference.event_weights))

    @cached_property
    def _is_far(self) -> BoolArray:
        return far_events(self.events, self.sizes)

    @cached_property
    def places(self) -> FloatArray:
        """Distinct events that are not far outside, (k, d)."""
        distinct: FloatArray = np.unique(self.events[~self._is_far], axis=0)
        return distinct

    def centers(self, rng: np.random.Generator, n: int) -> FloatArray:
        """n centers (n, d).

        The first half, rounded up, are events drawn without replacement with chances in proportion to |w|. The others
        are spread: for one feature at equal distances from the least to the largest place; for more, each is the place
        that lies farthest from all centers before it (Gonzalez, Theor. Comput. Sci. 38 (1985) 293), of at most 200,000.

        Raises:
            InputError: there are fewer places than centers are asked for.

        >>> rng = np.random.default_rng(0)
        >>> Candidates(np.arange(9.0)[:, None], np.ones(9)).centers(rng, 4)[2:].ravel().tolist()
        [0.0, 8.0]
        """
        if self.places.shape[0] < n:
            raise InputError(
                f"a kernel of {n:,} centers needs at least as many distinct events in the reference, but it has "
                f"{self.places.shape[0]:,}; lower n_centers"
            )
        n_dense = -(-n // 2)
        drawn = rng.choice(self.sizes.size, n_dense, replace=False, p=self.sizes / self.sizes.sum())
        dense, n_spread = self.events[drawn], n - n_dense
        if self.events.shape[1] == 1:
            spread = np.linspace(self.places[0], self.places[-1], n_spread)
        else:
            spread = _farthest_points(rng, self.places, dense, n_spread)
        return np.concatenate([dense, spread])

    def percentile_width(self, rng: np.random.Generator) -> float:
        """The 90th percentile of the distances between pairs of events, the published rule for the width.

        Of at most 2,000 events that are not far outside, drawn with chances in proportion to |w| (section 3.3 of
        "Learning new physics efficiently with nonparametric methods", Eur. Phys. J. C 82 (2022) 879).

        Raises:
            InputError: more than nine tenths of the pairs coincide.
        """
        sizes = np.where(self._is_far, 0.0, self.sizes)
        chances = sizes / np.sum(sizes)
        n_paired = min(_MOST_PAIRED, int(np.count_nonzero(chances)))
        some = self.events[rng.choice(chances.size, n_paired, replace=False, p=chances)]
        upper = np.triu_indices(some.shape[0], k=1)
        width = float(np.percentile(np.sqrt(squared_distances(some, some)[upper]), _PERCENTILE))
        if not width > 0:
            raise InputError(
                "most events of the reference coincide, so that their distances give no width; give a width"
            )
        return width


def squared_distances(events: FloatArray, centers: FloatArray) -> FloatArray:
    """|x - z|^2 for events (n, d) and centers (m, d), shape (n, m).

    >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
    [[25.0]]
    """
    if events.shape[1] == 1:
        squares: FloatArray = (events - centers.T) ** 2
        return squares
    squares = np.sum(events**2, axis=1)[:, None] + np.sum(centers**2, axis=1)
    squares -= 2.0 * events @ centers.T
    return np.maximum(squares, 0.0, out=squares)


def _farthest_points(rng: np.random.Generator, places: FloatArray, dense: FloatArray, n: int) -> FloatArray:
    if places.shape[0] > _MOST_CANDIDATES:
        places = places[rng.choice(places.shape[0], _MOST_CANDIDATES, replace=False)]
    # Squared distances without their |x|^2: one product with a vector for each center.
    lengths = np.sum(places**2, axis=1)
    nearest = np.full(lengths.size, np.inf)
    for center in dense:
        np.minimum(nearest, center @ center - 2.0 * (places @ center), out=nearest)
    chosen = np.empty((n, places.shape[1]))
    for row in range(n):
        chosen[row] = places[np.argmax(nearest + lengths)]
        np.minimum(nearest, chosen[row] @ chosen[row] - 2.0 * (places @ chosen[row]), out=nearest)
    return chosen

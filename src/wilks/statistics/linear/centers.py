"""Where the Gaussians of a kernel stand, and how wide they are: chosen from the reference alone.

Centers taken from the pooled sample, as is customary, make f depend on the data twice, and the null distribution with
it. Centers drawn from the reference by its density leave its outskirts empty, where new signals are expected; half of
them are therefore spread over the whole range.
"""

import numpy as np

from wilks.errors import InputError
from wilks.samples import far_events
from wilks.typing import FloatArray

_MOST_CANDIDATES = 200_000
_MOST_PAIRED = 2_000
_PERCENTILE = 90.0


def choose_centers(rng: np.random.Generator, events: FloatArray, weights: FloatArray, n_centers: int) -> FloatArray:
    """Centers (m, d) from standardized reference events (n, d) with weights (n,).

    The first half, rounded up, are events drawn without replacement with chances in proportion to |w|. The others are
    spread: for one feature at equal distances from the least to the largest event; for more, each is the event that
    lies farthest from all centers before it (Gonzalez, Theor. Comput. Sci. 38 (1985) 293), of at most 200,000 events.
    None is spread to events far outside all others (`wilks.samples.far_events`): those that stand for a missing value
    would take them all.

    Raises:
        InputError: the reference has fewer distinct events than centers are asked for.

    >>> rng = np.random.default_rng(0)
    >>> choose_centers(rng, np.arange(9.0)[:, None], np.ones(9), 4)[2:].ravel().tolist()
    [0.0, 8.0]
    """
    counted = weights != 0
    events, weights = events[counted], np.abs(weights[counted])
    places = np.unique(events[~far_events(events, weights)], axis=0)
    if places.shape[0] < n_centers:
        raise InputError(
            f"a kernel of {n_centers:,} centers needs at least as many distinct events in the reference, but it has "
            f"{places.shape[0]:,}; lower n_centers"
        )
    n_dense = -(-n_centers // 2)
    drawn = rng.choice(weights.size, n_dense, replace=False, p=weights / weights.sum())
    dense, n_spread = events[drawn], n_centers - n_dense
    if events.shape[1] == 1:
        spread = np.linspace(places[0], places[-1], n_spread)
    else:
        spread = _farthest_points(rng, places, dense, n_spread)
    return np.concatenate([dense, spread])


def percentile_width(rng: np.random.Generator, events: FloatArray, weights: FloatArray) -> float:
    """The 90th percentile of the distances between pairs of events, the published rule for the width.

    Of at most 2,000 events that do not lie far outside all others (`wilks.samples.far_events`), drawn with chances in
    proportion to |w| (section 3.3 of "Learning new physics efficiently with nonparametric methods", Eur. Phys. J. C 82
    (2022) 879).

    Raises:
        InputError: more than nine tenths of the pairs coincide.
    """
    sizes = np.abs(weights)
    sizes = np.where(far_events(events, sizes), 0.0, sizes)
    chances = sizes / np.sum(sizes)
    n_paired = min(_MOST_PAIRED, int(np.count_nonzero(chances)))
    some = events[rng.choice(chances.size, n_paired, replace=False, p=chances)]
    upper = np.triu_indices(some.shape[0], k=1)
    width = float(np.percentile(np.sqrt(squared_distances(some, some)[upper]), _PERCENTILE))
    if not width > 0:
        raise InputError("most events of the reference coincide, so that their distances give no width; give a width")
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

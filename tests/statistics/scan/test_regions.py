"""All regions of a grid: which there are, and sums over them, against loops."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.statistics.scan.regions import MOST_REGIONS, Regions


def runs(k: int, narrowest: int, widest: int) -> list[range]:
    """All runs of k bins, in a loop."""
    return [range(i, j) for i in range(k) for j in range(i + 1, k + 1) if narrowest <= j - i <= widest]


shapes = st.lists(st.integers(1, 6), min_size=1, max_size=2).map(tuple)


@given(shapes, st.integers(1, 3), st.integers(0, 4), st.randoms())
def test_sums_are_those_of_all_runs_and_rectangles(shape, narrowest, more, random):
    widest = narrowest + more
    expected = list(product(*(runs(k, narrowest, widest) for k in shape)))
    if not expected:
        with pytest.raises(InputError, match="between 1 and"):
            Regions.all_of(shape, narrowest=narrowest, widest=widest, deviations="both")
        return
    regions = Regions.all_of(shape, narrowest=narrowest, widest=widest, deviations="both")
    values = np.random.default_rng(random.randrange(1000)).poisson(3.0, size=(2, *shape)).astype(float)
    sums = regions.sums(values.reshape(2, -1))
    assert sums.shape == (2, len(expected)) and regions.n_regions == len(expected)
    for index, region in enumerate(expected):
        chosen = values[np.ix_([0, 1], *region)]
        assert sums[:, index].tolist() == chosen.sum(axis=tuple(range(1, values.ndim))).tolist()
        assert regions.ends(index) == tuple((one.start, one.stop) for one in region)
        assert regions.bins_of(index).tolist() == sorted(np.ravel_multi_index(np.ix_(*region), shape).ravel().tolist())


def test_those_that_are_kept_keep_their_places():
    whole = Regions.all_of((4,), narrowest=1, widest=None, deviations="both")
    some = whole.only(np.arange(10) % 2 == 0)
    values = np.array([1.0, 10.0, 100.0, 1000.0])
    assert whole.n_regions == 10 and some.n_regions == 5
    assert some.sums(values).tolist() == whole.sums(values)[::2].tolist()
    assert some.ends(2) == whole.ends(4) and some.bins_of(2).tolist() == whole.bins_of(4).tolist()


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [("both", [True, False, True]), ("excesses", [True, False, False]), ("deficits", [False, False, True])],
)
def test_only_the_side_that_is_looked_at_counts(deviations, expected):
    regions = Regions.all_of((2,), narrowest=1, widest=None, deviations=deviations)
    n, b = np.array([5.0, 2.0, 0.0]), np.array([2.0, 2.0, 2.0])
    gains = regions.gains(n, b)
    assert (gains >= 0).tolist() == expected
    full = [2 * (5 * np.log(2.5) - 3), -1.0, 4.0]
    assert gains == pytest.approx([x if yes else -1.0 for x, yes in zip(full, expected, strict=True)], rel=1e-14)


def test_too_many_regions_are_refused():
    with pytest.raises(InputError, match=rf"between 1 and {MOST_REGIONS:,} regions.*100 x 100 bins make 25,502,500"):
        Regions.all_of((100, 100), narrowest=1, widest=None, deviations="both")

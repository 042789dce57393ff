"""The null by batch size: counts of toys, sizes in between, tails."""

import math

import numpy as np
import pytest
import scipy.stats

import wilks
from wilks.monitor.null_laws import NullLaws, SizeLaw, size_law

TOYS = np.random.default_rng(0).chisquare(5, size=(999, 1))


def law_of(n_events: int, factor: float = 1.0) -> SizeLaw:
    return size_law(factor * TOYS, n_events, combination=None, pool_z_error=None)


def test_p_counts_toys_that_reach_t_and_ties() -> None:
    law = law_of(100)
    third = float(np.sort(TOYS[:, 0])[-3])
    assert law.p(third).p_value == pytest.approx(4 / 1000) and law.p(third).method == "empirical"
    assert law.p(third * (1 + 1e-12)).p_value == pytest.approx(4 / 1000), "equal up to rounding"
    assert law.p(0.0).p_value == pytest.approx(1.0)


def test_beyond_the_toys_p_goes_on_falling_and_says_so() -> None:
    law = law_of(100)
    last = float(np.max(TOYS))
    found = [law.p(last + x) for x in (0.1, 5.0, 50.0, 5000.0)]
    assert {one.method for one in found} == {"extrapolated"}
    logs = [one.log_p_value for one in found]
    assert logs == sorted(logs, reverse=True) and logs[0] < -math.log(999)
    assert found[1].p_value == pytest.approx(scipy.stats.chi2.sf(last + 5.0, 5), rel=1.0)


def test_z_is_continuous_and_ascends() -> None:
    law = law_of(100)
    t = np.linspace(0.0, 40.0, 2_001)
    z = np.array([law.z(float(one)) for one in t])
    assert np.all(np.diff(z) >= 0.0) and np.max(np.diff(z[20:])) < 0.3
    inside = (t > 1.0) & (t < 12.0)
    np.testing.assert_allclose(z[inside], scipy.stats.norm.isf(scipy.stats.chi2.sf(t[inside], 5)), atol=0.25)


def test_beyond_doubt_is_twice_as_far_as_the_last_toy() -> None:
    laws = NullLaws((law_of(100), law_of(400, 2.0)), None)
    limit = 2.0 * np.max(TOYS) - np.median(TOYS)
    assert [laws.is_beyond_doubt(limit * x, 100) for x in (0.99, 1.01)] == [False, True]
    assert [laws.is_beyond_doubt(2.0 * limit * x, 200) for x in (0.99, 1.01)] == [False, True], "by both sizes"
    assert scipy.stats.chi2.sf(limit, 5) < 1e-5


def test_failed_toys_count_as_exceeding() -> None:
    scores = TOYS.copy()
    scores[:99] = np.nan
    law = size_law(scores, 100, combination=None, pool_z_error=None)
    assert law.p(1e6).p_value == pytest.approx(100 / 1000)
    with pytest.raises(wilks.InputError, match="failed"):
        size_law(np.full((50, 1), np.nan), 100, combination=None, pool_z_error=None)


def test_between_sizes_p_lies_between() -> None:
    laws = NullLaws((law_of(100), law_of(400, 2.0)), None)
    p = [laws.p(15.0, n).p_value for n in (50, 100, 200, 400, 800)]
    assert p[0] == p[1] < p[2] < p[3] == p[4]
    assert p[2] == pytest.approx(math.sqrt(p[1] * p[3]))
    assert [laws.nearest(n) for n in (90, 190, 210)] == [0, 0, 1]
    assert laws.z(15.0, 200) == pytest.approx(0.5 * (laws.z(15.0, 100) + laws.z(15.0, 400)))


def test_members_are_combined_on_the_scale_of_their_size() -> None:
    scores = np.random.default_rng(1).chisquare([3, 8], size=(500, 2))
    laws = NullLaws(
        tuple(size_law(k * scores, n, combination="product", pool_z_error=None) for k, n in ((1, 50), (4, 200))),
        "product",
    )
    mean, _ = laws.moments(100)
    np.testing.assert_allclose(mean, 2.0 * np.mean(scores, axis=0))
    assert laws.t(np.mean(scores, axis=0), 50) == pytest.approx(laws.t(4.0 * np.mean(scores, axis=0), 200))

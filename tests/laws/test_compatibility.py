import numpy as np
import pytest
import scipy.stats

from wilks.laws.compatibility import Compatibility, judge
from wilks.significance import ks_p_value
from wilks.typing import FloatArray


def gamma_toys(rng: np.random.Generator, n: int, *, mean: float = 13.0, ratio: float = 1.0) -> FloatArray:
    """Values with a given mean and variance/(2 mean); chi-square(mean) for ratio 1."""
    return rng.gamma(mean / (2.0 * ratio), 2.0 * ratio, size=n)


def judged(t: FloatArray, *, n_failed: int = 0) -> Compatibility:
    return judge(t, 13.0, n_failed=n_failed, is_estimated_dof=False)


def rejected_share(n: int, repeats: int, *, estimated: bool = False, ratio: float = 1.0, seed: int = 1) -> float:
    rng = np.random.default_rng(seed)
    sets = [gamma_toys(rng, n, ratio=ratio) for _ in range(repeats)]
    results = [judge(t, float(t.mean()) if estimated else 13.0, n_failed=0, is_estimated_dof=estimated) for t in sets]
    return sum(bool(result.objections) for result in results) / repeats


@pytest.mark.parametrize("n_sets", [500, pytest.param(1000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("n", [20, pytest.param(100, marks=pytest.mark.nightly), 400])
def test_false_alarm_rate(n: int, n_sets: int) -> None:
    """2.2 % are stated; the bounds fail for 1 seed in 1,000."""
    low, high = scipy.stats.binom.ppf([0.5e-3, 1 - 0.5e-3], n_sets, 0.022)
    assert low <= n_sets * rejected_share(n, n_sets) <= high


@pytest.mark.parametrize("n_sets", [150, pytest.param(300, marks=pytest.mark.nightly)])
def test_false_alarm_rate_with_estimated_dof(n_sets: int) -> None:
    """About 2 % are stated; the upper bound for 3 % fails for 1 seed in 1,000."""
    assert n_sets * rejected_share(20, n_sets, estimated=True) <= scipy.stats.binom.isf(1e-3, n_sets, 0.03)


@pytest.mark.nightly
def test_uncorrected_ks_would_be_blind_with_estimated_dof() -> None:
    """The plain KS p calls 1 % of sets at 5 %; the corrected one about 5 %."""
    rng = np.random.default_rng(4)
    sets = [gamma_toys(rng, 20, mean=3.0) for _ in range(400)]
    plain = [ks_p_value(t, float(t.mean())) for t in sets]
    corrected = [judge(t, float(t.mean()), n_failed=0, is_estimated_dof=True).ks_p_value for t in sets]
    low, high = scipy.stats.binom.ppf([0.5e-3, 1 - 0.5e-3], 400, 0.05)
    assert low <= (np.array(corrected) <= 0.05).sum() <= high
    assert (np.array(plain) <= 0.05).sum() < low


def test_errors_are_those_of_simulated_sets() -> None:
    """Standard deviations of 4,000 sets agree with the stated errors to 5 % (4.5 standard errors)."""
    rng = np.random.default_rng(6)
    for dof in (3.0, 13.0):
        sets = rng.chisquare(dof, size=(4000, 200))
        ratios = sets.var(axis=1, ddof=1) / (2.0 * sets.mean(axis=1))
        stated = judge(sets[0], dof, n_failed=0, is_estimated_dof=False)
        assert np.std(ratios) == pytest.approx(stated.variance_ratio_error, rel=0.05)
        assert np.std(sets.mean(axis=1)) == pytest.approx(stated.mean_error, rel=0.05)


def test_a_wrong_variance_is_found_where_ks_is_blind() -> None:
    """Ratio 0.65 at 400 toys is found in 98 % of sets, by KS alone in 51 %; the bounds are 4 and 3 errors away."""
    rng = np.random.default_rng(8)
    results = [judged(gamma_toys(rng, 400, ratio=0.65)) for _ in range(100)]
    assert sum(result.variance_ratio_pull <= -3.0 for result in results) >= 92
    assert sum(result.ks_p_value <= 0.01 for result in results) < 67
    assert not any(result.is_compatible for result in results if result.variance_ratio_pull <= -3.0)


@pytest.mark.parametrize("estimated", [False, True])
def test_a_wide_distribution_is_found(estimated: bool) -> None:
    assert rejected_share(400, 10, ratio=1.6, estimated=estimated) == 1.0


def test_a_shifted_mean_and_a_heavy_tail_are_named() -> None:
    t = gamma_toys(np.random.default_rng(1), 400)
    assert any("mean" in text for text in judged(t + 1.5).objections)
    tail = judged(np.r_[t[:360], np.full(40, 24.0)])
    assert any("tail" in text for text in tail.objections)


def test_failed_toys_count_both_ways_in_the_tail() -> None:
    t = gamma_toys(np.random.default_rng(1), 380)
    assert judged(t, n_failed=2).is_compatible
    many = judged(t, n_failed=40)
    assert not many.is_compatible
    assert any("tail" in text for text in many.objections)


def test_fewer_than_20_valid_toys_are_not_judged() -> None:
    t = gamma_toys(np.random.default_rng(1), 19)
    few = judged(t, n_failed=4)
    assert not few.is_compatible
    assert few.verdict == "Not judged against chi-square(13): 20 valid toys at least are needed, got 19."
    assert not judged(np.array([12.0])).is_compatible
    assert not judged(np.zeros(30)).is_compatible


def test_golden_text() -> None:
    result = judged(gamma_toys(np.random.default_rng(1), 400), n_failed=2)
    assert str(result) == GOLDEN
    assert result.verdict == "Compatible with chi-square(13) within the errors above."
    assert result.to_dict()["is_compatible"] is True


def test_large_sets_use_the_scaled_simulation() -> None:
    t = gamma_toys(np.random.default_rng(9), 2000)
    assert judge(t, float(t.mean()), n_failed=0, is_estimated_dof=True).is_compatible
    wide = gamma_toys(np.random.default_rng(9), 2000, ratio=1.5)
    assert not judge(wide, float(wide.mean()), n_failed=0, is_estimated_dof=True).is_compatible


GOLDEN = """\
                     toys   error  chi-square  pull or p
  mean               12.69  0.25   13          -1.2
  variance/(2 mean)  0.92   0.08   1           -1.0
  toys above 22.36   16     4.4    20.1        p 0.42
  KS p                                         p 0.20
  all together                                 p 0.44
  400 toys show, at 5 %                KS    mean  variance  tail  together
  variance 15 % too small              14 %  3 %   50 %      14 %  35 %
  variance 15 % too large              15 %  10 %  45 %      19 %  34 %
  mean too large by one                95 %  98 %  4 %       51 %  96 %
  twice the toys above the 95 % point  40 %  74 %  70 %      97 %  94 %"""

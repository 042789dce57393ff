"""The gamma law of two moments: near the toys alone."""

import math

import numpy as np
import pytest
import scipy.stats

from wilks import CalibrationError
from wilks.laws import Probability, Refusal, calibrate
from wilks.laws.empirical import Empirical
from wilks.laws.gamma import gamma_probability


def narrow(n: int, *, ratio: float = 0.8, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).gamma(13.0 / (2.0 * ratio), 2.0 * ratio, size=n)


def test_p_is_that_of_a_gamma_law_of_the_same_moments() -> None:
    t = narrow(2000)
    found = gamma_probability(20.0, Empirical.of(t))
    shape, scale = t.mean() ** 2 / t.var(ddof=1), t.var(ddof=1) / t.mean()
    assert isinstance(found, Probability) and found.method == "gamma"
    assert found.p_value == pytest.approx(scipy.stats.gamma.sf(20.0, shape, scale=scale), rel=1e-9)


def test_its_band_covers_the_truth() -> None:
    """68 % of p over both moments at once: the projection of an ellipse of one error covers at least as often."""
    truth = scipy.stats.gamma.sf(20.0, 13.0 / 1.6, scale=1.6)
    bands = [gamma_probability(20.0, Empirical.of(narrow(200, seed=seed))).interval for seed in range(200)]
    n_inside = sum(low <= truth <= high for low, high in bands)
    assert scipy.stats.binom.ppf(1e-3, 200, 0.6) <= n_inside <= scipy.stats.binom.ppf(1 - 1e-3, 200, 0.85)


def test_it_is_refused_beyond_two_sigma_and_the_reach_of_the_toys() -> None:
    few, many = (Empirical.of(narrow(n)) for n in (30, 3000))
    refused = gamma_probability(26.0, few)
    assert isinstance(refused, Refusal) and "these toys reach 1.85" in str(refused)
    assert isinstance(gamma_probability(20.0, few), Probability), "within 2 sigma"
    assert isinstance(gamma_probability(26.0, many), Probability), "within the reach of 3,000 toys"
    assert isinstance(gamma_probability(45.0, many), Refusal)


@pytest.mark.parametrize(
    ("t", "why"),
    [
        (np.r_[narrow(19)], "20 valid toys at least"),
        (np.r_[narrow(90), np.full(10, np.nan)], "10 of 100 toys failed"),
        (np.full(50, 3.0), "all toys have the same t"),
    ],
)
def test_toys_without_two_moments_are_refused(t: np.ndarray, why: str) -> None:
    assert why in str(gamma_probability(10.0, Empirical.of(t)))


def test_it_stands_in_an_answer_where_the_chi_square_does_not(make_fit) -> None:
    narrow_toys = calibrate(narrow(1000, ratio=0.6), degrees_of_freedom=13)
    answer = narrow_toys.evaluate(make_fit(18.0))
    assert answer.chi2 is None and answer.gamma == narrow_toys.gamma(18.0) and "gamma" in str(answer)
    document = answer.to_dict()["gamma"]
    assert document["p_value"] == answer.gamma.p_value and document["method"] == "gamma"
    beyond = narrow_toys.evaluate(make_fit(45.0))
    assert beyond.gamma is None and "No gamma answer either" in str(beyond)
    assert "these toys reach" in beyond.to_dict()["gamma"]["refused"]
    good = calibrate(narrow(1000, ratio=1.0, seed=3), degrees_of_freedom=13).evaluate(make_fit(18.0))
    assert good.chi2 is not None and good.gamma is None and good.to_dict()["gamma"]["method"] == "gamma"


def test_a_failed_fit_has_none(make_toys) -> None:
    with pytest.raises(CalibrationError, match="NaN"):
        calibrate(make_toys(40)).gamma(math.nan)

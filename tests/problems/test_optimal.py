"""The exact Neyman-Pearson Z against toys and closed forms."""

import numpy as np
import pytest
from scipy.stats import norm

from wilks.errors import InputError
from wilks.problems.optimal import optimal_median_z

N_BACKGROUND, N_SIGNAL, MEAN, WIDTH = 60.0, 9.0, 2.0, 0.3


def log_ratio(x):
    return np.log1p(N_SIGNAL * norm.pdf(x, MEAN, WIDTH) / (N_BACKGROUND * np.exp(-x)))


def statistic_of_toys(rng, n_toys, n_signal):
    """q of many toys at once: sums of the log ratio over a Poisson number of events each."""
    n_background, n_extra = rng.poisson(N_BACKGROUND, n_toys), rng.poisson(n_signal, n_toys)
    x = np.concatenate([rng.exponential(size=n_background.sum()), rng.normal(MEAN, WIDTH, size=n_extra.sum())])
    toy = np.concatenate([np.repeat(np.arange(n_toys), n_background), np.repeat(np.arange(n_toys), n_extra)])
    return np.bincount(toy, log_ratio(x), n_toys) - N_SIGNAL


def exact():
    x = (np.arange(60_000) + 0.5) * 1e-3 * 0.5
    return optimal_median_z(log_ratio(x), N_BACKGROUND * np.exp(-x) * 5e-4)


def test_agrees_with_toys_of_either_hypothesis():
    rng = np.random.default_rng(1)
    n_toys = 100_000
    null, signal = statistic_of_toys(rng, n_toys, 0.0), statistic_of_toys(rng, n_toys, N_SIGNAL)
    p = np.mean(null >= np.median(signal))
    error = np.sqrt(p / n_toys) / norm.pdf(norm.isf(p))  # of Z, from the count
    error = np.hypot(error, 1.3 / np.sqrt(n_toys))  # and from the median
    assert 2.0 < exact() < 3.0
    assert abs(norm.isf(p) - exact()) < 4 * error


def test_agrees_with_weighted_toys_far_in_the_tail():
    """Toys with signal, weighted by exp(-q), sample the tail of the null."""
    q = statistic_of_toys(np.random.default_rng(2), 200_000, N_SIGNAL)
    estimates = [norm.isf(np.mean(np.exp(-part) * (part >= np.median(part)))) for part in np.split(q, 20)]
    assert abs(np.mean(estimates) - exact()) < 4 * np.std(estimates) / np.sqrt(20) + 2e-3


@pytest.mark.parametrize("strength", [0.05, 0.5, 5.0])
def test_gaussian_limit(strength):
    """Many events, small ratio: Z is the square root of sum s^2 / b."""
    background = np.full(500, 2_000.0)
    signal = strength * np.linspace(0.0, 2.0, 500)
    z = optimal_median_z(np.log1p(signal / background), background)
    assert z == pytest.approx(np.sqrt(np.sum(signal**2 / background)), rel=3e-3)


def test_does_not_depend_on_the_cells():
    """The same problem in cells of half the size."""
    x = (np.arange(120_000) + 0.5) * 2.5e-4
    assert optimal_median_z(log_ratio(x), N_BACKGROUND * np.exp(-x) * 2.5e-4) == pytest.approx(exact(), abs=1e-5)


def test_a_cell_without_signal_changes_nothing():
    ratio, background = np.array([0.1, 0.4]), np.array([200.0, 30.0])
    more = optimal_median_z(np.append(ratio, 0.0), np.append(background, 1e4))
    assert more == pytest.approx(optimal_median_z(ratio, background), abs=2e-3)


@pytest.mark.parametrize(
    ("ratio", "background", "words"),
    [
        ([0.1, 0.2], [1.0], "one shape"),
        ([np.nan], [1.0], "finite"),
        ([-0.1], [1.0], "adds events"),
        ([0.0], [1.0], "both positive"),
        ([0.1], [0.0], "both positive"),
    ],
)
def test_refuses_what_is_no_signal(ratio, background, words):
    with pytest.raises(InputError, match=words):
        optimal_median_z(np.array(ratio), np.array(background))

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.significance import on_off_z_score

# n_on, n_off, tau and Z_PL: table 1 of Cousins, Linnemann and Tucker, arXiv:physics/0702156.
PUBLISHED = (
    (4, 5, 5.0, 1.95),
    (6, 18.78, 14.44, 2.82),
    (9, 17.83, 4.69, 1.99),
    (17, 40.11, 10.56, 4.57),
    (50, 55, 2.0, 3.02),
    (67, 15, 0.5, 3.04),
    (200, 10, 0.1, 2.38),
    (523, 2327, 5.99, 5.95),
    (498426, 493434, 1.0, 5.01),
    (2119449, 23650096, 11.21, 6.40),
)


@pytest.mark.parametrize("n_on, n_off, tau, z", PUBLISHED)
def test_published_significances_are_reproduced(n_on, n_off, tau, z):
    assert on_off_z_score(n_on, n_off, tau=tau) == pytest.approx(z, abs=0.0051)


def by_minimization(n_on, n_off, tau):
    """sqrt(2 (L(b_hat) - L_best)) of the two Poisson likelihoods, b found numerically."""

    def loss(log_b):
        b = np.exp(log_b)
        return b - n_on * log_b + tau * b - n_off * np.log(tau * b)

    best = scipy.optimize.minimize_scalar(loss, bracket=(-5.0, 5.0), options={"xtol": 1e-12}).fun
    free = sum(n - (n * np.log(n) if n else 0.0) for n in (n_on, n_off))
    return np.sign(n_on - n_off / tau) * np.sqrt(max(2.0 * (best - free), 0.0))


@given(st.integers(0, 200), st.floats(0.5, 500.0), st.floats(0.05, 50.0))
def test_it_is_the_profile_likelihood_ratio(n_on, n_off, tau):
    expected = by_minimization(n_on, n_off, tau)
    assert on_off_z_score(n_on, n_off, tau=tau) == pytest.approx(expected, abs=2e-4)


def test_a_well_known_background_gives_the_poisson_ratio():
    n, b = np.array([0.0, 3.0, 20.0]), 10.0
    log_term = np.where(n > 0, n * np.log(np.maximum(n, 1.0) / b), 0.0)
    expected = np.sign(n - b) * np.sqrt(2.0 * (log_term - n + b))
    assert np.allclose(on_off_z_score(n, 1e9 * b, tau=1e9), expected, atol=1e-4)


def test_counts_of_zero_are_finite():
    assert on_off_z_score(3, 0, tau=5.0) == pytest.approx(np.sqrt(6.0 * np.log(6.0)))
    assert on_off_z_score(0, 0, tau=5.0) == 0.0
    assert on_off_z_score(0, 50, tau=5.0) == pytest.approx(-np.sqrt(100.0 * np.log(1.2)))


def test_the_null_is_nearly_normal():
    rng = np.random.default_rng(1)
    z = on_off_z_score(rng.poisson(60.0, 20_000), rng.poisson(240.0, 20_000), tau=4.0)
    assert np.mean(z) == pytest.approx(0.0, abs=0.04) and np.std(z) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("n_on, n_off, tau", [(-1, 1, 1.0), (1, -1, 1.0), (1, 1, 0.0), (1, 1, np.inf)])
def test_impossible_counts_are_refused(n_on, n_off, tau):
    with pytest.raises(InputError, match="counts must be at least 0 and tau positive"):
        on_off_z_score(n_on, n_off, tau=tau)

"""Fits of polynomials in nu, and which terms points can tell apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wilks.errors import InputError
from wilks.responses.polynomials import design, fit_polynomials, term_units, terms_for, units_of

PAIR = ["a", "b"]
ALONE = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
JOINT = np.concatenate([ALONE, [[1.0, 1.0]]])


def test_terms_follow_order_and_points():
    assert terms_for(PAIR, ALONE, order=2, terms=None) == ((0, 1), (1, 0), (0, 2), (2, 0))
    assert terms_for(PAIR, JOINT, order=2, terms=None) == ((0, 1), (1, 0), (0, 2), (1, 1), (2, 0))
    assert terms_for(PAIR, ALONE, order={"a": 1, "b": 2}, terms=None) == ((0, 1), (1, 0), (0, 2))
    assert terms_for(PAIR, JOINT, order=1, terms=[(1, 0), (0, 1), (1, 1)]) == ((1, 0), (0, 1), (1, 1))


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (
            ALONE,
            {"order": 2, "terms": [(1, 0), (0, 1), (1, 1)]},
            "'a' and 'b' needs a sample at which both differ",
        ),
        (ALONE[:3], {"order": 2, "terms": None}, r"order 2 in 'b' needs samples at 2 or more .* there are 1: \[1.0\]"),
        (ALONE, {"order": 3, "terms": None}, "order 3 in 'a' needs samples at 3 or more different values"),
        (ALONE[:2], {"order": 1, "terms": None}, "order 1 in 'b' needs samples at 1 or more"),
        (np.array([[1.0, 1.0], [2.0, 2.0]]), {"order": 1, "terms": None}, "2 samples determine 1 of 2 terms"),
        (ALONE, {"order": {"a": 1}, "terms": None}, "one for each of a, b"),
        (ALONE, {"order": 0, "terms": None}, "order must be a whole number of at least 1"),
        (ALONE, {"order": 1, "terms": [(1,), (2,)]}, "one exponent for each of a, b"),
        (ALONE, {"order": 1, "terms": [(0, 0)]}, "one exponent for each of a, b"),
    ],
)
def test_points_that_are_not_enough(points, options, message):
    with pytest.raises(InputError, match=message):
        terms_for(PAIR, points, **options)


@given(st.floats(1e-4, 1e3), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_exact_polynomials_come_back_in_any_unit(unit, seed):
    rng = np.random.default_rng(seed)
    points, terms = JOINT * unit, terms_for(PAIR, JOINT, order=2, terms=None)
    truth = rng.normal(size=(3, len(terms))) / term_units(units_of(points), terms)
    values = design(points, terms) @ truth.T
    noise = rng.normal(size=(3, 5, 5))
    covariance = noise @ noise.transpose(0, 2, 1) + 0.1 * np.eye(5)
    fit = fit_polynomials(points, terms, values, covariance)
    np.testing.assert_allclose(fit.coefficients, truth, rtol=1e-7, atol=1e-9 * np.abs(truth).max())
    np.testing.assert_allclose(fit.chi2, 0.0, atol=1e-9)


def test_chi_square_residuals_and_errors_are_those_of_statistics():
    """Thousands of cells with a common error between the points of each."""
    rng = np.random.default_rng(0)
    n, points = 4000, np.array([[-0.2], [-0.1], [0.1], [0.2]])
    covariance = np.diag([1.0, 2.0, 1.0, 3.0]) + 0.7
    values = rng.multivariate_normal(np.zeros(4), covariance, size=n).T
    fit = fit_polynomials(points, ((1,), (2,)), values, np.broadcast_to(covariance, (n, 4, 4)))
    assert fit.dof == 2
    assert stats.kstest(fit.chi2, stats.chi2(2).cdf).pvalue > 0.001
    np.testing.assert_allclose(fit.residuals.var(axis=1), fit.residual_variance[:, 0], rtol=0.1)
    np.testing.assert_allclose(np.cov(fit.coefficients.T), fit.covariance[0], rtol=0.1)

"""Combinations of independent p-values against SciPy, and uniform if all are."""

import numpy as np
import pytest
from scipy.stats import combine_pvalues, kstest

from wilks.significance.independent import INDEPENDENT, fisher, min_p, stouffer

P = np.random.default_rng(1).uniform(size=(2_000, 4))


@pytest.mark.parametrize(("combine", "method"), [(fisher, "fisher"), (stouffer, "stouffer"), (min_p, "tippett")])
def test_each_is_that_of_scipy(combine, method) -> None:
    expected = [combine_pvalues(row, method=method).pvalue for row in P[:20]]
    np.testing.assert_allclose(combine(P[:20]), expected, rtol=1e-10)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_each_is_uniform_and_the_p_itself_for_one(name) -> None:
    assert kstest(INDEPENDENT[name](P), "uniform").pvalue > 0.01
    np.testing.assert_allclose(INDEPENDENT[name](P[:, :1]), P[:, 0], rtol=1e-10)


def test_nothing_underflows_or_divides_by_zero() -> None:
    tiny = np.array([[1e-290, 0.9], [1.0, 1.0]])
    for combine in INDEPENDENT.values():
        found = combine(tiny)
        assert np.all(np.isfinite(found)) and 0.0 < found[0] < 1e-100 < 0.5 <= found[1] <= 1.0
    assert 0.0 < stouffer(np.array([1e-290, 1.0])) < 1e-60, "a p of 1 does not decide alone"

"""Fits without nuisances: t in closed form, its certificate, empty bins, order of rows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

import wilks
from wilks.fitting import evaluate
from wilks.typing import FitStatus

EDGES = (0.0, 0.4, 1.0, 1.5, 2.5, 3.0, 6.0)


@given(st.integers(0, 10**6), st.integers(0, 300))
def test_t_is_the_likelihood_ratio_of_the_counts(make_analysis, seed, n_data):
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0.0, 3.0, size=5))
    edges[1:] += 0.2 * np.arange(1, 5)
    analysis = make_analysis(wilks.Histogram(edges=(edges,)))
    data = rng.exponential(size=(n_data, 1))
    fit = wilks.fit(analysis, data) if n_data else analysis.engine.fit([_nothing()])[0]
    reference = analysis.reference
    n = np.histogram(data[:, 0], edges)[0]
    b = np.histogram(reference.events[:, 0], edges, weights=reference.event_weights)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = 2.0 * np.sum(np.where(n > 0, n * np.log(n / b), 0.0) - n + b)
    assert fit.t == pytest.approx(closed, rel=1e-12, abs=1e-12) and fit.status is FitStatus.CONVERGED
    assert fit.newton_decrement < 1e-20 and fit.kkt_residual < 1e-10 and fit.tau == fit.t and fit.delta == 0.0
    saturated = 2.0 * np.sum(poisson.logpmf(n, np.where(n > 0, n, 1e-300)) - poisson.logpmf(n, b))
    assert fit.t == pytest.approx(saturated, rel=1e-9, abs=1e-9), "the goodness of fit of a binned model"
    assert np.array_equal(np.isneginf(fit.params), n == 0)
    again = evaluate(analysis, data, fit)
    assert again.t == pytest.approx(fit.t, rel=1e-12, abs=1e-10)


def _nothing():
    return wilks.statistics.fits.Data(np.empty((0, 1)), np.empty(0))


def test_no_f_is_better(make_analysis):
    """-2 L by hand at the fit and beside it."""
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)))
    data = np.random.default_rng(1).exponential(size=(110, 1))
    fit = wilks.fit(analysis, data)

    def gain(params: np.ndarray) -> float:
        f, g = (analysis.log_ratio(x, params) for x in (analysis.reference.events, data))
        return -2.0 * (analysis.reference.event_weights @ np.expm1(f) - np.sum(g))

    assert gain(fit.params) == pytest.approx(fit.t, rel=1e-12)
    rng = np.random.default_rng(2)
    assert all(gain(fit.params + 0.1 * rng.normal(size=6)) < fit.t for _ in range(20))


def test_a_bin_without_data_takes_the_ratio_to_zero(make_analysis, tmp_path):
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)))
    fit = wilks.fit(analysis, np.linspace(0.01, 0.99, 60)[:, None])
    assert np.isneginf(fit.params[2:]).all() and np.isfinite(fit.t)
    assert np.exp(analysis.log_ratio(np.array([[2.0], [0.2], [7.0]]), fit.params))[[0, 2]].tolist() == [0.0, 1.0]
    fit.save(tmp_path / "fit")
    loaded = wilks.load(tmp_path / "fit")
    assert np.array_equal(loaded.params, fit.params) and str(loaded) == str(fit)
    assert json.loads(json.dumps(fit.to_dict(), allow_nan=False))["params"][2:] == [None] * 4


def test_the_order_of_rows_and_the_company_change_nothing(make_analysis):
    rng = np.random.default_rng(3)
    reference, data = rng.normal(size=(2000, 2)), rng.normal(size=(150, 2))
    as_it_is = wilks.Standardization([0.1, 0.0], [1.1, 0.9])
    results = []
    for order in (np.arange(2000), rng.permutation(2000)):
        sample = wilks.Sample(reference[order], np.linspace(0.5, 1.5, 2000)[order])
        options = {"reference": sample, "standardize": as_it_is}
        analysis = make_analysis(wilks.Histogram(n_bins=15), **options)
        results += [wilks.fit(analysis, rows) for rows in (data, data[::-1])]
        results.append(wilks.fitting.fit_together(analysis, [data[:70], data])[1])
    assert len({fit.t for fit in results}) == 1 and len({tuple(fit.params) for fit in results}) == 1


def test_without_jax_nothing_is_compiled(make_analysis):
    """Counting needs no program: a thousand toys take a second."""
    analysis = make_analysis(wilks.Histogram(n_bins=20))
    assert type(analysis.engine).__name__ == "HistogramEngine" and analysis.engine.n_together > 1

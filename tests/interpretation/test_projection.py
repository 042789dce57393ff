from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from wilks.interpretation.projection import learned_weights, poisson_interval, project, ratio_to
from wilks.samples import Sample
from wilks.typing import FitStatus


@pytest.fixture
def data():
    return Sample(np.random.default_rng(4).exponential(size=200), features=("x",))


def test_poisson_intervals_are_garwoods():
    counts = np.array([0.0, 1.0, 7.0, 400.0])
    low, high = poisson_interval(counts, level=0.9)
    assert np.allclose(low[1:], stats.chi2.ppf(0.05, 2 * counts[1:]) / 2)
    assert np.allclose(high, stats.chi2.ppf(0.95, 2 * counts + 2) / 2)
    assert low[0] == 0.0


def test_counts_and_expectation_are_those_of_the_samples(analysis, data):
    projection = project(analysis.reference, data, name="x", learned=None)
    assert projection.n_data.sum() == data.n_events
    assert projection.reference.sum() == pytest.approx(analysis.reference.expected_events)
    assert np.allclose(projection.reference_error, np.sqrt(0.1 * projection.reference))
    assert projection.learned is None and projection.learned_ratio_error is None


def test_the_learned_curve_is_the_reweighted_reference(analysis, data):
    x, weights = analysis.reference.column("x"), analysis.reference.event_weights
    projection = project(analysis.reference, data, name="x", learned=weights * np.exp(0.2 * x))
    edges = projection.binning.edges
    inside = (x >= edges[2]) & (x < edges[3])
    ratio = np.average(np.exp(0.2 * x[inside]))
    error = np.sqrt(np.sum((np.exp(0.2 * x[inside]) - ratio) ** 2)) / inside.sum()
    assert ratio_to(projection, projection.learned)[2] == pytest.approx(ratio)
    assert projection.learned_ratio_error[2] == pytest.approx(error)


def test_a_constant_ratio_has_no_error(analysis, data):
    projection = project(analysis.reference, data, name="x", learned=1.5 * analysis.reference.event_weights)
    assert np.allclose(ratio_to(projection, projection.learned), 1.5)
    assert np.allclose(projection.learned_ratio_error, 0.0, atol=1e-7)


def test_weights_are_learned_from_converged_fits_alone(analysis, make_fit):
    params = np.random.default_rng(0).uniform(-1.0, 1.0, size=analysis.n_parameters)
    fit = make_fit(analysis, params, n_events=200)
    expected = 0.1 * np.exp(analysis.log_ratio(analysis.reference.events, fit.params))
    assert np.allclose(learned_weights(analysis, fit), expected)
    assert learned_weights(analysis, None) is None
    assert learned_weights(analysis, replace(fit, t=float("nan"), status=FitStatus.NOT_CONVERGED)) is None

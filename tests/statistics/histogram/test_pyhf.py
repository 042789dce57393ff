"""t against the saturated model of pyhf: a free `shapefactor` in each bin, and a `normsys` for the normalization."""

import math
from collections.abc import Sequence

import numpy as np
import pyhf
import pytest

import wilks
from wilks.nuisances import Nuisances, normalization

EDGES = (0.0, 0.3, 0.7, 1.2, 1.8, 2.6, 20.0)  # no event lies outside, where f is 0 and pyhf has no bin
SIGMA = 0.15
EXPONENTIAL = {"normsys": {"interpcode": "code1"}}  # the factor is e^(sigma alpha)


def counts(sample: wilks.Sample) -> np.ndarray:
    return np.histogram(sample.events[:, 0], EDGES, weights=sample.event_weights)[0]


def saturated(expected: np.ndarray, *, sigma: float | None) -> pyhf.pdf.Model:
    bins = {"name": "bins", "type": "shapefactor", "data": None}
    ends = {"hi": math.exp(sigma or 0.0), "lo": math.exp(-(sigma or 0.0))}
    count = {"name": "n", "type": "normsys", "data": ends}
    sample = {"name": "reference", "data": expected.tolist(), "modifiers": [bins, *([count] if sigma else [])]}
    spec = {"channels": [{"name": "x", "samples": [sample]}]}
    return pyhf.Model(spec, poi_name=None, modifier_settings=EXPONENTIAL, validate=False)


def twice_nll(model: pyhf.pdf.Model, data: np.ndarray, *, bins_are_free: bool) -> float:
    """Of the best fit."""
    at, fixed = model.config.suggested_init(), model.config.suggested_fixed()
    fixed[model.config.par_slice("bins")] = [not bins_are_free] * (len(EDGES) - 1)
    if all(fixed):
        return at_known(model, at, data)
    return float(pyhf.infer.mle.fit(data, model, at, fixed_params=fixed, return_fitted_val=True)[1])


def at_known(model: pyhf.pdf.Model, at: Sequence[float], data: np.ndarray) -> float:
    return float(-2.0 * model.logpdf(np.asarray(at), data)[0])


@pytest.fixture
def minimizer():
    """SLSQP to 1e-11: its usual 1e-6 is that of -2 log L."""
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(tolerance=1e-11))
    yield
    pyhf.set_backend("numpy", "scipy")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("minimizer")
def test_t_is_that_of_the_saturated_model(make_analysis, seed):
    data = np.random.default_rng(seed).exponential(0.9 + 0.1 * seed, size=(150, 1))
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)))
    n, b, t = counts(wilks.Sample(data)), counts(analysis.reference), wilks.fit(analysis, data).t
    model = saturated(b, sigma=None)
    null = twice_nll(model, n, bins_are_free=False)
    assert t == pytest.approx(null - at_known(model, n / b, n), rel=1e-12, abs=1e-12)  # its maximum is known
    assert t == pytest.approx(null - twice_nll(model, n, bins_are_free=True), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("minimizer")
def test_tau_and_delta_with_a_normalization(make_analysis, seed):
    data = np.random.default_rng(seed).exponential(0.9 + 0.1 * seed, size=(130, 1))
    nuisances = Nuisances((normalization("n", sigma=SIGMA),))
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)), nuisances=nuisances)
    n, fit = counts(wilks.Sample(data)), wilks.fit(analysis, data)
    model = saturated(counts(analysis.reference), sigma=SIGMA)
    observed = np.append(n, model.config.auxdata)
    at_zero = at_known(model, model.config.suggested_init(), observed)
    assert fit.tau == pytest.approx(at_zero - twice_nll(model, observed, bins_are_free=True), abs=1e-5)
    assert fit.delta == pytest.approx(at_zero - twice_nll(model, observed, bins_are_free=False), abs=1e-5)

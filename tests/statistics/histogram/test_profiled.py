"""Fits with nuisances: against a minimization by SciPy of the loss as it is defined, and against known limits."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.fitting import evaluate
from wilks.statistics.fits import Data
from wilks.statistics.histogram.profiled_loss import BinnedPoints
from wilks.typing import FitStatus

EDGES = (0.0, 0.3, 0.7, 1.2, 2.0, 3.0, 5.0)


def bent(events, nu):
    """log r of the scale e^nu of an exponential: it bends in nu."""
    return -nu + events[:, 0] * (1.0 - jnp.exp(-nu))


def nuisances(**sigmas) -> tuple[wilks.Nuisance, ...]:
    made = {
        "scale": lambda sigma: wilks.Nuisance("scale", sigma, log_ratio=bent),
        "wave": lambda sigma: wilks.Nuisance("wave", sigma, log_ratio=lambda x, nu: nu * (x[:, 0] - 1.0)),
        "norm": lambda sigma: wilks.normalization("norm", sigma=sigma),
    }
    return tuple(made[name](sigma) for name, sigma in sigmas.items())


LOG_RATIOS = {
    "scale": lambda x, nu: -nu + x * (1.0 - np.exp(-nu)),
    "wave": lambda x, nu: nu * (x - 1.0),
    "norm": lambda x, nu: np.full_like(x, nu),
}


def log_ratio(analysis, events, z) -> np.ndarray:
    """log r of the nuisances, in NumPy."""
    nu = dict(zip(analysis.nuisances.names, z * analysis.nuisances.sigmas, strict=True))
    return sum(LOG_RATIOS[name](events[:, 0], value) for name, value in nu.items())


def loss(analysis, data, params, z) -> float:
    """L as it is defined, with f by the model; all nuisances are Gaussian and measured at 0."""
    reference = analysis.reference
    f, g = (analysis.log_ratio(x, params) for x in (reference.events, data))
    r, s = (log_ratio(analysis, x, z) for x in (reference.events, data))
    return float(reference.event_weights @ np.expm1(f + r)) - float(np.sum(g + s)) + 0.5 * float(z @ z)


def best(analysis, data, *, is_free: bool) -> float:
    """min L by SciPy, over z and, if f ``is_free``, over f in closed form at each z."""
    bins = analysis.model.bins
    places = bins.find(analysis.standardization.apply(analysis.reference.events))
    n = np.bincount(bins.find(analysis.standardization.apply(data)) + 1, minlength=bins.n_bins + 1)[1:]

    def at(z: np.ndarray) -> float:
        moved = analysis.reference.event_weights * np.exp(log_ratio(analysis, analysis.reference.events, z))
        b = np.bincount(places + 1, moved, bins.n_bins + 1)[1:]
        with np.errstate(divide="ignore"):
            f = np.log(n / b) if is_free else np.zeros(bins.n_bins)
        return loss(analysis, data, f, z)

    lower, upper = analysis.nuisances.bounds
    starts = (np.zeros(lower.size), np.full(lower.size, 0.5), np.full(lower.size, -0.5))
    options = {"bounds": list(zip(lower, upper, strict=True)), "method": "L-BFGS-B", "options": {"ftol": 1e-15}}
    return min(scipy.optimize.minimize(at, start, **options).fun for start in starts)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(nuisances(scale=0.1), id="one"),
        pytest.param(nuisances(scale=0.2, norm=0.05), id="two", marks=pytest.mark.nightly),
        pytest.param(nuisances(wave=0.3, norm=0.1, scale=0.1), id="three"),
    ],
)
@pytest.mark.parametrize("edges", [EDGES, (-np.inf, *EDGES[1:-1], np.inf)], ids=["some outside", "everywhere"])
def test_t_is_the_difference_of_two_minima(make_analysis, told, edges):
    analysis = make_analysis(wilks.Histogram(edges=(edges,)), nuisances=told)
    data = np.random.default_rng(4).exponential(1.15, size=(125, 1))
    fit = wilks.fit(analysis, data)
    assert fit.status is FitStatus.CONVERGED and fit.newton_decrement < 1e-9 and fit.delta_newton_decrement < 1e-9
    tau, delta = (-2.0 * best(analysis, data, is_free=is_free) for is_free in (True, False))
    assert fit.tau == pytest.approx(tau, abs=2e-6) and fit.delta == pytest.approx(delta, abs=2e-6)
    assert fit.t == pytest.approx(tau - delta, abs=4e-6) and fit.t > 0
    z = np.array([one.value for one in fit.nuisances]) / analysis.nuisances.sigmas
    assert -2.0 * loss(analysis, data, fit.params, z) == pytest.approx(fit.tau, abs=1e-9)
    again = evaluate(analysis, data, fit)
    assert (again.tau, again.delta) == pytest.approx((fit.tau, fit.delta), abs=1e-9)


def test_derivatives_are_those_of_the_loss(make_analysis):
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)), nuisances=nuisances(scale=0.2, wave=0.3))
    data = np.random.default_rng(5).exponential(1.1, size=(110, 1))
    profiled = analysis.engine.loss(Data(data, np.zeros(2)))
    z, step = np.array([0.7, -0.4]), 1e-5
    at = profiled.at(z)
    for j, along in enumerate(np.eye(2) * step):
        ends = [profiled.at(z + sign * along) for sign in (1.0, -1.0)]
        slope = (ends[0].value[0] - ends[1].value[0]) / (2.0 * step)
        curvature = (ends[0].gradient[0] - ends[1].gradient[0]) / (2.0 * step)
        assert at.gradient[0][j] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        assert at.hessian[j] == pytest.approx(curvature, rel=1e-6, abs=1e-6)


def test_a_tight_nuisance_changes_nothing(make_analysis):
    model, data = wilks.Histogram(edges=(EDGES,)), np.random.default_rng(6).exponential(size=(100, 1))
    plain = wilks.fit(make_analysis(model), data)
    tight = wilks.fit(make_analysis(model, nuisances=nuisances(scale=1e-5)), data)
    assert tight.t == pytest.approx(plain.t, abs=1e-3)
    assert np.array_equal(np.isneginf(tight.params), np.isneginf(plain.params))


def test_a_normalization_that_f_can_imitate_stays_where_it_was_measured(make_analysis):
    """With f free in every bin and nothing outside, the data say nothing of it."""
    model, told = wilks.Histogram(n_bins=8), nuisances(norm=0.1)
    analysis = make_analysis(model, nuisances=told)
    data = np.random.default_rng(7).exponential(size=(150, 1))
    fit = wilks.fit(analysis, data, auxiliaries={"norm": 0.07})
    assert fit.nuisances[0].value == pytest.approx(0.07, abs=1e-9)
    assert fit.nuisances[0].error == pytest.approx(0.1, rel=1e-9)
    assert fit.delta_nuisances[0].value > 0.12, "150 events for 100"
    free = wilks.Nuisance("norm", 0.1, auxiliary=wilks.Unconstrained(), log_ratio=lambda x, nu: nu + 0.0 * x[:, 0])
    flat = wilks.fit(make_analysis(model, nuisances=(free,)), data)
    assert flat.status is FitStatus.CONVERGED and flat.t == pytest.approx(flat.tau - flat.delta, abs=1e-9)


def test_nuisances_stay_between_their_bounds(make_analysis):
    """Data of less than half the scale, and a nuisance that may move it by 10 %; f sees one small bin."""
    free = wilks.Nuisance("scale", 0.01, auxiliary=wilks.Unconstrained(), log_ratio=bent)
    analysis = make_analysis(wilks.Histogram(edges=((0.0, 0.05),)), nuisances=(free,))
    fit = wilks.fit(analysis, np.random.default_rng(8).exponential(0.4, size=(400, 1)))
    assert fit.status is FitStatus.CONVERGED and fit.nuisances[0].value == pytest.approx(-0.1, rel=1e-12)
    assert fit.share_at_bound == pytest.approx(0.5) and fit.t >= 0


@pytest.mark.parametrize("n_toys", [100, pytest.param(200, marks=pytest.mark.nightly)])
def test_toys_of_a_profiled_histogram_follow_a_chi_square(make_analysis, n_toys):
    """Of as many degrees of freedom as there are bins, whatever the nuisances, in the mean of the toys."""
    reference = wilks.Sample(np.random.default_rng(0).exponential(size=20_000), features=["x"])
    options = {"reference": reference, "expected_events": 1_000.0, "nuisances": nuisances(norm=0.05)}
    source = wilks.Generator("wilks.problems.exponential:background")
    analysis = make_analysis(wilks.Histogram(n_bins=6), toy_source=source, **options)
    toys = wilks.campaign.toys_here(analysis, wilks.Null(), n_toys=n_toys, seed=3)
    assert toys.n_failed == 0 and np.min(toys.t) >= -1e-6
    assert np.mean(toys.t) == pytest.approx(6.0 * 1.05, abs=4.0 * np.sqrt(12.0 / n_toys))


def test_sums_over_bins(make_analysis):
    analysis = make_analysis(wilks.Histogram(edges=(EDGES,)))
    points = BinnedPoints.of(analysis.model.bins, analysis.problem)
    x = points.events[:, 0]
    assert points.sums(points.weights) == pytest.approx(np.histogram(x, EDGES, weights=points.weights)[0])
    spread = points.spread(np.arange(6.0), -1.0)
    assert np.array_equal(spread[x <= 5.0], np.searchsorted(EDGES, x[x <= 5.0], side="right") - 1.0)
    assert np.all(spread[x > 5.0] == -1.0)

"""Fits with nuisances: every region against iminuit, the bounds against the fits of all regions."""

import iminuit
import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate
from wilks.statistics.fits import Data
from wilks.statistics.scan.profiled_engine import CERTAIN, RegionFits
from wilks.typing import FitStatus

from tests.statistics.scan.conftest import EDGES


def loss(analysis, data, params, z) -> float:
    """L as it is defined, with f by the model and log r by the nuisances."""
    reference, told = analysis.reference, analysis.nuisances
    f, g = (analysis.log_ratio(x, params) for x in (reference.events, data))
    r, s = (told.on(x).log_ratio(z) for x in (reference.events, data))
    auxiliary = float(told.auxiliary_log_ratio(z, told.observed))
    return float(reference.event_weights @ np.expm1(f + r)) - float(np.sum(g + s)) - auxiliary


def minimum(function, start) -> float:
    """By iminuit."""
    minuit = iminuit.Minuit(function, np.asarray(start, dtype=float))
    minuit.errordef, minuit.strategy, minuit.tol = iminuit.Minuit.LIKELIHOOD, 2, 1e-5
    minuit.migrad()
    assert minuit.valid
    return float(minuit.fval)


def region_fits(analysis, data) -> RegionFits:
    engine, one = analysis.engine, Data(data, np.zeros(2))
    own = engine.delta.points.own(one)
    return engine.region_fits(one, own, engine.delta.fit(own))


def test_t_is_that_of_iminuit(make_analysis, make_data, make_nuisances):
    analysis, data = make_analysis(wilks.Scan(edges=(EDGES,)), nuisances=make_nuisances(0.3, 0.3)), make_data(2)
    fit = wilks.fit(analysis, data)
    (region,) = fit.regions
    assert fit.status is FitStatus.CONVERGED and fit.newton_decrement < 2 * CERTAIN
    inside = np.flatnonzero(fit.params)
    mask = np.zeros(fit.params.size)
    mask[inside] = 1.0
    delta = -2.0 * minimum(lambda z: loss(analysis, data, 0.0 * mask, np.array(z)), (0.0, 0.0))
    tau = -2.0 * minimum(lambda p: loss(analysis, data, p[0] * mask, np.array(p[1:])), (0.1, 0.0, 0.0))
    assert (fit.tau, fit.delta) == pytest.approx((tau, delta), abs=2e-5)
    again = evaluate(analysis, data, fit)
    assert (again.tau, again.delta) == pytest.approx((fit.tau, fit.delta), abs=1e-9)
    z = np.array([one.value for one in fit.nuisances]) / analysis.nuisances.sigmas
    moved = analysis.moved_weights({one.name: one.value for one in fit.nuisances})
    rows = np.isin(analysis.model.bins.find(analysis.standardization.apply(analysis.reference.events)), inside)
    assert region.n_expected == pytest.approx(float(np.sum(moved[rows])), rel=1e-12)
    assert fit.params[inside] == pytest.approx(np.log(region.n_observed / region.n_expected), rel=1e-10)
    assert -2.0 * loss(analysis, data, fit.params, z) == pytest.approx(fit.tau, abs=1e-9)


@pytest.mark.parametrize("sigmas", [(0.05, 0.05), (0.3, 0.3)], ids=["tight", "wide"])
@pytest.mark.parametrize("seed", range(3))
def test_the_maximum_is_over_all_regions_and_bounds_hold(make_analysis, make_data, make_nuisances, sigmas, seed):
    analysis = make_analysis(wilks.Scan(edges=(EDGES,)), nuisances=make_nuisances(*sigmas))
    data = make_data(seed, n_peak=8 * seed)
    fits = region_fits(analysis, data)
    counted = np.flatnonzero(fits.is_counted)
    t = np.array([fits.fit(index).t for index in counted])
    lower, upper, _ = (one[counted] for one in fits.bounds)
    assert np.all(t >= lower - 1e-7) and np.all(t <= upper + 1e-7)
    fits.run()
    assert wilks.fit(analysis, data).t == pytest.approx(np.max(t), abs=1e-6)
    assert len(fits.done) < counted.size
    assert np.all(t <= fits.bounds.upper[counted] + 1e-7), "also those from later expansions"


def test_excesses_and_deficits_alone(make_analysis, make_data, make_nuisances):
    told, data = make_nuisances(0.05, 0.05), make_data(2)
    each = {
        one: wilks.fit(make_analysis(wilks.Scan(edges=(EDGES,), deviations=one), nuisances=told), data)
        for one in ("both", "excesses", "deficits")
    }
    assert each["both"].t == pytest.approx(max(each["excesses"].t, each["deficits"].t), abs=1e-6)
    for name, fit in each.items():
        assert name == "both" or fit.regions[0].is_excess == (name == "excesses")
        assert fit.converged and fit.t > 0


def test_no_region_of_the_side_that_is_looked_at(make_analysis, make_nuisances):
    """A data set without events has no excess."""
    model = wilks.Scan(edges=(EDGES,), deviations="excesses")
    engine = make_analysis(model, nuisances=make_nuisances(0.05, 0.05)).engine
    (fit,) = engine.fit([Data(np.empty((0, 1)), np.zeros(2))])
    assert fit.t == 0.0 and fit.converged and not fit.regions and fit.tau == fit.delta

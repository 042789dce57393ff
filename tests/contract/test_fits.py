"""fit, and what a fit must be good for afterwards, for every family."""

import json

import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate_t, evaluate_tau
from wilks.typing import FitStatus


def values(fitted) -> np.ndarray | None:
    return np.array([one.value for one in fitted]) if fitted else None


def test_a_fit_is_certified_and_belongs_to_its_analysis(case, workshop):
    fit, analysis = workshop.fit(case), workshop.analysis(case)
    assert fit.converged and fit.status is FitStatus.CONVERGED
    assert fit.fingerprint == analysis.fingerprint() and fit.n_events == 110
    assert fit.params.shape == (analysis.n_parameters,) and np.isfinite(fit.params).all()
    lower, upper = analysis.model.bounds(1)
    assert np.all(fit.params >= lower) and np.all(fit.params <= upper)
    assert fit.t == pytest.approx(fit.tau - fit.delta, abs=1e-9) and fit.t > 0


def test_nuisances_of_a_fit_are_those_of_the_analysis(case, workshop):
    fit = workshop.fit(case)
    names = ("scale", "normalization") if case.is_profiled else ()
    assert tuple(one.name for one in fit.nuisances) == tuple(one.name for one in fit.delta_nuisances) == names
    assert len(fit.observed) == len(names) and (fit.delta != 0) == case.is_profiled
    if case.is_profiled:
        assert fit.observed == (workshop.auxiliaries(case)["scale"], 0.0)
        pulls = [
            (one.value - seen) / sigma
            for one, seen, sigma in zip(fit.nuisances, fit.observed, (0.1, 0.05), strict=True)
        ]
        assert [one.pull for one in fit.nuisances] == pytest.approx(pulls, abs=1e-12)


def test_t_follows_from_what_a_fit_keeps(case, workshop):
    fit, analysis = workshop.fit(case), workshop.analysis(case)
    at_tau, at_delta = values(fit.nuisances), values(fit.delta_nuisances)
    observed = np.array(fit.observed) if case.is_profiled else None
    place = {"nuisances": at_tau, "observed": observed}
    events, rel = workshop.data().events, case.family.accuracy or 1e-12
    assert evaluate_t(analysis, events, fit.params, delta_nuisances=at_delta, **place) == pytest.approx(fit.t, rel=rel)
    if fit.members and case.is_profiled:
        return  # tau of a set is defined by its t
    assert evaluate_tau(analysis, events, fit.params, **place) == pytest.approx(fit.tau, rel=rel)


def test_other_parameters_give_a_smaller_t(case, workshop):
    """The fit is the maximum: a step away from it, and f = 0, do not exceed it."""
    fit, analysis = workshop.fit(case), workshop.analysis(case)
    at_delta = values(fit.delta_nuisances)
    observed = np.array(fit.observed) if case.is_profiled else None
    options = {"delta_nuisances": at_delta, "observed": observed}
    events, zero = workshop.data().events, np.zeros_like(fit.params)
    for params, nuisances in ((0.9 * fit.params, values(fit.nuisances)), (zero, at_delta)):
        t = evaluate_t(analysis, events, params, nuisances=nuisances, **options)
        assert t < fit.t
    assert t == pytest.approx(0.0, abs=1e-9)


def test_f_of_a_fit_is_a_sum_over_its_parameters(case, workshop):
    """log_ratio against formulas that are written out here."""
    fit, analysis = workshop.fit(case), workshop.analysis(case)
    events = np.linspace(0.0, 5.0, 7)[:, None]
    found = analysis.log_ratio(events, fit.params)
    x = analysis.standardization.apply(events)
    (kind,) = case.family.section
    expected = FORMULAS[kind](analysis.model, fit.params, x)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def _network(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    n = model.hidden[0]
    slopes, biases, output, last = w[:n], w[n : 2 * n], w[2 * n : 3 * n], w[-1]
    return (1 / (1 + np.exp(-(x * slopes + biases)))) @ output + last


def _gaussians(kernel, x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((x - kernel.placement.centers.T) / kernel.placement.width) ** 2)


def _kernel(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _gaussians(model, x) @ w


def _kernel_set(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    members = [kernel for kernels in model.groups for kernel in kernels]
    ends = np.cumsum([kernel.n_centers for kernel in members])[:-1]
    parts = [_gaussians(one, x) @ part for one, part in zip(members, np.split(w, ends), strict=True)]
    return np.mean(parts, axis=0)


FORMULAS = {"mlp": _network, "kernel": _kernel, "kernel_set": _kernel_set}


def test_a_fit_speaks_in_text_and_json(case, workshop):
    fit = workshop.fit(case)
    document = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert document["t"] == fit.t and document["params"] == fit.params.tolist()
    assert ("nuisances" in document) == case.is_profiled and ("members" in document) == bool(fit.members)
    assert f"{fit.t:.4f}" in str(fit) and ("scale" in str(fit)) == case.is_profiled
    assert len(fit.members) == getattr(case.family.model, "n_members", 0)


def test_a_loaded_analysis_fits_the_same(case, workshop, tmp_path):
    analysis = workshop.analysis(case)
    analysis.save(tmp_path / "analysis")
    loaded = wilks.Analysis.load(tmp_path / "analysis")
    assert loaded.describe() == analysis.describe() and loaded.fingerprint() == analysis.fingerprint()
    again = wilks.fit(loaded, workshop.data(), auxiliaries=workshop.auxiliaries(case))
    assert again.t == workshop.fit(case).t and np.array_equal(again.params, workshop.fit(case).params)

"""fit, and what a fit must be good for afterwards, for every family."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.typing import FitStatus


def test_a_fit_is_certified_and_belongs_to_its_analysis(case, workshop):
    fit, analysis = workshop.fit(case), workshop.analysis(case)
    assert fit.converged and fit.status is FitStatus.CONVERGED
    assert fit.fingerprint == analysis.fingerprint() and fit.n_events == 110
    assert (
        fit.params.shape == (analysis.n_parameters,)
        and np.isfinite(fit.params).sum() == fit.params.size - case.family.n_empty
    )
    assert np.isneginf(fit.params).sum() == case.family.n_empty
    if hasattr(analysis.model, "bounds"):
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
    fit, rel = workshop.fit(case), case.family.accuracy or 1e-12
    again = evaluate(workshop.analysis(case), workshop.data().events, fit)
    assert again.t == pytest.approx(fit.t, rel=rel)
    assert again.tau == pytest.approx(fit.tau, rel=rel) and again.delta == pytest.approx(fit.delta, rel=1e-12)


def test_other_parameters_give_a_smaller_t(case, workshop):
    """The fit is the maximum: a step away from it, and f = 0, do not exceed it."""
    fit, analysis, events = workshop.fit(case), workshop.analysis(case), workshop.data().events
    less = replace(fit, params=0.9 * fit.params)
    assert evaluate(analysis, events, less).t < fit.t
    at_delta = np.array([one.value for one in fit.delta_nuisances]) / analysis.nuisances.sigmas
    nothing = replace(
        fit,
        params=np.zeros_like(fit.params),
        nuisances=fit.delta_nuisances,
        members=tuple(replace(one, z=tuple(at_delta)) for one in fit.members),
    )
    assert evaluate(analysis, events, nothing).t == pytest.approx(0.0, abs=1e-9)


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


def _gaussians(gaussians, x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((x - gaussians.centers.T) / gaussians.width) ** 2)


def _kernel(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _gaussians(model.gaussians, x) @ w


def _kernel_set(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    maps = [member.map for group in model.groups for member in group]
    ends = np.cumsum([one.centers.shape[0] for one in maps])[:-1]
    parts = [_gaussians(one, x) @ part for one, part in zip(maps, np.split(w, ends), strict=True)]
    return np.mean(parts, axis=0)


def _histogram(model, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    place = np.searchsorted(model.bins.edges[0], x[:, 0], side="right")
    return np.concatenate([[0.0], w, [0.0]])[place]  # 0 below and above all edges


FORMULAS = {"mlp": _network, "kernel": _kernel, "kernel_set": _kernel_set, "histogram": _histogram, "scan": _histogram}


def test_a_fit_speaks_in_text_and_json(case, workshop):
    fit = workshop.fit(case)
    document = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert document["t"] == fit.t and document["params"] == [x if np.isfinite(x) else None for x in fit.params.tolist()]
    assert ("nuisances" in document) == case.is_profiled and ("members" in document) == bool(fit.members)
    assert ("regions" in document) == bool(fit.regions) == (case.family.model.kind == "scan")
    assert f"{fit.t:.4f}" in str(fit) and ("scale" in str(fit)) == case.is_profiled
    assert len(fit.members) == getattr(case.family.model, "n_members", 0)


def test_a_loaded_analysis_fits_the_same(case, workshop, tmp_path):
    analysis = workshop.analysis(case)
    analysis.save(tmp_path / "analysis")
    loaded = wilks.Analysis.load(tmp_path / "analysis")
    assert loaded.describe() == analysis.describe() and loaded.fingerprint() == analysis.fingerprint()
    again = wilks.fit(loaded, workshop.data(), auxiliaries=workshop.auxiliaries(case))
    assert again.t == workshop.fit(case).t and np.array_equal(again.params, workshop.fit(case).params)


def test_networks_side_by_side_are_those_alone_to_the_last_bit(cases, workshop):
    """On the code of most tests; on that of users: tests/test_fitting_bits.py. Toys of the others go in groups."""
    analysis = workshop.analysis(next(one for one in cases if one.family.is_searched and not one.is_profiled))
    sets = [workshop.data().events, workshop.data().events[:90]]
    for alone, found in zip(map(partial(fit_events, analysis), sets), fit_together(analysis, sets), strict=True):
        assert found.converged and (found.t, found.n_events) == (alone.t, alone.n_events)
        np.testing.assert_array_equal(found.params, alone.params)
        np.testing.assert_array_equal(found.start_t, alone.start_t)

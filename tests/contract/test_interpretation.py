"""What a fit has learned, of every family: regions with cuts, bands, shares, two fits side by side, files.

`wilks.interpretation`, and `wilks explain ANALYSIS.yaml`.
"""

import json
import shutil

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import wilks
from wilks import interpretation
from wilks.interpretation import onnx_files
from wilks.samples import parse_selection

N_REFITS = 4


@pytest.fixture
def fitted(case, workshop):
    return workshop.analysis(case), workshop.data(), workshop.fit(case)


@pytest.fixture
def region(case, workshop, fitted):
    analysis, data, fit = fitted
    return workshop.once(("smallest", case.name), lambda: interpretation.smallest_region(analysis, data, fit=fit))


@pytest.fixture
def refits(case, workshop, fitted):
    analysis, data, fit = fitted
    make = lambda: interpretation.bootstrap_fits(analysis, data, fit=fit, n_refits=N_REFITS)  # noqa: E731
    return workshop.once(("refits", case.name), make)


def test_gains_of_all_places_are_t_but_for_penalties_and_measurements(case, fitted):
    analysis, data, fit = fitted
    gains = interpretation.local_gains(analysis, data, fit=fit)
    if case.family.name in ("network", "histogram", "scan"):
        expected = fit.t
        if case.is_profiled:
            z = [
                np.array([one.value for one in found]) / analysis.nuisances.sigmas
                for found in (fit.nuisances, fit.delta_nuisances)
            ]
            observed = np.array(fit.observed)
            moved = [float(analysis.nuisances.auxiliary_log_ratio(one, observed)) for one in z]
            expected -= 2.0 * (moved[0] - moved[1])
        assert gains.total == pytest.approx(expected, rel=1e-6, abs=1e-6)
    elif not analysis.model.is_combined and not case.is_profiled:
        alpha = analysis.engine.groups[0].basis.coefficients(fit.params)
        assert gains.total == pytest.approx(fit.t + 2.0 * 3.0 * float(alpha @ alpha), rel=1e-6)
    else:
        assert gains.total > 0.0


def test_the_smallest_region_carries_its_share_and_holds_the_peak(fitted, region):
    analysis, data, _ = fitted
    assert region.carried >= region.share - 1e-9 and region.excess_share > 0.2
    inside = region.contains(data)
    assert region.n_observed == np.sum(inside) and region.rule.cuts
    parts = region.gains.of_data[inside].sum() + region.gains.of_reference[region.contains(analysis.reference)].sum()
    assert parts / region.gains.total == pytest.approx(region.carried)
    too_many = inside & (region.gains.data > 0)
    assert too_many.sum() == region.excess.n_observed
    assert 2.5 < np.median(data.column("x")[too_many]) < 3.5, "the peak stands at 3"
    json.dumps(region.to_dict(), allow_nan=False)
    assert region.rule.text in str(region) and "no test" in str(region)


def test_cuts_are_selections_with_the_counts_that_they_name(fitted, region):
    analysis, data, _ = fitted
    rule = region.rule
    chosen = parse_selection(rule.text).evaluate({"x": data.column("x")})
    assert np.array_equal(chosen, rule.contains(data)) and rule.counted.n_observed == chosen.sum()
    weights = region.gains.weights[rule.contains(analysis.reference)]
    assert rule.counted.n_expected == pytest.approx(weights.sum())


def test_ratios_have_bands_on_any_column(case, fitted, refits):
    analysis, data, fit = fitted
    found = interpretation.projected_ratio(analysis, data, feature="x", fit=fit, refits=refits)
    assert np.all(found.tau_band[0] <= found.tau + 1e-12) and np.all(found.tau <= found.tau_band[1] + 1e-12)
    assert (found.delta is not None) == (found.delta_band is not None) == case.is_profiled
    assert np.max(found.tau_band[1] - found.tau_band[0]) > 0
    json.dumps(found.to_dict(), allow_nan=False)
    assert f"{refits.n_refits} fits of a Poisson bootstrap" in str(found)
    figure = wilks.plots.projected(found)
    assert len(figure.axes) == 2


def test_the_region_of_refits_is_compared(fitted, region, refits):
    found = interpretation.region_stability(region, fitted[1], refits=refits)
    assert found.overlap.shape == (refits.n_refits,) and np.all((found.overlap >= 0) & (found.overlap <= 1))
    assert found.frequency[found.inside].mean() > found.frequency[~found.inside].mean()
    assert "overlap" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_only_a_search_has_other_seeds(case, fitted):
    analysis, data, fit = fitted
    if case.family.is_searched:
        found = interpretation.reseeded_fits(analysis, data, fit=fit, seeds=(1,))
        assert found.n_refits + found.n_failed == 1 and found.fits[0].t == pytest.approx(fit.t, abs=2.0)
        return
    with pytest.raises(wilks.InputError, match="one minimum"):
        interpretation.reseeded_fits(analysis, data, fit=fit)


def test_one_feature_explains_all_of_f(fitted):
    analysis, data, fit = fitted
    found = interpretation.contributions(analysis, data, fit=fit)
    assert found.of("x").share > 0.6 and not found.pairs  # 600 events make few bins
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_fit_is_like_itself(fitted):
    found = interpretation.compare_fits(fitted, fitted)
    assert found.correlation == pytest.approx(1.0) and found.difference == 0.0 and found.overlap == 1.0
    assert found.t_difference == 0.0 and "overlap 1.00" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def points(analysis):
    """Events, places far outside, and every edge."""
    edges = getattr(analysis.model, "edges", None) or ()
    return np.concatenate([analysis.reference.events[:, 0], [-1e9, 0.0, 1e9], *edges])[:, None]


def test_the_written_f_is_the_same_everywhere(fitted, tmp_path):
    analysis, _, fit = fitted
    interpretation.write_ratio(analysis, tmp_path / "ratio.json", fit=fit)
    found, x = interpretation.load_ratio(tmp_path / "ratio.json"), points(analysis)
    f = analysis.log_ratio(x, fit.params)
    np.testing.assert_allclose(found.log_ratio(x), f, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.ratio({"x": x[:, 0], "other": x[:, 0]}), np.exp(f), rtol=1e-12, atol=1e-12)
    assert found.features == ("x",) and found.origin["fingerprint"] == fit.fingerprint


def test_the_onnx_graph_is_the_same_in_double_precision(fitted, tmp_path):
    analysis, _, fit = fitted
    interpretation.write_onnx(analysis, tmp_path / "ratio.onnx", fit=fit)
    model, x = onnx.load(tmp_path / "ratio.onnx"), points(analysis)
    f, ratio = ReferenceEvaluator(model).run(None, {onnx_files.INPUT: x})
    expected = analysis.log_ratio(x, fit.params)
    assert f.dtype == np.float64 and f.shape == (x.shape[0],)
    np.testing.assert_allclose(f, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ratio, np.exp(expected), rtol=1e-12, atol=1e-12)
    told = {one.key: json.loads(one.value) for one in model.metadata_props}
    assert told["features"] == ["x"] and told["fingerprint"] == fit.fingerprint


@pytest.mark.parametrize("ending", ["root", "parquet"])
def test_events_carry_their_learned_weights(case, fitted, tmp_path, ending):
    analysis, _, fit = fitted
    path = tmp_path / f"reference.{ending}"
    interpretation.write_events(analysis, analysis.reference, fit=fit, path=path)
    names = ["ratio", "log_ratio", "r_tau", "r_delta", "weight_tau", "weight_delta"]
    written = wilks.read(path, features=["x"], weight="event_weight", carry=names)
    at_tau, at_delta = ({one.name: one.value for one in found} for found in (fit.nuisances, fit.delta_nuisances))
    f = analysis.log_ratio(analysis.reference.events, fit.params)
    assert np.array_equal(written.events, analysis.reference.events)
    assert np.array_equal(written.event_weights, analysis.reference.event_weights)
    assert np.array_equal(written.column("ratio"), np.exp(f)) and np.array_equal(written.column("log_ratio"), f)
    np.testing.assert_allclose(written.column("weight_tau"), analysis.moved_weights(at_tau) * np.exp(f), rtol=1e-12)
    np.testing.assert_allclose(written.column("weight_delta"), analysis.moved_weights(at_delta), rtol=1e-12)
    assert np.any(written.column("r_tau") != 1.0) == case.is_profiled


@pytest.mark.in_turn
@pytest.mark.usefixtures("cheap_figures")
def test_the_command_says_the_same(case_in_turn, workshop, make_study):
    """Of the answer that `wilks run` left, on samples as files hold them."""
    case, study = case_in_turn, make_study(case_in_turn)
    shutil.copytree(workshop.study(case).output, study.output)
    done = study.run("explain", "FILE", "--refits", 2, "--events", "parquet", "--onnx")
    assert done.exit_code == 0, done.output
    told = study.result()["numbers"]["explain"]
    analysis, data, fit = workshop.analysis(case), workshop.data(), workshop.fit(case)
    region = interpretation.smallest_region(analysis, data, fit=fit)
    assert told["region"] == json.loads(json.dumps(region.to_dict())) and region.rule.text in done.output
    assert set(told["projections"]) == {"x"} and told["stability"]["n_refits"] <= 2
    written = {path.name for path in (study.output / "explain").iterdir()}
    assert written == {"ratio.json", "ratio.onnx", "reference.parquet", "data.parquet"}
    assert study.run("report", "FILE").exit_code == 0, "the folder is still one of this analysis"

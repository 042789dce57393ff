"""The other verbs on every family: regions, power, tests of a known signal, validation, parts of the data."""

import json

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.interpretation.learned import learned_ratio
from wilks.validation import Verdict, validate_nuisances, validating

PEAK = wilks.KnownSignal(lambda events: np.exp(events[:, 0] - 0.5 * (events[:, 0] - 3.0) ** 2 / 0.04) / 0.5, 15.0)


def test_the_region_is_where_f_is_extreme(case, workshop):
    region = wilks.most_discrepant_region(workshop.analysis(case), workshop.data(), fit=workshop.fit(case))
    learned = learned_ratio(workshop.analysis(case), workshop.data(), fit=workshop.fit(case))
    inside = learned.data >= region.threshold if region.is_excess else learned.data <= region.threshold
    assert region.n_observed == int(np.sum(inside)) and region.is_excess
    json.dumps(region.to_dict(), allow_nan=False)
    low, high = region.columns[0].inside
    assert low < 3.2 and high > 2.8, "the peak stands at 3"


def test_power_is_counted_among_toys_of_an_alternative(case, workshop):
    calibration, t = workshop.calibration(case), workshop.toys(case).t + 60.0
    power = wilks.power_at_size(calibration, t, size=0.1)
    assert power.power == 1.0 and "power" in str(power)
    median = wilks.median_z_score(calibration, t)
    assert median.median_t == pytest.approx(np.median(t)) and median.is_lower_bound
    assert (median.chi2 is not None) == (case.family.has_chi_square and calibration.compatible)
    for one in (power, median):
        json.dumps(one.to_dict(), allow_nan=False)


def test_a_known_signal_is_tested_alike_whatever_the_model(family, workshop, cases):
    """The model plays no part in q_0."""
    own, network = (next(one for one in cases if one.family.name == name) for name in (family.name, "network"))
    q0 = [wilks.signal_fit(workshop.analysis(one), workshop.data(), signal=PEAK).q0 for one in (own, network)]
    assert q0[0] == q0[1] > 1.0


@pytest.mark.in_turn
def test_a_table_of_nuisances_is_for_a_model_with_a_chi_square(case, workshop, here, tmp_path):
    analysis, options = workshop.analysis(case), {"n_toys": 20, "seed": 2}
    if not case.is_profiled:
        with pytest.raises(wilks.InputError, match="the analysis has no nuisances"):
            validate_nuisances(analysis, **options)
        return
    if not case.family.has_chi_square:
        with pytest.raises(wilks.InputError, match=r"follows none.*degrees_of_freedom"):
            validate_nuisances(analysis, **options)
        return
    points = [wilks.Null(), wilks.ShiftedNuisance({"scale": 0.1})]
    found = validate_nuisances(analysis, hypotheses=points, store=tmp_path, executor=here, **options)
    assert [cell.compatibility.degrees_of_freedom for cell in found.cells] == [analysis.n_parameters] * 2
    assert 0 < found.p_value <= 1 and "nuisances" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.in_turn
def test_validation_on_one_page(case, workshop, monkeypatch, tmp_path):
    """At one point of the nuisances; toys and fits are real."""
    points = (wilks.ShiftedNuisance({"scale": 0.1}),) if case.is_profiled else ()
    monkeypatch.setattr(validating, "shifted_hypotheses", lambda analysis: points)
    options = validating.Options(20, 20, 0 if case.is_profiled else 2, seed=2)
    found = validating.validation_of(workshop.analysis(case), toys_here, options)
    verdicts = {one.name: one.verdict for one in found.checks}
    is_open = {name for name, verdict in verdicts.items() if verdict is Verdict.NOT_EVALUATED}
    by_law = case.has_analytic_null
    assert ("t at other nuisances" in is_open) == (by_law or not case.is_profiled)
    assert ("p at other nuisances" in is_open) == (not by_law and not case.is_profiled)
    assert ("nuisances found back" in is_open) == (not case.is_profiled)
    assert "closure of responses" in is_open and not {"fits", "size of the reference"} & is_open
    assert ("another reference" in is_open) == case.is_profiled
    assert ("chi-square" in is_open) or (case.family.has_chi_square and not by_law)
    assert (verdicts["seeds of the search"] is Verdict.PASS) or case.family.is_searched
    assert all(one.text for one in found.checks) and len(found.checks) == 9
    json.dumps(found.to_dict(), allow_nan=False)
    found.save(tmp_path / "saved")
    assert str(wilks.load(tmp_path / "saved")) == str(found)


@pytest.mark.in_turn
def test_data_in_parts_and_in_halves(case, workshop):
    if case.is_profiled and case.family.is_searched:
        return  # the same but for the auxiliary measurements, which other families have
    analysis, data = workshop.analysis(case), workshop.data()
    found = wilks.parts_test(analysis, data, n_parts=2, n_toys=4, auxiliaries=workshop.auxiliaries(case))
    assert sum(found.n_events) == data.n_events and all(np.isfinite(found.t)) and 0.2 <= found.p_value <= 1.0
    json.dumps(found.to_dict(), allow_nan=False)
    if case.is_profiled:
        with pytest.raises(wilks.InputError, match="has scale, normalization; use parts_test"):
            wilks.halves_test(analysis, data, n_toys=4)
        return
    halves = wilks.halves_test(analysis, data, n_toys=19)
    assert halves.n_trained + halves.n_tested == data.n_events and 0.05 <= halves.p_value <= 1.0
    json.dumps(halves.to_dict(), allow_nan=False)


def test_a_clip_is_chosen_for_networks_alone(case, workshop):
    """That of the network: tests/selection/test_selecting.py."""
    if case.family.is_searched:
        return
    with pytest.raises(wilks.InputError, match="which has none") as refused:
        wilks.select_weight_clip(workshop.analysis(case))
    assert case.family.model.without_clip in str(refused.value)

"""The other verbs on every family: regions, power, tests of a known signal, validation at shifted nuisances."""

import json

import numpy as np
import pytest

import wilks
import wilks.validation
from wilks.campaign import toys_here
from wilks.interpretation.learned import learned_ratio
from wilks.validation import validate_nuisances

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


def test_validation_is_for_a_model_with_a_chi_square(case, workshop, monkeypatch):
    analysis, options = workshop.analysis(case), {"n_toys": 20, "seed": 2}
    if not case.is_profiled:
        with pytest.raises(wilks.InputError, match="the analysis has no nuisances"):
            validate_nuisances(analysis, **options)
        return
    if not case.family.has_chi_square:
        with pytest.raises(wilks.InputError, match=r"follows none.*degrees_of_freedom"):
            validate_nuisances(analysis, **options)
        return
    monkeypatch.setattr(wilks.validation, "run_toys", _toys_here)
    found = validate_nuisances(analysis, hypotheses=[wilks.Null(), wilks.ShiftedNuisance({"scale": 0.1})], **options)
    assert [cell.compatibility.degrees_of_freedom for cell in found.cells] == [analysis.n_parameters] * 2
    assert found.cells[1].null_ks_p_value is not None and "nuisances" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_clip_is_chosen_for_networks_alone(case, workshop):
    """That of the network: tests/selection/test_selecting.py."""
    if case.family.is_searched:
        return
    with pytest.raises(wilks.InputError, match="which has none") as refused:
        wilks.select_weight_clip(workshop.analysis(case))
    assert case.family.model.without_clip in str(refused.value)


def _toys_here(analysis, hypothesis, *, n_toys, seed, **rest):
    return toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed)

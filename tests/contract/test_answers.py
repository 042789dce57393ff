"""calibrate and goodness_of_fit for every family: the numbers, and what is said of them."""

import json

import numpy as np
import pytest

import wilks
from wilks.laws import GoodnessOfFit, analytic_null


def strict(document: object) -> str:
    """Strict JSON, the same after another trip."""
    text = json.dumps(document, allow_nan=False)
    assert json.dumps(json.loads(text), allow_nan=False) == text
    return text


def test_a_calibration_holds_the_toys(case, workshop):
    calibration, toys = workshop.calibration(case), workshop.toys(case)
    assert np.array_equal(calibration.t, np.sort(toys.t)) and calibration.n_toys == 12 and calibration.n_failed == 0
    if case.is_combined:
        assert calibration.compatibility is None and calibration.degrees_of_freedom is None
    else:
        dof = workshop.analysis(case).n_parameters if case.family.has_chi_square else np.mean(toys.t)
        assert calibration.degrees_of_freedom == pytest.approx(dof, rel=1e-12)
        assert calibration.is_estimated_dof != case.family.has_chi_square
    assert calibration.fingerprint == workshop.analysis(case).fingerprint()
    document = json.loads(strict(calibration.to_dict()))
    assert document["n_toys"] == 12 and "12 toys" in str(calibration) and "12" in repr(calibration)


def test_a_t_of_p_values_is_compared_with_no_chi_square(case, workshop):
    """Not in answers, calibrations or their JSON, also where the toys came as bare values of t."""
    calibration, fit = workshop.calibration(case), workshop.fit(case)
    bare = wilks.calibrate(workshop.toys(case).t).evaluate(fit)
    answers = (workshop.answer(case), bare)
    texts = [str(one) for one in (calibration, *answers)]
    assert all(("chi-square(" in text) != case.is_combined for text in texts)
    for one in answers:
        document = one.to_dict()
        assert one.chi2 is None and one.gamma is None, "12 toys are too few to judge"
        assert (document["calibration"]["compatibility"] is None) == case.is_combined and document["chi2"] is None
        assert (document["gamma"] is None) == case.is_combined
    if case.is_combined:
        with pytest.raises(wilks.CalibrationError, match="made of several statistics"):
            calibration.chi2(fit.t, force=True)
        with pytest.raises(wilks.InputError, match="made of several statistics"):
            wilks.plots.qq(calibration)


def test_p_counts_the_toys_above_t(case, workshop):
    answer, fit = workshop.answer(case), workshop.fit(case)
    assert isinstance(answer, GoodnessOfFit) and answer.t == fit.t and answer.is_answered
    n_above = int(np.sum(workshop.toys(case).t >= fit.t * (1 - 1e-9)))
    assert answer.p_value == (n_above + 1) / 13 and answer.method == "empirical"
    assert answer.p_text.startswith(f"p = {n_above + 1}/13 ({n_above} of 12")
    assert answer.interval[0] <= answer.p_value and answer.fit.t == fit.t
    assert np.array_equal(workshop.calibration(case).evaluate(fit).interval, answer.interval)


def test_an_answer_speaks_in_text_and_json(case, workshop):
    answer = workshop.answer(case)
    document = json.loads(strict(answer.to_dict()))
    assert document["t"] == answer.t and document["p_value"] == answer.p_value and document["p_text"] in str(answer)
    assert f"{answer.t:.2f}" in str(answer) and repr(answer).startswith("GoodnessOfFit(t=")
    for name, is_there in (
        ("nuisances", case.is_profiled),
        ("members", bool(answer.fit.members)),
        ("regions", bool(answer.fit.regions)),
    ):
        assert (name in document) == is_there
    assert ("at tau, with f" in str(answer)) == case.is_profiled
    assert ("local p" in str(answer)) == bool(answer.fit.members or answer.fit.regions)


def test_without_toys_only_a_law_that_is_known_answers(case, workshop):
    if not case.has_analytic_null:
        with pytest.raises(wilks.CalibrationError, match=r"needs null toys, got calibration=None; run toys = run_toys"):
            workshop.answer_without_toys(case)
        return
    answer, fit = workshop.answer_without_toys(case), workshop.fit(case)
    assert isinstance(answer, GoodnessOfFit) and answer.t == fit.t and answer.method == "analytic"
    null = analytic_null(workshop.analysis(case), fit if case.is_profiled else None)
    assert answer.p_value == null.p_value(fit.t) and answer.interval[0] < answer.p_value < answer.interval[1]
    document = json.loads(strict(answer.to_dict()))
    assert document["null"]["mean"] == null.figures.mean and ("nuisances" in document) == case.is_profiled
    assert case.family.names_its_null in str(answer) and answer.p_text in answer.to_dict()["p_text"]
    assert answer.p_value == pytest.approx(workshop.answer(case).p_value, abs=0.25), "as the toys, within their error"


def test_toys_of_another_family_are_refused(case, workshop, cases):
    other = next(one for one in cases if one.family != case.family and one.is_profiled == case.is_profiled)
    with pytest.raises(wilks.CalibrationError, match="fingerprint"):
        wilks.goodness_of_fit(workshop.analysis(case), workshop.data(), calibration=workshop.calibration(other))


def test_a_calibration_in_a_loaded_folder_gives_the_same_answer(case, workshop):
    toys = wilks.load_toys(workshop.place(case) / "toys") if workshop.toys(case) else None
    again = wilks.calibrate(toys).evaluate(workshop.fit(case))
    assert again.to_dict() == workshop.calibration(case).evaluate(workshop.fit(case)).to_dict()


def test_toys_that_stop_by_t_are_the_first_of_all(case, workshop):
    """The toys of the workshop lie in their folder; none is made for this."""
    toys, fit = workshop.toys(case), workshop.fit(case)
    options = {"until_exceeding": 2, "n_toys": 12, "seed": 1, "store": workshop.place(case) / "toys"}
    asked = {"auxiliaries": workshop.auxiliaries(case), "toys": wilks.SequentialToys(**options)}
    answer = wilks.goodness_of_fit(workshop.analysis(case), workshop.data(), **asked)
    hits = np.flatnonzero(toys.t >= fit.t * (1 - 1e-9))
    expected = 2 / (hits[1] + 1) if hits.size >= 2 else (hits.size + 1) / 13
    assert answer.p_value == expected and answer.chi2 is None and "chi-square" not in str(answer)
    document = json.loads(strict(answer.to_dict()))
    assert document["sequential"]["until_exceeding"] == 2 and ("members" in document) == bool(fit.members)

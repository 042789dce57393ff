"""The page of an answer from the analytic null: a chi-square(2), whose p is exp(-t/2)."""

import re

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.laws import evaluate, unanswered
from wilks.reports import write_report
from wilks.reports.content import ReportInputs, build_report
from wilks.reports.limits import limits
from wilks.reports.nulls import analytic_headline, key_figures
from wilks.statistics.linear import Kernel
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FitStatus

pytestmark = pytest.mark.usefixtures("cheap_figures")

NULL = ScoreNull(np.ones(2), np.zeros((2, 2)), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))


@pytest.fixture
def result(make_fit):
    return evaluate(make_fit(t=10.0), NULL, warnings=("A notice",))


def test_the_headline_names_the_method_and_what_the_interval_is(result):
    first, meaning, worth = analytic_headline(result, result.law)
    assert first == "p = 0.0067 (analytic), Z = 2.47; interval of p 0.0067 to 0.0067, of Z 2.47 to 2.47."
    assert "it is no statistical error" in meaning
    assert worth == "analytic: where toys confirmed this null, Z up to 5 and a correction of at most 2."
    assert dict(key_figures(result))["interval of p"] == "0.0067 to 0.0067"


def test_beyond_the_confirmed_range_it_says_so(make_fit):
    worth = analytic_headline(evaluate(make_fit(t=40.0), NULL), NULL)[-1]
    assert worth == "extrapolated: beyond where toys confirmed this null (Z up to 5, a correction of at most 2)."


def test_the_page_shows_the_null(result, analysis, data):
    report = build_report(ReportInputs(result, analysis, data, None, "", {}))
    table = {row[0]: row[1] for row in report.null_tables[0].rows}
    assert table == {
        "mean of t": "2.00",
        "standard deviation of t": "2.00",
        "excess variance": "0.000",
        "terms": "2",
        "p in the Gaussian limit": "0.0067",
        "correction": "1",
        "method": "analytic",
    }
    assert len(report.null_pictures) == 1 and "observed t = 10.00" in report.null_pictures[0].alt
    assert report.warnings == ("A notice",) and report.verdict == ""
    assert "that over data and references of this size" in report.question[1] and "No toys were made" in report.origin
    assert report.ratio_pictures and report.fit_tables
    assert dict(report.reproduction.rows)["fingerprint of the analysis"] == analysis.fingerprint()


def histogram_and_answer(x, weights=None, *, data):
    reference = wilks.Sample(x, weights, features=["x"])
    analysis = wilks.Analysis(reference=reference, model=wilks.Histogram(n_bins=20), expected_events=len(data))
    return analysis, wilks.goodness_of_fit(analysis, wilks.Sample(data, features=["x"]))


def test_a_correction_that_is_no_float_is_a_power_of_ten():
    rng = np.random.default_rng(8)
    analysis, answer = histogram_and_answer(rng.normal(size=40_000), data=rng.normal(1.0, size=20_000))
    report = build_report(ReportInputs(answer, analysis, None, None, "", {}))
    (correction,) = (row[1] for row in report.null_tables[0].rows if row[0] == "correction")
    assert re.fullmatch(r"10\^\d{3,4}", correction)


def test_what_the_reference_may_move_z_by_knows_weights_and_the_law(analysis):
    rng = np.random.default_rng(9)
    weights = np.where(rng.uniform(size=2_000) < 0.02, 1.0, 0.001)
    weighted, answer = histogram_and_answer(rng.normal(size=2_000), weights, data=rng.normal(size=20))
    share = float(np.sum(weighted.reference.event_weights**2) / 20.0)
    (told,) = (line for line in limits(answer, weighted, None, fit=None) if "reference has" in line)
    assert f"Z may differ by about {share:.4g}" in told and "over data and references of this size" in told
    assert f"2,000 events, as good as {20 / share:.0f} of equal weight, for 20" in told
    toys = wilks.calibrate(rng.chisquare(20, size=50), degrees_of_freedom=20)
    (told,) = (line for line in limits(toys, analysis, None, fit=None) if "reference, of" in line)
    assert told == (
        "The test is conditional on the reference, of 2,000 events for 200 that are expected. A null that averages "
        "over references of this size would change Z by about 0.1."
    )


def test_a_page_can_be_written_without_the_analysis(result, tmp_path):
    page = write_report(result, tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2
    assert "It is taken from toys" not in page and "the analytic null of the score statistic" in page
    assert result.fit.fingerprint in page


def test_a_failed_fit_has_no_null(make_fit, tmp_path):
    result = unanswered(make_fit(t=float("nan"), status=FitStatus.NOT_CONVERGED))
    report = build_report(ReportInputs(result, None, None, None, "", {}))
    assert report.is_failed and not report.null_pictures and not report.null_tables
    assert dict(report.key_figures) == {"t": "failed", "p-value": "none", "Z": "none"}
    assert "No p-value" in write_report(result, tmp_path / "report.html").read_text(encoding="utf-8")


def test_parts_of_different_analyses_are_refused(make_fit, analysis):
    other = evaluate(make_fit(fingerprint="abc"), NULL)
    with pytest.raises(InputError, match="the result belongs to fingerprint abc"):
        build_report(ReportInputs(other, analysis, None, None, "", {}))


@pytest.mark.parametrize(("is_score", "words"), [(True, "t is the score statistic"), (False, "after the penalty")])
def test_the_statistic_of_a_kernel_is_explained(calibration, analysis, is_score, words):
    kernel = type(analysis)(reference=analysis.reference, model=Kernel(n_centers=5, width=1.0, is_score=is_score))
    toys = type(calibration)(calibration.null, calibration.compatibility)
    family = build_report(ReportInputs(toys, kernel, None, None, "", {})).words
    sentences = " ".join(family.sentences)
    assert re.search(words, sentences) and ("score" in sentences) == is_score and "No box" in sentences
    network = build_report(ReportInputs(calibration, analysis, None, None, "", {})).words
    assert "kept within their box" in network.sentences[0] and "score" not in " ".join(network.sentences)


def test_without_an_analysis_no_statistic_is_claimed(calibration, tmp_path):
    page = write_report(calibration, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What t is, the analysis says" in page and "min L" not in page

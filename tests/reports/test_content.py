import html

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.laws import calibrate
from wilks.reports import pictures
from wilks.reports.content import ReportInputs, build_report
from wilks.reports.nulls import calibration_headline, headline, key_figures
from wilks.reports.write import write_report
from wilks.typing import FitStatus


def inputs(result, *, analysis=None, data=None, toys=None):
    return ReportInputs(result, analysis, data, toys, "", {})


def test_the_headline_has_p_z_method_and_interval(calibration, make_fit):
    result = calibration.evaluate(make_fit(t=20.0))
    (p_low, p_high), (z_low, z_high) = result.interval, result.z_interval
    assert headline(result)[0] == (
        f"{result.p_text}, Z = {result.z_score:.2f} (empirical); 68 % interval of p {p_low:.2g} to {p_high:.2g}, "
        f"of Z {z_low:.2f} to {z_high:.2f}."
    )


def test_a_t_beyond_the_toys_is_never_an_unlabelled_number(make_fit):
    toys = np.random.default_rng(1).chisquare(13, size=400)
    result = calibrate(toys, degrees_of_freedom=13).evaluate(make_fit(t=60.0))
    sentences = headline(result)
    assert sentences[0].startswith("p = 1/401 (0 of 400; below 0.0075 at 95 % CL), Z = 2.81 (empirical);")
    assert sentences[0].endswith("of Z above 2.61.")
    assert sentences[2].startswith("No toy reaches this t")
    assert "(extrapolated). It lies beyond what the toys reach (Z = 2.81)" in sentences[3]


def test_a_p_of_one_has_no_z(calibration, make_fit):
    result = calibration.evaluate(make_fit(t=0.0))
    assert "Z = not defined, p = 1, (empirical)" in headline(result)[0]
    assert dict(key_figures(result))["68 % interval of Z"].startswith("below")


def test_a_calibration_that_fails_gives_no_chi_square(make_fit):
    toys = 50.0 + np.random.default_rng(1).chisquare(13, size=200)
    result = calibrate(toys, degrees_of_freedom=13).evaluate(make_fit(t=60.0))
    assert headline(result)[-2].startswith("There is no chi-square answer. Not compatible with chi-square(13)")


@pytest.mark.usefixtures("cheap_figures")
def test_a_failed_fit_has_no_numbers(calibration, make_fit):
    result = calibration.evaluate(make_fit(t=float("nan"), status=FitStatus.NOT_CONVERGED))
    assert headline(result)[0] == "No p-value: the fit of the data failed."
    report = build_report(inputs(result))
    assert report.is_failed
    assert dict(report.key_figures) == {"t": "failed", "p-value": "none", "Z": "none"}
    assert any("The fit of the data failed" in warning for warning in report.warnings)


def test_a_calibration_alone_is_reported_without_data(calibration, analysis):
    report = build_report(inputs(calibration, analysis=analysis))
    assert report.headline == calibration_headline(calibration)
    assert report.headline[0] == "Null distribution of t from 100 toys. No data enter this report."
    assert not report.ratio_pictures and not report.fit_tables
    assert "1 of 100 toys failed; the interval covers both outcomes" in report.warnings


@pytest.mark.usefixtures("cheap_figures")
def test_tables_hold_certificates_samples_and_seeds(calibration, make_fit, analysis, toys):
    report = build_report(inputs(calibration.evaluate(make_fit()), analysis=analysis, toys=toys))
    fit = {row[0]: row[1] for row in report.fit_tables[0].rows}
    assert fit["Newton decrement"] == "2.5e-09" and fit["KKT residual"] == "1.5e-06"
    assert fit["gap of the best two"] == "0.125" and fit["starts"] == "3"
    assert fit["parameters at the bound"] == f"2 of {analysis.n_parameters}"
    assert report.start_values == "20.000, 19.875, 16.000"
    toy_rows = dict(report.null_tables[-1].rows)
    assert toy_rows["seed"] == "11"
    assert toy_rows["failed"].startswith("1 (1: the best start did not meet the tolerance")
    assert toy_rows["hypothesis"] == "null hypothesis, a Poisson number of events in each toy"
    assert toy_rows["common error of Z from a finite pool"] == "none: every toy is drawn anew"
    samples = dict(report.sample_tables[0].rows)
    assert samples["selection"] == "x > 0" and samples["read, selected"] == "5,000, 2,000"
    assert samples["SHA-256 of the arrays"] == analysis.reference.without_extras().digest()
    inputs_table = report.model_tables[1]
    assert [row[0] for row in inputs_table.rows] == list(analysis.features)
    assert dict(report.reproduction.rows)["fingerprint of the analysis"] == analysis.fingerprint()


def test_every_common_column_has_a_picture(calibration, make_fit, analysis, data, monkeypatch):
    for kind in ("png", "svg"):  # none of them is drawn; those of a page are in tests/reports/test_write.py
        monkeypatch.setattr(f"wilks.plots.to_{kind}", lambda figure: b"drawn")
    monkeypatch.setattr(pictures, "MAX_VECTOR_COLUMNS", 1)
    monkeypatch.setattr(pictures, "MAX_COLUMNS", 2)
    report = build_report(inputs(calibration.evaluate(make_fit()), analysis=analysis, data=data))
    assert len(report.ratio_pictures) == 2
    assert all(picture.uri.startswith("data:image/png;base64,") for picture in report.ratio_pictures)
    assert "The first 2 of 3 columns are shown." in report.ratio_note
    assert "not in the data, and so not shown: lost." in report.ratio_note


def test_parts_of_different_analyses_are_refused(calibration, make_fit, analysis, data):
    bare = calibrate(calibration.t, degrees_of_freedom=13)
    with pytest.raises(InputError, match="the result belongs to fingerprint abc"):
        build_report(inputs(bare.evaluate(make_fit(fingerprint="abc")), analysis=analysis))
    with pytest.raises(InputError, match="data must be those of the fit, which had 200 events, but 199 came"):
        build_report(inputs(bare.evaluate(make_fit()), analysis=analysis, data=data.take(range(199))))
    with pytest.raises(InputError, match="a calibration alone holds no data"):
        build_report(inputs(bare, analysis=analysis, data=data))


@pytest.mark.usefixtures("cheap_figures")
def test_what_else_must_be_known_stands_beside_the_warnings(calibration, make_fit, tmp_path):
    result = calibration.evaluate(make_fit())
    notices = ("the variations of scale are on one side of 0 alone", *result.warnings)
    page = write_report(result, tmp_path / "r.html", notices=notices).read_text(encoding="utf-8")
    assert page.count("<li>the variations of scale are on one side of 0 alone.</li>") == 1
    assert all(page.count(html.escape(text)) <= 1 for text in result.warnings)


@pytest.mark.usefixtures("cheap_figures")
def test_a_score_is_not_said_to_follow_the_data(tmp_path):
    rng = np.random.default_rng(0)
    reference, data = wilks.Sample(rng.exponential(size=400)), wilks.Sample(rng.exponential(size=60))
    texts = {}
    for is_score in (True, False):
        kernel = wilks.Kernel(n_centers=5, is_score=is_score)
        analysis = wilks.Analysis(reference=reference, model=kernel, expected_events=50)
        fit = wilks.fit(analysis, data)
        result = wilks.calibrate(np.linspace(0.1, 20.0, 200)).evaluate(fit)
        texts[is_score] = write_report(result, tmp_path / "r.html", analysis=analysis, data=data).read_text()
    assert "the first step of a fit" in texts[True] and "it follows them as far as the model can" not in texts[True]
    assert "it follows them as far as the model can" in texts[False]
    for page in texts.values():  # what a rule chose stands in the line of the model alone
        assert (
            '<th scope="row">width</th>' not in page
            and "n starts" not in page
            and "kernel of 5 Gaussians of width" in page
        )

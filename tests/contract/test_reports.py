"""The HTML report of every family says of t what is true of that family, and nothing that is true of another."""

import html
import re

import pytest

import wilks

from tests.lab.report_words import checked_report

COMPARED = "Do the toys follow a chi-square?"


def text_of(page: str) -> str:
    """The words of a page, one space between them."""
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    return " ".join(html.unescape(plain).split())


@pytest.mark.usefixtures("cheap_figures")
def test_a_report_of_an_answer(case, workshop, families, tmp_path):
    parts = {"analysis": workshop.analysis(case), "data": workshop.data(), "toys": workshop.toys(case)}
    page = wilks.write_report(workshop.answer(case), tmp_path / "r.html", **parts).read_text(encoding="utf-8")
    checked_report(page, case, families)
    text = text_of(page)
    assert workshop.answer(case).p_text in text and workshop.analysis(case).fingerprint() in text
    assert ("Nuisances" in text) == case.is_profiled and "Most discrepant region" in text
    assert ("n starts" in text) == case.family.is_searched and (COMPARED in text) != case.is_combined


@pytest.mark.usefixtures("cheap_figures")
def test_a_report_of_a_calibration_alone(case, workshop, families, tmp_path):
    page = wilks.write_report(workshop.calibration(case), tmp_path / "r.html", analysis=workshop.analysis(case))
    text = text_of(page.read_text(encoding="utf-8"))
    assert "No data enter this report" in text and (COMPARED in text) != case.is_combined
    assert all(sentence in text for sentence in case.family.model.words(is_profiled=case.is_profiled).sentences)


@pytest.mark.usefixtures("cheap_figures")
def test_a_report_of_an_answer_without_toys(case, workshop, families, tmp_path):
    if not case.has_analytic_null:
        return
    parts = {"analysis": workshop.analysis(case), "data": workshop.data()}
    page = wilks.write_report(workshop.answer_without_toys(case), tmp_path / "r.html", **parts)
    checked_report(page.read_text(encoding="utf-8"), case, families)
    assert case.family.names_its_null in text_of(page.read_text(encoding="utf-8"))


@pytest.mark.few
def test_a_report_with_its_figures(workshop, families, case_of, tmp_path):
    """Once a family: nothing is left out where figures are drawn, and none of them is empty."""
    case = case_of
    parts = {"analysis": workshop.analysis(case), "data": workshop.data(), "toys": workshop.toys(case)}
    page = wilks.write_report(workshop.answer(case), tmp_path / "r.html", **parts).read_text(encoding="utf-8")
    images = re.findall(r'<img src="data:image/[^"]{2000,}" alt="[^"]+"', page)
    n_pictures = 4 + case.is_profiled + case.family.is_searched - case.is_combined
    assert len(images) == n_pictures == page.count("<img"), "null, QQ but for a set or a scan, x, region; pulls; starts"
    checked_report(page, case, families)

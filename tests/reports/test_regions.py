import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.interpretation import ColumnRange, LearnedRatio, Region
from wilks.nuisances import normalization
from wilks.reports import write_report
from wilks.reports.content import ReportInputs, build_report
from wilks.reports.regions import region_note, region_tables
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

pytestmark = pytest.mark.usefixtures("cheap_figures")


@pytest.fixture
def region(analysis):
    learned = LearnedRatio(analysis, np.zeros(1), np.zeros(1991), np.zeros(2), np.array([1500.0, 500.0]))
    columns = (ColumnRange("pt", (210.0, 480.0), (34.0, 121.5), 333.0),)
    deficit = Region(False, -0.036, 320, 425.2, 2.93, -4.29, (-0.6, -0.037), columns, learned)
    return Region(True, 1.04, 6, 0.7, 0.118, 5.8, (1.05, 1.5), columns, learned, deficit)


def test_tables_show_both_signs_and_where_the_events_lie(region):
    counts, columns = region_tables(region)
    assert counts.header == ("", "excess, f ≥ 1.04", "deficit, f ≤ -0.036")
    assert counts.rows == (
        ("observed", "6", "320"),
        ("expected", "0.70 ± 0.12", "425.2 ± 2.9"),
        ("local Z", "5.80", "-4.29"),
        ("f from, to", "1.05, 1.5", "-0.6, -0.037"),
    )
    assert counts.note.startswith("All data: 1,991 observed, 2,000 expected. Errors")
    assert columns.header == ("column", "largest f", "data in the region", "all data")
    assert columns.rows == (("pt", "333", "210 to 480", "34 to 121.5"),)
    assert columns.note == "First the event with the largest f. The ranges hold the central 68 % of the data events."


def test_a_region_without_opposite_stands_alone(region):
    counts, columns = region_tables(region.opposite)
    assert counts.header == ("", "deficit, f ≤ -0.036") and "reference events, by weight" in columns.note


def test_the_nuisances_are_named_where_there_are_some(region, analysis):
    profiled = Analysis(reference=analysis.reference, model=MLP(), nuisances=(normalization("norm", sigma=0.1),))
    learned = LearnedRatio(profiled, np.zeros(1), np.zeros(3), np.zeros(2), np.ones(2))
    moved = Region(True, 1.04, 6, 0.7, 0.118, 5.8, (1.05, 1.5), (), learned)
    assert "expected at the nuisances of τ" in region_tables(moved)[0].note
    assert "(the reference with the nuisances of τ)" in region_note(moved) and "τ" not in region_note(region)


def test_the_page_has_a_section_on_the_region(tmp_path, calibration, make_fit, analysis, data):
    page = write_report(calibration.evaluate(make_fit()), tmp_path / "r.html", analysis=analysis, data=data)
    text = page.read_text(encoding="utf-8")
    assert text.count("<h2>Most discrepant region</h2>") == 1
    assert "The Z of this count is local" in text and "Where its events lie: " in text


def test_there_is_none_without_data_or_after_a_failed_fit(calibration, make_fit, analysis, data):
    failed = make_fit(t=float("nan"), status=FitStatus.NOT_CONVERGED)
    for fit, given in ((make_fit(), None), (failed, data)):
        report = build_report(ReportInputs(calibration.evaluate(fit), analysis, given, None, "", {}))
        assert report.region_tables == report.region_pictures == () and report.region_note == ""

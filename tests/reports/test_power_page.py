"""The page of a table of power, and that of a selection."""

import dataclasses
import re
from pathlib import Path

import pytest

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.power import PowerRow, PowerTable
from wilks.reports import write_power_report, write_selection_report
from wilks.selection import ArchitectureScan, Candidate, WeightClipSelection

pytestmark = pytest.mark.usefixtures("cheap_figures")
EVIL = "<script>alert('x')</script>"


def text_of(path: Path) -> str:
    page = path.read_text(encoding="utf-8")
    assert "<script>" not in page and "http" not in page.replace("http-equiv", "") and page.count("<img") >= 1
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def row(test: str, name: str, z: float) -> PowerRow:
    return PowerRow(test, name, test != "KS", ((0.5, 0.4, 0.6), None, None), z, (z - 1, z + 1), z > 2.0, 0.1)


def test_power_says_what_would_be_seen_and_what_limits_it(tmp_path: Path, analysis: Analysis) -> None:
    sizes = {f"5 {EVIL}": 5.0, "9 events": 9.0}
    rows = tuple(row(t, n, 0.3 * k) for n, k in sizes.items() for t in ("model", "known signal, q0", "KS"))
    target = tmp_path / "power.html"
    command = {"command": "wilks power a.yaml"}
    assert (
        write_power_report(PowerTable(rows, sizes, 100, 50), target, analysis=analysis, reproduction=command) == target
    )
    text = text_of(target)
    assert "9 events: median Z of the model at least 2.70; seen in 50% at 2 sigma." in text
    assert "0.50 [0.40, 0.60] out of reach" in text and "KS (knows no number of events)" in text
    assert "100 toys of the reference do not reach every level" in text
    assert "wilks power a.yaml" in text and analysis.fingerprint() in text and target.read_text().count("<img") == 2
    with pytest.raises(InputError, match="PowerTable"):
        write_power_report(analysis, target)


def test_a_selection_shows_every_clip(tmp_path: Path, selection: WeightClipSelection) -> None:
    text = text_of(write_selection_report(selection, tmp_path / "s.html", title=EVIL))
    assert "weight clip 9, 68 % interval 8 to 10." in text and "40 fresh toys follow the chi-square with 13" in text
    assert all(f"bracket {clip}" in text for clip in (4, 20)) and "fresh 9 40" in text
    assert selection._repr_html_().count("<tr>") == 1 + len(selection.table)


def test_a_scan_shows_every_network_and_none_without_a_choice(tmp_path: Path, selection: WeightClipSelection) -> None:
    able = Candidate((4,), 13, selection, (0.4, 0.6), 9.0)
    failed = Candidate((5, 5), 46, None, (), 1.0, "the time did not suffice")
    scan = ArchitectureScan((able, failed), (), 0.05, 20, 10.0, 10.0, 0)
    text = text_of(write_selection_report(scan, tmp_path / "s.html"))
    assert scan._repr_html_().count("<tr>") == 1 + len(scan.candidates)
    assert "Network 4: weight clip 9" in text and "5x5 46 no no the time did not suffice" in text
    nothing = dataclasses.replace(scan, candidates=(failed,))
    page = write_selection_report(nothing, tmp_path / "s.html").read_text()
    assert "No network was found to be compatible within the time." in page and "<img" not in page

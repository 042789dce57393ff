"""The page of a validation."""

import re
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks import reports
from wilks.errors import InputError
from wilks.problems import exponential
from wilks.validation import Check, Point, Validation, Verdict


@pytest.fixture
def analysis() -> wilks.Analysis:
    return wilks.Analysis(reference=exponential.reference(500), model=wilks.Histogram(n_bins=5), name="A & B")


def found(fingerprint: str, verdict: Verdict = Verdict.PASS) -> Validation:
    checks = (
        Check("fits", verdict, "2 of 100 toys <failed>", "5% at a point", "See why" if verdict is Verdict.FAIL else ""),
        Check("closure of responses", Verdict.NOT_EVALUATED, "the analysis has no nuisances"),
    )
    point = Point("scale +0.1", np.array([3.0, 5.0, 10.0]), np.array([0.2, 0.4, 0.9]))
    return Validation(checks, (point,), "counted among 400 toys at nu = 0", fingerprint)


def test_every_check_stands_on_the_page(analysis, tmp_path: Path) -> None:
    path = reports.write_validation_report(found(analysis.fingerprint()), tmp_path / "v.html", analysis=analysis)
    page = path.read_text(encoding="utf-8")
    assert "<h1>A &amp; B</h1>" in page and "2 of 100 toys &lt;failed&gt;" in page
    assert "1 of 2 checks passed, 0 failed, 1 could not be evaluated." in page and "Nothing failed." in page
    assert "6.00 ± 2.08" in page and "counted among 400 toys" in page and analysis.fingerprint() in page
    assert re.findall(r'<img src="data:image/[^"]{2000,}" alt="[^"]+"', page)
    assert not reports.is_foreign(path)


def test_what_failed_comes_first_with_advice(analysis, tmp_path: Path) -> None:
    path = reports.write_validation_report(found("0123", Verdict.FAIL), tmp_path / "v.html")
    page = path.read_text(encoding="utf-8")
    assert page.index("What failed") < page.index("How it is decided") and "See why." in page
    assert 'class="headline failed"' in page


def test_a_page_of_another_analysis_is_refused(analysis, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one analysis"):
        reports.write_validation_report(found("0123"), tmp_path / "v.html", analysis=analysis)
    with pytest.raises(InputError):
        reports.write_validation_report(found("0123"), tmp_path / "v.pdf")

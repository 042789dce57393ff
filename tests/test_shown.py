"""What a session in Python or a notebook shows of results and names."""

import html
import inspect
import re

import numpy as np
import pytest

import wilks
from wilks.campaign.run import toys_here
from wilks.models.table import ModelRow, ModelTable
from wilks.power import PowerRow, PowerTable
from wilks.validation import Check, Validation, Verdict

RNG = np.random.default_rng(0)
REFERENCE, POOL, DATA = (wilks.Sample(RNG.exponential(size=n), features=["<b>pt"]) for n in (300, 300, 30))
ANALYSIS = wilks.Analysis(
    reference=REFERENCE, model=wilks.Kernel(n_centers=5, width=1.0), toy_source=POOL, expected_events=30
)


@pytest.fixture(scope="module")
def shown() -> dict[str, object]:
    toys = toys_here(ANALYSIS, wilks.Null(), n_toys=40, seed=1)
    calibration = wilks.calibrate(toys)
    fit = wilks.fit(ANALYSIS, DATA)
    answer = wilks.goodness_of_fit(ANALYSIS, DATA, calibration=calibration)
    region = wilks.most_discrepant_region(ANALYSIS, DATA, fit=fit)
    everything = (
        *(toys, calibration, fit, answer, region, ANALYSIS, REFERENCE, wilks.median_z_score(calibration, toys)),
        wilks.compare(REFERENCE, POOL, model=wilks.Kernel(n_centers=5, width=1.0), n_permutations=9),
        ModelTable((ModelRow("bins", "bins", {}, 3.0, 0.1, (0.05, 0.2), 1.3, "p = 1/10", 0, 0.1),), 30, 9, None),
        PowerTable((PowerRow("model", "<b>", True, (None,) * 3, 1.0, (0.5, 1.5), False, 0.1),), {"<b>": 5.0}, 99, 50),
        Validation((Check("<b>", Verdict.NOT_EVALUATED, "no reason"),), (), "counted", "0" * 64),
    )
    return {type(one).__name__: one for one in everything}


class Printer:
    """That of IPython, as far as it is used."""

    written = ""

    def text(self, text: str) -> None:
        self.written += text


def words_of(page: str) -> list[str]:
    """All text of a page, in its order."""
    return re.findall(r"\S+", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_main_results_are_tables_in_a_notebook(shown: dict[str, object]) -> None:
    """Each row of text is a row of cells."""
    pages = {name: str(one._repr_html_()) for name, one in shown.items()}  # type: ignore[attr-defined]
    assert {name for name, page in pages.items() if "<table>" not in page} == {"Region"}
    assert pages["Region"].startswith("<pre>")
    assert pages["FitResult"].count("<tr>") == len(str(shown["FitResult"]).splitlines())
    page = pages["Sample"]
    assert page.startswith("<div>Sample: 300 events, unweighted</div><table><thead><tr><th")
    assert ">&lt;b&gt;pt</td>" in page and page.count("<td") == page.count("<th ") == 5


def test_results_are_shown_as_they_print(shown: dict[str, object]) -> None:
    for name, one in shown.items():
        page = one._repr_html_()  # type: ignore[attr-defined]
        assert "<b>" not in page and len(page) < 20_000, name
        assert words_of(page) == re.findall(r"\S+", str(one)), name
        printer = Printer()
        one._repr_pretty_(printer, False)  # type: ignore[attr-defined]
        assert printer.written == str(one), name


def test_none_of_them_expands_into_its_parts(shown: dict[str, object]) -> None:
    assert all(len(repr(one)) < 600 for name, one in shown.items() if name not in {"Region", "MedianZ"})
    assert re.fullmatch(r"Toys\(n_toys=40, n_failed=0, mean_t=[\d.]+, seed=1\)", repr(shown["Toys"]))
    assert repr(ANALYSIS) == (
        "Analysis(features: <b>pt; model: kernel of 5 Gaussians of width 1, ridge 0.3; reference: 300 events for 30 "
        "expected ones; nuisances: none)"
    )
    assert re.fullmatch(r"FitResult\(t=[\d.]+, status=CONVERGED, n_events=30\)", repr(shown["FitResult"]))


def test_names_are_the_public_ones() -> None:
    names = [name for name in dir(wilks) if not name.startswith("__")]
    assert sorted(names) == sorted(wilks.__all__)
    for package in (wilks.samples, wilks.plots, wilks.nuisances):
        assert {name for name in dir(package) if not name.startswith("__")} == set(package.__all__)


@pytest.mark.parametrize("verb", [wilks.Sample, wilks.calibrate, wilks.fit, wilks.goodness_of_fit, wilks.write_report])
def test_signatures_name_what_they_take(verb: object) -> None:
    text = str(inspect.signature(verb))  # type: ignore[arg-type]
    assert ("ArrayLike" in text or "Events" in text) and "_typing" not in text and len(text) < 800

"""What a session in Python or a notebook shows of results and names."""

import inspect
import re

import numpy as np
import pytest

import wilks
from wilks.campaign.run import toys_here

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
    everything = (toys, calibration, fit, answer, region, ANALYSIS, REFERENCE, wilks.median_z_score(calibration, toys))
    return {type(one).__name__: one for one in everything}


class Printer:
    """That of IPython, as far as it is used."""

    written = ""

    def text(self, text: str) -> None:
        self.written += text


def test_results_are_shown_as_they_print(shown: dict[str, object]) -> None:
    for name, one in shown.items():
        page = one._repr_html_()  # type: ignore[attr-defined]
        assert page.startswith("<pre>") and "<b>" not in page, name
        printer = Printer()
        one._repr_pretty_(printer, False)  # type: ignore[attr-defined]
        assert printer.written == str(one), name


def test_none_of_them_expands_into_its_parts(shown: dict[str, object]) -> None:
    assert all(len(repr(one)) < 600 for name, one in shown.items() if name not in {"Region", "MedianZ"})
    assert re.fullmatch(r"Toys\(n_toys=40, n_failed=0, mean_t=[\d.]+, seed=1\)", repr(shown["Toys"]))
    assert repr(ANALYSIS) == (
        "Analysis(<b>pt; kernel of 5 Gaussians of width 1, ridge 0.3; 300 reference events for 30 expected ones; "
        "nuisances: none)"
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

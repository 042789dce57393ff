"""The page of a comparison, and its figures."""

from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks import plots
from wilks.errors import InputError
from wilks.reports import write_comparison_report
from wilks.samples import Sample

RNG = np.random.default_rng(3)
A = Sample(RNG.exponential(size=(90, 2)), features=("pt_gev", "<b>n</b>"))
B = Sample(RNG.exponential(size=(80, 2)) * [1.9, 1.0], features=("pt_gev", "<b>n</b>"))


@pytest.fixture(scope="module")
def result() -> wilks.Comparison:
    return wilks.compare(A, B, n_permutations=99)


def test_the_page_holds_what_is_to_be_known(result: wilks.Comparison, tmp_path: Path) -> None:
    page = write_comparison_report(result, tmp_path / "page.html", a=A, b=B, names=("<i>a</i>", "b.csv")).read_text()
    assert "p = 1/100 (0 of 99 relabellings; below 0.030 at 95 % CL); Z = 2.33." in page
    assert "&lt;i&gt;a&lt;/i&gt; against b.csv" in page and "<i>a" not in page and "<b>n" not in page
    assert "pt_gev: both samples, shaded where they differ most" in page
    assert page.count("<img") == 3


def test_the_page_of_one_kernel_has_no_features(tmp_path: Path) -> None:
    result = wilks.compare(A, B, model=wilks.Kernel(n_centers=20, width=1.0), n_permutations=9)
    page = write_comparison_report(result, tmp_path / "page.html", a=A, b=B).read_text()
    assert "Where they differ" not in page and "<img" not in page


def test_beyond_the_reach_p_is_a_limit(tmp_path: Path) -> None:
    kernel = wilks.Kernel(n_centers=20, width=1.0)
    far = Sample(B.events + 5.0, features=B.features)
    result = wilks.compare(A, far, model=kernel, n_permutations=19, reach=0.01)
    page = write_comparison_report(result, tmp_path / "page.html", a=A, b=far).read_text()
    assert "p is below 0.010" in page and "Z above 2.33." in page and ">below 0.010<" in page


def test_the_page_is_html(result: wilks.Comparison, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not end on \.html"):
        write_comparison_report(result, tmp_path / "page.txt", a=A, b=B)


def test_points_are_the_second_sample_and_the_first_is_scaled_to_it(result: wilks.Comparison) -> None:
    figure = plots.two_samples(A, B, feature="pt_gev", interval=result.by_feature[0].interval, names=("mc", "data"))
    upper, lower = figure.axes
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["mc, scaled", "data"]
    assert lower.get_xlabel() == "pt [GeV]"


def test_negative_weights_and_constants_are_drawn() -> None:
    a = Sample(np.repeat([1.0, 2.0], 40), np.where(np.arange(80) % 5 == 0, -1.0, 1.0))
    assert len(plots.two_samples(a, Sample(np.ones(30)), feature="x0").axes) == 2

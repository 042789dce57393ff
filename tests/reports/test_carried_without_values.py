"""Carried columns in which some events, or all, have no value: shown without them, with their number."""

import json

import numpy as np
import pytest

import wilks
from wilks import plots
from wilks.errors import InputError
from wilks.interpretation import most_discrepant_region
from wilks.interpretation.projection import project
from wilks.responses.variation import Variation, compared_columns
from wilks.samples import Sample

RNG = np.random.default_rng(0)


def sample(n, weight, share):
    x = RNG.exponential(size=n)
    mass = np.where(RNG.random(n) < share, np.nan, 10 + x)
    mass[0] = np.inf
    return Sample(x, np.full(n, weight), features=["x"], extras={"mass": mass, "none": np.full(n, np.nan)})


@pytest.fixture(scope="module")
def answer():
    reference, data = sample(4000, 0.05, 0.05), sample(200, 1.0, 0.1)
    analysis = wilks.Analysis(reference=reference, model=wilks.Kernel(n_centers=30, is_score=True))
    return analysis, data, wilks.goodness_of_fit(analysis, data)


def test_the_report_says_how_many_are_not_shown(answer, tmp_path, cheap_figures):
    analysis, data, result = answer
    path = tmp_path / "report.html"
    wilks.write_report(result, path, analysis=analysis, data=data)
    text = " ".join(path.read_text(encoding="utf-8").split())
    n_data, n_reference = data.n_without("mass"), analysis.reference.n_without("mass")
    assert f"Without a value, and not shown: {n_data} of 200 data and {n_reference} of 4,000 reference events" in text
    assert "Carried along without a value in any event of data or reference, and so not shown: none." in text


def test_the_figure_holds_the_others(answer):
    analysis, data, _ = answer
    assert plots.common_columns(analysis, data) == ("x", "mass")
    weights = analysis.reference.event_weights * 2
    shown = project(analysis.reference, data, name="mass", learned=weights, moved=weights)
    n_data, n_reference = 200 - data.n_without("mass"), 4000 - analysis.reference.n_without("mass")
    assert shown.n_data.sum() == n_data and shown.reference.sum() == pytest.approx(0.05 * n_reference)
    assert shown.learned.sum() == shown.moved.sum() == pytest.approx(0.1 * n_reference)


def test_a_region_has_ranges_of_the_others(answer):
    analysis, data, result = answer
    region = most_discrepant_region(analysis, data, fit=result.fit)
    ranges = {one.name: one for one in region.columns}
    assert set(ranges) == {"x", "mass"} and np.isfinite([*ranges["mass"].inside, *ranges["mass"].overall]).all()
    assert "nan" not in str(region)
    json.dumps(region.to_dict())


def test_responses_are_compared_in_columns_with_all_values():
    reference = Sample([1.0, 2.0], extras={"a": [1.0, np.nan], "b": [1.0, 2.0]})
    variations = [Variation({"nu": 1.0}, reference)]
    assert compared_columns(reference, variations, None) == ("x0", "b")
    with pytest.raises(InputError, match="'a' must have a value in every event to be compared, but 2 have none"):
        compared_columns(reference, variations, ["a"])

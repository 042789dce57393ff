"""What an answer says of the region of a scan."""

import math

import pytest

from wilks.laws.found import found_text, found_to_dict, over_local
from wilks.statistics.found import FoundRegion


def region(n: int, b: float) -> FoundRegion:
    return FoundRegion(("x",), (-math.inf,), (3.0,), "x < 3", n, b, n_regions=1234, n_bins=2)


def test_the_global_p_is_said_over_the_local_one():
    one = region(8, 3.0)
    assert over_local(one, 0.25) == pytest.approx(0.25 / one.p_value) and over_local(one, 0.0) is None
    assert "the best of 1,234" in found_text(one, p_value=0.25, interval=(0.2, 0.3))
    document = found_to_dict(one, p_value=0.25)
    assert document["regions"][0]["lower"] == [None] and document["regions"][0]["is_excess"]


def test_no_ratio_where_there_is_none():
    text = found_text(region(8, 3.0), p_value=1e-3, interval=(0.0, 2e-3))
    assert "global" not in text and text.endswith("that of a Poisson count.")
    far = region(5000, 1000.0)
    assert far.p_value == 0.0 and over_local(far, 1e-3) is None and far.z_score > 80
    assert region(0, 3.0).z_score == pytest.approx(-1.6469, abs=1e-4)

"""What toys that follow no chi-square do to a command: nothing, unless the chi-square is required."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wilks.cli.steps import judge_chi_square
from wilks.laws import calibrate
from wilks.laws.compatibility import judge
from wilks.laws.notices import chi_square_notice
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP
from wilks.typing import FloatArray

pytestmark = pytest.mark.usefixtures("no_processes")
VALID = "p stays valid, for it is counted among the toys"


def prepared_with(model: object, *, is_required: bool) -> Any:
    quality = SimpleNamespace(require_chi2=is_required)
    loaded = SimpleNamespace(config=SimpleNamespace(quality=quality))
    return SimpleNamespace(analysis=SimpleNamespace(model=model), loaded=loaded)


def chi_squares(mean: float, *, seed: int = 1, n: int = 400) -> FloatArray:
    """Their mean is exactly ``mean``, so that advice follows from it alone."""
    values = np.random.default_rng(seed).chisquare(mean, size=n)
    return values * mean / values.mean()


@pytest.fixture
def study(make_study: Any, tmp_path: Any) -> Any:
    """Three widths so near to each other that the product of their p has a far heavier tail than a chi-square."""
    study = make_study(tmp_path)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=6000))
    study.write("data.npz", x=rng.exponential(size=100))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 100, "n_training": 1000},
        "data": {"files": "data.npz"},
        "model": {"kernel_set": {"widths": [0.9, 1.0, 1.1], "ridges": [3.0], "n_centers": 8}},
        "toys": {"n_toys": 200, "processes": 1},
    }
    return study


def test_a_kernel_set_gives_its_p_and_ends_with_0(study: Any) -> None:
    for command in ("calibrate", "test"):
        result = study.run(command)
        assert result.exit_code == 0, result.output
    content = study.result()
    assert content["numbers"]["calibration"]["compatible"] is None
    assert 0 < content["numbers"]["answer"]["p_value"] <= 1
    assert not any("chi-square" in one and VALID in one for one in content["warnings"])
    study.config["quality"] = {"require_chi2": True}
    strict = study.run("test")
    assert strict.exit_code == 4 and study.result()["status"] == "quality_gate"
    assert any("made of several statistics" in one and VALID in one for one in study.result()["warnings"])


@pytest.mark.parametrize("is_required", [False, True])
def test_a_network_is_warned_and_rejected_where_the_chi_square_is_required(is_required: bool) -> None:
    network = prepared_with(MLP(hidden=(4,), weight_clip=9.0), is_required=is_required)
    text, is_rejected = judge_chi_square(network, calibrate(chi_squares(14.0), degrees_of_freedom=13))
    assert text.startswith("Not compatible with chi-square(13)") and VALID in text and is_rejected is is_required
    assert "choose a smaller weight_clip, about 7.5 to 8.5 in place of 9" in text
    assert judge_chi_square(network, calibrate(chi_squares(13.0), degrees_of_freedom=13)) == ("", False)
    few = calibrate(chi_squares(30.0, n=10), degrees_of_freedom=13)
    assert judge_chi_square(network, few) == ("", False)


def test_a_kernel_whose_chi_square_is_given_gets_no_advice_on_a_clip() -> None:
    kernel = prepared_with(Kernel(), is_required=False)
    text, _ = judge_chi_square(kernel, calibrate(chi_squares(20.0), degrees_of_freedom=13))
    assert text.endswith("there is no chi-square answer beyond their reach")


@pytest.mark.parametrize(
    ("mean", "clip", "best"),
    [(14.3, 9.0, 7.0), (14.3, 9.0, 6.5), (101.5, 1.6, 1.53), (86.7, 1.4, 1.53)],
)
def test_the_clip_that_was_found_lies_near_the_advice(mean: float, clip: float, best: float) -> None:
    """Means of t at clips of the page on validation, and the clips chosen there for 13 and 96 parameters."""
    dof = 13.0 if mean < 50 else 96.0
    judged = judge(chi_squares(mean, n=4000), dof, n_failed=0, is_estimated_dof=False)
    text = chi_square_notice(judged, weight_clip=clip)
    low, high = (float(one) for one in text.partition(", about ")[2].partition(" in place")[0].split(" to "))
    assert 0.9 * low <= best <= 1.1 * high
    assert ("smaller" in text) == (best < clip)


def test_far_from_the_chi_square_one_end_is_named() -> None:
    judged = judge(chi_squares(67.0), 29.0, n_failed=0, is_estimated_dof=False)
    assert "choose a smaller weight_clip, below 4.5 in place of 9" in chi_square_notice(judged, weight_clip=9.0)
    judged = judge(chi_squares(10.0), 29.0, n_failed=0, is_estimated_dof=False)
    assert "choose a larger weight_clip, above 2.4 in place of 1" in chi_square_notice(judged, weight_clip=1.0)


def test_a_variance_that_is_off_says_nothing_of_the_clip() -> None:
    values = 13.0 + 0.5 * (chi_squares(13.0) - 13.0)
    text = chi_square_notice(judge(values, 13.0, n_failed=0, is_estimated_dof=False), weight_clip=9.0)
    assert "the variance ratio is" in text and "weight_clip" not in text

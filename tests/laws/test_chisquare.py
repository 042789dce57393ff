import math

import numpy as np
import pytest

from wilks.laws.chisquare import chi_square_answer, z_band
from wilks.laws.compatibility import Compatibility, judge
from wilks.significance import chi2_sf, chi2_z_score


def judged(n: int, *, ratio: float = 1.0, seed: int = 1) -> Compatibility:
    t = np.random.default_rng(seed).gamma(13.0 / (2.0 * ratio), 2.0 * ratio, size=n)
    return judge(t, 13.0, n_failed=0, is_estimated_dof=False)


def test_the_label_changes_at_the_reach() -> None:
    compatibility = judged(400)
    inside = chi_square_answer(20.0, compatibility, smallest_p_value=chi2_sf(20.0, 13) * 0.999)
    outside = chi_square_answer(20.0, compatibility, smallest_p_value=chi2_sf(20.0, 13) * 1.001)
    assert (inside.method, outside.method) == ("chi2", "extrapolated")
    assert inside.p_value == outside.p_value == pytest.approx(chi2_sf(20.0, 13), rel=1e-12)


def test_incompatible_is_never_labelled_chi2() -> None:
    wrong = judged(400, ratio=2.0)
    assert not wrong.is_compatible
    assert chi_square_answer(15.0, wrong, smallest_p_value=1 / 401).method == "extrapolated"


def test_far_tail_is_printed_without_underflow() -> None:
    answer = chi_square_answer(3000.0, judged(400), smallest_p_value=1 / 401)
    assert answer.p_value == 0.0
    assert answer.p_text == "3.7e-637"  # exp(-1465.436) = 10^-636.431
    assert answer.z_score == pytest.approx(chi2_z_score(3000.0, 13))
    assert answer.to_dict()["log_p_value"] == pytest.approx(-1465.436, abs=1e-3)


@pytest.mark.parametrize(
    ("ratio", "t"), [(0.9, 40.0), pytest.param(1.15, 40.0, marks=pytest.mark.nightly), (1.15, 70.0)]
)
def test_band_covers_the_tail_of_a_gamma_distribution(ratio: float, t: float) -> None:
    """At least 68 % of 300 calibrations; about 82 % are seen, 5 errors away."""
    truth = chi2_z_score(t / ratio, 13.0 / ratio)
    bands = [z_band(t, judged(100, ratio=ratio, seed=seed)) for seed in range(300)]
    assert sum(low <= truth <= high for low, high in bands) >= 0.68 * 300


def test_band_narrows_with_toys_and_holds_the_chi_square() -> None:
    few, many = z_band(60.0, judged(100)), z_band(60.0, judged(10_000))
    assert few[1] - few[0] > 3.0 * (many[1] - many[0])
    assert few[0] <= chi2_z_score(60.0, 13) <= few[1]


def test_band_of_toys_without_variance_is_open() -> None:
    same = judge(np.full(30, 13.0), 13.0, n_failed=0, is_estimated_dof=False)
    assert z_band(20.0, same) == (-math.inf, math.inf)

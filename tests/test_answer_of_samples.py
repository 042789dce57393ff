"""What an answer makes of samples that are not as they should be, and says of them."""

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.answer import goodness_of_fit
from wilks.samples import Sample
from wilks.statistics.linear import Kernel

KERNEL = Kernel(n_centers=50, is_score=True)


def exponentials(n: int, *, stretched: float = 1.0, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.c_[stretched * rng.exponential(size=n), rng.normal(size=n)]


def make(reference: np.ndarray) -> Analysis:
    return Analysis(reference=Sample(reference), model=KERNEL, expected_events=200)


@pytest.mark.parametrize("value", [-9999.0, 99999.0, 1e30])
def test_one_value_that_stands_for_a_missing_one_does_not_blind_the_test(value: float) -> None:
    """Data stretched by 1.6: Z with one such event of 4,000 is within a tenth of Z without it, and it is named."""
    reference, data = exponentials(4_000), exponentials(200, stretched=1.6, seed=4)
    spoilt = reference.copy()
    spoilt[7, 0] = value
    clean, found = (goodness_of_fit(make(one), data) for one in (reference, spoilt))
    assert found.z_score == pytest.approx(clean.z_score, rel=0.1) and clean.z_score > 6.0
    told = [text for text in found.warnings if text not in clean.warnings]
    assert len(told) == 1 and told[0].startswith(f"x0 = {value:.10g} in 1 of 4,000 reference events, far outside")


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_many_of_them_do_not_either(share: float) -> None:
    """Data of twice the scale gave p = .35 where 2 % of reference and data are at -9999."""
    reference, data = exponentials(4_000), exponentials(200, stretched=2.0, seed=4)
    reference[: int(4_000 * share), 0] = data[: int(200 * share), 0] = -9999.0
    found = goodness_of_fit(make(reference), data)
    assert found.z_score > 6.0
    assert any(text.startswith(f"x0 = -9999 in {int(4_000 * share)} of 4,000") for text in found.warnings)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_events_that_come_twice_are_told(kind: type) -> None:
    data = exponentials(100, seed=4)
    found = goodness_of_fit(make(exponentials(4_000)), np.concatenate([data, data.astype(kind)]))
    assert any(text.startswith("In the data 100 of 200 events repeat another one") for text in found.warnings)

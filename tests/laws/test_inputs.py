from collections.abc import Callable

import numpy as np
import pytest

from wilks.errors import CalibrationError
from wilks.laws.inputs import t_values, toy_summary
from wilks.typing import FitStatus


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0]], "one dimension"),
        ([], "got 0 toys"),
        ([np.nan, np.nan], "got 2 toys and none"),
        ([1.0, np.inf], "infinite"),
        ([1.0, -1.0], "toy 1 has t = -1.*set it to NaN"),
    ],
)
def test_unusable_values_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        t_values(values)


def test_a_tiny_negative_t_is_rounding() -> None:
    assert t_values([-1e-9, 2.0])[0] == -1e-9


def test_summary_leaves_failed_toys_out(make_toys: Callable[..., object]) -> None:
    toys = make_toys(30, n_failed=3)
    summary = toy_summary(toys)
    assert summary.failures == ((FitStatus.NOT_CONVERGED, 3),)
    assert summary.n_events_range == (2000, 2000)
    assert (summary.median_share_at_bound, summary.median_start_gap) == (0.25, 0.5)

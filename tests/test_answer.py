import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import wilks.answer
from wilks.answer import goodness_of_fit
from wilks.calibration import Calibration, calibrate
from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.models import MLP
from wilks.samples import Sample
from wilks.typing import FitStatus

REFERENCE = Sample(np.random.default_rng(0).exponential(size=3000), features=("x",))
ANALYSIS: Any = SimpleNamespace(
    fingerprint=lambda: "aaaa", features=("x",), reference=REFERENCE, model=MLP(hidden=(4,))
)


def calibration(fingerprint: str = "aaaa", hypothesis: object = None) -> Calibration:
    t = np.random.default_rng(1).chisquare(13, size=400)
    toys: Any = SimpleNamespace(
        t=t,
        status=np.zeros(400, dtype=np.int64),
        fingerprint=fingerprint,
        hypothesis=hypothesis or Null(),
        degrees_of_freedom=13,
        expected_overlap_z_error=None,
        n_events=np.full(400, 2000),
        share_at_bound=np.zeros(400),
        start_gap=np.zeros(400),
    )
    return calibrate(toys)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """Calls of a fit that always returns t = 30."""
    calls: list[tuple[Any, Any]] = []

    def fit(analysis: Any, data: Any) -> SimpleNamespace:
        calls.append((analysis, data))
        return SimpleNamespace(
            t=30.0,
            converged=True,
            status=FitStatus.CONVERGED,
            fingerprint="aaaa",
            n_events=2000,
            n_starts=10,
            start_gap=0.0,
            share_at_bound=0.0,
        )

    monkeypatch.setattr(wilks.answer, "fit", fit)
    return calls


def test_data_are_fitted_once_and_looked_up(fitted: list[tuple[Any, Any]]) -> None:
    null, data = calibration(), np.zeros((2000, 1))
    result = goodness_of_fit(ANALYSIS, data, calibration=null)
    ((analysis, sample),) = fitted
    assert analysis is ANALYSIS
    np.testing.assert_array_equal(sample.events, data)
    assert (result.p_value, result.interval) == (null.p_value(30.0), null.interval(30.0))
    assert result.calibration is null
    assert result.warnings == ()


def test_negative_weights_and_shared_events_are_told(fitted: list[tuple[Any, Any]]) -> None:
    weights = np.where(np.arange(3000) < 7, -1.0, 1.0)
    reference = Sample(REFERENCE.events, weights, features=("x",))
    analysis: Any = SimpleNamespace(fingerprint=lambda: "aaaa", features=("x",), reference=reference)
    data = np.concatenate([REFERENCE.events[:40], np.random.default_rng(1).exponential(size=(1960, 1))])
    warnings = goodness_of_fit(analysis, data, calibration=calibration()).warnings
    assert warnings[0].startswith("7 reference events have negative weights")
    assert warnings[1].startswith("40 of 2,000 data events are in the reference too")


def test_no_calibration_says_what_to_run(fitted: list[tuple[Any, Any]]) -> None:
    with pytest.raises(CalibrationError, match=re.escape("toys = run_toys(analysis, Null()")):
        goodness_of_fit(ANALYSIS, np.zeros((5, 1)))
    assert fitted == []


def test_unusable_toys_are_refused_before_the_fit(fitted: list[tuple[Any, Any]]) -> None:
    for null in (calibration("bbbb"), calibration(hypothesis="a signal")):
        with pytest.raises(CalibrationError):
            goodness_of_fit(ANALYSIS, np.zeros((5, 1)), calibration=null)
    assert fitted == []

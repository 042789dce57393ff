"""Masked values are refused wherever arrays come in: their numbers mean nothing."""

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError, InputError, WilksError
from wilks.hypotheses import Generator
from wilks.power import KnownSignal

ONE_MASKED = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
ONE_MASKED_IN_A_LIST = [1.0, np.ma.masked, 3.0]
ROWS = [np.ma.masked_array([1.0, 2.0], mask=[False, True]), np.array([3.0, 4.0])]


def masked_events(rng: np.random.Generator, n: int, nuisances: dict) -> np.ndarray:
    return np.ma.masked_less(rng.exponential(size=n), 0.5)


@pytest.mark.parametrize("values", [ONE_MASKED, ONE_MASKED_IN_A_LIST, ROWS], ids=["array", "list", "list of arrays"])
@pytest.mark.parametrize(
    ("take", "error"),
    [
        (wilks.Sample, wilks.SampleError),
        (lambda values: wilks.Sample(np.ones(len(values)), values), wilks.SampleError),
        (lambda values: wilks.Standardization(values, [1.0, 1.0, 1.0]), WilksError),
        (wilks.calibrate, CalibrationError),
        (lambda values: KnownSignal(lambda events: values, n_signal=1.0).ratios(np.ones((3, 1))), InputError),
        (lambda values: wilks.KernelSet(widths=values), InputError),
    ],
    ids=["events", "event_weights", "shift", "calibrate", "density_ratio", "widths"],
)
def test_masked_values_are_refused(values, take, error) -> None:
    with pytest.raises(error, match=r"masked|must be a positive number"):
        take(values)


def test_unmasked_masked_arrays_are_plain_ones() -> None:
    nothing_masked = np.ma.masked_array([1.0, 2.0, 3.0], mask=False)
    assert wilks.Sample(nothing_masked).events[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert wilks.calibrate(nothing_masked).n_toys == 3


def test_masked_events_of_a_generator_are_refused() -> None:
    with pytest.raises(InputError, match=r"must return 9 events, but it raised ValueError: some of them are masked"):
        Generator(masked_events).draw(np.random.default_rng(0), 9, n_features=1)

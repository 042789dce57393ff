"""Kernels as part of an analysis, and what they refuse."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError

EVENTS = np.random.default_rng(0).exponential(size=(5000, 1))


def analysis_of(model: wilks.Kernel, reference: np.ndarray = EVENTS, **options: object) -> wilks.Analysis:
    return wilks.Analysis(reference=wilks.Sample(reference), model=model, expected_events=500, **options)  # type: ignore[arg-type]


def test_kernel_outside_an_analysis_has_no_centers():
    for ask in (lambda: wilks.Kernel().gaussians, lambda: wilks.Kernel().groups):
        with pytest.raises(InputError, match=r"take the model of a wilks\.Analysis"):
            ask()


def test_analysis_places_the_kernel_on_standardized_features(tmp_path):
    kernel = wilks.Kernel(n_centers=20, width=0.3)
    analysis = analysis_of(kernel)
    centers = analysis.model.gaussians.centers  # type: ignore[attr-defined]
    assert centers.min() == pytest.approx(analysis.standardization.apply(EVENTS).min())
    assert analysis.model == kernel, "where it stands is no option of it"
    analysis.save(tmp_path / "a")
    again = wilks.Analysis.load(tmp_path / "a")
    np.testing.assert_array_equal(again.model.gaussians.centers, centers)  # type: ignore[attr-defined]
    assert again.fingerprint() == analysis.fingerprint()


@pytest.mark.parametrize(
    "changed", [{"width": 0.4}, {"ridge": 1.0}, {"n_centers": 21}, {"is_score": True}, {"seed": 2}]
)
def test_every_option_is_part_of_the_fingerprint(changed):
    options = {"n_centers": 20, "width": 0.3}
    one, other = (analysis_of(wilks.Kernel(**some)) for some in (options | changed, options))  # type: ignore[arg-type]
    assert one.fingerprint() != other.fingerprint()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_centers": 0}, "n_centers must be"),
        ({"width": 0.0}, "width must be a positive number"),
        ({"ridge": -1.0}, "ridge must be a positive number"),
        ({"ridge": float("nan")}, "ridge must be a positive number"),
        ({"is_score": 1}, "is_score must be True or False"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_options_outside_their_limits_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        wilks.Kernel(**options)

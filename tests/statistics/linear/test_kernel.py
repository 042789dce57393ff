"""Kernels: where their centers stand, their width, and what they refuse."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.models import Kernel, Placement
from wilks.models.centers import choose_centers, percentile_width

EVENTS = np.random.default_rng(0).exponential(size=(5000, 1))
WEIGHTS = np.full(5000, 0.1)


def analysis_of(model: Kernel, reference: np.ndarray = EVENTS, **options: object) -> wilks.Analysis:
    return wilks.Analysis(reference=wilks.Sample(reference), model=model, expected_events=500, **options)  # type: ignore[arg-type]


def test_half_of_the_centers_are_events_and_half_cover_the_range_of_one_feature():
    centers = Kernel(n_centers=40, width=0.5).placed(EVENTS, WEIGHTS).placement.centers
    assert np.all(np.isin(centers[:20], EVENTS))
    np.testing.assert_allclose(centers[20:, 0], np.linspace(EVENTS.min(), EVENTS.max(), 20))


def test_spread_centers_of_more_features_reach_the_outskirts():
    events = np.random.default_rng(1).normal(size=(3000, 2))
    centers = Kernel(n_centers=30, width=0.5).placed(events, np.ones(3000)).placement.centers
    assert np.all(np.isin(centers[:, 0], events[:, 0]))
    gaps = [np.min(np.linalg.norm(np.delete(centers, i, 0)[:i] - centers[i], axis=1)) for i in range(15, 30)]
    assert np.all(np.diff(gaps) <= 1e-12), "each is the farthest from those before it"
    assert np.linalg.norm(events, axis=1).max() == pytest.approx(np.linalg.norm(centers, axis=1).max(), rel=0.2)


def test_centers_depend_on_reference_and_seed_alone():
    one, same, other = (Kernel(n_centers=8, seed=seed).placed(EVENTS, WEIGHTS).placement for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.centers, same.centers)
    assert one.width == same.width
    assert np.any(one.centers != other.centers)


def test_events_without_weight_are_no_centers():
    weights = np.where(EVENTS[:, 0] > 1.0, 0.0, 1.0)
    assert Kernel(n_centers=20).placed(EVENTS, weights).placement.centers.max() <= 1.0


def test_published_width_is_that_of_a_uniform_sample():
    rng = np.random.default_rng(2)
    width = percentile_width(rng, rng.uniform(size=(4000, 1)), np.ones(4000))
    assert width == pytest.approx(1 - np.sqrt(0.1), abs=0.02)  # P(|x - y| > d) = (1 - d)^2


def test_too_few_distinct_events_are_refused():
    with pytest.raises(InputError, match="at least as many distinct events"):
        choose_centers(np.random.default_rng(0), np.repeat(np.arange(3.0), 9)[:, None], np.ones(27), 4)


def test_kernel_outside_an_analysis_has_no_centers():
    with pytest.raises(InputError, match=r"take the model of a wilks\.Analysis"):
        _ = Kernel().placement


def test_analysis_places_the_kernel_on_standardized_features(tmp_path):
    analysis = analysis_of(Kernel(n_centers=20, width=0.3))
    centers = analysis.model.placement.centers  # type: ignore[attr-defined]
    assert centers.min() == pytest.approx(analysis.standardization.apply(EVENTS).min())
    analysis.save(tmp_path / "a")
    again = wilks.Analysis.load(tmp_path / "a")
    np.testing.assert_array_equal(again.model.placement.centers, centers)  # type: ignore[attr-defined]
    assert again.fingerprint() == analysis.fingerprint()


@pytest.mark.parametrize(
    "changed", [{"width": 0.4}, {"ridge": 1.0}, {"n_centers": 21}, {"is_score": True}, {"seed": 2}]
)
def test_every_option_is_part_of_the_fingerprint(changed):
    options = {"n_centers": 20, "width": 0.3}
    assert analysis_of(Kernel(**(options | changed))).fingerprint() != analysis_of(Kernel(**options)).fingerprint()


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
        Kernel(**options)


@pytest.mark.parametrize("n_events", [0, 1, 9, 100])
def test_gaussians_of_any_number_of_events_are_those_of_the_formula(n_events):
    """Blocks are padded to lengths that are compiled once; what was added must not come back."""
    rng = np.random.default_rng(3)
    events, centers = rng.normal(size=(n_events, 3)), rng.normal(size=(7, 3))
    expected = np.exp(-0.5 * np.sum((events[:, None] - centers) ** 2, axis=2) / 0.8**2)
    np.testing.assert_allclose(Placement(centers, 0.8).kernel(events), expected, rtol=1e-13, atol=1e-300)
    assert np.all(Placement(centers, 0.8).kernel(centers) <= 1.0)


@pytest.mark.parametrize("n_features", [1, 2])
def test_centers_and_width_are_not_wasted_on_values_that_stand_for_missing_ones(n_features):
    """Spread centers stay among the others, and those that are events come to the far value by its share alone."""
    events = np.random.default_rng(3).exponential(size=(4_000, n_features))
    far = events.copy()
    far[:400, 0] = -9999.0
    clean, found = (Kernel(n_centers=40).placed(one, np.ones(4_000)).placement for one in (events, far))
    assert np.count_nonzero(found.centers[20:, 0] < 0.0) == 0
    assert np.count_nonzero(found.centers[:20, 0] < 0.0) <= 6  # of 20 at 10 %: more with a probability of 0.2 %
    assert found.width == pytest.approx(clean.width, rel=0.1)

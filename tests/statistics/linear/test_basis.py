"""Features of the reference: memory that does not grow with events, and the two ways to pass over them."""

import tracemalloc

import jax
import numpy as np
import pytest

from wilks.fitting import features as module
from wilks.fitting.features import Features, Reference
from wilks.fitting.penalized_losses import PenalizedLosses
from wilks.fitting.sums import DirectSums
from wilks.models import Placement

MIB = 2**20
N_CENTERS, RANK = 20_000, 8


class Held:
    """The most memory that NumPy (traced) and JAX (live buffers) hold at any time, beyond that at the start."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kernel, self._at_start, self.jax_bytes = Placement.kernel, self._live(), 0

        def watched(placement: Placement, events: np.ndarray) -> np.ndarray:
            values = kernel(placement, events)
            self.jax_bytes = max(self.jax_bytes, self._live() - self._at_start)
            return values

        monkeypatch.setattr(Placement, "kernel", watched)
        tracemalloc.start()

    @staticmethod
    def _live() -> int:
        return sum(one.nbytes for one in jax.live_arrays())

    def mib(self) -> float:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return (peak + self.jax_bytes) / MIB


def wide(n_events: int) -> tuple[Reference, Features]:
    """A reference that keeps no features, and a rank that costs nothing, of 20,000 Gaussians."""
    rng = np.random.default_rng(0)
    placement = Placement(rng.normal(size=(N_CENTERS, 3)), 1.0)
    mix = rng.normal(size=(N_CENTERS, RANK)) / N_CENTERS
    reference = Reference(rng.normal(size=(n_events, 3)), np.ones(n_events), width=1.0)
    return reference, Features(placement, mix, np.ones(RANK), np.ones(RANK))


@pytest.mark.parametrize("n_events", [512, 1024])
def test_a_pass_of_20_000_centers_holds_few_blocks(n_events, monkeypatch):
    """All values at once would be 78 and 156 MiB more for each copy; a block is 20 MiB."""
    reference, features = wide(n_events)
    losses = PenalizedLosses(reference, features, sums=np.zeros((2, RANK)), ridge=0.3)
    held = Held(monkeypatch)
    expansion = losses.expand(np.zeros((2, RANK)), np.arange(2))
    expansion.product(np.ones((2, RANK)), np.arange(2))
    assert held.mib() < 64


def test_sums_over_data_of_20_000_centers_hold_few_blocks(monkeypatch):
    features = wide(1)[1]
    data = np.random.default_rng(1).normal(size=(2, 256, 3))
    held = Held(monkeypatch)
    DirectSums(features).sums(list(data))
    assert held.mib() < 24


def test_blocks_of_a_million_events_are_bounded():
    reference, features = wide(1_000_000)
    sizes = [rows.stop - rows.start for rows in reference.rows(features.placement)]
    assert max(sizes) * N_CENTERS * 8 <= 32 * MIB and sum(sizes) >= 1_000_000


@pytest.mark.parametrize("most_kept", [0, 2**27])
@pytest.mark.parametrize("n_events", [500, 2000])
def test_preparation_holds_no_more_than_features_and_few_blocks(n_events, most_kept, monkeypatch):
    """Blocks of 64 events and 100 centers are 50 KiB; all events would be 1.5 MiB."""
    monkeypatch.setattr(module, "_MOST_KEPT_NUMBERS", most_kept)
    monkeypatch.setattr(module, "_BLOCK_NUMBERS", 6400)
    rng = np.random.default_rng(0)
    placement = Placement(rng.normal(size=(100, 3)), 1.0)
    reference = Reference(rng.normal(size=(n_events, 3)), np.ones(n_events), width=1.0)
    held = Held(monkeypatch)
    rank = reference.features(placement).n_features
    kept = rank * n_events * 8 / MIB if most_kept else 0.0
    assert held.mib() < kept + 1.2


@pytest.mark.parametrize("width", [0.5, 5.0], ids=["full rank", "low rank"])
def test_preparation_is_the_same_whether_features_are_kept_or_not(width, monkeypatch):
    """The Hessian comes from phi, or from the Gaussians themselves where the rank is nearly full."""
    rng = np.random.default_rng(0)
    placement, points, weights = Placement(rng.normal(size=(60, 2)), width), rng.normal(size=(500, 2)), rng.random(500)
    found = []
    for most_kept in (2**27, 0):
        monkeypatch.setattr(module, "_MOST_KEPT_NUMBERS", most_kept)
        found.append(Reference(points, weights, width=width).features(placement))
    values = found[0].values(points)
    np.testing.assert_allclose((values * weights[:, None]).T @ values, np.diag(found[0].curvature), atol=1e-6)
    np.testing.assert_allclose(found[1].curvature, found[0].curvature, atol=1e-6)
    np.testing.assert_allclose(np.abs(found[1].mean), np.abs(weights @ found[1].values(points)), atol=1e-6)


def test_coefficients_undo_the_mix_when_centers_are_many(monkeypatch):
    monkeypatch.setattr(module, "_GRAM_COLUMNS", 7)
    rng = np.random.default_rng(0)
    placement = Placement(rng.normal(size=(40, 2)), 1.0)
    features = Reference(rng.normal(size=(300, 2)), np.ones(300), width=1.0).features(placement)
    alpha = rng.normal(size=features.n_features)
    np.testing.assert_allclose(features.coefficients(features.mix @ alpha), alpha, atol=1e-6)

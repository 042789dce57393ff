"""The whitened basis of a map: what it must be, memory that does not grow with events, and the two ways to pass."""

import tracemalloc

import numpy as np
import pytest

from wilks.samples import effective_number
from wilks.statistics.linear import basis as module
from wilks.statistics.linear.basis import Basis, ReferencePoints, in_order, points_and_basis
from wilks.statistics.linear.data_sums import DirectSums
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.losses import PenalizedLosses

MIB = 2**20
N_CENTERS, RANK = 20_000, 8


class Held:
    """The most memory that NumPy holds at any time, beyond that at the start."""

    def __init__(self) -> None:
        tracemalloc.start()

    def mib(self) -> float:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / MIB


def wide(n_events: int) -> tuple[ReferencePoints, Basis]:
    """A reference that keeps no features, and a rank that costs nothing, of 20,000 Gaussians."""
    rng = np.random.default_rng(0)
    gaussians = Gaussians(rng.normal(size=(N_CENTERS, 3)), 1.0)
    mix = rng.normal(size=(N_CENTERS, RANK)) / N_CENTERS
    points = ReferencePoints(rng.normal(size=(n_events, 3)), np.ones(n_events), features=gaussians)
    return points, Basis(gaussians, mix, np.ones(RANK), np.ones(RANK))


@pytest.mark.parametrize("n_events", [512, 1024])
def test_a_pass_of_20_000_centers_holds_few_blocks(n_events):
    """All values at once would be 78 and 156 MiB more for each copy; a block is 8 MiB."""
    points, basis = wide(n_events)
    losses = PenalizedLosses(points, basis, sums=np.zeros((2, RANK)), ridge=0.3)
    held = Held()
    expansion = losses.expand(np.full((2, RANK), 1e-3), np.arange(2))
    expansion.product(np.ones((2, RANK)), np.arange(2))
    assert held.mib() < 64


def test_sums_over_data_of_20_000_centers_hold_few_blocks():
    basis = wide(1)[1]
    data = np.random.default_rng(1).normal(size=(2, 256, 3))
    held = Held()
    DirectSums(basis).of(list(data))
    assert held.mib() < 24


def test_blocks_of_a_million_events_are_bounded():
    points, _ = wide(1_000_000)
    sizes = [rows.stop - rows.start for rows in points.rows()]
    assert max(sizes) * N_CENTERS * 8 <= 8 * MIB and sum(sizes) >= 1_000_000
    assert len({*sizes}) == 1 and max(sizes).bit_count() == 1


@pytest.mark.parametrize("most_kept", [0, 2**27])
@pytest.mark.parametrize("n_events", [500, 2000])
def test_preparation_holds_no_more_than_features_and_few_blocks(n_events, most_kept, monkeypatch):
    """Blocks of 64 events and 100 centers are 50 KiB; all events would be 1.5 MiB."""
    monkeypatch.setattr(module, "_MOST_KEPT_NUMBERS", most_kept)
    monkeypatch.setattr(module, "_BLOCK_NUMBERS", 6400)
    rng = np.random.default_rng(0)
    gaussians = Gaussians(rng.normal(size=(100, 3)), 1.0)
    points = ReferencePoints(rng.normal(size=(n_events, 3)), np.ones(n_events), features=gaussians)
    held = Held()
    rank = points.basis().rank
    kept = rank * n_events * 8 / MIB if most_kept else 0.0
    assert held.mib() < kept + 1.2


@pytest.mark.parametrize("width", [0.5, 5.0], ids=["full rank", "low rank"])
def test_preparation_is_the_same_whether_features_are_kept_or_not(width, monkeypatch):
    """The Hessian comes from phi, or from the Gaussians themselves where the rank is nearly full."""
    rng = np.random.default_rng(0)
    gaussians, places, weights = Gaussians(rng.normal(size=(60, 2)), width), rng.normal(size=(500, 2)), rng.random(500)
    found = []
    for most_kept in (2**27, 0):
        monkeypatch.setattr(module, "_MOST_KEPT_NUMBERS", most_kept)
        found.append(ReferencePoints(places, weights, features=gaussians).basis())
    values = found[0].values(places)
    np.testing.assert_allclose((values * weights[:, None]).T @ values, np.diag(found[0].curvature), atol=1e-6)
    np.testing.assert_allclose(found[1].curvature, found[0].curvature, atol=1e-6)
    np.testing.assert_allclose(np.abs(found[1].mean), np.abs(weights @ found[1].values(places)), atol=1e-6)


def test_pieces_spread_and_gathered_make_f_and_its_sums(monkeypatch):
    """Whether pieces are kept before the rotation, after it, or not kept."""
    rng = np.random.default_rng(0)
    gaussians, places = Gaussians(rng.normal(size=(30, 2)), 1.0), rng.normal(size=(200, 2))
    for most_kept in (2**27, 0):
        monkeypatch.setattr(module, "_MOST_KEPT_NUMBERS", most_kept)
        points = ReferencePoints(places, np.ones(200), features=gaussians)
        basis = points.basis()
        alpha, phi = rng.normal(size=(3, basis.rank)), basis.values(points.points)
        for _ in range(2):
            parts = [(piece @ points.spread(basis, alpha), piece.sum(axis=0)) for piece, _ in points.pieces()]
            f, totals = np.concatenate([part for part, _ in parts]), sum(total for _, total in parts)
            np.testing.assert_allclose(f, phi @ alpha.T, atol=1e-8)
            found = points.gathered(basis, np.repeat(totals[:, None], 3, axis=1))
            np.testing.assert_allclose(found, np.tile(phi.sum(axis=0), (3, 1)), atol=1e-8)
            blocks = np.concatenate([block for block, _ in points.blocks(basis)])  # rotates what is kept
            np.testing.assert_allclose(blocks, phi, atol=1e-8)


def test_whitened_features_have_the_penalty_as_a_square():
    rng = np.random.default_rng(0)
    basis = ReferencePoints(rng.normal(size=(300, 2)), np.ones(300), features=Gaussians(rng.normal(size=(40, 2)), 1.0))
    found = basis.basis()
    alpha = rng.normal(size=found.rank)
    params = found.params(alpha[None])[0]
    assert params @ found.map.penalty() @ params == pytest.approx(alpha @ alpha, rel=1e-6)
    np.testing.assert_allclose(found.coefficients(params), alpha, atol=1e-6)
    np.testing.assert_allclose(found.params(alpha[None])[0], found.mix @ alpha, rtol=1e-12)


def test_condensed_reference_gives_the_features_of_all_events(problem_of):
    rng = np.random.default_rng(0)
    events, weights = rng.exponential(size=(4000, 1)), rng.uniform(0.05, 0.1, size=4000)
    gaussians = Gaussians(np.linspace(0.0, 8.0, 40)[:, None], 0.5)
    points, basis = points_and_basis(problem_of(events, weights), gaussians)
    assert points.weights.size < 0.3 * 4000
    values = basis.values(events)
    np.testing.assert_allclose(weights @ values, basis.mean, atol=1e-4)
    np.testing.assert_allclose((values * weights[:, None]).T @ values, np.diag(basis.curvature), atol=1e-3)
    whole, _ = points_and_basis(problem_of(events, weights), gaussians, is_condensed=False)
    assert whole.weights.size == 4000 and effective_number(whole.weights) > 3000


def test_moments_of_the_basis_are_its_mean_and_curvature(problem_of):
    rng = np.random.default_rng(0)
    points, basis = points_and_basis(problem_of(rng.normal(size=(500, 2))), Gaussians(rng.normal(size=(20, 2)), 1.0))
    moments = points.moments(basis)
    assert moments.total == 500.0 and moments.digest == basis.map.digest()
    np.testing.assert_allclose(moments.first, basis.mean, atol=1e-9)
    np.testing.assert_allclose(moments.second, np.diag(basis.curvature), atol=1e-8)


def test_order_is_that_of_features_and_then_of_weights():
    """A function of the set of weighted rows: equal rows stand by their weight, and events without one are left out."""
    rng = np.random.default_rng(1)
    events, weights = rng.integers(0, 3, size=(40, 2)).astype(float), rng.integers(0, 4, size=40) / 4
    ordered, of_them = in_order(events, weights)
    assert ordered.shape[0] == np.count_nonzero(weights)
    rows = np.column_stack([ordered, of_them])
    assert rows.tolist() == sorted(rows.tolist())
    for seed in range(3):
        mixed = np.random.default_rng(seed).permutation(40)
        again, of_those = in_order(events[mixed], weights[mixed])
        np.testing.assert_array_equal(again, ordered)
        np.testing.assert_array_equal(of_those, of_them)

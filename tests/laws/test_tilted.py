"""Toys that live in the tail, against plain toys, the analytic law, and each other. Keys are fixed."""

import math

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError, InputError
from wilks.laws import analytic_null, tilted_p_value
from wilks.laws.tilted import _combined
from wilks.significance import p_value, weighted_isf

N_EXPECTED, N_TOYS = 1000.0, 20_000


def analysis_of(ridge: float = 3.0, *, n_pool: int = 0) -> wilks.Analysis:
    """Without a pool; or with one, and a reference so small that it matters which one came."""
    rng = np.random.Generator(np.random.Philox(0))
    reference = wilks.Sample(rng.exponential(size=4000 if n_pool else 20_000))
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, is_score=True)
    pool = wilks.Sample(rng.exponential(size=n_pool)) if n_pool else None
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return analysis_of()


@pytest.fixture(scope="module")
def toys(analysis) -> np.ndarray:
    """q of plain toys."""
    rng = np.random.Generator(np.random.Philox(11))
    draw = [[rng.exponential(size=(rng.poisson(N_EXPECTED), 1)) for _ in range(500)] for _ in range(N_TOYS // 500)]
    return np.concatenate([analysis.engine.scores(portion)[:, 0] for portion in draw])


@pytest.mark.parametrize(("z", "n_toys"), [(2.0, 4000), (3.0, 4000), (4.0, 4000), (5.0, 16_000)])
def test_tilted_toys_follow_the_corrected_law(analysis, z, n_toys):
    """Toys of the tail know nothing of the correction; 4 standard errors and what the interval allows.

    Which toys are drawn depends on the signs of eigenvectors, and so on the machine: at 5 sigma enough for any.
    """
    null = analytic_null(analysis)
    q = weighted_isf(p_value(z), null.weights)
    found = tilted_p_value(analysis, q, n_toys=n_toys, seed=3)
    low, high = null.interval(q)
    assert found.n_effective > 30
    assert low - 4 * found.error < found.p_value < high + 4 * found.error


@pytest.mark.parametrize("n_toys", [1_000, *(pytest.param(n, marks=pytest.mark.nightly) for n in (2_000, 4_000))])
def test_tilted_toys_agree_with_plain_ones(analysis, toys, n_toys):
    """Within 4 errors of both, 7 % of the 200 plain ones beyond q, and 15 % for their one reference."""
    q = float(np.quantile(toys, 0.99))
    found = tilted_p_value(analysis, q, n_toys=n_toys, seed=4)
    assert found.p_value == pytest.approx(0.01, rel=0.15 + 4 * math.hypot(found.error / 0.01, 0.07))


def test_the_error_of_tilted_toys_is_the_spread_between_runs(analysis):
    """12 runs: their spread has an error of 21 %, and the error of each one of 18 %; 4 errors of both together."""
    q = weighted_isf(p_value(3.0), analytic_null(analysis).weights)
    found = [tilted_p_value(analysis, q, n_toys=800, seed=seed) for seed in range(12)]
    assert len({one.p_value for one in found}) == 12
    assert tilted_p_value(analysis, q, n_toys=800, seed=11) == found[11]
    spread = np.std([one.p_value for one in found], ddof=1)
    assert spread == pytest.approx(
        np.mean([one.error for one in found]), rel=4 * math.hypot(0.21, 0.18 / math.sqrt(12))
    )
    assert all(1.0 / one.n_effective <= one.largest_share <= 0.1 for one in found)


def test_weights_of_which_one_decides_are_refused():
    """Few events, a small ridge and far in the tail: exp of a Gaussian's exponential has no variance."""
    rough = analysis_of(ridge=0.1)
    q = weighted_isf(p_value(5.0), analytic_null(rough).weights)
    with pytest.raises(CalibrationError, match=r"one of them has \d\d% of their sum: they estimate nothing; take ten"):
        tilted_p_value(rough, q, n_toys=400, seed=1)


def test_weights_are_judged_by_their_share_of_the_sum():
    """16 seeds of two toys, one of each beyond q, of weight 1 but for one: 1.6 of 16.6 passes, 1.8 of 16.8 not."""

    def seeds(largest: float) -> list[np.ndarray]:
        return [np.array([0.0, one]) for one in (largest, *[1.0] * 15)]

    found = _combined(seeds(1.6), q=1.0)
    assert found.p_value == pytest.approx(16.6 / 32) and found.largest_share == pytest.approx(1.6 / 16.6)
    assert found.n_effective == pytest.approx(16.6**2 / (15 + 1.6**2))
    # Means of seeds are 0.8 and fifteen times 0.5: s^2 = 0.3^2 / 16, and the mean of 16 has s / 4.
    assert found.error == pytest.approx(0.3 / 16)
    with pytest.raises(CalibrationError, match="11% of their sum"):
        _combined(seeds(1.8), q=1.0)
    with pytest.raises(CalibrationError, match="of 0 beyond q = 1, of 32 in all, none of them lies there"):
        _combined([np.zeros(2)] * 16, q=1.0)


def test_tilted_toys_must_be_enough_for_their_seeds(analysis):
    with pytest.raises(InputError, match="n_toys must be a whole number of at least 160"):
        tilted_p_value(analysis, 10.0, n_toys=159)


def test_tilted_toys_of_one_reference_follow_its_law():
    analysis = analysis_of(n_pool=100_000)
    law = analytic_null(analysis)
    q = law.mean + 5.0 * math.sqrt(law.variance)
    found = tilted_p_value(analysis, q, n_toys=4000, seed=3)
    low, high = law.interval(q)
    assert low - 4 * found.error < found.p_value < high + 4 * found.error

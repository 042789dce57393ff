"""A feature that is 0 or 1: few values of t are possible, and those that are equal differ in their last digits."""

import itertools

import numpy as np
import pytest
import scipy.stats

import wilks
from wilks.laws import Calibration, calibrate
from wilks.toys import draw_toy
from wilks.typing import FloatArray

N_EVENTS, SEED = 6, 3
NULL = wilks.Null(n_events=N_EVENTS)
KERNEL = wilks.Kernel(n_centers=2, width=1.0, ridge=0.3, is_score=True)
SET = wilks.KernelSet(widths=(0.5, 1.5), ridges=(0.5, 3.0), n_centers=2)
NETWORK = wilks.MLP(hidden=(1,), weight_clip=3.0)


def analysis_of(model: object) -> wilks.Analysis:
    """As many zeros as ones are expected: t of n ones is, but for rounding, that of 6 - n ones."""
    return wilks.Analysis(
        reference=wilks.Sample(np.tile([[0.0], [1.0]], (500, 1))),
        model=model,  # type: ignore[arg-type]
        expected_events=N_EVENTS,
        toy_source=lambda rng, n, nuisances: rng.integers(0, 2, size=(n, 1)).astype(np.float64),
        search=wilks.Search(n_starts=3, n_kept=3),
    )


def toys_of(analysis: wilks.Analysis, n_toys: int) -> tuple[Calibration, FloatArray]:
    """Their calibration, and how many ones each of them has more or less than half."""
    toys = wilks.run_toys(analysis, NULL, n_toys=n_toys, seed=SEED)
    assert toys.n_failed == 0
    ones = [float(draw_toy(analysis, NULL, seed=SEED, index=i).sum()) for i in range(n_toys)]
    return calibrate(toys), np.abs(np.array(ones) - N_EVENTS / 2)


@pytest.mark.parametrize(
    ("model", "n_toys"),
    [
        pytest.param(KERNEL, 2000, id="kernel"),
        pytest.param(SET, 400, id="set"),
        pytest.param(NETWORK, 60, id="mlp", marks=pytest.mark.nightly),
    ],
)
def test_p_is_that_of_all_toys_with_as_many_ones_or_zeros(model, n_toys):
    """Whatever the order of the rows, and whichever of two equal t is the larger float."""
    analysis = analysis_of(model)
    calibration, distance = toys_of(analysis, n_toys)
    for n_ones in range(N_EVENTS + 1):
        rows = [0.0] * (N_EVENTS - n_ones) + [1.0] * n_ones
        expected = (np.sum(distance >= abs(n_ones - N_EVENTS / 2)) + 1) / (n_toys + 1)
        exact = float(sum(scipy.stats.binom.pmf(k, N_EVENTS, 0.5) for k in range(7) if abs(k - 3) >= abs(n_ones - 3)))
        assert expected == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / n_toys) + 2 / n_toys)
        for order in itertools.islice(set(itertools.permutations(rows)), 5):
            result = calibration.evaluate(wilks.fit(analysis, np.array(order)[:, None]))
            assert result.p_value == expected, (n_ones, result.t)


@pytest.mark.parametrize("t", [0.0, -1e-12, 9e-28, 1e-12])
def test_a_t_of_zero_but_for_rounding_has_p_1(t):
    """Every toy is at or above it, those that came out at -1e-12 too; and the laws without toys say so as well."""
    null = calibrate([-1e-12, 0.0, 3e-15, 2.0, 5.0], degrees_of_freedom=2)
    assert (null.count(t), null.p_value(t), null.interval(t)[1]) == (5, 1.0, 1.0)
    assert null.chi2_p_value(t, force=True) == pytest.approx(1.0, abs=1e-11)
    law = wilks.laws.analytic_null(analysis_of(KERNEL))
    assert law.p_value(t) == pytest.approx(1.0, abs=3e-4)


def test_what_differs_by_more_than_rounding_is_no_tie():
    null = calibrate([3.0, 5.0 * (1 - 2e-9), 5.0 * (1 - 5e-10), 7.0], degrees_of_freedom=4)
    assert (null.count(5.0), null.count(5.0 * (1 + 2e-9))) == (2, 1)

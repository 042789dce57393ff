"""What every block of members must do, whatever its members look at."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from wilks.comparison.blocks import Block, QuadraticScale
from wilks.comparison.kernels import KernelBlock
from wilks.comparison.marginals import MarginalBlock
from wilks.comparison.nulls import Multipliers, Null, Relabelling, Traces
from wilks.comparison.pairs import PairBlock
from wilks.comparison.scan import ScanBlock
from wilks.samples import Sample
from wilks.statistics.linear.gaussians import Gaussians

RNG = np.random.default_rng(11)
A, B = RNG.normal(size=(150, 2)), np.column_stack([RNG.normal(size=90), RNG.integers(0, 4, size=90)])
PLAIN = Relabelling.of(Sample(A), Sample(B))
WEIGHTED = Multipliers.of(Sample(A, RNG.lognormal(0.0, 0.3, size=150)), Sample(B))
CENTERS = RNG.normal(size=(25, 2))


def kernels(null: Null) -> Block:
    return KernelBlock(null, Gaussians(CENTERS, 0.7), events=null.pool.standardized, ridges=(0.3, 0.03))


def wide_kernels(null: Null) -> Block:
    return KernelBlock(null, Gaussians(CENTERS, 20.0), events=null.pool.scores, ridges=(0.3,))


def marginals(null: Null) -> Block:
    return MarginalBlock(null, orders=(1, 3, 8), ridge=0.3)


def pairs(null: Null) -> Block:
    return PairBlock(null, degree=2)


def scan(null: Null) -> Block:
    return ScanBlock(null, CENTERS, n_events=30, seed=0)


@pytest.mark.parametrize("make", [kernels, wide_kernels, marginals, pairs, scan])
class TestBlock:
    @pytest.mark.parametrize("null", [PLAIN, WEIGHTED], ids=["relabelling", "multipliers"])
    def test_laws_have_the_moments_of_draws(self, make: Callable[[Null], Block], null: Null) -> None:
        """4,000 draws; a mean may be off by 5 of its errors, and a gamma law at its 90 % point by .02 or so."""
        block, drawn = make(null), null.draw(range(4_000), seed=5)
        t = block.statistics(block.sums(null.coefficients(drawn, slice(None)), slice(None)))
        log_p = block.log_p_values(t)
        assert t.shape == log_p.shape == (4_000, len(block.members))
        assert np.all(t >= 0.0) and np.all(log_p <= 0.0)
        share = np.mean(log_p < np.log(0.1), axis=0)
        assert np.all(np.abs(share - 0.1) < 0.045)
        if scale := getattr(block, "scale", None):
            n = scale.mean.size
            np.testing.assert_allclose(t[:, :n].mean(0), scale.mean, atol=5.0 * np.max(t.std(0)) / 4_000**0.5)
            np.testing.assert_allclose(t[:, :n].var(0), scale.variance, rtol=0.25)

    def test_sums_add_over_rows(self, make: Callable[[Null], Block]) -> None:
        block, c = make(PLAIN), PLAIN.observed[None]
        whole = block.sums(c, slice(None))
        parts = block.sums(c[:, :70], slice(0, 70)) + block.sums(c[:, 70:], slice(70, None))
        np.testing.assert_allclose(parts, whole, atol=1e-10)

    def test_no_coefficients_give_nothing(self, make: Callable[[Null], Block]) -> None:
        block = make(PLAIN)
        t = block.statistics(block.sums(np.zeros((1, PLAIN.pool.n_rows)), slice(None)))
        assert np.all(t == 0.0)
        np.testing.assert_allclose(block.log_p_values(t), 0.0, atol=1e-12)

    def test_a_sign_changes_nothing(self, make: Callable[[Null], Block]) -> None:
        block, c = make(PLAIN), PLAIN.observed[None]
        one, other = (block.statistics(block.sums(x, slice(None))) for x in (c, -c))
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_kernel_is_its_quadratic_form() -> None:
    """t = b^T (H + 2 ridge K)^-1 b, with every matrix written out."""
    block = kernels(PLAIN)
    k = Gaussians(CENTERS, 0.7).values(PLAIN.pool.standardized)
    k = k - PLAIN.pool.masses @ k / PLAIN.pool.masses.sum()
    hessian = (k * PLAIN.variances[:, None]).T @ k
    b = PLAIN.observed @ k
    penalty = Gaussians(CENTERS, 0.7).penalty()
    expected = [b @ np.linalg.solve(hessian + 2.0 * ridge * penalty, b) for ridge in (0.3, 0.03)]
    found = block.statistics(block.sums(PLAIN.observed[None], slice(None)))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_waves_see_a_discrete_feature_by_its_levels() -> None:
    """For two levels the whitened waves, however many, are one two-by-two table: t is its chi-square, nearly."""
    a, b = np.repeat([0.0, 1.0], [300, 200]), np.repeat([0.0, 1.0], [240, 260])
    null = Relabelling.of(Sample(a), Sample(b))
    block = MarginalBlock(null, orders=(1, 4), ridge=1e-6)
    t = block.statistics(block.sums(null.observed[None], slice(None)))[0]
    table = np.array([[300, 200], [240, 260]])
    expected = table.sum(0)[None] * table.sum(1)[:, None] / table.sum()
    chi2 = float(np.sum((table - expected) ** 2 / expected))
    np.testing.assert_allclose(t, chi2 * (table.sum() - 1) / table.sum(), rtol=1e-4)


def test_variances_of_sums_are_positive_with_tails_and_few_levels() -> None:
    """A pair of samples whose heavy products once made the variance of all pairs negative."""
    rng = np.random.default_rng([160, 4])
    a, b = (np.column_stack([rng.normal(size=n), rng.poisson(2.0, n)]) for n in (700, 300))
    null = Relabelling.of(Sample(a), Sample(b))
    block = PairBlock(null, degree=2)
    drawn = null.draw(range(4_000), seed=1)
    t = block.statistics(block.sums(null.coefficients(drawn, slice(None)), slice(None)))[:, 0]
    np.testing.assert_allclose([t.mean(), t.var()], [block.scale.mean[0], block.scale.variance[0]], rtol=0.15)


def test_an_estimated_variance_has_a_floor() -> None:
    traces = Traces(10.0, 4.0, 1e9)
    assert QuadraticScale.of(PLAIN, [traces], n_estimated=1).variance[0] == 4.0


def test_many_events_leave_no_direction_below_zero() -> None:
    """Rounding errors of thirty million events are larger than the penalty on Gaussians that nearly coincide."""
    events = np.random.default_rng(2).normal(size=(3_000, 2))
    null = Relabelling.of(Sample(events[:1_000]), Sample(events[1_000:]))
    pool = replace(null.pool, masses=np.full(null.pool.n_rows, 1e4))
    many = replace(null, pool=pool, counts=null.counts * 10_000)
    block = KernelBlock(many, Gaussians(events[:600], 2.0), events=pool.standardized, ridges=(0.3, 0.01))
    assert np.all(np.isfinite(block.scale.mean)) and np.all(block.scale.mean > 1.0)

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from wilks.errors import InputError
from wilks.nuisances import (
    Auxiliary,
    Gaussian,
    LogNormal,
    Nuisance,
    Nuisances,
    PoissonCount,
    Unconstrained,
    normalization,
)
from wilks.nuisances.auxiliary import auxiliary_from_dict

from tests.lab.compilations import quick_jit

SIGMA = 0.1
VALUES = (-0.3, -0.1, 0.0, 0.02, 0.3)


class AuxiliaryContract:
    """What every auxiliary likelihood must do."""

    auxiliary: Auxiliary

    def log_ratio(self, nu: float, observed: float) -> float:
        return float(self.auxiliary.log_ratio(jnp.asarray(nu), jnp.asarray(observed), SIGMA))

    @pytest.mark.parametrize("centre", VALUES)
    def test_it_is_0_at_nu_0(self, centre: float) -> None:
        assert self.log_ratio(0.0, self.auxiliary.observed_at(centre)) == pytest.approx(0.0, abs=1e-12)

    @pytest.mark.parametrize("nu", VALUES)
    def test_estimate_is_the_inverse_of_observed_at(self, nu: float) -> None:
        assert self.auxiliary.estimate(self.auxiliary.observed_at(nu)) == pytest.approx(nu, abs=1e-12)

    @pytest.mark.parametrize(("centre", "nu"), list(itertools.product(VALUES, VALUES)))
    def test_nothing_is_more_likely_than_the_estimate(self, centre: float, nu: float) -> None:
        observed = self.auxiliary.observed_at(centre)
        assert self.log_ratio(nu, observed) <= self.log_ratio(centre, observed) + 1e-12

    def test_it_can_be_differentiated_twice(self) -> None:
        def of(nu: jax.Array) -> jax.Array:
            return self.auxiliary.log_ratio(nu, jnp.asarray(self.auxiliary.observed_at(0.05)), SIGMA)

        slope, bend = quick_jit(lambda nu: (jax.grad(of)(nu), jax.hessian(of)(nu)))(jnp.asarray(0.05))
        assert float(slope) == pytest.approx(0.0, abs=1e-12)
        assert np.isfinite(bend)

    def test_it_comes_back_from_its_dictionary(self) -> None:
        assert auxiliary_from_dict(self.auxiliary.to_dict()) == self.auxiliary


class ConstrainedContract(AuxiliaryContract):
    """What every auxiliary likelihood must do that knows something: its sampling law is the one of its likelihood."""

    def test_twice_the_log_ratio_to_the_truth_is_chi_square(self) -> None:
        # 2 log L(estimate)/L(truth) over 4000 draws; false-alarm rate 1e-3, for counts near their Gaussian limit.
        rng, truth = np.random.default_rng(7), 0.07
        draws = np.array([self.auxiliary.draw(rng, truth, SIGMA) for _ in range(4000)])
        estimates = np.array([self.auxiliary.estimate(a) for a in draws])
        of_each = jax.vmap(lambda nu, observed: self.auxiliary.log_ratio(nu, observed, SIGMA))
        ratios = 2 * (of_each(estimates, draws) - of_each(np.full(draws.size, truth), draws))
        assert stats.kstest(np.asarray(ratios), "chi2", (1,)).pvalue > 1e-3


class TestGaussian(ConstrainedContract):
    auxiliary = Gaussian()

    def test_the_formula_of_the_paper(self) -> None:
        nu, hat = 0.12, 0.05
        expected = -0.5 * ((hat - nu) / SIGMA) ** 2 + 0.5 * (hat / SIGMA) ** 2
        assert self.log_ratio(nu, hat) == pytest.approx(expected, abs=1e-14)


class TestLogNormal(ConstrainedContract):
    auxiliary = LogNormal()


class TestPoissonCount(ConstrainedContract):
    auxiliary = PoissonCount(40_000.0)

    def test_the_formula(self) -> None:
        auxiliary, count = PoissonCount(100.0), 110.0
        found = float(auxiliary.log_ratio(jnp.asarray(0.1), jnp.asarray(count), SIGMA))
        expected = stats.poisson.logpmf(110, 110.0) - stats.poisson.logpmf(110, 100.0)
        assert found == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("expected", [0, -1.0, float("nan"), float("inf"), "10"])
    def test_impossible_expectations_are_refused(self, expected: object) -> None:
        with pytest.raises(InputError, match="must be positive"):
            PoissonCount(expected)  # type: ignore[arg-type]


class TestUnconstrained(AuxiliaryContract):
    auxiliary = Unconstrained()

    @pytest.mark.parametrize("nu", VALUES)
    def test_estimate_is_the_inverse_of_observed_at(self, nu: float) -> None:
        """But of nothing: fits begin there, and those of toys must not know their truth."""
        assert self.auxiliary.estimate(self.auxiliary.observed_at(nu)) == 0.0


@pytest.mark.parametrize(
    ("auxiliary", "possible", "impossible"),
    [(PoissonCount(100.0), (0.0, 107.0, 106.5), (-1.0, -1e-9)), (LogNormal(), (-0.99, 3.0), (-1.0, -2.0))],
)
def test_what_cannot_have_been_measured_is_refused(auxiliary, possible, impossible) -> None:
    one = Nuisance("n", 0.1, log_ratio=normalization("n", sigma=0.1).log_ratio, auxiliary=auxiliary)
    for observed in possible:
        assert Nuisances((one,)).observed_values({"n": observed}).tolist() == [observed]
    for observed in impossible:
        with pytest.raises(InputError, match=r"of 'n' must be (0 or more|above -1), but -"):
            Nuisances((one,)).observed_values({"n": observed})
    with pytest.raises(InputError, match=r"of 'n' must be (0 or more|above -1), but -"):
        dataclasses.replace(one, center=-1.5)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="must be one of"):
        auxiliary_from_dict({"kind": "cauchy"})

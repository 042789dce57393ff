import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from wilks.errors import InputError
from wilks.nuisances import (
    Gaussian,
    LogNormal,
    LogYield,
    Nuisance,
    Nuisances,
    PoissonCount,
    Polynomial,
    Unconstrained,
    all_terms,
    correlated,
    monomials,
    normalization,
    require_finite_response,
)
from wilks.nuisances.documents import nuisances_from_dict

EVENTS = np.random.default_rng(1).exponential(size=(50, 2))


def tilt(events: jax.Array, nu: jax.Array) -> jax.Array:
    return nu * events[:, 0]


def bend(events: jax.Array, nu: jax.Array) -> jax.Array:
    return nu**2 * events[:, 1]


class Given(Polynomial):
    """Coefficients that are powers of the first feature."""

    kind = "given"

    def __init__(self, names: tuple[str, ...], order: int) -> None:
        self.names, self.terms = names, all_terms(len(names), order=order)

    def coefficients(self, events: np.ndarray) -> np.ndarray:
        return np.stack([events[:, 0] ** k for k in range(len(self.terms))], axis=1)

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind, "names": list(self.names)}


def two() -> Nuisances:
    return Nuisances((normalization("n", sigma=0.2), Nuisance("tilt", 0.1, log_ratio=tilt)))


def test_no_nuisance_is_the_empty_case() -> None:
    empty = Nuisances()
    assert len(empty) == 0 and not empty and empty.rows(EVENTS).shape == (50, 0)
    assert empty.observed.shape == empty.bounds[0].shape == empty.estimates(np.empty(0)).shape == (0,)


def test_formulas_add_up_in_the_users_units() -> None:
    found = two().log_ratio(EVENTS, {"tilt": 0.3, "n": 0.1})
    np.testing.assert_allclose(found, 0.1 + 0.3 * EVENTS[:, 0], rtol=1e-14)
    assert np.all(two().log_ratio(EVENTS, {}) == 0)


def test_a_learned_response_and_formulas_stand_side_by_side() -> None:
    names = ("a", "b")
    nuisances = Nuisances(
        (Nuisance("a", 0.1), Nuisance("tilt", 0.1, log_ratio=tilt), Nuisance("b", 0.5)), Given(names, 2)
    )
    nu = {"a": 0.2, "b": -0.3, "tilt": 0.1}
    terms = all_terms(2, order=2)
    expected = 0.1 * EVENTS[:, 0] + sum(
        EVENTS[:, 0] ** k * m for k, m in enumerate(monomials(np.array([0.2, -0.3]), terms))
    )
    np.testing.assert_allclose(nuisances.log_ratio(EVENTS, nu), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "order"), list(itertools.product((1, 2, 3), (1, 2, 3))))
def test_monomials_are_a_taylor_series(n: int, order: int) -> None:
    # Of exp(k . nu) with all derivatives k^term; the remainder is of the next order.
    k, nu = np.arange(1.0, n + 1) / 3, np.full(n, 0.05)
    terms = all_terms(n, order=order)
    series = 1 + sum(np.prod(k ** np.array(term)) * m for term, m in zip(terms, monomials(nu, terms), strict=True))
    size = float(k @ nu)
    assert abs(series - np.exp(size)) < 1.2 * size ** (order + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Nuisances((Nuisance("a", 0.1),)), "'a' has none"),
        (lambda: Nuisances((Nuisance("a", 0.1, log_ratio=tilt),), Given(("a",), 1)), "'a' has a log_ratio and a"),
        (lambda: Nuisances((Nuisance("a", 0.1),), Given(("b",), 1)), "but 'b' came"),
        (lambda: Nuisances((normalization("a", sigma=1),) * 2), "'a' comes 2 times"),
        (lambda: Nuisances(("a",)), "must be wilks.Nuisance"),
        (lambda: two().values({"c": 1.0}), "but 'c' came"),
        (lambda: two().values({"n": float("nan")}), "must be a finite number"),
        (lambda: two().observed_values({"n": "big"}), "must be a finite number"),
    ],
)
def test_what_cannot_be_is_refused(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_observed_values_default_to_those_of_the_real_data() -> None:
    nuisances = Nuisances((normalization("n", sigma=0.1, center=0.3), normalization("m", sigma=0.1)))
    assert nuisances.observed_values({"m": 0.2}).tolist() == [0.3, 0.2]
    assert nuisances.observed_values({}).tolist() == [0.3, 0.0]


class TestCorrelation:
    covariance = np.array([[0.04, 0.012], [0.012, 0.01]])

    def test_it_is_the_multivariate_normal(self) -> None:
        nuisances = correlated(two(), covariance=self.covariance)
        nu, observed = np.array([0.1, -0.05]), np.array([0.3, 0.02])
        law = stats.multivariate_normal(cov=self.covariance)
        expected = law.logpdf(observed - nu) - law.logpdf(observed)
        found = nuisances.auxiliary_log_ratio(jnp.asarray(nu / nuisances.sigmas), jnp.asarray(observed))
        assert float(found) == pytest.approx(expected, rel=1e-10)

    def test_draws_have_the_covariance(self) -> None:
        # 20,000 draws; five standard deviations.
        nuisances, rng = correlated(two(), covariance=self.covariance), np.random.default_rng(1)
        draws = np.array([nuisances.draw_observed(rng, np.array([1.0, 2.0])) for _ in range(20_000)])
        np.testing.assert_allclose(draws.mean(axis=0), [1.0, 2.0], atol=5 * 0.2 / np.sqrt(20_000))
        np.testing.assert_allclose(np.cov(draws.T), self.covariance, atol=5 * 0.04 * np.sqrt(2 / 20_000))

    def test_without_correlation_it_is_the_product(self) -> None:
        z, observed = jnp.asarray([0.3, -1.0]), jnp.asarray([0.1, 0.2])
        alone = two().auxiliary_log_ratio(z, observed)
        both = correlated(two(), covariance=np.diag(np.diag(self.covariance))).auxiliary_log_ratio(z, observed)
        assert float(alone) == pytest.approx(float(both), rel=1e-12)

    @pytest.mark.parametrize(
        ("covariance", "message"),
        [
            ([[0.04]], "must be a matrix"),
            ([[0.05, 0.0], [0.0, 0.01]], "squares of the sigmas"),
            ([[0.04, 0.02], [0.02, 0.01]], "positive definite"),
            ([[0.04, 0.01], [0.012, 0.01]], "symmetric"),
            ([[0.04, float("nan")], [float("nan"), 0.01]], "finite"),
        ],
    )
    def test_matrices_that_are_no_covariance_are_refused(self, covariance, message: str) -> None:
        with pytest.raises(InputError, match=message):
            correlated(two(), covariance=covariance)

    @pytest.mark.parametrize("auxiliary", [LogNormal(), PoissonCount(100.0), Unconstrained()])
    def test_only_gaussians_may_be_correlated(self, auxiliary) -> None:
        given = (normalization("n", sigma=0.2), Nuisance("t", 0.1, log_ratio=tilt, auxiliary=auxiliary))
        with pytest.raises(InputError, match="only Gaussian"):
            correlated(given, covariance=self.covariance)


def test_bounds_keep_factors_positive_and_reach_ten_sigma() -> None:
    nuisances = Nuisances(
        (
            normalization("g", sigma=0.1),
            Nuisance("l", 0.5, log_ratio=tilt, auxiliary=LogNormal()),
            Nuisance("p", log_ratio=bend, auxiliary=PoissonCount(4.0)),
        )
    )
    lower, upper = nuisances.bounds
    np.testing.assert_allclose(lower, [-10.0, -2.0, -2.0], atol=1e-6)
    assert upper.tolist() == [10.0] * 3


def test_they_come_back_from_their_dictionary() -> None:
    given = correlated(
        (normalization("n", sigma=0.2, center=0.1), Nuisance("m", 0.1, log_ratio="numpy:dot", auxiliary=Gaussian())),
        covariance=[[0.04, 0.012], [0.012, 0.01]],
    )
    back = nuisances_from_dict(given.to_dict())
    assert back.to_dict() == given.to_dict() and back.parameters == given.parameters


def test_a_yield_covers_the_learned_response_alone() -> None:
    response = Given(("a",), 1)
    log_yield = LogYield(("a",), ((1,), (2,)), (0.5, -0.2))
    nuisances = Nuisances((normalization("n", sigma=0.1), Nuisance("a", 0.2)), response, log_yield)
    z = jnp.asarray([3.0, 1.5])
    assert float(nuisances.effect(1).log_yield_ratio(z)) == pytest.approx(0.5 * 0.3 - 0.1 * 0.3**2)
    assert LogYield.from_dict(log_yield.to_dict()) == log_yield
    with pytest.raises(InputError, match="the yield must name"):
        Nuisances((normalization("n", sigma=0.1),), None, log_yield)


class TestFiniteResponse:
    def refused(self, log_ratio) -> str:
        nuisances = Nuisances((Nuisance("scale", 0.5, log_ratio=log_ratio),))
        with pytest.raises(InputError) as caught:
            require_finite_response(nuisances, EVENTS, role="the reference")
        return str(caught.value)

    def test_nan_somewhere_is_named(self) -> None:
        message = self.refused(lambda events, nu: nu * jnp.log(events[:, 0] - 1.0))
        assert "at scale = -0.5 it is nan for" in message and "of the reference" in message

    def test_a_response_that_is_not_0_at_0_is_refused(self) -> None:
        assert "must be 0 where all nuisances are 0" in self.refused(lambda events, nu: nu + events[:, 0])

    @pytest.mark.parametrize("log_ratio", [lambda events, nu: events, lambda events: events, lambda e, nu: nu / "a"])
    def test_a_formula_of_another_shape_is_refused(self, log_ratio) -> None:
        assert "one number for each event" in self.refused(log_ratio)

    def test_a_good_one_passes(self) -> None:
        require_finite_response(two(), EVENTS, role="the reference")
        require_finite_response(Nuisances(), EVENTS, role="the reference")
        require_finite_response(two(), EVENTS[:0], role="the data")

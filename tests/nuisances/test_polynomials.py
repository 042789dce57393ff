"""The contract that every polynomial response keeps."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from wilks.nuisances import (
    BinnedPolynomial,
    LearnedPolynomial,
    NetworkInputs,
    Polynomial,
    all_terms,
    response_from_dict,
)
from wilks.nuisances.taylor import n_network_params
from wilks.samples import Standardization
from wilks.typing import FloatArray

from tests.lab.compilations import quick_jit

TERMS = all_terms(2, order=2)


class PolynomialContract:
    """What every polynomial response promises; subclasses give one of two features and two nuisances."""

    response: Polynomial

    def events(self, n: int = 60) -> FloatArray:
        return np.random.default_rng(1).normal(size=(n, 2)) * 3.0

    def log_ratio(self, nu: FloatArray, events: FloatArray) -> FloatArray:
        rows = jnp.asarray(self.response.rows(events).T)
        return np.asarray(self.response.column_log_ratio(jnp.asarray(nu), rows))

    def test_log_r_is_zero_without_nuisances(self) -> None:
        np.testing.assert_array_equal(self.log_ratio(np.zeros(2), self.events()), 0.0)

    def test_coefficients_are_the_derivatives_at_zero(self) -> None:
        events = self.events(5)
        rows, terms = self.response.rows(events), list(self.response.terms)
        columns = jnp.asarray(rows.T)
        gradient = quick_jit(jax.jacfwd(self.response.column_log_ratio))(jnp.zeros(2), columns)
        np.testing.assert_allclose(gradient, rows[:, [terms.index((1, 0)), terms.index((0, 1))]], rtol=1e-12)
        second = quick_jit(jax.hessian(self.response.column_log_ratio))(jnp.zeros(2), columns)
        np.testing.assert_allclose(second[:, 0, 1], rows[:, terms.index((1, 1))], rtol=1e-12)
        np.testing.assert_allclose(second[:, 1, 1], rows[:, terms.index((0, 2))], rtol=1e-12)

    def test_each_event_is_evaluated_by_itself(self) -> None:
        events = self.events()
        together = self.response.rows(events)
        alone = np.concatenate([self.response.rows(event[None]) for event in events])
        np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-13)

    def test_no_events_have_rows_of_the_same_width(self) -> None:
        assert self.response.rows(np.empty((0, 2))).shape == (0, len(self.response.terms))

    @pytest.mark.parametrize("value", [1e308, -1e308, 1e-308, 0.0])
    def test_coefficients_are_finite_for_any_event(self, value: float) -> None:
        assert np.all(np.isfinite(self.response.rows(np.array([[value, 1.0], [1.0, value], [value, value]]))))

    def test_json_brings_back_the_same_numbers(self) -> None:
        again = response_from_dict(json.loads(json.dumps(self.response.to_dict())))
        assert type(again) is type(self.response) and again.names == self.response.names
        assert again.terms == self.response.terms and again.to_dict() == self.response.to_dict()
        np.testing.assert_array_equal(again.rows(self.events()), self.response.rows(self.events()))


def learned(hidden: tuple[int, ...], activation: str, formulas: tuple[str, ...] = ()) -> LearnedPolynomial:
    n = 2 + len(formulas)
    unit = Standardization(np.linspace(-0.5, 0.5, n), np.linspace(0.5, 2.0, n))
    inputs = NetworkInputs(("a", "b"), formulas, unit, np.full(n, -4.0), np.full(n, 4.0))
    params = np.random.default_rng(0).normal(size=(2, n_network_params(n, hidden, len(TERMS))))
    return LearnedPolynomial(("one", "two"), TERMS, inputs, hidden, activation, params)


class TestLearned(PolynomialContract):
    response = learned((3,), "tanh")


class TestLearnedDeep(PolynomialContract):
    response = learned((4, 3), "relu", ("sqrt(a**2 + b**2)",))


class TestLearnedLinear(PolynomialContract):
    response = learned((), "softplus", ("log(a)",))


class TestBinned(PolynomialContract):
    response = BinnedPolynomial(
        ("one", "two"), TERMS, (1, 0), ([-1.0, 0.0, 3.0], [-2.0, 2.0]), np.arange(2.0 * len(TERMS)).reshape(2, -1)
    )

"""The network, and the contract that every model in a box keeps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.statistics import statistic_from_dict
from wilks.statistics.network import MLP, NetworkModel
from wilks.statistics.network.mlp import ACTIVATIONS
from wilks.statistics.network.perceptron import ACTIVATION_OF
from wilks.typing import FloatArray

from tests.lab.compilations import quick_jit


class ModelContract:
    """What every model promises; subclasses give models and the number of features."""

    model: NetworkModel
    n_features: int

    def params(self, seed: int = 0) -> FloatArray:
        lower, upper = self.model.bounds(self.n_features)
        return np.random.default_rng(seed).uniform(np.maximum(lower, -2.0), np.minimum(upper, 2.0))

    def events(self, n: int = 50) -> FloatArray:
        return np.random.default_rng(1).normal(size=(n, self.n_features))

    def test_bounds_have_one_entry_for_each_parameter(self) -> None:
        lower, upper = self.model.bounds(self.n_features)
        assert lower.shape == upper.shape == (self.model.n_parameters(self.n_features),)
        assert np.all(lower < upper)

    def test_each_event_is_evaluated_by_itself(self) -> None:
        events = self.events()
        together = self.model.log_ratio(self.params(), events)
        alone = [self.model.log_ratio(self.params(), event[None])[0] for event in events]
        np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)

    def test_starting_points_lie_in_the_box_and_depend_on_the_generator_alone(self) -> None:
        lower, upper = self.model.bounds(self.n_features)
        points = [self.model.starting_points(np.random.default_rng(3), 7, events=self.events()) for _ in range(2)]
        assert points[0].shape == (7, lower.size)
        np.testing.assert_array_equal(points[0], points[1])
        assert np.all(points[0] >= lower) and np.all(points[0] <= upper)

    @pytest.mark.parametrize("n", [0, 1])
    def test_starting_points_exist_for_few_events(self, n: int) -> None:
        points = self.model.starting_points(np.random.default_rng(3), 3, events=self.events(n))
        assert np.all(np.isfinite(points))

    def test_dict_makes_an_equal_model(self) -> None:
        again = statistic_from_dict(self.model.to_dict())
        assert again == self.model
        assert hash(again) == hash(self.model)

    def test_derivatives_are_finite_in_the_box(self) -> None:
        columns = jnp.asarray(self.events().T)
        gradient = quick_jit(jax.jacrev(lambda w: self.model.column_log_ratio(w, columns)))(jnp.asarray(self.params()))
        assert np.all(np.isfinite(gradient))

    def test_derivatives_are_those_of_automatic_differentiation(self) -> None:
        params, columns = jnp.asarray(self.params()), jnp.asarray(self.events().T)
        coefficients = jnp.asarray(np.random.default_rng(2).normal(size=columns.shape[1]))
        own = quick_jit(lambda w: self.derivatives(type(self.model), w, columns, coefficients))
        automatic = quick_jit(lambda w: self.derivatives(NetworkModel, w, columns, coefficients))
        (jacobian, curvature), (expected, bent) = own(params), automatic(params)
        np.testing.assert_allclose(jacobian, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(curvature, bent, rtol=1e-9, atol=1e-9 * float(jnp.max(jnp.abs(bent))))

    def derivatives(self, kind: type[NetworkModel], *at: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Jacobian and curvature as ``kind`` computes them."""
        return kind.column_jacobian(self.model, *at[:2]), kind.column_curvature(self.model, *at)

    def test_params_of_another_length_are_refused(self) -> None:
        with pytest.raises(InputError, match="params must be"):
            self.model.log_ratio(self.params()[:-1], self.events())


class TestPublishedNetwork(ModelContract):
    model = MLP(hidden=(4,), weight_clip=9.0)
    n_features = 1


class TestDeepNetwork(ModelContract):
    model = MLP(hidden=(5, 5, 5), weight_clip=2.16)
    n_features = 5


class TestDeepTanhNetwork(ModelContract):
    model = MLP(hidden=(4, 3, 2, 3), weight_clip=2.0, activation="tanh")
    n_features = 3


class TestSiluNetwork(ModelContract):
    model = MLP(hidden=(3, 4), weight_clip=2.0, activation="silu")
    n_features = 2


class TestSoftplusNetwork(ModelContract):
    model = MLP(hidden=(3, 2), weight_clip=1.0, activation="softplus")
    n_features = 2


def test_a_subclass_that_writes_f_anew_may_ask_its_base() -> None:
    class Halved(MLP):
        def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
            return 0.5 * super().column_log_ratio(params, columns)

        def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
            return 0.5 * super().column_jacobian(params, columns)

        def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
            return 0.5 * super().column_curvature(params, columns, coefficients)

    base, halved = MLP(hidden=(3,), weight_clip=2.0), Halved(hidden=(3,), weight_clip=2.0)
    assert halved.structure is halved
    rng = np.random.default_rng(0)
    params, columns, coefficients = (jnp.asarray(rng.normal(size=size)) for size in (13, (2, 5), 5))
    for name, more in {"log_ratio": (), "jacobian": (), "curvature": (coefficients,)}.items():
        whole, half = (quick_jit(getattr(one, f"column_{name}"))(params, columns, *more) for one in (base, halved))
        np.testing.assert_array_equal(half, 0.5 * whole)


@pytest.mark.parametrize(
    ("hidden", "n_features", "expected"),
    [((4,), 1, 13), ((5, 5, 5), 5, 96), ((10, 10), 5, 181), ((50,), 5, 351), ((7, 7), 5, 106), ((16, 16), 7, 417)],
)
def test_number_of_parameters_is_as_published(hidden: tuple[int, ...], n_features: int, expected: int) -> None:
    assert MLP(hidden=hidden).n_parameters(n_features) == expected


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_network_is_the_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = MLP(hidden=(3, 2), weight_clip=2.0)
    params, events = rng.uniform(-2, 2, model.n_parameters(2)), rng.normal(size=(4, 2))
    first, first_bias, rest = params[:6].reshape(3, 2), params[6:9], params[9:]
    second, second_bias, rest = rest[:6].reshape(2, 3), rest[6:8], rest[8:]

    def sigmoid(z: FloatArray) -> FloatArray:
        return 1 / (1 + np.exp(-z))

    hidden = sigmoid(sigmoid(events @ first.T + first_bias) @ second.T + second_bias)
    np.testing.assert_allclose(model.log_ratio(params, events), hidden @ rest[:2] + rest[2], rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": ()}, "at least one layer"),
        ({"hidden": (4, 0)}, "1 or more neurons"),
        ({"hidden": (2.5,)}, "1 or more neurons"),
        ({"hidden": 4}, "must be a list"),
        ({"weight_clip": 0.0}, "weight_clip must be a positive number"),
        ({"weight_clip": float("inf")}, "weight_clip must be a positive number"),
        ({"activation": "relu"}, "activation must be one of sigmoid"),
    ],
)
def test_options_outside_their_limits_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MLP(**options)  # type: ignore[arg-type]


def test_every_activation_that_may_be_named_is_there() -> None:
    assert tuple(ACTIVATION_OF) == ACTIVATIONS

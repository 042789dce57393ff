"""Networks that give Taylor coefficients."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.nuisances import LearnedPolynomial, NetworkInputs, all_terms
from wilks.nuisances.taylor import ACTIVATIONS, n_network_params
from wilks.samples import Sample, Standardization


def inputs_of(formulas: tuple[str, ...] = ()) -> NetworkInputs:
    n = 2 + len(formulas)
    unit = Standardization(np.linspace(-0.5, 0.5, n), np.linspace(0.5, 2.0, n))
    return NetworkInputs(("a", "b"), formulas, unit, np.full(n, -4.0), np.full(n, 4.0))


def learned(
    hidden: tuple[int, ...] = (3,), activation: str = "tanh", formulas: tuple[str, ...] = (), seed: int = 0
) -> LearnedPolynomial:
    inputs, terms = inputs_of(formulas), all_terms(2, order=2)
    n = n_network_params(inputs.n_inputs, hidden, len(terms))
    params = np.random.default_rng(seed).normal(size=(2, n))
    return LearnedPolynomial(("one", "two"), terms, inputs, hidden, activation, params)


def test_the_formula_of_one_layer() -> None:
    response = learned((3,))
    events = np.array([[0.3, -1.0]])
    a = response.inputs.columns(events)[:, 0]
    expected = np.zeros(5)
    for params in response.params:
        inner = np.tanh(params[:6].reshape(3, 2) @ a + params[6:9])
        expected += params[9:24].reshape(5, 3) @ inner + params[24:29] + params[29:].reshape(5, 2) @ a
    np.testing.assert_allclose(response.coefficients(events)[0], expected / 2, rtol=1e-12)


def test_many_events_are_evaluated_in_blocks() -> None:
    response = learned()
    events = np.random.default_rng(0).normal(size=(20_000, 2))
    parts = np.concatenate([response.coefficients(one) for one in np.split(events, 7_000 * np.arange(1, 3))])
    np.testing.assert_allclose(response.coefficients(events), parts, rtol=1e-12, atol=1e-13)


@given(st.floats(4.0, 1e6), st.sampled_from(sorted(ACTIVATIONS)))
@settings(deadline=None, max_examples=25)
def test_beyond_its_range_a_response_stays_where_it_is(far: float, activation: str) -> None:
    response = learned(activation=activation)
    edge = response.inputs.standardization.scale * 4.0 + response.inputs.standardization.shift
    beyond = response.inputs.standardization.scale * far + response.inputs.standardization.shift
    np.testing.assert_allclose(response.coefficients(beyond[None]), response.coefficients(edge[None]), rtol=1e-9)


def test_inputs_come_from_the_training_samples() -> None:
    central = Sample([[0.0, 1.0], [2.0, 5.0]], features=("a", "b"))
    other = Sample([[4.0, 1.0]], features=("a", "b"))
    inputs = NetworkInputs.of([central, other], ["a*b"])
    np.testing.assert_allclose(inputs.standardization.shift, [1.0, 3.0, 5.0])
    np.testing.assert_allclose(inputs.lower, [-3.0, -2.0, -2.0])
    np.testing.assert_allclose(inputs.upper, [5.0, 2.0, 2.0])
    np.testing.assert_allclose(inputs.columns(central.events), [[-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]])
    assert NetworkInputs.from_dict(json.loads(json.dumps(inputs.to_dict()))).to_dict() == inputs.to_dict()


def test_bad_inputs() -> None:
    sample = Sample([[0.0, 1.0], [2.0, 5.0]], features=("a", "b"))
    with pytest.raises(InputError, match=r"formula of the features \(a, b\), but 'mass \+ a' uses 'mass'"):
        NetworkInputs(("a", "b"), ("mass + a",), Standardization.identity(3), np.zeros(3), np.ones(3))
    with pytest.raises(InputError, match=r"'1/a' must be finite for every event"):
        NetworkInputs.of([sample], ["1/a"])
    with pytest.raises(InputError, match="one number for each of 2 inputs"):
        NetworkInputs(("a", "b"), (), Standardization.identity(1), np.zeros(1), np.ones(1))
    with pytest.raises(InputError, match=r"must have the 2 features, but their shape is \(4, 3\)"):
        learned().rows(np.zeros((4, 3)))


def test_bad_networks() -> None:
    inputs = inputs_of()
    with pytest.raises(InputError, match="activation must be one of tanh, softplus, relu, but 'sine' came"):
        LearnedPolynomial(("one",), ((1,),), inputs, (), "sine", np.zeros((1, 3)))
    with pytest.raises(InputError, match=r"shape \(networks, 3\), but their shape is \(1, 4\)"):
        LearnedPolynomial(("one",), ((1,),), inputs, (), "tanh", np.zeros((1, 4)))
    with pytest.raises(InputError, match="params must be finite"):
        LearnedPolynomial(("one",), ((1,),), inputs, (), "tanh", np.full((1, 3), np.nan))

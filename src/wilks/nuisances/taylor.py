"""Taylor coefficients of log r that networks learned from varied samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError
from wilks.nuisances.inputs import NetworkInputs
from wilks.nuisances.response import Polynomial, Term
from wilks.typing import FloatArray

_BLOCK = 8192


def _relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, 0.0)


def _softplus(z: FloatArray) -> FloatArray:
    return np.logaddexp(0.0, z)


ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {"tanh": np.tanh, "softplus": _softplus, "relu": _relu}


@dataclass(frozen=True, eq=False)
class LearnedPolynomial(Polynomial):
    """Coefficients c(x) = V a_L + b + S a_0 of networks with one output for each term, averaged over the networks.

    a_0 are the inputs and a_l = activation(W_l a_{l-1} + b_l). The matrix S leads from the inputs straight to the
    outputs, so that what is linear in a feature needs no neurons. Outside the range of the inputs each coefficient
    stays where it is on the edge, so that it is finite everywhere.

    Args:
        names: of the nuisances.
        terms: one for each output.
        inputs: what the networks see of an event.
        hidden: neurons of each hidden layer.
        activation: tanh, softplus or relu.
        params: (networks, p): W_1 row by row, b_1, ..., V, b, S of each network.

    Raises:
        InputError: an activation or a number of parameters that does not belong to such networks.

    >>> from wilks.samples import Standardization
    >>> inputs = NetworkInputs(("x",), (), Standardization([0.0], [1.0]), [-2.0], [9.0])
    >>> line = LearnedPolynomial(("scale",), ((1,),), inputs, (), "tanh", [[-1.0, 1.0]])
    >>> line.coefficients(np.array([[0.0], [3.0], [1e300]])).ravel().tolist()
    [-1.0, 2.0, 8.0]
    """

    names: tuple[str, ...]
    terms: tuple[Term, ...]
    inputs: NetworkInputs
    hidden: tuple[int, ...]
    activation: str
    params: FloatArray
    kind = "learned_polynomial"

    def __post_init__(self) -> None:
        values = np.array(self.params, dtype=np.float64)
        values.setflags(write=False)
        object.__setattr__(self, "params", values)
        if self.activation not in ACTIVATIONS:
            raise InputError(f"activation must be one of {', '.join(ACTIVATIONS)}, but {self.activation!r} came")
        expected = n_network_params(self.inputs.n_inputs, self.hidden, len(self.terms))
        if values.ndim != 2 or not len(values) or values.shape[1] != expected or not np.all(np.isfinite(values)):
            raise InputError(
                f"params must be finite with the shape (networks, {expected}), but their shape is {values.shape}"
            )

    def coefficients(self, events: FloatArray) -> FloatArray:
        n_terms, activation = len(self.terms), ACTIVATIONS[self.activation]
        total = np.zeros((events.shape[0], n_terms))
        # In blocks, so that memory does not grow with the sample; an empty one checks the number of features.
        for first in range(0, max(1, events.shape[0]), _BLOCK):
            block = slice(first, first + _BLOCK)
            columns = self.inputs.columns(events[block])
            for params in self.params:
                total[block] += network(params, columns, self.hidden, n_terms, activation).T
        return total / len(self.params)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "names": list(self.names),
            "terms": [list(term) for term in self.terms],
            "inputs": self.inputs.to_dict(),
            "hidden": list(self.hidden),
            "activation": self.activation,
            "params": self.params.tolist(),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "LearnedPolynomial":
        """The inverse of `to_dict`."""
        return cls(
            names=tuple(document["names"]),
            terms=tuple(tuple(term) for term in document["terms"]),
            inputs=NetworkInputs.from_dict(document["inputs"]),
            hidden=tuple(document["hidden"]),
            activation=document["activation"],
            params=document["params"],
        )


def network(params: Any, columns: Any, hidden: Sequence[int], n_outputs: int, activation: Callable[[Any], Any]) -> Any:
    """Outputs (k, n) of one network for inputs (d, n), of numpy or JAX."""
    (*layers, (matrix, biases)), skip = _layers(params, columns.shape[0], hidden, n_outputs)
    a = columns if hidden else columns[:0]
    for inner, inner_biases in layers:
        a = activation(inner @ a + inner_biases[:, None])
    return matrix @ a + biases[:, None] + skip @ columns


def _layers(params: Any, n_features: int, hidden: Sequence[int], n_outputs: int) -> tuple[list[tuple[Any, Any]], Any]:
    layers, first = [], 0
    for n_out, n_in in layer_shapes(n_features, hidden, n_outputs):
        middle, end = first + n_out * n_in, first + n_out * (n_in + 1)
        layers.append((params[first:middle].reshape(n_out, n_in), params[middle:end]))
        first = end
    return layers, params[first:].reshape(n_outputs, n_features)


def layer_shapes(n_features: int, hidden: Sequence[int], n_outputs: int) -> tuple[tuple[int, int], ...]:
    """(outputs, inputs) of each layer; without hidden layers the last one has no inputs."""
    inner = tuple(zip(hidden, (n_features, *hidden), strict=False))
    return (*inner, (n_outputs, hidden[-1] if hidden else 0))


def n_network_params(n_features: int, hidden: Sequence[int], n_outputs: int) -> int:
    """Length of the parameters of one network.

    >>> n_network_params(1, (4,), 2), n_network_params(1, (), 1)
    (20, 2)
    """
    shapes = layer_shapes(n_features, hidden, n_outputs)
    return sum(n_out * (n_in + 1) for n_out, n_in in shapes) + n_outputs * n_features

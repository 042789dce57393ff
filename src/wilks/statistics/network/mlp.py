"""Fully connected networks with every weight and bias in a box."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from wilks import lazy
from wilks.errors import InputError
from wilks.statistics.network.model import NetworkModel
from wilks.statistics.words import Words
from wilks.typing import Count, FloatArray, Positive, check_options, is_number

if TYPE_CHECKING:
    import jax

    from wilks.statistics.network import perceptron
else:
    perceptron = lazy.Module("wilks.statistics.network.perceptron")

ACTIVATIONS = ("sigmoid", "tanh", "softplus", "silu")

_TAIL_DECADES = 3.3


@dataclass(frozen=True)
class MLP(NetworkModel):
    """A multilayer perceptron, f = W_L a_{L-1} + b_L with a_l = activation(W_l a_{l-1} + b_l) and a_0 = x.

    Every weight and bias obeys ``|w_i| <= weight_clip`` ("weight clipping", section 3.1 of "Learning New Physics
    from an Imperfect Machine"). The parameter vector holds W_1 row by row, b_1, W_2, b_2, ...

    Args:
        hidden: neurons of each hidden layer, at least one layer.
        weight_clip: bound W of every weight and bias, ``|w| <= W``.
        activation: of the hidden layers: sigmoid (as published), tanh, softplus or silu; smooth, since the fit is
            certified by its Hessian.

    Raises:
        InputError: an option outside these limits.

    >>> MLP(hidden=(4,), weight_clip=9.0).n_parameters(1)
    13
    >>> MLP(hidden=(5, 5, 5), weight_clip=2.16).describe()
    '(5,5,5) sigmoid network, |w| <= 2.16'
    """

    hidden: tuple[Count, ...] = (4,)
    weight_clip: Positive = 9.0
    activation: str = "sigmoid"
    kind: ClassVar[str] = "mlp"
    summary: ClassVar[str] = "A multilayer perceptron whose weights and biases are bounded."
    version: ClassVar[int] = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", _checked_hidden(self.hidden))
        check_options(self)
        if self.activation not in ACTIVATIONS:
            raise InputError(f"activation must be one of {', '.join(ACTIVATIONS)}, but {self.activation!r} came")

    @property
    def structure(self) -> perceptron.Perceptron:
        """f without its box: networks that differ in nothing else share their compiled programs."""
        return self._perceptron

    @property
    def _perceptron(self) -> perceptron.Perceptron:
        """f, also where a subclass that writes it anew, and is its own structure, asks for that of its base."""
        return perceptron.Perceptron(self.hidden, self.activation)

    def layer_shapes(self, n_features: int) -> tuple[tuple[int, int], ...]:
        """(outputs, inputs) of each layer.

        >>> MLP(hidden=(4,)).layer_shapes(1)
        ((4, 1), (1, 4))
        """
        return self._perceptron.layer_shapes(n_features)

    def n_parameters(self, n_features: int) -> int:
        return self._perceptron.n_parameters(n_features)

    def bounds(self, n_features: int) -> tuple[FloatArray, FloatArray]:
        upper = np.full(self.n_parameters(n_features), self.weight_clip)
        return -upper, upper

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return self._perceptron.column_log_ratio(params, columns)

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return self._perceptron.column_jacobian(params, columns)

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        return self._perceptron.column_curvature(params, columns, coefficients)

    def starting_points(self, rng: np.random.Generator, n_starts: int, *, events: FloatArray) -> FloatArray:
        """Where a search begins; what is best depends on the number of hidden layers.

        One: neurons with kinks at quantiles of the data and slopes across the box; small output weights. Half of the
        starts take uniform quantiles, half those of the upper tail, because a resonance in a sparse tail is found only
        from a kink near it. A neuron whose kink cannot be reached with its slope keeps the kink and lowers the slope.

        More: weights and biases uniform within sqrt(6 / (inputs + outputs)) of their layer (Glorot), as in published
        trainings. Their ends scatter more than those from kinks, and so does the best of them.
        """
        begin = self._kinked_point if len(self.hidden) == 1 else self._glorot_point
        return np.array([begin(rng, events) for _ in range(n_starts)])

    def flat_point(self, rng: np.random.Generator, *, events: FloatArray) -> FloatArray:
        """A starting point whose last layer is 0."""
        point: FloatArray = self.starting_points(rng, 1, events=events)[0]
        point[-(self.hidden[-1] + 1) :] = 0.0
        return point

    def _glorot_point(self, rng: np.random.Generator, events: FloatArray) -> FloatArray:
        parts = []
        for n_out, n_in in self.layer_shapes(events.shape[1]):
            limit = min(self.weight_clip, np.sqrt(6.0 / (n_in + n_out)))
            parts.append(rng.uniform(-limit, limit, size=n_out * (n_in + 1)))
        return np.concatenate(parts)

    def _kinked_point(self, rng: np.random.Generator, events: FloatArray) -> FloatArray:
        clip = self.weight_clip
        (n_first, n_features), _ = self.layer_shapes(events.shape[1])
        slopes = _directions(rng, n_first, n_features) * clip * 10 ** rng.uniform(-1.0, 0.0, size=(n_first, 1))
        biases = -np.sum(slopes * _kinks(rng, events, n_first), axis=1)
        reach = np.minimum(1.0, clip / np.maximum(np.abs(biases), 1e-300))
        output = rng.uniform(-0.5, 0.5, size=n_first)
        parts = [(slopes * reach[:, None]).ravel(), biases * reach, output, [-0.5 * output.sum()]]
        start: FloatArray = np.clip(np.concatenate(parts), -clip, clip)
        return start

    def portable(self, params: FloatArray) -> dict[str, Any]:
        if type(self).column_log_ratio is not MLP.column_log_ratio:  # a subclass has another f
            return super().portable(params)
        n_features = n_inputs(np.size(params), self.hidden)
        self._check_params(params, n_features)
        layers, first = [], 0
        for n_out, n_in in self.layer_shapes(n_features):
            middle, last = first + n_out * n_in, first + n_out * (n_in + 1)
            weights = np.reshape(params[first:middle], (n_out, n_in))
            layers.append({"weights": weights.tolist(), "biases": params[middle:last].tolist()})
            first = last
        return {"form": "network", "activation": self.activation, "layers": layers}

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "mlp",
            "hidden": list(self.hidden),
            "weight_clip": self.weight_clip,
            "activation": self.activation,
        }

    def describe(self) -> str:
        layers = ",".join(str(n) for n in self.hidden)
        return f"({layers}) {self.activation} network, |w| <= {self.weight_clip:g}"

    def words(self, *, is_profiled: bool) -> Words:
        profiled = ("t = τ − Δ,   τ = −2 min L[w, ν],   Δ = −2 min L[0, ν]",)
        return Words(
            formulas=profiled if is_profiled else ("t = −2 min L[w]",),
            sentences=(
                f"f is the network below, its parameters w kept within their box, |w| ≤ {self.weight_clip:g}.",
                "The factor −2 makes t twice a maximum of that logarithm, the convention of Wilks’ theorem"
                + (": τ is over w and all nuisances, Δ over the nuisances alone (f = 0)." if is_profiled else "."),
                "Large t means that the data are described better by some f than by the reference; t ≥ 0 since f = 0 "
                "is among the alternatives.",
            ),
            tau="-2 min L over all parameters",
            decrement="in units of t: how much a Newton step on the free parameters could still gain",
            residual="largest violation of the conditions of a minimum in the box",
            is_searched=True,
        )


def n_inputs(n_parameters: int, hidden: tuple[int, ...]) -> int:
    """How many features a network of so many parameters has.

    >>> n_inputs(13, (4,)), n_inputs(96, (5, 5, 5))
    (1, 5)
    """
    sizes = (*hidden, 1)
    rest = sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))
    return (n_parameters - rest) // hidden[0] - 1


def _checked_hidden(hidden: object) -> tuple[int, ...]:
    if isinstance(hidden, str) or not isinstance(hidden, Iterable):
        raise InputError(f"hidden must be a list with the neurons of each hidden layer, but {hidden!r} came")
    layers = tuple(hidden)
    if not layers or not all(is_number(n) and float(n).is_integer() and n >= 1 for n in layers):
        raise InputError(f"hidden must hold at least one layer, each of 1 or more neurons, but {hidden!r} came")
    return tuple(int(n) for n in layers)


def _directions(rng: np.random.Generator, n_first: int, n_features: int) -> FloatArray:
    """Random directions with their largest component of size 1, shape (n_first, d)."""
    normal = rng.normal(size=(n_first, n_features))
    directions: FloatArray = normal / np.max(np.abs(normal), axis=1, keepdims=True)
    return directions


def _kinks(rng: np.random.Generator, events: FloatArray, n_first: int) -> FloatArray:
    """Points, shape (n_first, d), at quantiles of each feature: uniform, or log-uniform in the upper tail."""
    n_features = events.shape[1]
    uniform = rng.uniform(size=(n_first, n_features))
    in_tail = rng.uniform() < 0.5
    if events.shape[0] == 0:
        return np.zeros((n_first, n_features))
    levels = 1 - 10 ** (-_TAIL_DECADES * uniform) if in_tail else uniform
    return np.stack([np.quantile(events[:, j], levels[:, j]) for j in range(n_features)], axis=1)

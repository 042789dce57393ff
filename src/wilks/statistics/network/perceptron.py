"""A multilayer perceptron with closed forms of its first and second derivatives with respect to the parameters.

With z_l = W_l a_{l-1} + b_l, a_l = s(z_l) and f = z_L, and every bias the weight of one more input that is 1:

    df/dW_m[i, q]               =  delta_m[i] a_{m-1}[q],                      delta_m = df/dz_m
    d2f/dW_l[j, k] dW_m[i, q]   =  a_{l-1}[k] ( G_lm[j, i] a_{m-1}[q]  +  T_l,m-1[j, q] delta_m[i] )      for l <= m

    S_lm = dz_m/dz_l        T_lm = da_m/dz_l = S_lm s'(z_m)        G_lm = d2f/dz_l dz_m = S_lm G_mm

These are sums over events of products, hence products of matrices: several times cheaper than differentiating once
along each parameter. Layers count from 0 in the code, and the events are the last axis of every array.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Activation = Callable[[jax.Array], jax.Array]
Layer = tuple[jax.Array, jax.Array]


def _sigmoid(z: jax.Array) -> jax.Array:
    """1 / (1 + exp(-z)), by the tanh that XLA evaluates faster than exp and a division."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * z)


ACTIVATION_OF: dict[str, Activation] = {
    "sigmoid": _sigmoid,
    "tanh": jnp.tanh,
    "softplus": jax.nn.softplus,
    "silu": jax.nn.silu,
}


@jax.tree_util.register_static
@dataclass(frozen=True)
class Perceptron:
    """f(x; w) of a multilayer perceptron as compiled programs know it: its layers, and nothing of a box.

    The parameter vector holds W_1 row by row, b_1, W_2, b_2, ...

    Args:
        hidden: neurons of each hidden layer.
        activation: of the hidden layers, a name of `ACTIVATION_OF`.
    """

    hidden: tuple[int, ...]
    activation: str

    def layer_shapes(self, n_features: int) -> tuple[tuple[int, int], ...]:
        """(outputs, inputs) of each layer."""
        sizes = (n_features, *self.hidden, 1)
        return tuple(zip(sizes[1:], sizes[:-1], strict=True))

    def n_parameters(self, n_features: int) -> int:
        """Length p of the parameter vector."""
        return sum(n_out * (n_in + 1) for n_out, n_in in self.layer_shapes(n_features))

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """f for events in columns (d, n): shape (n,)."""
        activation = ACTIVATION_OF[self.activation]
        *hidden, (weights, biases) = self._layers(params, columns.shape[0])
        for hidden_weights, hidden_biases in hidden:
            columns = activation(hidden_weights @ columns + hidden_biases[:, None])
        return (weights @ columns + biases[:, None])[0]

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """df/dw of each event, shape (p, n)."""
        return jacobian(self._layers(params, columns.shape[0]), ACTIVATION_OF[self.activation], columns)

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        """sum_e c_e d2f(x_e)/dw2 for coefficients c (n,), shape (p, p)."""
        layers = self._layers(params, columns.shape[0])
        return curvature(layers, ACTIVATION_OF[self.activation], columns, coefficients)

    def _layers(self, params: jax.Array, n_features: int) -> list[Layer]:
        layers, first = [], 0
        for n_out, n_in in self.layer_shapes(n_features):
            middle, last = first + n_out * n_in, first + n_out * (n_in + 1)
            layers.append((params[first:middle].reshape(n_out, n_in), params[middle:last]))
            first = last
        return layers


class _Pass(NamedTuple):
    """Forward and backward through the layers.

    For each layer its inputs with a last row of ones (h_in + 1, n) and df/dz (h, n); for each hidden layer s'(z) and
    s''(z) df/da, both (h, n).
    """

    inputs: list[jax.Array]
    deltas: list[jax.Array]
    slopes: list[jax.Array]
    bends: list[jax.Array]


def jacobian(layers: Sequence[Layer], activation: Activation, columns: jax.Array) -> jax.Array:
    """df/dw of each event, shape (p, n), for columns (d, n)."""
    run = _pass(layers, activation, columns)
    parts = []
    for inputs, delta in zip(run.inputs, run.deltas, strict=True):
        parts += [_products(delta, inputs[:-1]), delta]
    return jnp.concatenate(parts)


def curvature(
    layers: Sequence[Layer], activation: Activation, columns: jax.Array, coefficients: jax.Array
) -> jax.Array:
    """sum_e c_e d2f(x_e)/dw2, shape (p, p), for columns (d, n) and coefficients c (n,)."""
    run = _pass(layers, activation, columns)
    deltas = [coefficients * delta for delta in run.deltas]
    own = _own_curvatures(layers, run.slopes, [coefficients * bend for bend in run.bends])
    rows = []
    for first, (weights, _) in enumerate(layers):
        n_out, n_in = weights.shape
        reach = jnp.broadcast_to(jnp.eye(n_out, dtype=columns.dtype)[:, :, None], (n_out, n_out, columns.shape[1]))
        block = _bent(own[first], run.inputs[first], run.inputs[first])
        row = [jnp.zeros((n_out * (n_in + 1), _size(layer)), columns.dtype) for layer in layers[:first]]
        # Half of the diagonal block, since the transpose is added at the end.
        row.append(0.5 * block)
        for last in range(first + 1, len(layers)):
            changed = reach * run.slopes[last - 1]
            reach = jnp.einsum("jqn,iq->jin", changed, layers[last][0])
            bent = jnp.einsum("jqn,qin->jin", reach, own[last])
            block = _bent(bent, run.inputs[first], run.inputs[last])
            row.append(block + _carried(changed, run.inputs[first], deltas[last]))
        rows.append(jnp.concatenate(row, axis=1))
    half = jnp.concatenate(rows)
    order = _order([weights.shape for weights, _ in layers])
    whole: jax.Array = (half + half.T)[order][:, order]
    return whole


def _pass(layers: Sequence[Layer], activation: Activation, columns: jax.Array) -> _Pass:
    def first_derivative(z: jax.Array) -> jax.Array:
        slope: jax.Array = jax.jvp(activation, (z,), (jnp.ones_like(z),))[1]
        return slope

    def both_derivatives(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.jvp(first_derivative, (z,), (jnp.ones_like(z),))

    ones = jnp.ones((1, columns.shape[1]), columns.dtype)
    inputs, derivatives = [jnp.concatenate([columns, ones])], []
    for weights, biases in layers[:-1]:
        z = weights @ inputs[-1][:-1] + biases[:, None]
        derivatives.append(both_derivatives(z))
        inputs.append(jnp.concatenate([activation(z), ones]))
    deltas: list[jax.Array] = [ones]
    bends: list[jax.Array] = []
    for (weights, _), (slope, bend) in zip(layers[:0:-1], derivatives[::-1], strict=True):
        received = weights.T @ deltas[0]
        deltas.insert(0, received * slope)
        bends.insert(0, received * bend)
    return _Pass(inputs, deltas, [slope for slope, _ in derivatives], bends)


def _own_curvatures(
    layers: Sequence[Layer], slopes: Sequence[jax.Array], bends: Sequence[jax.Array]
) -> list[jax.Array]:
    """G_mm of each layer, shape (h, h, n), times the coefficients that ``bends`` contain."""
    n_events = slopes[0].shape[1]
    own = [jnp.zeros((1, 1, n_events), slopes[0].dtype)]
    for (weights, _), slope, bend in zip(layers[:0:-1], slopes[::-1], bends[::-1], strict=True):
        passed = jnp.einsum("qj,qrn,ri->jin", weights, own[0], weights) * slope[:, None] * slope[None]
        own.insert(0, passed + jnp.eye(slope.shape[0], dtype=slope.dtype)[:, :, None] * bend)
    return own


def _bent(curvature: jax.Array, first: jax.Array, last: jax.Array) -> jax.Array:
    """sum_n G[j, i] a[k] b[q] for G (j, i, n), a (k, n), b (q, n): shape (j k, i q)."""
    (n_j, n_i, _), n_k, n_q = curvature.shape, first.shape[0], last.shape[0]
    sums = curvature.reshape(n_j * n_i, -1) @ _products(first, last).T
    return sums.reshape(n_j, n_i, n_k, n_q).transpose(0, 2, 1, 3).reshape(n_j * n_k, n_i * n_q)


def _carried(changed: jax.Array, first: jax.Array, delta: jax.Array) -> jax.Array:
    """sum_n T[j, q] a[k] delta[i] for T (j, q, n), a (k, n), delta (i, n): shape (j k, i (q + 1)), 0 for the bias."""
    (n_j, n_q, _), n_k, n_i = changed.shape, first.shape[0], delta.shape[0]
    sums = changed.reshape(n_j * n_q, -1) @ _products(first, delta).T
    ordered = sums.reshape(n_j, n_q, n_k, n_i).transpose(0, 2, 3, 1)
    return jnp.pad(ordered, ((0, 0), (0, 0), (0, 0), (0, 1))).reshape(n_j * n_k, n_i * (n_q + 1))


def _products(left: jax.Array, right: jax.Array) -> jax.Array:
    """left[i] right[k] of each event for (i, n) and (k, n): shape (i k, n)."""
    return (left[:, None] * right[None]).reshape(-1, left.shape[1])


def _size(layer: Layer) -> int:
    n_out, n_in = layer[0].shape
    return int(n_out * (n_in + 1))


def _order(shapes: Sequence[tuple[int, ...]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Where the parameters (W row by row, then b, layer by layer) stand if each bias follows its row of W."""
    parts, start = [], 0
    for n_out, n_in in shapes:
        places = start + np.arange(n_out * (n_in + 1)).reshape(n_out, n_in + 1)
        parts += [places[:, :-1].ravel(), places[:, -1]]
        start += n_out * (n_in + 1)
    return np.concatenate(parts)

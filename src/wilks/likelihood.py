"""The loss whose minimum is the test statistic.

    L[w] = sum_{e in R} w_e (exp(f(x_e; w)) - 1)  -  sum_{x in D} f(x; w)          t = -2 min_w L[w]

(eq. 28 of "Learning New Physics from an Imperfect Machine", the case without nuisance parameters.)
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

LogRatio = Callable[[jax.Array, jax.Array], jax.Array]
_Sum = TypeVar("_Sum")
_Slope = tuple[jax.Array, jax.Array]


class Blocks(NamedTuple):
    """Events in blocks that fit into a cache: columns (b, d, c), weights (b, c); padding has weight 0."""

    columns: jax.Array
    weights: jax.Array


class Events(NamedTuple):
    """What one loss is a function of, beside the parameters: reference with its weights, data with weight 1."""

    reference: Blocks
    data: Blocks


def value(log_ratio: LogRatio, params: jax.Array, events: Events) -> jax.Array:
    """L[w], a scalar."""
    zero = jnp.zeros((), params.dtype)
    return _sum_blocks(_reference_term(log_ratio, params), events.reference, zero) - _sum_blocks(
        _data_term(log_ratio, params), events.data, zero
    )


def value_and_gradient(log_ratio: LogRatio, params: jax.Array, events: Events) -> tuple[jax.Array, jax.Array]:
    """L[w] and its gradient of shape (p,), differentiated block by block so that nothing leaves the cache.

    A block is evaluated in the precision of its events, and the blocks are added in that of the parameters: events in
    float32 make a cheap exploration.
    """
    zero = (jnp.zeros((), params.dtype), jnp.zeros_like(params))

    def slope(term: Callable[[LogRatio, jax.Array], Callable[[Blocks], jax.Array]], block: Blocks) -> _Slope:
        value, gradient = jax.value_and_grad(lambda w: term(log_ratio, w)(block))(_as_in(block, params))
        return value.astype(params.dtype), gradient.astype(params.dtype)

    reference = _sum_blocks(lambda block: slope(_reference_term, block), events.reference, zero)
    data = _sum_blocks(lambda block: slope(_data_term, block), events.data, zero)
    return reference[0] - data[0], reference[1] - data[1]


def hessian(log_ratio: LogRatio, params: jax.Array, events: Events, *, block_size: int = 256) -> jax.Array:
    """The exact Hessian of L, shape (p, p), in blocks of ``block_size`` events: p tangents multiply the memory."""
    zero = jnp.zeros((params.size, params.size), params.dtype)
    reference, data = (_split_blocks(blocks, block_size) for blocks in events)
    positive = _sum_blocks(
        lambda block: jax.hessian(lambda w: _reference_term(log_ratio, w)(block))(params), reference, zero
    )
    negative = _sum_blocks(lambda block: jax.hessian(lambda w: _data_term(log_ratio, w)(block))(params), data, zero)
    difference: jax.Array = positive - negative
    return difference


def information(log_ratio: LogRatio, params: jax.Array, events: Events, *, block_size: int = 256) -> jax.Array:
    """sum_R |w_e| exp(f) grad f grad f^T, shape (p, p): the part of the Hessian that is never negative."""

    def one(block: Blocks) -> jax.Array:
        narrow = _as_in(block, params)
        jacobian = jax.jacfwd(lambda w: log_ratio(w, block.columns))(narrow)
        scale = jnp.abs(block.weights) * jnp.exp(log_ratio(narrow, block.columns))
        gram: jax.Array = (jacobian * scale[:, None]).T @ jacobian
        return gram.astype(params.dtype)

    zero = jnp.zeros((params.size, params.size), params.dtype)
    return _sum_blocks(one, _split_blocks(events.reference, block_size), zero)


def _reference_term(log_ratio: LogRatio, params: jax.Array) -> Callable[[Blocks], jax.Array]:
    return lambda block: jnp.sum(block.weights * jnp.expm1(log_ratio(params, block.columns)))


def _data_term(log_ratio: LogRatio, params: jax.Array) -> Callable[[Blocks], jax.Array]:
    return lambda block: jnp.sum(block.weights * log_ratio(params, block.columns))


def _as_in(block: Blocks, params: jax.Array) -> jax.Array:
    """``params`` in the precision of the events."""
    return params.astype(block.columns.dtype)


def _split_blocks(blocks: Blocks, size: int) -> Blocks:
    n_blocks, n_features, length = blocks.columns.shape
    parts = length // size
    columns = blocks.columns.reshape(n_blocks, n_features, parts, size).transpose(0, 2, 1, 3)
    return Blocks(columns.reshape(n_blocks * parts, n_features, size), blocks.weights.reshape(n_blocks * parts, size))


def _sum_blocks(term: Callable[[Blocks], _Sum], blocks: Blocks, zero: _Sum) -> _Sum:
    """Sum of ``term`` over the blocks, in their order."""
    return lax.scan(lambda total, block: (jax.tree.map(jnp.add, total, term(block)), None), zero, blocks)[0]

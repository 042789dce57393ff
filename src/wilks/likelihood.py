"""The loss whose minimum is the test statistic.

    L[theta] = sum_{e in R} w_e (exp(s(x_e; theta)) - 1)  -  sum_{x in D} s(x; theta)

Without nuisances the exponent s is f(x; w), and t = -2 min_w L (eq. 28 of "Learning New Physics from an Imperfect
Machine"). With them s = f(x; w) + log r(x; nu), and what the auxiliary measurements say is added elsewhere: L is then
the first two terms of eq. 24.

Reference and data enter alike, as points with a weight w and a count n, L = sum w (exp(s) - 1) - n s: an event of the
reference has n = 0, one of the data w = 0, and a cell of either has what was merged in it.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

_Sum = TypeVar("_Sum")


class Exponent(Protocol):
    """s(x; theta) of events that stand in columns (d, n): a model, or a model and nuisances together."""

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """s, shape (n,)."""

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """ds/dtheta, shape (p, n)."""

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        """sum_e c_e d2s(x_e)/dtheta2, shape (p, p)."""


class Points(NamedTuple):
    """Events in blocks that fit into a cache: columns (b, d, c), weights and counts (b, c); padding has neither."""

    columns: jax.Array
    weights: jax.Array
    counts: jax.Array


Events = tuple[Points, ...]
"""What one loss is a function of, beside the parameters: as a rule the reference, then the data."""


@jax.jit
def value(exponent: Exponent, params: jax.Array, events: Events) -> jax.Array:
    """L, a scalar."""

    def one(block: Points) -> jax.Array:
        log_ratio = exponent.column_log_ratio(_as_in(block, params), block.columns)
        return jnp.sum(_loss(block, log_ratio)[0]).astype(params.dtype)

    return _sum_blocks(one, events, jnp.zeros((), params.dtype))


@jax.jit
def value_and_gradient(exponent: Exponent, params: jax.Array, events: Events) -> tuple[jax.Array, jax.Array]:
    """L and its gradient of shape (p,), differentiated block by block so that nothing leaves the cache.

    A block is evaluated in the precision of its events, and the blocks are added in that of the parameters: events in
    float32 make a cheap exploration.
    """

    def one(block: Points) -> tuple[jax.Array, jax.Array]:
        log_ratio, pull = jax.vjp(lambda w: exponent.column_log_ratio(w, block.columns), _as_in(block, params))
        loss, slope, _ = _loss(block, log_ratio)
        return jnp.sum(loss).astype(params.dtype), pull(slope)[0].astype(params.dtype)

    return _sum_blocks(one, events, (jnp.zeros((), params.dtype), jnp.zeros_like(params)))


@functools.partial(jax.jit, static_argnames="block_size")
def hessian(exponent: Exponent, params: jax.Array, events: Events, *, block_size: int = 512) -> jax.Array:
    """The exact Hessian of L, sum L''(f) df/dw df/dw^T + L'(f) d2f/dw2, shape (p, p), ``block_size`` events at once."""

    def one(block: Points) -> jax.Array:
        w = _as_in(block, params)
        _, slope, curvature = _loss(block, exponent.column_log_ratio(w, block.columns))
        both = _gram(exponent, w, block, curvature) + exponent.column_curvature(w, block.columns, slope)
        return both.astype(params.dtype)

    return _sum_blocks(one, _split_blocks(events, block_size), _square(params))


@functools.partial(jax.jit, static_argnames="block_size")
def information(exponent: Exponent, params: jax.Array, events: Events, *, block_size: int = 512) -> jax.Array:
    """sum_R |w_e| exp(f) df/dw df/dw^T, shape (p, p): the part of the Hessian that is never negative."""

    def one(block: Points) -> jax.Array:
        w = _as_in(block, params)
        curvature = jnp.abs(_loss(block, exponent.column_log_ratio(w, block.columns))[2])
        return _gram(exponent, w, block, curvature).astype(params.dtype)

    return _sum_blocks(one, _split_blocks(events, block_size), _square(params))


def _loss(block: Points, log_ratio: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """L of each point as a function of f, with its two derivatives."""
    # Where nothing is weighted, as at an event of the data, f may be beyond the range of exp.
    excess = jnp.where(block.weights != 0, jnp.expm1(log_ratio), 0.0)
    curvature = block.weights * (excess + 1)
    return block.weights * excess - block.counts * log_ratio, curvature - block.counts, curvature


def _gram(exponent: Exponent, params: jax.Array, block: Points, scale: jax.Array) -> jax.Array:
    jacobian = exponent.column_jacobian(params, block.columns)
    return (jacobian * scale) @ jacobian.T


def _square(params: jax.Array) -> jax.Array:
    return jnp.zeros((params.size, params.size), params.dtype)


def _as_in(block: Points, params: jax.Array) -> jax.Array:
    """``params`` in the precision of the events."""
    return params.astype(block.columns.dtype)


def _split_blocks(events: Events, size: int) -> Events:
    return tuple(_split(points, size) for points in events)


def _split(points: Points, size: int) -> Points:
    n_blocks, n_features, length = points.columns.shape
    if length % size:
        return points
    parts = length // size
    columns = points.columns.reshape(n_blocks, n_features, parts, size).transpose(0, 2, 1, 3)
    return Points(
        columns.reshape(n_blocks * parts, n_features, size),
        points.weights.reshape(n_blocks * parts, size),
        points.counts.reshape(n_blocks * parts, size),
    )


def _sum_blocks(term: Callable[[Points], _Sum], events: Events, zero: _Sum) -> _Sum:
    """Sum of ``term`` over all blocks, in their order."""
    total = zero
    for points in events:
        total = _sum_scanned(term, points, total)
    return total


def _sum_scanned(term: Callable[[Points], _Sum], points: Points, start: _Sum) -> _Sum:
    return lax.scan(lambda total, block: (jax.tree.map(jnp.add, total, term(block)), None), start, points)[0]

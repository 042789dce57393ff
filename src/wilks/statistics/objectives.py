"""The functions that a fit minimises: the loss, the auxiliary term and the shift to a known yield, put together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from wilks import likelihood
from wilks.likelihood import Events, Exponent
from wilks.optimize.problem import Objective
from wilks.problem import Problem
from wilks.statistics.points import Own
from wilks.statistics.profiled import Profiled
from wilks.structures import Structure


class _Expansion(NamedTuple):
    """A scalar function of theta at a point: its value, gradient (p,) and Hessian (p, p)."""

    value: jax.Array
    gradient: jax.Array
    hessian: jax.Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Goal:
    """L of an exponent, from the events that data sets share and what is their own: an `ObjectiveOf`."""

    exponent: Exponent

    def __call__(self, shared: Events, own: Own) -> Objective:
        events, observed = (*shared, own[0]), own[1]
        if isinstance(self.exponent, Profiled):
            return profiled_objective(self.exponent, events, observed)
        return objective(self.exponent, events)


def goal_of(problem: Problem, structure: Structure | None) -> Goal:
    """L of f and the nuisances; None: f = 0."""
    if structure is not None and not problem.nuisances:
        return Goal(structure)
    return Goal(Profiled(structure, problem.effect, problem.reference.n_features))


def objective(exponent: Exponent, events: Events) -> Objective:
    """The loss of an exponent on ``events`` as a solver wants it: no auxiliary term, no shift."""
    return Objective(
        value=lambda w: likelihood.value(exponent, w, events),
        value_and_gradient=lambda w: likelihood.value_and_gradient(exponent, w, events),
        hessian=lambda w: likelihood.hessian(exponent, w, events),
        curvature_guess=lambda w: likelihood.information(exponent, w, events),
    )


def profiled_objective(profiled: Profiled, events: Events, observed: jax.Array) -> Objective:
    """L[w, nu] with the auxiliary measurements ``observed`` (j,), as a function of theta = (w, z)."""
    base = _shifted(profiled, events) if profiled.effect.is_shifted else objective(profiled, events)
    first = profiled.n_model_parameters

    def auxiliary(theta: jax.Array) -> jax.Array:
        return -profiled.effect.auxiliary_log_ratio(theta[first:], observed)

    def with_gradient(theta: jax.Array) -> tuple[jax.Array, jax.Array]:
        value, gradient = base.value_and_gradient(theta)
        more, slope = jax.value_and_grad(auxiliary)(theta)
        return value + more, gradient + slope

    def with_curvature(curvature: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
        return lambda theta: curvature(theta) + jax.hessian(auxiliary)(theta)

    return Objective(
        value=lambda theta: base.value(theta) + auxiliary(theta),
        value_and_gradient=with_gradient,
        hessian=with_curvature(base.hessian),
        curvature_guess=with_curvature(base.curvature_guess),
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class _WithShift:
    """s(x; theta) + c for parameters (theta, c)."""

    exponent: Profiled

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        shift = params[-1].astype(columns.dtype)
        return self.exponent.column_log_ratio(params[:-1], columns) + shift

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        jacobian = self.exponent.column_jacobian(params[:-1], columns)
        return jnp.concatenate([jacobian, jnp.ones((1, columns.shape[1]), jacobian.dtype)])

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        return jnp.pad(self.exponent.column_curvature(params[:-1], columns, coefficients), (0, 1))


def _shifted(profiled: Profiled, events: Events) -> Objective:
    """The loss with s replaced by s + c(z), c = log yield(z) - log[ sum_R w r(x; z) / sum_R w ].

    c is the last parameter of `_WithShift`; the chain rule brings its derivatives back to theta.
    """
    wide = objective(_WithShift(profiled), events)

    def extended(theta: jax.Array, shift: jax.Array) -> jax.Array:
        return jnp.append(theta, shift)

    def pulled(theta: jax.Array, at: _Expansion, curvature: jax.Array) -> jax.Array:
        jacobian = jnp.concatenate([jnp.eye(theta.size, dtype=theta.dtype), at.gradient[None]])
        return jacobian.T @ curvature @ jacobian

    def value(theta: jax.Array) -> jax.Array:
        return wide.value(extended(theta, shift_expansion(theta, order=0).value))

    def with_gradient(theta: jax.Array) -> tuple[jax.Array, jax.Array]:
        at = shift_expansion(theta, order=1)
        total, slope = wide.value_and_gradient(extended(theta, at.value))
        return total, slope[:-1] + slope[-1] * at.gradient

    def hessian(theta: jax.Array) -> jax.Array:
        at = shift_expansion(theta, order=2)
        whole = extended(theta, at.value)
        slope = wide.value_and_gradient(whole)[1]
        return pulled(theta, at, wide.hessian(whole)) + slope[-1] * at.hessian

    def guess(theta: jax.Array) -> jax.Array:
        at = shift_expansion(theta, order=1)
        return pulled(theta, at, wide.curvature_guess(extended(theta, at.value)))

    def shift_expansion(theta: jax.Array, *, order: int) -> _Expansion:
        return _shift(profiled, theta, events, order=order)

    return Objective(value=value, value_and_gradient=with_gradient, hessian=hessian, curvature_guess=guess)


def _shift(profiled: Profiled, theta: jax.Array, events: Events, *, order: int) -> _Expansion:
    """c(z) as a function of theta = (w, z), with the derivatives up to ``order``; the others are 0."""
    effect, first = profiled.effect, profiled.n_model_parameters
    z = theta[first:]
    learned = Profiled(None, effect, profiled.n_features, is_learned_only=True)
    # Without counts the loss is sum_R w (r - 1).
    reference = tuple(points._replace(counts=jnp.zeros_like(points.counts)) for points in events)
    total = sum(jnp.sum(points.weights.astype(theta.dtype)) for points in events)
    excess, slope = likelihood.value_and_gradient(learned, z, reference)
    ratio, slope = 1 + excess / total, slope / total
    value = effect.log_yield_ratio(z) - jnp.log(ratio)
    gradient = jnp.zeros_like(theta).at[first:].set(jax.grad(effect.log_yield_ratio)(z) - slope / ratio)
    hessian = jnp.zeros((theta.size, theta.size), theta.dtype)
    if order == 2:
        bend = likelihood.hessian(learned, z, reference) / total
        block = jax.hessian(effect.log_yield_ratio)(z) - bend / ratio + jnp.outer(slope, slope) / ratio**2
        hessian = hessian.at[first:, first:].set(block)
    return _Expansion(value, gradient, hessian)


def shift(profiled: Profiled, theta: jax.Array, events: Events) -> jax.Array:
    """c(z), by which log r of the events is raised so that the reference has the known yield; 0 where none is known."""
    if not profiled.effect.is_shifted:
        return jnp.zeros((), theta.dtype)
    return _shift(profiled, theta, events, order=0).value

"""The search for the best of many minima: explore cheaply from many starts, finish the best with certificates."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from wilks.errors import InputError
from wilks.optimize.certificate import Certificate, certify
from wilks.optimize.problem import Box, Objective
from wilks.optimize.second_order import Newton, QuasiNewton
from wilks.typing import is_number, whole_number

_EXPLORED, _APPROACHED, _CLOSE = 5e-3, 5e-3, 1e-7
_CLOSE_ITERATIONS = 300
_RESCUED, _MOST_RESCUES = 5e-4, 2


@dataclass(frozen=True)
class Search:
    """How hard to look for the best minimum: a part of the analysis, the same for data and toys.

    Args:
        n_starts: starting points, each followed by a quasi-Newton descent, on a thinned reference where it is large.
        seed: of the starting points and of the thinning; t is a function of it.
        n_polished: at most so many ends of the exploration, those that may be the best, are finished on all events and
            certified.
        n_coarse: a reference of more events than this is thinned to them while starts are compared; that of one
            feature is always merged into fine cells.
        max_iterations: of one quasi-Newton descent.
        max_newton_iterations: of the finish on all events.
        decrement_tolerance: the Newton decrement, in units of t, below which a minimum is certified.
        kkt_tolerance: the KKT residual below which a minimum is certified.
        n_retries: searches with twice as many new starts after one without a certified best minimum.

    Raises:
        InputError: a count or tolerance that is not positive.

    >>> Search(n_starts=10, seed=0).n_polished
    3
    """

    n_starts: int = 20
    seed: int = 0
    n_polished: int = 3
    n_coarse: int = 100_000
    max_iterations: int = 3000
    max_newton_iterations: int = 20
    decrement_tolerance: float = 1e-3
    kkt_tolerance: float = 1e-3
    n_retries: int = 1

    def __post_init__(self) -> None:
        for name in ("n_starts", "n_polished", "n_coarse", "max_iterations", "max_newton_iterations"):
            self._set(name, whole_number(getattr(self, name), name=f"search.{name}", least=1))
        for name in ("seed", "n_retries"):
            self._set(name, whole_number(getattr(self, name), name=f"search.{name}", least=0))
        if self.seed >= 2**64:
            raise InputError(f"search.seed must be below 2**64, but {self.seed} came")
        if self.n_polished > self.n_starts:
            self._set("n_polished", self.n_starts)
        for name in ("decrement_tolerance", "kkt_tolerance"):
            if not (is_number(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"search.{name} must be positive, but {getattr(self, name)!r} came")

    def _set(self, name: str, value: int) -> None:
        object.__setattr__(self, name, value)

    def is_certified(self, certificate: Certificate) -> jax.Array:
        """Whether both tolerances are met; negative curvature is charged in the decrement. NaN meets none."""
        return (certificate.newton_decrement < self.decrement_tolerance) & (
            certificate.kkt_residual < self.kkt_tolerance
        )


class Ends(NamedTuple):
    """Where descents ended: params (s, p), values (s,), n_iterations (s,)."""

    params: jax.Array
    values: jax.Array
    n_iterations: jax.Array


class Approach(NamedTuple):
    """Where an approach ended, params (p,), and its iterations."""

    params: jax.Array
    n_iterations: jax.Array


class Finish(NamedTuple):
    """A polished minimum; ``value`` and ``certificate`` belong to ``params``."""

    params: jax.Array
    value: jax.Array
    n_iterations: jax.Array
    certificate: Certificate
    is_certified: jax.Array


def explore(search: Search, objective: Objective, starts: jax.Array, box: Box) -> Ends:
    """One quasi-Newton descent from each row of ``starts`` (s, p), one after the other."""
    solver = QuasiNewton(max_iterations=search.max_iterations, tolerance=_EXPLORED)

    def descend(start: jax.Array) -> Ends:
        end = solver.run(objective, start, box)
        return Ends(end.params, jnp.where(jnp.isfinite(end.value), end.value, jnp.inf), end.n_iterations)

    ends: Ends = lax.map(descend, starts)
    return ends


def approach(search: Search, objective: Objective, start: jax.Array, box: Box) -> Approach:
    """Quasi-Newton until progress is slow: the nearest a gradient method gets at its price."""
    end = QuasiNewton(max_iterations=search.max_iterations, tolerance=_APPROACHED).run(objective, start, box)
    return Approach(end.params, end.n_iterations)


def approach_closely(search: Search, objective: Objective, start: jax.Array, box: Box) -> Approach:
    """Newton with many iterations, for an objective that is cheap and very near the one to be finished."""
    end = Newton(max_iterations=_CLOSE_ITERATIONS, tolerance=_CLOSE).run(objective, start, box)
    return Approach(end.params, end.n_iterations)


class _Round(NamedTuple):
    """A finish, and how many rescues it took."""

    finish: Finish
    n_rescues: jax.Array


def finish(search: Search, objective: Objective, near: Approach, box: Box) -> Finish:
    """Newton to the end, then the certificate of that very point.

    Where Newton creeps along a curved valley until its iterations are spent, a quasi-Newton descent, whose iterations
    cost a hundredth, goes on from there and Newton tries again.
    """
    descent = QuasiNewton(max_iterations=search.max_iterations, tolerance=_RESCUED)

    def rescue(state: _Round) -> _Round:
        end = descent.run(objective, state.finish.params, box)
        rescued = Approach(end.params, state.finish.n_iterations + end.n_iterations)
        return _Round(_finish_by_newton(search, objective, rescued, box), state.n_rescues + 1)

    def is_worth_it(state: _Round) -> jax.Array:
        return ~state.finish.is_certified & jnp.isfinite(state.finish.value) & (state.n_rescues < _MOST_RESCUES)

    first = _Round(_finish_by_newton(search, objective, near, box), jnp.asarray(0))
    return lax.while_loop(is_worth_it, rescue, first).finish


def _finish_by_newton(search: Search, objective: Objective, near: Approach, box: Box) -> Finish:
    end = Newton(max_iterations=search.max_newton_iterations).run(objective, near.params, box)
    certificate = certify(objective, end.params, box)
    return Finish(
        params=end.params,
        value=end.value,
        n_iterations=near.n_iterations + end.n_iterations,
        certificate=certificate,
        is_certified=search.is_certified(certificate),
    )

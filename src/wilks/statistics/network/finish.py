"""The end of a fit: from near a minimum to a certified one."""

from typing import NamedTuple

import jax
import numpy as np

from wilks.optimize.certificate import Certificate
from wilks.optimize.problem import Box
from wilks.optimize.second_order import Newton, QuasiNewton, certified
from wilks.optimize.solver import Solver, State
from wilks.search import Search
from wilks.statistics.network.lanes import Data, Lanes, ObjectiveOf
from wilks.typing import BoolArray, FloatArray, IntArray

_APPROACHED, _CLOSE = 5e-3, 1e-7
_CLOSE_ITERATIONS = 300
_RESCUED, _MOST_RESCUES = 5e-4, 2


class Finish(NamedTuple):
    """Polished minima, each entry with an axis s; all of it belongs to ``params`` (s, p).

    ``variances`` (s, p) are those of `wilks.optimize.variances`.
    """

    params: FloatArray
    value: FloatArray
    n_iterations: IntArray
    certificate: Certificate
    is_certified: BoolArray
    variances: FloatArray


class Finisher:
    """Takes ends of the exploration to certified minima on all events.

    Near: Newton with many iterations where an objective is at hand that is cheap and very close to the one to be
    finished; otherwise a quasi-Newton descent on that one, until progress is slow. Then Newton to the end, and the
    certificate of that very point, from the gradient and the Hessian at which Newton stopped. Where Newton creeps along
    a curved valley until its iterations are spent, a quasi-Newton descent, whose iterations cost a hundredth, goes on
    from there and Newton tries again.

    Args:
        search: budget and tolerances.
        objective: from the data that all share and those of one data set, as `Lanes` wants it.
        box: of the parameters.
        width: of the lanes.
    """

    def __init__(self, search: Search, objective: ObjectiveOf, box: Box, *, width: int = 1) -> None:
        self._search = search
        budget = search.max_iterations
        solvers: dict[str, Solver] = {
            "closely": Newton(max_iterations=_CLOSE_ITERATIONS, tolerance=_CLOSE),
            "roughly": QuasiNewton(max_iterations=budget, tolerance=_APPROACHED),
            "newton": Newton(max_iterations=search.max_newton_iterations),
            "rescue": QuasiNewton(max_iterations=budget, tolerance=_RESCUED),
        }
        self._lanes = {name: Lanes(solver, objective, box, width=width) for name, solver in solvers.items()}
        self._box = box

    def finish(self, starts: FloatArray, owners: IntArray, sets: Data, *, near: Data | None, whole: Data) -> Finish:
        """Minima near ``starts`` (s, p), each for the data set ``owners`` (s,) of the stacked ``sets``.

        ``whole`` is what the data sets share; ``near`` a cheaper stand-in for it, or None.
        """
        name, shared = ("roughly", whole) if near is None else ("closely", near)
        close = self._descend(name, starts, owners, shared, sets)
        found = self._end(close, owners, whole, sets)
        for _ in range(_MOST_RESCUES):
            again = np.flatnonzero(~found.is_certified & np.isfinite(found.value))
            if again.size == 0:
                break
            close = self._descend("rescue", found.params[again], owners[again], whole, sets)
            better = self._end(close, owners[again], whole, sets, n_before=found.n_iterations[again])
            found = jax.tree.map(lambda old, new, rows=again: _replaced(old, rows, new), found, better)
        return found

    def _descend(self, name: str, starts: FloatArray, owners: IntArray, shared: Data, sets: Data) -> State:
        """A store of finished descents of the solver ``name``."""
        lanes, n_sets = self._lanes[name], jax.tree.leaves(sets)[0].shape[0]
        store = lanes.begin(starts, owners, shared, sets, room=n_sets * self._search.n_polished)
        return lanes.advance(store, np.arange(len(starts)), owners, shared, sets, last=lanes.solver.max_iterations)

    def _end(self, close: State, owners: IntArray, shared: Data, sets: Data, *, n_before: IntArray | int = 0) -> Finish:
        """Newton from where ``close`` stands, and the certificate of its end."""
        n = owners.size
        end = self._descend("newton", np.asarray(close.params)[:n], owners, shared, sets)
        certificate, errors = jax.tree.map(lambda array: np.asarray(array)[:n], certified(end, self._box))
        return Finish(
            params=np.asarray(end.params)[:n],
            value=np.asarray(end.value)[:n],
            n_iterations=n_before + np.asarray(close.n_iterations)[:n] + np.asarray(end.n_iterations)[:n],
            certificate=certificate,
            is_certified=np.asarray(self._search.is_certified(certificate)),
            variances=errors,
        )


def _replaced(old: FloatArray, rows: IntArray, new: FloatArray) -> FloatArray:
    changed = old.copy()
    changed[rows] = new
    return changed

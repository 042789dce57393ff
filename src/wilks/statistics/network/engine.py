"""The engine of networks: searches from many starts, retried until the best minimum is certified."""

from collections.abc import Sequence
from typing import TypeVar

import jax
import numpy as np

from wilks.problem import Problem
from wilks.statistics.base import Parts
from wilks.statistics.fits import Data, FitResult, FittedNuisance
from wilks.statistics.network.attempts import Attempts
from wilks.statistics.network.model import NetworkModel
from wilks.statistics.network.programs import DataSet, Programs
from wilks.statistics.network.race import contenders
from wilks.statistics.points import Rounding, no_more
from wilks.typing import BoolArray, FloatArray, IntArray

_Tree = TypeVar("_Tree")


class NetworkEngine:
    """Fits of one problem with one network.

    Args:
        problem: what is fitted.
        model: f.
        width: descents side by side; None: `lane_width`.
        rounding: of the numbers of points of samples, as `ProblemPoints` has it.
    """

    def __init__(
        self, problem: Problem, model: NetworkModel, *, width: int | None = None, rounding: Rounding = no_more
    ) -> None:
        self.problem, self.model = problem, model
        self.programs = Programs(problem, model, width=width, rounding=rounding)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: 1 with one lane, otherwise as many as the memory allows."""
        return self.programs.n_together

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        """The fits of several data sets, all descents of all of them in one queue: made for an accelerator.

        On a CPU this gives the same numbers as one fit after the other, and is no faster; only to rounding where a data
        set is so much larger than expected that all are padded to its size. Memory grows with the number of data sets.
        """
        sets, delta = self.programs.data_sets(data), self.programs.delta
        fits = [
            Attempts(self.problem, self.model, *one, delta.fit(_rows(sets.fine, k)), self.seeds(one))
            for k, one in enumerate(data)
        ]
        for _ in range(self.problem.search.n_retries + 1):
            is_open = np.array([not one.is_settled for one in fits])
            if np.any(is_open):
                self._attempt([one for one in fits if not one.is_settled], _rows(sets, is_open))
        return [one.result() for one in fits]

    def seeds(self, data: Data) -> FloatArray:
        """Parameters w (s, p) from which the first search starts beside random ones; there may be none."""
        return np.empty((0, self.model.n_parameters(self.problem.reference.n_features)))

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau and Delta on all events at the parameters and nuisances of a fit."""
        own = self.programs.own(data)
        z, z_delta = (self._in_sigmas(found) for found in (at.nuisances, at.delta_nuisances))
        tau = -2.0 * self.programs.value(np.concatenate([at.params, z]), own)
        return Parts(tau, -2.0 * self.programs.delta.value(z_delta, own) + 0.0)

    def _in_sigmas(self, found: Sequence[FittedNuisance]) -> FloatArray:
        return np.array([one.value for one in found]) / self.problem.nuisances.sigmas

    def _attempt(self, fits: Sequence[Attempts], sets: DataSet) -> None:
        """One more search for each of these data sets."""
        engine, search = self.programs, self.problem.search
        starts = [one.next_starts() for one in fits]
        owners = _owners(starts)
        ends = engine.explore(np.concatenate(starts), owners, sets)
        each = [_rows(ends, owners == k) for k in range(len(fits))]
        best = [contenders(mine, margin=engine.margin, n_polished=search.n_polished) for mine in each]
        chosen = [mine.params[rows] for mine, rows in zip(each, best, strict=True)]
        finished = engine.polish(np.concatenate(chosen), _owners(chosen), sets)
        for k, one in enumerate(fits):
            one.add(each[k], _rows(finished, _owners(chosen) == k), best[k])
            if not one.reaches_delta:
                alone = _rows(sets, np.arange(len(fits)) == k)
                one.add_finish(engine.polish(starts[k][-1:], np.zeros(1, dtype=np.int64), alone))


def _owners(parts: Sequence[FloatArray]) -> IntArray:
    """For each row of the concatenated ``parts``, which of them it is from."""
    return np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _rows(tree: _Tree, chosen: BoolArray | int) -> _Tree:
    return jax.tree.map(lambda array: array[chosen], tree)  # type: ignore[no-any-return]

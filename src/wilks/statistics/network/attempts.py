"""The searches for the best minimum of one data set, and what they found together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from wilks.optimize.certificate import Certificate
from wilks.problem import Problem
from wilks.statistics.fits import (
    Attempt,
    Data,
    DeltaFit,
    FitResult,
    Found,
    Searched,
    fit_result,
    status_of,
)
from wilks.statistics.network.finish import Finish
from wilks.statistics.network.model import NetworkModel
from wilks.statistics.network.race import Ends
from wilks.typing import FitStatus, FloatArray, IntArray

_ROUNDING, _LEVEL = 1e-6, 4e-7


class _Found(NamedTuple):
    """One search: where its descents ended, the minima that were finished, and from which starts these came."""

    ends: Ends
    finish: Finish
    starts: IntArray


@dataclass
class Attempts:
    """The searches for tau of one data set so far, each on top of those before.

    Args:
        problem: what is fitted.
        model: f.
        events: raw data (n, d).
        observed: auxiliary measurements (j,).
        delta: the fit of the nuisances alone, made before.
        seeds: parameters w (s, p) that the first search starts from, too.
    """

    problem: Problem
    model: NetworkModel
    events: FloatArray
    observed: FloatArray
    delta: DeltaFit
    seeds: FloatArray | None = None
    found: list[_Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.Generator(np.random.Philox(key=self.problem.search.seed))
        self._standardized = self.problem.standardization.apply(self.events)

    def next_starts(self) -> FloatArray:
        """Starting points (s, p), twice as many as in the last attempt, all at the nuisances of Delta.

        With nuisances, f = 0 is the last of them.
        """
        n_starts = self.problem.search.n_starts * 2 ** len(self.found)
        starts = self.model.starting_points(self._rng, n_starts, events=self._standardized)
        if not self.found and self.seeds is not None:
            starts = np.concatenate([starts, self.seeds])
        if not self.problem.nuisances:
            return starts
        starts = np.concatenate([starts, self.model.flat_point(self._rng, events=self._standardized)[None]])
        return np.concatenate([starts, np.tile(self.delta.z, (len(starts), 1))], axis=1)

    def add(self, ends: Ends, finish: Finish, starts: IntArray) -> None:
        """One more search; ``starts`` says from which of its starts each of the finished minima came."""
        self.found.append(_Found(ends, finish, starts))

    def add_finish(self, finish: Finish) -> None:
        """A minimum more of the last search, reached from its last start."""
        ends, before, starts = self.found[-1]
        last = np.full(len(finish.value), ends.values.size - 1)
        self.found[-1] = _Found(ends, _joined([before, finish]), np.concatenate([starts, last]))

    @property
    def reaches_delta(self) -> bool:
        """Whether the best minimum so far is as low as that of the nuisances alone, as the best of all is."""
        values = _joined([one.finish for one in self.found]).value
        return not self.problem.nuisances or bool(np.nanmin(values, initial=np.inf) <= self.delta.value + _LEVEL)

    @property
    def is_settled(self) -> bool:
        """Whether the best minimum so far is certified, or none can be since Delta is not."""
        if not self.found:
            return False
        return self._status(_joined([one.finish for one in self.found])) in _FINAL

    def result(self) -> FitResult:
        """All attempts together."""
        ends, finish = _joined([one.ends for one in self.found]), _joined([one.finish for one in self.found])
        best, delta = _best(finish), -2.0 * self.delta.value + 0.0
        is_flat = np.concatenate([one.starts == one.ends.values.size - 1 for one in self.found])
        searched = Searched(
            start_t=-2.0 * ends.values - delta,
            attempts=tuple(self._attempt(one.finish) for one in self.found),
            began_at_delta=bool(self.problem.nuisances) and bool(is_flat[best]),
        )
        n_iterations = int(np.sum(ends.n_iterations) + np.sum(finish.n_iterations))
        found = self._found(finish)._replace(n_iterations=n_iterations)
        data = Data(self.events, self.observed)
        return fit_result(self.problem, found, delta=self.delta, data=data, searched=searched)

    def _attempt(self, finish: Finish) -> Attempt:
        return Attempt(self._status(finish), self._found(finish).t)

    def _found(self, finish: Finish) -> Found:
        """The best of these minima."""
        best, p = _best(finish), finish.params.shape[1] - len(self.problem.nuisances)
        return Found(
            t=-2.0 * float(finish.value[best]) - (-2.0 * self.delta.value + 0.0),
            params=finish.params[best][:p],
            z=finish.params[best][p:],
            variances=finish.variances[best][p:],
            certificate=Certificate(*(float(entries[best]) for entries in finish.certificate)),
            n_iterations=0,
        )

    def _status(self, finish: Finish) -> FitStatus:
        return status_of(self._found(finish), self.delta, search=self.problem.search)


_FINAL = (FitStatus.CONVERGED, FitStatus.DELTA_NOT_CONVERGED)


def _joined(found: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *parts: np.concatenate(parts), *found)


def _best(finish: Finish) -> int:
    """The lowest; of the same minimum found twice, the certified one."""
    values = finish.value + _ROUNDING * ~finish.is_certified
    return int(np.argmin(np.where(np.isfinite(values), values, np.inf)))

"""The searches for the best minimum of one data set, and what they found together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.delta import DeltaFit
from wilks.fitting.result import Attempt, FitResult, FittedNuisance, fitted_nuisances
from wilks.optimize import Ends, Finish
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
        analysis: what defines t.
        events: raw data (n, d).
        observed: auxiliary measurements (j,).
        delta: the fit of the nuisances alone, made before.
    """

    analysis: Analysis
    events: FloatArray
    observed: FloatArray
    delta: DeltaFit
    found: list[_Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.Generator(np.random.Philox(key=self.analysis.search.seed))
        self._standardized = self.analysis.standardization.apply(self.events)

    def next_starts(self) -> FloatArray:
        """Starting points (s, p), twice as many as in the last attempt, all at the nuisances of Delta.

        With nuisances, f = 0 is the last of them.
        """
        model, n_starts = self.analysis.model, self.analysis.search.n_starts * 2 ** len(self.found)
        starts = model.starting_points(self._rng, n_starts, events=self._standardized)
        if not self.analysis.nuisances:
            return starts
        starts = np.concatenate([starts, model.flat_point(self._rng, events=self._standardized)[None]])
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
        return not self.analysis.nuisances or bool(np.nanmin(values, initial=np.inf) <= self.delta.value + _LEVEL)

    @property
    def is_settled(self) -> bool:
        """Whether the best minimum so far is certified, or none can be since Delta is not."""
        if not self.found:
            return False
        return self._status(_joined([one.finish for one in self.found])) in _FINAL

    def result(self) -> FitResult:
        """All attempts together."""
        ends, finish = _joined([one.ends for one in self.found]), _joined([one.finish for one in self.found])
        best, status, p = _best(finish), self._status(finish), self.analysis.n_parameters
        is_flat = np.concatenate([one.starts == one.ends.values.size - 1 for one in self.found])
        tau, delta = -2.0 * float(finish.value[best]), -2.0 * self.delta.value + 0.0
        nan = float("nan")
        numbers: dict[str, Any] = {
            **{name: float(entries[best]) for name, entries in finish.certificate._asdict().items()},
            "t": nan if status.is_failure else tau - delta,
            "tau": nan if status.is_failure else tau,
            "delta": nan if status.is_failure else delta,
            "n_starts": int(ends.values.size),
            "start_gap": _start_gap(ends.values),
            "n_iterations": int(np.sum(ends.n_iterations) + np.sum(finish.n_iterations)),
            "n_events": self.events.shape[0],
            "delta_newton_decrement": float(self.delta.certificate.newton_decrement),
            "delta_kkt_residual": float(self.delta.certificate.kkt_residual),
        }
        return FitResult(
            **numbers,
            params=finish.params[best][:p],
            status=status,
            start_t=-2.0 * ends.values - delta,
            attempts=tuple(self._attempt(one.finish, delta) for one in self.found),
            fingerprint=self.analysis.fingerprint(),
            observed=tuple(self.observed.tolist()),
            nuisances=self._nuisances(finish.params[best][p:], finish.variances[best][p:]),
            delta_nuisances=self._nuisances(self.delta.z, self.delta.variances),
            began_at_delta=bool(self.analysis.nuisances) and bool(is_flat[best]),
        )

    def _attempt(self, finish: Finish, delta: float) -> Attempt:
        return Attempt(self._status(finish), -2.0 * float(finish.value[_best(finish)]) - delta)

    def _nuisances(self, z: FloatArray, variances: FloatArray) -> tuple[FittedNuisance, ...]:
        return fitted_nuisances(self.analysis.nuisances, z, variances, observed=self.observed)

    def _status(self, finish: Finish) -> FitStatus:
        best = _best(finish)
        is_finite = np.isfinite(finish.value[best]) and np.isfinite(finish.certificate.newton_decrement[best])
        if not (is_finite and np.isfinite(self.delta.value)):
            return FitStatus.NON_FINITE
        if not self.delta.is_certified:
            return FitStatus.DELTA_NOT_CONVERGED
        # f = 0 lies in every box, so that a negative t is no minimum.
        is_minimum = finish.is_certified[best] and finish.value[best] <= self.delta.value + _LEVEL
        return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED


_FINAL = (FitStatus.CONVERGED, FitStatus.DELTA_NOT_CONVERGED)


def _joined(found: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *parts: np.concatenate(parts), *found)


def _best(finish: Finish) -> int:
    """The lowest; of the same minimum found twice, the certified one."""
    values = finish.value + _ROUNDING * ~finish.is_certified
    return int(np.argmin(np.where(np.isfinite(values), values, np.inf)))


def _start_gap(values: FloatArray) -> float:
    finite = np.sort(values[np.isfinite(values)])
    return float(2.0 * (finite[1] - finite[0])) if finite.size > 1 else float("nan")

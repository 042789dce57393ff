"""fit(analysis, data): the learned log-ratio, its likelihood ratio t, and what certifies it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis, require_float64
from wilks.fitting.engine import Engine
from wilks.fitting.result import Attempt, FitResult
from wilks.optimize import Ends, Finish, contenders
from wilks.samples import Sample, check_data
from wilks.typing import BoolArray, FitStatus, FloatArray, IntArray

_ROUNDING = 1e-6
_Tree = TypeVar("_Tree")


def fit(analysis: Analysis, data: Sample | npt.ArrayLike) -> FitResult:
    """Fit f(x; w) to data and return t = -2 min_w L[w] with its certificate.

    L[w] = sum_R w_e (exp(f) - 1) - sum_D f  (eq. 28 of "Learning New Physics from an Imperfect Machine").
    The search starts from `Search.n_starts` points made from the data and the seed of the search, descends from each
    on a thinned reference in single precision, gives up what falls behind in a race, finishes the best on all events in
    double precision by Newton's method, and keeps the lowest. If that is not certified, it is repeated with new starts,
    as `Search.n_retries` says. t is a function of (analysis, data) alone.

    Args:
        analysis: what defines t.
        data: raw events: a sample with the features of the analysis, or an array (n, d) in their order.

    Raises:
        SampleError: data that cannot be tested against this analysis, before anything is computed.

    >>> from wilks.models import MLP
    >>> from wilks.optimize import Search
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=Sample(rng.exponential(size=2000)), model=MLP(hidden=(1,), weight_clip=2.0),
    ...                     expected_events=100, search=Search(n_starts=2))
    >>> result = fit(analysis, rng.exponential(size=120))
    >>> result.converged, result.kkt_residual < 1e-3, result.t > 0
    (True, True, True)
    """
    require_float64()
    sample = check_data(data, features=analysis.features)
    return fit_events(analysis, sample.events)


def fit_events(analysis: Analysis, events: FloatArray) -> FitResult:
    """`fit` for raw events (n, d) that are known to be usable; there may be none (a toy of a small expectation)."""
    return fit_together(analysis, [events])[0]


def fit_together(analysis: Analysis, data_sets: Sequence[FloatArray]) -> list[FitResult]:
    """`fit_events` for several data sets at once, all descents of all of them in one queue: made for an accelerator.

    On a CPU this gives the same numbers as one fit after the other, and is no faster; only to rounding where a data set
    is so much larger than expected that all are padded to its size. Memory grows with the number of data sets: see
    `Engine.n_together`.
    """
    engine = engine_of(analysis)
    fits = [_Attempts(analysis, events) for events in data_sets]
    for _ in range(analysis.search.n_retries + 1):
        open_fits = [one for one in fits if not one.is_settled]
        if open_fits:
            _attempt(engine, open_fits)
    return [one.result() for one in fits]


def evaluate_t(analysis: Analysis, events: FloatArray, params: FloatArray) -> float:
    """-2 L[w] at given params, on all events: what a saved fit must reproduce."""
    engine = engine_of(analysis)
    return -2.0 * float(engine.value(jnp.asarray(params), engine.data_set(events).whole))


def engine_of(analysis: Analysis) -> Engine:
    """The engine of an analysis, made once and kept with it."""
    return analysis.cached("engine", lambda: Engine(analysis))


@dataclass
class _Attempts:
    """The searches for the best minimum of one data set so far."""

    analysis: Analysis
    events: FloatArray
    found: list[tuple[Ends, Finish]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.Generator(np.random.Philox(key=self.analysis.search.seed))
        self._standardized = self.analysis.standardization.apply(self.events)

    def next_starts(self) -> FloatArray:
        """Starting points (s, p), twice as many as in the last attempt."""
        n_starts = self.analysis.search.n_starts * 2 ** len(self.found)
        return self.analysis.model.starting_points(self._rng, n_starts, events=self._standardized)

    @property
    def is_settled(self) -> bool:
        """Whether the best minimum so far is certified."""
        return bool(self.found) and not _status(_joined(self.found)[1]).is_failure

    def result(self) -> FitResult:
        """All attempts together."""
        ends, finish = _joined(self.found)
        best, status, values = _best(finish), _status(finish), ends.values
        t = float("nan") if status.is_failure else -2.0 * float(finish.value[best])
        certificate: dict[str, Any] = {
            name: float(entries[best]) for name, entries in finish.certificate._asdict().items()
        }
        return FitResult(
            t=t,
            tau=t,
            delta=float("nan") if status.is_failure else 0.0,
            params=finish.params[best],
            status=status,
            **certificate,
            n_starts=int(values.size),
            start_gap=_start_gap(values),
            start_t=-2.0 * values,
            attempts=tuple(Attempt(_status(one), -2.0 * float(one.value[_best(one)])) for _, one in self.found),
            n_iterations=int(np.sum(ends.n_iterations) + np.sum(finish.n_iterations)),
            n_events=self.events.shape[0],
            fingerprint=self.analysis.fingerprint(),
        )


def _joined(found: Sequence[tuple[Ends, Finish]]) -> tuple[Ends, Finish]:
    return jax.tree.map(lambda *parts: np.concatenate(parts), *found)  # type: ignore[no-any-return]


def _status(finish: Finish) -> FitStatus:
    best = _best(finish)
    is_finite = np.isfinite(finish.value[best]) and np.isfinite(finish.certificate.newton_decrement[best])
    if not is_finite:
        return FitStatus.NON_FINITE
    # f = 0 lies in every box and has L = 0, so that a negative t is no minimum.
    is_minimum = finish.is_certified[best] and finish.value[best] <= _ROUNDING
    return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED


def _attempt(engine: Engine, fits: Sequence[_Attempts]) -> None:
    """One more search for each of these data sets."""
    search = fits[0].analysis.search
    sets = engine.data_sets([one.events for one in fits])
    starts = [one.next_starts() for one in fits]
    owners = _owners(starts)
    ends = engine.explore(np.concatenate(starts), owners, sets)
    each = [_rows(ends, owners == k) for k in range(len(fits))]
    best = [contenders(mine, margin=engine.margin, n_polished=search.n_polished) for mine in each]
    finished = engine.polish(np.concatenate(best), _owners(best), sets)
    for k, one in enumerate(fits):
        one.found.append((each[k], _rows(finished, _owners(best) == k)))


def _owners(parts: Sequence[FloatArray]) -> IntArray:
    """For each row of the concatenated ``parts``, which of them it is from."""
    return np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _rows(tree: _Tree, chosen: BoolArray) -> _Tree:
    return jax.tree.map(lambda array: array[chosen], tree)  # type: ignore[no-any-return]


def _best(finish: Finish) -> int:
    """The lowest; of the same minimum found twice, the certified one."""
    values = finish.value + _ROUNDING * ~finish.is_certified
    return int(np.argmin(np.where(np.isfinite(values), values, np.inf)))


def _start_gap(values: FloatArray) -> float:
    finite = np.sort(values[np.isfinite(values)])
    return float(2.0 * (finite[1] - finite[0])) if finite.size > 1 else float("nan")

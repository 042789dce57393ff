"""From data to the likelihood ratio t, and what certifies it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis, require_float64
from wilks.fitting.attempts import Attempts
from wilks.fitting.convex import convex_engine_of
from wilks.fitting.engine import DataSet, Engine
from wilks.fitting.profiled_kernels import ProfiledKernelEngine
from wilks.fitting.profiled_sets import ProfiledKernelSetEngine
from wilks.fitting.result import FitPoint, FitResult
from wilks.nuisances import require_finite_response
from wilks.optimize import contenders
from wilks.samples import Sample, check_data
from wilks.typing import BoolArray, FloatArray, IntArray

_Tree = TypeVar("_Tree")


def fit(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, auxiliaries: Mapping[str, float] | None = None
) -> FitResult:
    """Fit f(x; w) and the nuisances to data and return t = tau - Delta with its certificate.

    tau = -2 min_{w,nu} L[w, nu] and Delta = -2 min_nu L[0, nu] (eqs. 24 and 25 of "Learning New Physics from an
    Imperfect Machine") with

        L[w, nu] = sum_R w_e (exp(f + log r) - 1) - sum_D (f + log r) - log[ L(nu|A) / L(0|A) ].

    Without nuisances Delta = 0 and t = -2 min_w L[w]. Delta is found first, by Newton's method. The search for tau
    starts from `Search.n_starts` points w made from the data and the seed of the search, all at the nuisances of Delta,
    and from f = 0 there, so that t >= 0; it descends from each on a thinned reference in single precision, gives up
    what falls behind in a race, finishes the best on all events in double precision by Newton's method, and keeps the
    lowest. If that is not certified, it is repeated with new starts, as `Search.n_retries` says. t is a function of
    (analysis, data, auxiliaries) alone.

    The loss of a `Kernel` is convex and has its penalty added: t = -2 min_a { L[f] + ridge a^T K a }. Newton's method
    goes to its one minimum from f = 0, and of the search only the tolerances matter. With nuisances it starts at f = 0
    and the nuisances of Delta and goes to the minimum in both together. A `KernelSet` has such a fit for each of its
    members, and t combines their p-values.

    Args:
        analysis: what defines t.
        data: raw events: a sample with the features of the analysis, or an array (n, d) in their order.
        auxiliaries: what the auxiliary measurements observed, by the name of the nuisance; those that are not given
            stand at `Nuisance.center`.

    Raises:
        SampleError: data that cannot be tested against this analysis, before anything is computed.
        InputError: an auxiliary measurement of no nuisance; events at which log r is not finite.

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
    observed = analysis.nuisances.observed_values(auxiliaries or {})
    require_finite_response(analysis.nuisances, sample.events, role="the data")
    return fit_events(analysis, sample.events, observed)


def fit_events(analysis: Analysis, events: FloatArray, observed: FloatArray | None = None) -> FitResult:
    """`fit` for raw events (n, d) that are known to be usable; there may be none (a toy of a small expectation)."""
    return fit_together(analysis, [events], None if observed is None else [observed])[0]


def fit_together(
    analysis: Analysis, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
) -> list[FitResult]:
    """`fit_events` for several data sets at once, all descents of all of them in one queue: made for an accelerator.

    On a CPU this gives the same numbers as one fit after the other, and is no faster; only to rounding where a data set
    is so much larger than expected that all are padded to its size. Memory grows with the number of data sets: see
    `Engine.n_together`. ``observed`` holds the auxiliary measurements (j,) of each; None: those of the real data.
    """
    if convex := convex_engine_of(analysis):
        return convex.fit_together(data_sets, observed)
    engine = engine_of(analysis)
    centres = [analysis.nuisances.observed] * len(data_sets) if observed is None else observed
    sets = engine.data_sets(data_sets, centres)
    fits = [
        Attempts(analysis, events, centre, engine.delta.fit(_rows(sets.fine, k)))
        for k, (events, centre) in enumerate(zip(data_sets, centres, strict=True))
    ]
    for _ in range(analysis.search.n_retries + 1):
        is_open = np.array([not one.is_settled for one in fits])
        if np.any(is_open):
            _attempt(engine, [one for one in fits if not one.is_settled], _rows(sets, is_open))
    return [one.result() for one in fits]


def evaluate_t(
    analysis: Analysis,
    events: FloatArray,
    params: FloatArray,
    *,
    nuisances: FloatArray | None = None,
    delta_nuisances: FloatArray | None = None,
    observed: FloatArray | None = None,
) -> float:
    """-2 (L[w, nu] - L[0, nu_Delta]) on all events: what a saved fit must reproduce.

    ``nuisances`` and ``delta_nuisances`` (j,) are in the user's units, as is ``observed``; without nuisances none of
    them is needed.
    """
    tau = evaluate_tau(analysis, events, params, nuisances=nuisances, observed=observed)
    if delta_nuisances is None:
        return tau
    z = delta_nuisances / analysis.nuisances.sigmas
    convex = convex_engine_of(analysis)
    if isinstance(convex, ProfiledKernelEngine | ProfiledKernelSetEngine):
        return tau + 2.0 * convex.delta.value(z, convex.delta.own(events, observed))
    engine = engine_of(analysis)
    return tau + 2.0 * float(engine.delta.value(jnp.asarray(z), engine.data_set(events, observed).fine))


def evaluate_tau(
    analysis: Analysis,
    events: FloatArray,
    params: FloatArray,
    *,
    nuisances: FloatArray | None = None,
    observed: FloatArray | None = None,
) -> float:
    """-2 L[w, nu] on all events; for a kernel with its penalty; for a set of kernels its t plus Delta.

    With a kernel and nuisances the reference stands at the points that the fit has.

    Raises:
        InputError: a kernel with nuisances, and none are given.
    """
    if convex := convex_engine_of(analysis):
        return convex.evaluate_tau(events, FitPoint(params, nuisances, observed))
    engine = engine_of(analysis)
    z = np.empty(0) if nuisances is None else nuisances / analysis.nuisances.sigmas
    own = engine.data_set(events, observed).fine
    return -2.0 * float(engine.value(jnp.asarray(np.concatenate([params, z])), own))


def engine_of(analysis: Analysis) -> Engine:
    """The engine of an analysis, made once and kept with it."""
    return analysis.cached("engine", lambda: Engine(analysis))


def n_together(analysis: Analysis) -> int:
    """How many data sets are best given to `fit_together` at once."""
    return (convex_engine_of(analysis) or engine_of(analysis)).n_together


def _attempt(engine: Engine, fits: Sequence[Attempts], sets: DataSet) -> None:
    """One more search for each of these data sets."""
    search = fits[0].analysis.search
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

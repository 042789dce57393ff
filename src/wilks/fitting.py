"""From data to the likelihood ratio t, and what certifies it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wilks import lazy
from wilks.analysis import Analysis, require_float64
from wilks.nuisances import require_finite_response
from wilks.samples import Events, Sample
from wilks.samples.rows import row_digest
from wilks.statistics import Parts
from wilks.statistics.fits import Data, FitResult
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray, require_kind

if TYPE_CHECKING:
    from wilks.optimize import devices
else:
    devices = lazy.Module("wilks.optimize.devices")


def fit(analysis: Analysis, data: Sample | Events, *, auxiliaries: Mapping[str, float] | None = None) -> FitResult:
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
        data: raw events: a sample with the features of the analysis, a table with columns of these names in any order
            and perhaps others (`Sample` says what tables are), or an array (n, d) in their order.
        auxiliaries: what the auxiliary measurements observed, by the name of the nuisance; those that are not given
            stand at `Nuisance.center`.

    Raises:
        SampleError: data that cannot be tested against this analysis, before anything is computed.
        InputError: an auxiliary measurement of no nuisance; events at which log r is not finite.

    >>> from wilks.statistics.network import MLP
    >>> from wilks.search import Search
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=Sample(rng.exponential(size=2000)), model=MLP(hidden=(1,), weight_clip=2.0),
    ...                     expected_events=100, search=Search(n_starts=2))
    >>> result = fit(analysis, rng.exponential(size=120))
    >>> result.converged, result.kkt_residual < 1e-3, result.t > 0
    (True, True, True)
    """
    require_float64()
    require_kind(analysis, Analysis, name="analysis")
    require_device(analysis)
    sample = analysis.checked(data)
    observed = analysis.nuisances.observed_values(auxiliaries or {})
    require_finite_response(analysis.nuisances, sample.events, role="the data")
    found = fit_events(analysis, sample.events, observed)
    return dataclasses.replace(found, content=row_digest(sample.events))


def fit_events(analysis: Analysis, events: FloatArray, observed: FloatArray | None = None) -> FitResult:
    """`fit` for raw events (n, d) that are known to be usable; there may be none (a toy of a small expectation)."""
    return fit_together(analysis, [events], None if observed is None else [observed])[0]


def require_device(analysis: Analysis) -> None:
    """Raise if fits of an analysis need JAX and JAX finds no device to compute on; others do without.

    Raises:
        InputError: ``JAX_PLATFORMS`` names a device that is not there.
    """
    if analysis.nuisances or analysis.model.is_accelerated:  # which a network asks JAX
        devices.backend()


@one_blas_thread()
def fit_together(
    analysis: Analysis, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
) -> list[FitResult]:
    """`fit_events` for several data sets at once, each as if it were alone.

    Memory grows with their number: see `n_together`.

    ``observed`` holds the auxiliary measurements (j,) of each; None: those of the real data.
    """
    centres = [analysis.nuisances.observed] * len(data_sets) if observed is None else observed
    data = [Data(events, np.asarray(centre)) for events, centre in zip(data_sets, centres, strict=True)]
    engine, fingerprint = analysis.engine, analysis.fingerprint()
    require_float64()  # again: the engine may be what imported JAX
    return [dataclasses.replace(one, fingerprint=fingerprint) for one in engine.fit(data)]


@one_blas_thread()
def evaluate(analysis: Analysis, events: FloatArray, at: FitResult) -> Parts:
    """tau and Delta of raw events (n, d) at the parameters and nuisances of a fit: what a saved fit must reproduce.

    The auxiliary measurements are those of the fit, too.
    """
    return analysis.engine.evaluate(Data(events, np.array(at.observed)), at)


def n_together(analysis: Analysis) -> int:
    """How many data sets are best given to `fit_together` at once."""
    return analysis.engine.n_together

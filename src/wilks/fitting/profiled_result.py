"""The end of a convex fit with nuisances: Delta, and the best of f and the nuisances together."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.delta import DeltaFit
from wilks.fitting.result import Attempt, FitResult, MemberFit, fitted_nuisances
from wilks.optimize import Certificate
from wilks.typing import FitStatus, FloatArray


class Best(NamedTuple):
    """The best fit of f and the nuisances together: t, params (p,), z (j,) with variances, and what certifies it."""

    t: float
    params: FloatArray
    z: FloatArray
    variances: FloatArray
    certificate: Certificate
    n_steps: int


def no_best(delta: DeltaFit, n_params: int) -> Best:
    """What there is where Delta has no finite end."""
    nan = float("nan")
    return Best(nan, np.zeros(n_params), delta.z, np.full(delta.z.size, nan), certificate_of(nan, nan, nan), 0)


def certificate_of(decrement: float, least_curvature: float, residual: float) -> Certificate:
    """That of a fit without a box."""
    return Certificate(*(jnp.asarray(x) for x in (decrement, least_curvature, residual, 0.0)))


def profiled_result(
    analysis: Analysis,
    best: Best,
    *,
    delta: DeltaFit,
    n_events: int,
    observed: FloatArray,
    members: tuple[MemberFit, ...] = (),
) -> FitResult:
    """The result for data of ``n_events`` events with the auxiliary measurements ``observed`` (j,)."""
    status, nan = _status(analysis, best, delta), float("nan")
    nuisances, lowest = analysis.nuisances, -2.0 * delta.value + 0.0
    return FitResult(
        t=nan if status.is_failure else best.t,
        tau=nan if status.is_failure else best.t + lowest,
        delta=nan if status.is_failure else lowest,
        params=best.params,
        status=status,
        newton_decrement=float(best.certificate.newton_decrement),
        least_curvature=float(best.certificate.least_curvature),
        kkt_residual=float(best.certificate.kkt_residual),
        share_at_bound=float(best.certificate.share_at_bound),
        n_starts=1,
        start_gap=nan,
        start_t=np.array([best.t]),
        attempts=(Attempt(status, best.t),),
        n_iterations=best.n_steps,
        n_events=n_events,
        fingerprint=analysis.fingerprint(),
        observed=tuple(observed.tolist()),
        nuisances=fitted_nuisances(nuisances, best.z, best.variances, observed=observed),
        delta_nuisances=fitted_nuisances(nuisances, delta.z, delta.variances, observed=observed),
        delta_newton_decrement=float(delta.certificate.newton_decrement),
        delta_kkt_residual=float(delta.certificate.kkt_residual),
        began_at_delta=True,
        members=members,
    )


def _status(analysis: Analysis, best: Best, delta: DeltaFit) -> FitStatus:
    if not (np.isfinite(best.t) and np.isfinite(delta.value)):
        return FitStatus.NON_FINITE
    if not delta.is_certified:
        return FitStatus.DELTA_NOT_CONVERGED
    is_minimum = bool(analysis.search.is_certified(best.certificate))
    return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED

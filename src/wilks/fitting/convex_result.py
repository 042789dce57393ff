"""The end of a convex fit: no starts, no box, and a certificate that bounds what is missing."""

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.result import Attempt, FitResult, MemberFit
from wilks.typing import FitStatus, FloatArray


def convex_result(
    analysis: Analysis,
    *,
    t: float,
    params: FloatArray,
    excess: float,
    residual: float,
    least_curvature: float,
    n_iterations: int,
    n_events: int,
    members: tuple[MemberFit, ...] = (),
) -> FitResult:
    """The result of a fit that ended at t, certified or not.

    Args:
        analysis: what defines t.
        t, params: at the end, params (p,).
        excess: by how much t may fall short of its maximum.
        residual: largest entry of the gradient.
        least_curvature: that no Hessian falls below.
        n_iterations: Newton steps.
        n_events: in the data.
        members: of a set of kernels.
    """
    status, nan = _status(analysis, t, excess, residual), float("nan")
    return FitResult(
        t=nan if status.is_failure else t,
        tau=nan if status.is_failure else t,
        delta=nan if status.is_failure else 0.0,
        params=params,
        status=status,
        newton_decrement=excess,
        least_curvature=least_curvature,
        kkt_residual=residual,
        share_at_bound=0.0,
        n_starts=1,
        start_gap=nan,
        start_t=np.array([t]),
        attempts=(Attempt(status, t),),
        n_iterations=n_iterations,
        n_events=n_events,
        fingerprint=analysis.fingerprint(),
        members=members,
    )


def _status(analysis: Analysis, t: float, excess: float, residual: float) -> FitStatus:
    search = analysis.search
    if not (np.isfinite(t) and np.isfinite(excess)):
        return FitStatus.NON_FINITE
    is_certified = excess < search.decrement_tolerance and residual < search.kkt_tolerance
    return FitStatus.CONVERGED if is_certified else FitStatus.NOT_CONVERGED

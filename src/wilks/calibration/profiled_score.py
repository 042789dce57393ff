"""The null distribution of the score statistic of a kernel with nuisances, at the nuisances of one data set.

The statistic is expanded at nu_hat, the fit of the nuisances alone (`wilks.fitting.kernel_scores`). To first order
nu_hat - nu* = P [ sum_D d - sum_R w' d + a ], a the slope of the logarithm of the auxiliary likelihood, so that with
the effective features psi = phi - C P d

    b = sum_D psi - sum_R w' psi - C P a,   q = b^T A^-1 b,

a Poisson sum of psi at the weights w' = w r(nu_hat), and a Gaussian part:

    Cov b = sum_R w' psi psi^T + C P Sigma^-1 P C^T + sum_R w^2 (r psi - T)(r psi - T)^T,   T = sum_R w r psi / sum_R w.

The first two are H - C P C^T. The third is what the fluctuations of the reference add. Where the response is shifted to
a known yield, they change its sum over the reference by nothing: w r takes the place of w in the third term, with the
learned r, and r is the part of it that has a formula. In coordinates in which A is 1 the law is that of
`wilks.calibration.score`, third and fourth moments included; the Gaussian part has none.

A ridge makes the law depend on nu: p, not t, has the same distribution at every nu*.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from wilks.analysis import Analysis
from wilks.calibration.score import ScoreNull, law_of, require_score
from wilks.errors import CalibrationError
from wilks.fitting import FitResult, ProfiledKernelEngine, profiled_kernel_engine_of
from wilks.fitting.features import Reference
from wilks.fitting.kernel_responses import KernelResponse
from wilks.fitting.kernel_scores import ScoreForm
from wilks.typing import FloatArray


def profiled_score_null(analysis: Analysis, fit: FitResult) -> ScoreNull:
    """The null law of the score statistic at the nuisances of Delta and the auxiliary measurements of ``fit``.

    Raises:
        CalibrationError: t is not a score statistic, there are no nuisances, or the fit failed.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=wilks.Sample(rng.exponential(size=2000)), expected_events=200,
    ...                     model=wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True),
    ...                     nuisances=[wilks.normalization("luminosity", sigma=0.1)])
    >>> null = profiled_score_null(analysis, wilks.fit(analysis, rng.exponential(size=200)))
    >>> 0.0 < null.mean < 10.0
    True
    """
    require_score(analysis)
    if not analysis.nuisances:
        raise CalibrationError(
            "this null is one at fitted nuisances, but the analysis has none; use score_null(analysis)"
        )
    if not fit.converged:
        raise CalibrationError(f"a p-value needs a fit of the data, but it failed: {fit.status.message}")
    z = np.array([one.value for one in fit.delta_nuisances]) / analysis.nuisances.sigmas
    engine = profiled_kernel_engine_of(analysis)
    return profiled_law(analysis, engine, engine.form(z, np.array(fit.observed)))


def profiled_law(analysis: Analysis, engine: ProfiledKernelEngine, form: ScoreForm) -> ScoreNull:
    """The law of q of an expansion, were its nuisances the true ones."""
    size = form.mean.size
    poisson = np.zeros((size, size))
    for psi, weights in _blocks(engine, form):
        poisson += (weights[:, None] * psi).T @ psi
    turned = form.whitened(form.pull.T)
    auxiliary = turned.T @ form.information @ turned
    fluctuations = _reference_covariance(analysis, engine, form)
    return law_of(_blocks(engine, form), poisson + auxiliary + fluctuations)


def _blocks(engine: ProfiledKernelEngine, form: ScoreForm) -> Iterator[tuple[FloatArray, FloatArray]]:
    """psi in coordinates in which A is 1, with the weights w'."""
    for phi, rows in engine.reference.blocks(engine.features):
        yield form.effective(phi, form.slopes[rows]), form.weights[rows]


class _Squares(NamedTuple):
    """The reference with the squares of its weights, and the response there."""

    reference: Reference
    response: KernelResponse


def _squares(analysis: Analysis, engine: ProfiledKernelEngine) -> _Squares:
    events, weights = analysis.standardization.apply(analysis.reference.events), analysis.reference.event_weights
    width = engine.features.placement.width
    reference = Reference(events, weights**2, width=width, is_condensed=engine.is_condensed)
    return _Squares(reference, KernelResponse(analysis, engine.reference, points=reference))


def _reference_covariance(analysis: Analysis, engine: ProfiledKernelEngine, form: ScoreForm) -> FloatArray:
    """The third term of Cov b, in coordinates in which A is 1."""
    squares = analysis.cached("squared_reference", lambda: _squares(analysis, engine))
    total_weight = float(engine.reference.weights @ np.exp(engine.response.learned(form.z)))
    sums = form.effective(form.mean[None], (form.weights @ form.slopes)[None])
    at, learned = squares.response.at(form.z), squares.response.learned(form.z)
    is_free = np.diag(form.covariance) > 0
    ratio, weights = np.exp(at.log_ratio - learned), squares.reference.weights * np.exp(2.0 * learned)
    covariance = np.zeros((form.mean.size, form.mean.size))
    for phi, rows in squares.reference.blocks(engine.features):
        psi = form.effective(phi, at.slopes[rows] * is_free)
        away = ratio[rows, None] * psi - sums / total_weight
        covariance += (away * weights[rows, None]).T @ away
    return covariance

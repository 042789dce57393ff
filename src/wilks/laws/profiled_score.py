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
`wilks.laws.score`, third and fourth moments included; the Gaussian part has none.

A ridge makes the law depend on nu: p, not t, has the same distribution at every nu*.
"""

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.fitting import FitResult, profiled_kernel_engine_of
from wilks.fitting.kernel_scores import ScoreForm
from wilks.fitting.profiled_groups import ProfiledGroup
from wilks.laws.score import ScoreNull, law_of, require_score


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
    return profiled_law(engine.group, engine.form(z, np.array(fit.observed)))


def profiled_law(group: ProfiledGroup, form: ScoreForm) -> ScoreNull:
    """The law of q of an expansion, were its nuisances the true ones."""
    return law_of(group.effective_blocks(form), group.covariance(form))

"""The null distribution of the score statistic of a kernel with nuisances, at the nuisances of one data set.

The statistic is expanded at nu_hat, the fit of the nuisances alone (`wilks.statistics.linear.expansion`). To first
order nu_hat - nu* = P [ sum_D d - sum_R w' d + a ], a the slope of the logarithm of the auxiliary likelihood, so that
with the effective features psi = phi - C P d

    b = sum_D psi - sum_R w' psi - C P a,   q = b^T A^-1 b,

a Poisson sum of psi at the weights w' = w r(nu_hat), and a Gaussian part:

    Cov b = sum_R w' psi psi^T + C P Sigma^-1 P C^T + sum_R w^2 (r psi - T)(r psi - T)^T,   T = sum_R w r psi / sum_R w.

The first two are H - C P C^T. The third is what the fluctuations of the reference add. Where the response is shifted to
a known yield, they change its sum over the reference by nothing: w r takes the place of w in the third term, with the
learned r, and r is the part of it that has a formula. In coordinates in which A is 1 the law is that of
`wilks.statistics.linear.score_law`, third and fourth moments included; the Gaussian part has none.

A ridge makes the law depend on nu: p, not t, has the same distribution at every nu*.
"""

from wilks.statistics.linear.expansion import ScoreForm
from wilks.statistics.linear.profiled_group import ProfiledGroup
from wilks.statistics.linear.score_law import ScoreNull, law_of


def profiled_law(group: ProfiledGroup, form: ScoreForm) -> ScoreNull:
    """The law of q of an expansion, were its nuisances the true ones."""
    return law_of(group.effective_blocks(form), group.covariance(form))

"""The second-order expansion of the loss at f = 0 and some value of the nuisances: where the score statistic is.

With w' = w r at z, d = ds/dz, Sigma^-1 minus the Hessian of the auxiliary term and u the slope of -L in z, which is 0
at nu_hat,

    m = sum w' phi,   H = sum w' phi phi^T,   C = sum w' phi d^T,   G = sum w' d d^T,   P = (G + Sigma^-1)^-1,
    b = sum_D phi - m - C P u,   A = H - C P C^T + 2 ridge,   q = b^T A^-1 b,

    alpha = A^-1 b,   z at the minimum: z + P (u - C^T alpha).

G is the expectation of the Hessian in z: the exact one has sum_R w' d2s/dz2 - sum_D d2s/dz2 on top, whose mean is 0.
With G the effective features psi = phi - C P d are those of the null law.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from wilks.statistics.linear.tilted import Tilt, TiltedReference
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class ScoreForm:
    """The expansion at one z; everything but Sigma^-1 depends on the reference alone.

    Args:
        tilt: z with w' and d at the points.
        mean: m, shape (r,).
        drift: sum w' d, shape (j,).
        pull: C P, shape (r, j).
        covariance: P, shape (j, j): 0 for nuisances that are held at the edge of their range.
        information: Sigma^-1, shape (j, j).
        root: lower triangle with A = root root^T, shape (r, r).
        ridge: of the member.
    """

    tilt: Tilt
    mean: FloatArray
    drift: FloatArray
    pull: FloatArray
    covariance: FloatArray
    information: FloatArray
    root: FloatArray
    ridge: float

    @property
    def z(self) -> FloatArray:
        """Where it is, shape (j,)."""
        return self.tilt.z

    def residual(self, sums: FloatArray, slope: FloatArray) -> FloatArray:
        """b (r,) for sum_D phi (r,) and u (j,)."""
        return sums - self.mean - self.pull @ slope

    def coefficients(self, residual: FloatArray) -> FloatArray:
        """alpha = A^-1 b, shape (r,)."""
        alpha: FloatArray = scipy.linalg.cho_solve((self.root, True), residual)
        return alpha

    def step(self, alpha: FloatArray, slope: FloatArray) -> FloatArray:
        """How far z moves with f, shape (j,)."""
        return self.covariance @ slope - self.pull.T @ alpha

    def gain(self, alpha: FloatArray, z: FloatArray, *, residual: FloatArray, slope: FloatArray) -> float:
        """t at alpha and z: 2 alpha.b - alpha.A alpha, less what z misses of its best value for this alpha."""
        away = z - self.z - self.step(alpha, slope)
        missed = away @ np.linalg.pinv(self.covariance, hermitian=True) @ away
        return float(2.0 * alpha @ residual - np.sum((self.root.T @ alpha) ** 2) - missed)

    @property
    def variances(self) -> FloatArray:
        """Of z where f is free: the diagonal of P + P C^T A^-1 C P, shape (j,)."""
        turned = self.whitened(self.pull.T)
        total: FloatArray = np.diag(self.covariance) + np.sum(turned**2, axis=1)
        return total

    def limit_moments(self) -> FloatArray:
        """E q and Var q at this z for Gaussian counts and a reference without fluctuations, shape (2,).

        Then Cov b = A - 2 ridge: tr(1 - 2 ridge A^-1) and 2 tr(1 - 2 ridge A^-1)^2.
        """
        size = self.mean.size
        rest = np.eye(size) - 2.0 * self.ridge * scipy.linalg.cho_solve((self.root, True), np.eye(size))
        return np.array([np.trace(rest), 2.0 * np.sum(rest**2)])

    def whitened(self, vectors: FloatArray) -> FloatArray:
        """root^-1 applied to each of the rows (n, r)."""
        solved: FloatArray = scipy.linalg.solve_triangular(self.root, vectors.T, lower=True)
        return solved.T

    def effective(self, phi: FloatArray, slopes: FloatArray) -> FloatArray:
        """root^-1 (phi - C P d) for features (n, r) and slopes (n, j): q is the square of their sum."""
        return self.whitened(phi - slopes @ self.pull.T)


def score_forms(
    reference: TiltedReference, *, ridges: FloatArray, z: FloatArray, observed: FloatArray, is_free: FloatArray
) -> list[ScoreForm]:
    """For each ridge the expansion at z (j,) for auxiliary measurements (j,); ``is_free`` (j,) is 0 where held."""
    sums, responses, r = reference.sums(z), reference.responses, reference.basis.rank
    mask = np.concatenate([np.ones(r), is_free])
    mean, gram = mask * sums.mean, mask[:, None] * sums.gram * mask
    information = is_free[:, None] * responses.information(z, observed) * is_free
    held = np.diag(1.0 - is_free)
    covariance = np.linalg.pinv(gram[r:, r:] + information + held, hermitian=True) - held
    pull = gram[:r, r:] @ covariance
    hessian = gram[:r, :r] - pull @ gram[:r, r:].T
    roots = [scipy.linalg.cholesky(hessian + 2.0 * ridge * np.eye(r), lower=True) for ridge in ridges]
    shared = (Tilt(reference.points, responses, z, is_free), mean[:r], mean[r:], pull, covariance, information)
    return [ScoreForm(*shared, root, ridge) for root, ridge in zip(roots, ridges, strict=True)]

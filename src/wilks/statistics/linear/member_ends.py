"""Where the fit of one member ended."""

from typing import NamedTuple

from wilks.optimize.certificate import Certificate
from wilks.typing import FloatArray


class MemberEnd(NamedTuple):
    """The best of f and the nuisances together for one member and one data set.

    Attributes:
        t: tau - Delta of the member.
        params: a, shape (m,).
        z, variances: of the nuisances in units of their sigma, shape (j,).
        certificate: of the minimum.
        n_iterations: Newton steps.
    """

    t: float
    params: FloatArray
    z: FloatArray
    variances: FloatArray
    certificate: Certificate
    n_iterations: int

    @classmethod
    def of_score(
        cls, t: float, params: FloatArray, *, z: FloatArray, variances: FloatArray, ridge: float
    ) -> "MemberEnd":
        """Of an expansion, whose minimum one step reaches: nothing is missing."""
        return cls(t, params, z, variances, Certificate(0.0, 2.0 * ridge, 0.0, 0.0), 1)

"""Counts against a background that is itself known from counts: the on/off problem."""

import numpy as np
import numpy.typing as npt
import scipy.special

from wilks.errors import InputError
from wilks.typing import FloatArray


def on_off_z_score(n_on: npt.ArrayLike, n_off: npt.ArrayLike, *, tau: npt.ArrayLike) -> FloatArray:
    """Return the Z of n_on events for a background that n_off events measured in tau times the exposure.

    With n_on ~ Poisson(b) under the null, n_off ~ Poisson(tau b), b free, and n = n_on + n_off,

        Z = sgn(tau n_on - n_off) sqrt(2) { n_on log[n_on (1 + tau) / n]
                                            + n_off log[n_off (1 + tau) / (tau n)] }^(1/2),

    the signed square root of twice the logarithm of the profile-likelihood ratio: eq. 17 of Li and Ma, ApJ 272 (1983)
    317, called Z_PL in section 5 of Cousins, Linnemann and Tucker, Nucl. Instrum. Meth. A 595 (2008) 480
    (arXiv:physics/0702156), whose table 1 has the first number below. A background b +- s known by other means counts
    as n_off = (b/s)^2 with tau = b/s^2: neither needs to be a whole number. Negative for a deficit; finite where n_on
    or n_off is 0.

    All arguments broadcast. Raises InputError for negative counts or a tau that is not positive.

    >>> on_off_z_score([4, 0], [5, 5], tau=5.0).round(2).tolist()
    [1.95, -1.35]
    """
    on, off, ratio = (np.asarray(values, dtype=np.float64) for values in (n_on, n_off, tau))
    if not (np.all(on >= 0) and np.all(off >= 0) and np.all((ratio > 0) & np.isfinite(ratio))):
        raise InputError("counts must be at least 0 and tau positive and finite, but other numbers came")
    fitted = (on + off) / (1.0 + ratio)
    half = scipy.special.rel_entr(on, fitted) + scipy.special.rel_entr(off, ratio * fitted)
    return np.asarray(np.sign(ratio * on - off) * np.sqrt(2.0 * np.maximum(half, 0.0)))

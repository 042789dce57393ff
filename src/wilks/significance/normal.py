"""From p to Z and back."""

import scipy.special

from wilks.errors import InputError


def z_score(p: float) -> float:
    """Return Z with P(normal >= Z) = p.

    Exact to rounding down to the smallest positive float; below that use
    :func:`z_score_from_log`. p = 1 gives ``-inf`` and p = 0 gives ``inf``: no finite Z
    describes either.

    Raises InputError unless 0 <= p <= 1 (NaN is refused too).

    >>> round(z_score(2.866515718791939e-07), 6)
    5.0
    >>> round(z_score(1e-300), 4)
    37.0471
    """
    if not 0.0 <= p <= 1.0:
        raise InputError(f"a p-value must lie between 0 and 1, got {p}")
    return -float(scipy.special.ndtri(p))


def z_score_from_log(log_p: float) -> float:
    """Return Z from the natural logarithm of p, also where p underflows.

    >>> round(z_score_from_log(-5000.0), 3)
    99.945
    """
    if not log_p <= 0.0:
        raise InputError(f"the logarithm of a p-value must be at most 0, got {log_p}")
    return -float(scipy.special.ndtri_exp(log_p))


def p_value(z: float) -> float:
    """Return P(normal >= z), the one-sided p of ``z`` standard deviations.

    >>> f"{p_value(5.0):.4e}"
    '2.8665e-07'
    """
    return float(scipy.special.ndtr(-z))


def log_p_value(z: float) -> float:
    """Return log P(normal >= z), finite far beyond the smallest positive float.

    >>> round(log_p_value(100.0), 3)
    -5005.524
    """
    return float(scipy.special.log_ndtr(-z))

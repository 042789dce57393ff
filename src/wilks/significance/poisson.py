"""Tails of a Poisson count."""

import math

import numpy as np
import scipy.special

from wilks.errors import InputError

_LEAST = 1e-280  # below it the incomplete gamma function is about to underflow
_N_TERMS = 100_000


def poisson_log_p_value(n: float, expected: float, *, is_excess: bool) -> float:
    """Return log P(N >= n) of a Poisson count of mean b, of a deficit log P(N <= n).

    P(N >= n) = Gamma(n, b), the regularized lower incomplete gamma function, and P(N <= n) = 1 - Gamma(n + 1, b):
    eq. 15 of G. Choudalakis, arXiv:1101.0390, the local p of BumpHunter. Where that underflows its series is summed.

    Raises:
        InputError: n is no whole number of at least 0, or b is not positive.

    >>> round(math.exp(poisson_log_p_value(8, 3.0, is_excess=True)), 6)
    0.011905
    >>> round(poisson_log_p_value(5000, 1000.0, is_excess=True), 2)
    -4052.14
    """
    if not (n >= 0 and float(n).is_integer() and expected > 0 and math.isfinite(expected)):
        raise InputError(
            "a count must be a whole number of at least 0 and its expectation positive, but "
            f"{n!r} and {expected!r} came"
        )
    if is_excess and n == 0:
        return 0.0
    p = float(scipy.special.gammainc(n, expected) if is_excess else scipy.special.gammaincc(n + 1.0, expected))
    if p > _LEAST:
        return math.log(p)
    front = n * math.log(expected) - expected - math.lgamma(n + 1.0)
    steps = np.arange(1.0, 1.0 + (_N_TERMS if is_excess else min(n, _N_TERMS)))
    ratios = expected / (n + steps) if is_excess else (n - steps + 1.0) / expected
    return front + math.log1p(float(np.sum(np.cumprod(ratios))))

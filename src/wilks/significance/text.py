"""How probabilities are printed, also where they underflow."""

import math

_LOG_SMALLEST = math.log(1e-300)
_LOG_TEN = math.log(10.0)


def probability(p: float) -> str:
    """Format a probability with two significant digits, with four decimals close to 1.

    >>> probability(0.002991), probability(0.5), probability(0.99544), probability(1.0), probability(0.0)
    ('0.0030', '0.50', '0.9954', '1', '0')
    """
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    return f"{p:#.2g}" if p < 0.9 else f"{p:.4f}"


def probability_from_log(log_p: float) -> str:
    """Format a probability given by its natural logarithm: as `probability`, and alike where it underflows.

    >>> probability_from_log(math.log(0.002991)), probability_from_log(-5465.5), probability_from_log(-math.inf)
    ('0.0030', '2.3e-2374', '0')
    """
    if not log_p < _LOG_SMALLEST:  # NaN too
        return probability(math.exp(log_p))
    if math.isinf(log_p):
        return "0"
    decades = log_p / _LOG_TEN
    exponent = math.floor(decades)
    mantissa = f"{10.0 ** (decades - exponent):.1f}"
    return f"1.0e{exponent + 1}" if mantissa == "10.0" else f"{mantissa}e{exponent}"

"""Whether the numbers of events of two samples agree with their expected ratio, beside what the distributions say."""

import math

import numpy as np

from wilks.comparison.checks import counts_one_each
from wilks.samples import Sample
from wilks.significance import binomial_log_p_value, log_p_value


def log_p_of_numbers(first: Sample, second: Sample, ratio: float) -> float:
    """log of the two-sided p of the sizes for their expected ratio: exact for counts, normal for sums of weights."""
    if counts_one_each(first) and counts_one_each(second):
        return log_p_of_counts(first.n_events, second.n_events, ratio)
    error = math.sqrt(np.sum(first.event_weights**2) + ratio**2 * np.sum(second.event_weights**2))
    difference = first.expected_events - ratio * second.expected_events
    return min(0.0, math.log(2.0) + log_p_value(abs(float(difference)) / error))


def log_p_of_counts(n_first: int, n_second: int, ratio: float) -> float:
    """The binomial one: given both together the first count has the probability r / (1 + r) for each event."""
    return binomial_log_p_value(n_first, n_first + n_second, probability=ratio / (1.0 + ratio))


def fisher_log_p(log_p: float, other: float) -> float:
    """log [P (1 - log P)], Fisher's product of two independent p with P = p p'; -inf for one that is 0.

    >>> round(math.exp(fisher_log_p(math.log(0.1), math.log(0.1))), 4), fisher_log_p(0.0, 0.0)
    (0.0561, 0.0)
    """
    product = log_p + other
    return product + math.log1p(-product) if product > -math.inf else product

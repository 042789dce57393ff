"""What reference and pool tell of the expected events of nature in each bin.

The reference has n events of weight c in a bin, or as many effective ones, n = (sum w)^2 / sum w^2 and c = sum w^2 /
sum w, and expects b = c n there; nature expects lambda. Given the reference, lambda / c has a gamma law of shape n: in
a bin that was cut so as to hold n events because its content is the sum of n spacings of an ordered sample, and where
edges were given with the prior 1/lambda. A pool with m events of weight d adds what it knows,

    lambda ~ Gamma(shape a = n + m, rate 1/c + 1/d),

and since the sum over all bins, and over what lies in none, is N(R_0) by construction, the lambda are conditioned on
it: with equal weights they are N(R_0) times a Dirichlet vector. Without a pool their mean is b.

Where edges were given b came by chance, and t divides by it. Over references the mean of each term of t is then larger
than by these laws, by c^2 / lambda to second order, without a pool. As much comes from the shape a^2 / (a + 1) of the
same mean, which is taken there.
"""

from typing import NamedTuple

import numpy as np

from wilks.problem import Problem
from wilks.samples import Sample, effective_number
from wilks.statistics.histogram.bins import Bins
from wilks.statistics.histogram.contents import Contents
from wilks.typing import FloatArray


class Nature(NamedTuple):
    """lambda ~ Gamma(shape) times scale in the bins and, last, in none of them, each (k + 1,), of shape 0 where nothing
    is expected; the share of the pool in what is known; the least number of effective events that a bin rests on.
    """

    shape: FloatArray
    scale: FloatArray
    known_share: float
    least: float


def nature_of(bins: Bins, problem: Problem, pool: Sample | None) -> Nature:
    """What the reference of a problem says, and a pool, if there is one."""
    shape, rate = _known(Contents.of(bins, problem, problem.reference), problem.expected_events)
    share = 0.0
    if pool is not None:
        more, more_rate = _known(Contents.of(bins, problem, pool), problem.expected_events)
        shape, rate = shape + more, rate + more_rate
        n_pool, n_reference = (effective_number(one.event_weights) for one in (pool, problem.reference))
        share = n_pool / (n_pool + n_reference)
    loss = np.where(shape > 0, shape / (shape + 1.0), 1.0) if bins.are_given else 1.0
    return Nature(loss * shape, 1.0 / (loss * rate), share, float(np.min(shape[:-1])))


def _known(contents: Contents, total: float) -> tuple[FloatArray, FloatArray]:
    """Effective numbers of events and the rate 1/c, (k + 1,); c is that of all bins together where one is empty."""
    factor = total / float(np.sum(contents.sums))
    scale = np.full_like(contents.sums, factor * float(np.sum(contents.squares)) / float(np.sum(contents.sums)))
    np.divide(factor * contents.squares, contents.sums, out=scale, where=contents.sums > 0)
    return contents.effective, 1.0 / scale

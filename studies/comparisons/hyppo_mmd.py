"""The maximum mean discrepancy of hyppo: it holds all pairs of events at once.

For 2,000 against 200,000 events one matrix takes 326 GB, which is why the process is limited to 16 GiB: the refusal is
the result.
"""

import resource

import numpy as np
from hyppo.ksample import MMD

LIMIT = 16 * 2**30


def statistic(reference: np.ndarray):
    """The statistic of data (n, d) against a reference (n_R, d)."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    return lambda events: float(MMD(compute_kernel="gaussian", gamma=0.5).statistic(events, reference))

"""The maximum mean discrepancy of hyppo for ``comparisons.py``: it holds all pairs of events at once.

For 2,000 against 200,000 events one matrix takes 326 GB, which is why the process is limited to 16 GiB: the refusal is
the result. `python benchmarks/compared_hyppo.py N` gives seconds and memory for N against N events instead.
"""

import resource
import sys
import time

import numpy as np
from hyppo.ksample import MMD

LIMIT = 16 * 2**30


def statistic(reference: np.ndarray):
    """The statistic of data (n, d) against a reference (n_R, d)."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    return lambda events: float(MMD(compute_kernel="gaussian", gamma=0.5).statistic(events, reference))


def main() -> None:
    n, rng = int(sys.argv[1]), np.random.default_rng(0)
    samples = rng.exponential(size=(2, n, 1))
    MMD(compute_kernel="gaussian", gamma=0.5).statistic(*samples[:, :50])
    start = time.perf_counter()
    MMD(compute_kernel="gaussian", gamma=0.5).statistic(*samples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{n} against {n}: {time.perf_counter() - start:.2f} s, peak of the process {peak:.2f} GB")


if __name__ == "__main__":
    main()

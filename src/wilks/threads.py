"""Linear algebra on one thread: on matrices as small as those of a fit two threads are several times slower.

The order of a sum depends on the number of threads, too: with one, t and p are the same whatever a machine offers.
"""

import contextlib
import functools
from collections.abc import Iterator

import numpy  # noqa: F401  # its BLAS, and that of SciPy, must be there to be found
import scipy.linalg  # noqa: F401
from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS has one thread inside, and what it had before outside; also a decorator. It takes 0.01 ms.

    >>> with one_blas_thread():
    ...     {one["num_threads"] for one in _controller().info() if one["user_api"] == "blas"} <= {1}
    True
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()

"""Work on large arrays by several threads: results and their order do not depend on how many there are."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wilks.campaign.processes import n_cores

LARGE = 4_096
"""Rows from which on threads are worth it."""

_Result = TypeVar("_Result")


def side_by_side(jobs: Iterable[Callable[[], _Result]], *, is_large: bool) -> list[_Result]:
    """What the jobs return, in their order; one after the other where they are small.

    >>> side_by_side([lambda: 1, lambda: 2], is_large=True)
    [1, 2]
    """
    if not is_large:
        return [job() for job in jobs]
    with ThreadPoolExecutor(n_cores()) as pool:
        return list(pool.map(_called, jobs))


def _called(job: Callable[[], _Result]) -> _Result:
    return job()

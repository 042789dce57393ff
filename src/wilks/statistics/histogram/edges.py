"""Edges of bins as the user gives them, and as JSON has them."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from wilks.errors import InputError
from wilks.typing import is_number


def checked_edges(edges: object, *, of: str) -> tuple[tuple[float, ...], ...]:
    """Edges of each feature as plain numbers; ``of`` names whose they are.

    Raises:
        InputError: they are no lists of two or more ascending numbers, of which the outermost may be infinite.

    >>> checked_edges(([0, 1, "inf"],), of="a histogram")
    ((0.0, 1.0, inf),)
    """
    lists = list(edges) if isinstance(edges, Sequence | np.ndarray) and not isinstance(edges, str) else []
    if not lists or not all(isinstance(one, Sequence | np.ndarray) and not isinstance(one, str) for one in lists):
        raise InputError(
            f"edges of {of} must be one list of numbers for each feature, edges=(edges_x, edges_y), or "
            f"edges=(edges_x,) for one feature, but {edges!r} came"
        )
    return tuple(_ascending(list(one)) for one in lists)


def plain_edges(edges: tuple[tuple[float, ...], ...] | None) -> list[list[float | str]] | None:
    """As JSON has them, which lacks infinity."""
    return None if edges is None else [plain_numbers(one) for one in edges]


def plain_numbers(values: Iterable[float]) -> list[float | str]:
    """The same of one list.

    >>> plain_numbers([1, float("-inf")])
    [1.0, '-inf']
    """
    return [x if math.isfinite(x) else str(x) for x in map(float, values)]


def _ascending(edges: Sequence[object]) -> tuple[float, ...]:
    numbers = tuple(float(one) if is_number(one) or one in ("inf", "-inf") else math.nan for one in edges)
    is_good = len(numbers) >= 2 and all(low < high for low, high in pairwise(numbers))
    if not (is_good and all(map(math.isfinite, numbers[1:-1]))):
        raise InputError(
            "edges of a feature must be two or more ascending numbers, of which the first may be -inf and the last "
            f"inf, but {list(edges)!r} came"
        )
    return numbers

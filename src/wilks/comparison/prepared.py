"""Two samples made ready to be compared, however they are held."""

from collections.abc import Callable
from typing import NamedTuple

from wilks.comparison.statistics import ComparisonStatistics


class Prepared(NamedTuple):
    """What a comparison needs of two samples.

    Attributes:
        statistics: of all members.
        sizes: events, or effective events, of the first and of the second sample.
        notices: sentences on what was taken for what.
        p_of_sizes: p of the numbers of events, for an expected ratio of the first to the second.
    """

    statistics: ComparisonStatistics
    sizes: tuple[float, float]
    notices: tuple[str, ...]
    p_of_sizes: Callable[[float], float]

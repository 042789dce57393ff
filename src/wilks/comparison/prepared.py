"""Two samples made ready to be compared, however they are held."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wilks.comparison.statistics import ComparisonStatistics
from wilks.samples import Origin, Sample


class Prepared(NamedTuple):
    """What a comparison needs of two samples.

    Attributes:
        statistics: of all members.
        sizes: events, or effective events, of the first and of the second sample.
        notices: sentences on what was taken for what.
        log_p_of_sizes: log p of the numbers of events, for an expected ratio of the first to the second.
        samples: what figures show: both samples, or of streams the rows of the sketch, by their copies.
    """

    statistics: ComparisonStatistics
    sizes: tuple[float, float]
    notices: tuple[str, ...]
    log_p_of_sizes: Callable[[float], float]
    samples: tuple[Sample, Sample]


def lacking_notices(origins: tuple[Origin | None, Origin | None]) -> Iterator[str]:
    """Sentences on events of either sample that were not read for want of an object."""
    for which, origin in zip(("first", "second"), origins, strict=True):
        for sentence in origin.lacking if origin is not None else ():
            yield f"of the {which} sample {sentence}: the others are compared"

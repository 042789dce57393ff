"""Is the source of toys the reference? And all that must be known of the samples of an analysis."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Generator, Null
from wilks.kept import kept
from wilks.samples import KnownEvents, Sample, data_notices, reference_notices
from wilks.samples.likeness import Difference, differences
from wilks.toys.identity import toy_rng

_FEWEST_DRAWN, _MOST_DRAWN = 2_000, 10_000
_TRIAL = -4  # the index of a toy that nobody makes


def require_like_reference(analysis: Analysis) -> None:
    """Raise if toys would not be toys of the reference, whose features the source is compared with, one by one.

    A pool as it is with its weights, events before the selection as far as they pass it, and as many events of a
    generator as a toy has, but 2,000 to 10,000, with random numbers of their own: no toy depends on them. It is looked
    at once for each analysis.

    Raises:
        InputError: a feature that is another quantity (`Difference.is_another_quantity`), by name.
    """
    strange = [one for one in _source_differences(analysis) if one.is_another_quantity]
    if strange:
        raise InputError(
            "the source of toys must be like the reference, for toys stand for data of it, but in "
            f"{_source_name(analysis)} {'; '.join(map(str, strange))}; give both the same units, columns, weights and "
            "selection"
        )


def sample_notices(analysis: Analysis, data: Sample | None = None) -> tuple[str, ...]:
    """Sentences on the samples of an analysis, and on data beside them; none where all is usual."""
    if analysis.regions:
        return in_regions(analysis, data, sample_notices)
    own = _own_notices(analysis)
    if data is None:
        return own
    return (*data_notices(data, reference=_known_reference(analysis), pool=_known_pool(analysis)), *own)


def in_regions(
    analysis: Analysis, data: Sample | None, notices: Callable[[Analysis, Sample | None], Iterable[str]]
) -> tuple[str, ...]:
    """What there is to be said of each region, with its name; data None: before there are any."""
    own = {} if data is None else analysis.split(data)
    found = {name: notices(one, own.get(name)) for name, one in analysis.regions.items()}
    return tuple(f"In region {name}: {text}" for name, texts in found.items() for text in texts)


@kept(most=1)
def _known_reference(analysis: Analysis) -> KnownEvents:
    return KnownEvents(analysis.reference)


@kept(most=1)
def _known_pool(analysis: Analysis) -> KnownEvents | None:
    return None if analysis.nominal_pool is None else KnownEvents(analysis.nominal_pool)


@kept(most=1)
def _own_notices(analysis: Analysis) -> tuple[str, ...]:
    return tuple(_found_notices(analysis))


def _found_notices(analysis: Analysis) -> Iterator[str]:
    yield from reference_notices(analysis.reference, analysis.standardization)
    for one in _source_differences(analysis):
        if one.is_notable(analysis.expected_events):
            yield (
                f"The source of toys is not quite like the reference: in {_source_name(analysis)} {one}. Toys of it "
                "have a larger t than those of the reference, and p is too large"
            )


@kept(most=1)
def _source_differences(analysis: Analysis) -> tuple[Difference, ...]:
    source = analysis.toy_source
    drawn = _drawn(analysis, source) if isinstance(source, Generator) else analysis.nominal_pool
    return () if drawn is None else differences(drawn, analysis.reference)


def _drawn(analysis: Analysis, source: Generator) -> Sample:
    n_events = int(np.clip(analysis.expected_events, _FEWEST_DRAWN, _MOST_DRAWN))
    rng = toy_rng(Null(), seed=0, index=_TRIAL)
    return Sample(source.draw(rng, n_events, n_features=len(analysis.features)), features=analysis.features)


def _source_name(analysis: Analysis) -> str:
    source = analysis.toy_source
    return f"events of {source.name}" if isinstance(source, Generator) else "the pool"

"""What samples must be to each other: a reference, a pool of toy events, data."""

from collections.abc import Iterator

from wilks.errors import SampleError
from wilks.samples.counters import counter_notices
from wilks.samples.likeness import differences
from wilks.samples.overlap import KnownEvents, shared_among, shared_events
from wilks.samples.repeats import repeated_events, repeats_among
from wilks.samples.sample import Sample
from wilks.samples.standardization import Standardization, scale_notices
from wilks.typing import FloatArray, IntArray

_TOO_ALIKE = "the two look too much alike"
_COPIES = "look for a file that is read twice, or for a file and its copy"
_COUNTS_TWICE = f"what they fluctuate counts twice, and p is too small; {_COPIES}"


def check_pool(pool: Sample, *, reference: Sample) -> None:
    """Raise unless toys can be drawn from a pool beside this reference.

    Raises:
        SampleError: other features, events that are in the reference too, or that come more than once.
    """
    if pool.features != reference.features:
        raise SampleError(
            f"the pool of toy events must have the features {', '.join(reference.features)} in this order, "
            f"but it has {', '.join(pool.features)}"
        )
    n_shared = shared_events(reference, pool)
    if n_shared:
        raise SampleError(
            f"the pool of toy events must share no event with the reference, but {n_shared:,} of its "
            f"{pool.n_events:,} events are in both; separate them with wilks.split, or in an analysis file with "
            "reference.n_training"
        )
    n_repeated = repeated_events(pool, like=reference)
    if n_repeated:
        raise SampleError(
            f"the pool of toy events must hold each event once, but {n_repeated:,} of its {pool.n_events:,} events "
            "repeat another one: toys from it would too; look for a file that is read twice, for a file and its copy, "
            "or for a resampled sample"
        )


def check_data_once(data: Sample, *, reference: Sample) -> None:
    """Raise if data events come more than once.

    Raises:
        SampleError: they do.
    """
    n_repeated = repeated_events(data, like=reference)
    if n_repeated:
        raise SampleError(
            f"each event of the data must come once, but {_repeated_text(n_repeated, data.n_events)}; look for a "
            "file that is read twice, for a file and its copy, or for triggers that record an event twice"
        )


def reference_notices(reference: Sample, standardization: Standardization) -> Iterator[str]:
    """Sentences on a reference: events far outside all others, counters, and events that come more than once."""
    yield from _lacking_notices(reference, "reference")
    yield from scale_notices(reference, standardization)
    yield from counter_notices(reference)
    n_repeated = repeated_events(reference)
    if n_repeated:
        yield (
            f"In the reference {_repeated_text(n_repeated, reference.n_events)}: it counts as larger than it is; "
            f"{_COPIES}"
        )


def data_notices(data: Sample, *, reference: KnownEvents, pool: KnownEvents | None = None) -> Iterator[str]:
    """Sentences on data that are not independent of the reference, of the pool of toy events, or of each other."""
    yield from _lacking_notices(data, "data")
    n_shared = reference.shared_with(data)
    if n_shared:
        yield f"{n_shared:,} of {data.n_events:,} data events are in the reference too: {_TOO_ALIKE}"
    n_in_pool = pool.shared_with(data) if pool is not None else 0
    if n_in_pool:
        yield (
            f"{n_in_pool:,} of {data.n_events:,} data events are in the pool of toy events too: toys of the data "
            "themselves are no toys of the reference"
        )
    n_repeated = repeated_events(data, like=reference.sample)
    if n_repeated:
        yield f"In the data {_repeated_text(n_repeated, data.n_events)}: {_COUNTS_TWICE}"


def pair_notices(first: Sample, second: Sample) -> Iterator[str]:
    """Sentences on two samples on equal terms of which one repeats its events, or that share some.

    What one sample is like says nothing of how often events of the other tie: each must show by itself that it repeats
    its events (`repeated_events` without ``like``), which not every sample that was drawn with replacement does.
    """
    repeated = (repeated_events(first), repeated_events(second))
    return _pair_notices(repeated, shared_events(first, second), n_events=(first.n_events, second.n_events))


def part_notices(rows: FloatArray, counts: IntArray, *, n_events: tuple[int, int]) -> Iterator[str]:
    """The same from a random part of the different rows (m, d) and how often each comes in either sample (m, 2).

    Args:
        rows, counts: the part.
        n_events: all events of both.
    """
    seen = counts.sum(axis=0)
    first, second = (
        round(repeats_among(own) * n / max(int(of), 1)) for own, n, of in zip(counts.T, n_events, seen, strict=True)
    )
    n_shared = round(shared_among(rows, counts, n_events=n_events) * n_events[1] / max(int(seen[1]), 1))
    return _pair_notices((first, second), n_shared, n_events=n_events, about="about ")


def _pair_notices(
    repeated: tuple[int, int], n_shared: int, *, n_events: tuple[int, int], about: str = ""
) -> Iterator[str]:
    for which, n_repeated, n in zip(("first", "second"), repeated, n_events, strict=True):
        if n_repeated:
            yield f"in the {which} sample {about}{_repeated_text(n_repeated, n)}: {_COUNTS_TWICE}"
    if n_shared:
        yield f"{about}{n_shared:,} of {n_events[1]:,} events of the second sample are in the first too: {_TOO_ALIKE}"


def unit_notices(data: Sample, *, reference: Sample) -> Iterator[str]:
    """Sentences on features of data that seem to have another unit than in the reference."""
    for one in differences(data, reference):
        if one.is_another_quantity and one.unit:
            yield f"In the data {one}: see that data and reference have one unit"


def _lacking_notices(sample: Sample, role: str) -> Iterator[str]:
    for sentence in sample.origin.lacking if sample.origin is not None else ():
        yield f"Of the {role} {sentence}: what is tested is the others; `fill` keeps them"


def _repeated_text(n_repeated: int, n_events: int) -> str:
    return f"{n_repeated:,} of {n_events:,} events repeat another one"

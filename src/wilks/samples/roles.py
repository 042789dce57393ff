"""What samples must be to each other: a reference, a pool of toy events, data."""

from collections.abc import Iterator

from wilks.errors import SampleError
from wilks.samples.counters import counter_notices
from wilks.samples.likeness import differences
from wilks.samples.overlap import KnownEvents, shared_events
from wilks.samples.repeats import repeated_events
from wilks.samples.sample import Sample
from wilks.samples.standardization import Standardization, scale_notices


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
            f"each event of the data must come once, but {_repeated_text(n_repeated, data)}; look for a file that is "
            "read twice, for a file and its copy, or for triggers that record an event twice"
        )


def reference_notices(reference: Sample, standardization: Standardization) -> Iterator[str]:
    """Sentences on a reference: events far outside all others, counters, and events that come more than once."""
    yield from _lacking_notices(reference, "reference")
    yield from scale_notices(reference, standardization)
    yield from counter_notices(reference)
    n_repeated = repeated_events(reference)
    if n_repeated:
        yield (
            f"In the reference {_repeated_text(n_repeated, reference)}: it counts as larger than it is; look for a "
            "file that is read twice, or for a file and its copy"
        )


def data_notices(data: Sample, *, reference: KnownEvents, pool: KnownEvents | None = None) -> Iterator[str]:
    """Sentences on data that are not independent of the reference, of the pool of toy events, or of each other."""
    yield from _lacking_notices(data, "data")
    n_shared = reference.shared_with(data)
    if n_shared:
        yield f"{n_shared:,} of {data.n_events:,} data events are in the reference too: the two look too much alike"
    n_in_pool = pool.shared_with(data) if pool is not None else 0
    if n_in_pool:
        yield (
            f"{n_in_pool:,} of {data.n_events:,} data events are in the pool of toy events too: toys of the data "
            "themselves are no toys of the reference"
        )
    n_repeated = repeated_events(data, like=reference.sample)
    if n_repeated:
        yield (
            f"In the data {_repeated_text(n_repeated, data)}: what they fluctuate counts twice, and p is too small; "
            "look for a file that is read twice, or for a file and its copy"
        )


def unit_notices(data: Sample, *, reference: Sample) -> Iterator[str]:
    """Sentences on features of data that seem to have another unit than in the reference."""
    for one in differences(data, reference):
        if one.is_another_quantity and one.unit:
            yield f"In the data {one}: see that data and reference have one unit"


def _lacking_notices(sample: Sample, role: str) -> Iterator[str]:
    for sentence in sample.origin.lacking if sample.origin is not None else ():
        yield f"Of the {role} {sentence}: what is tested is the others; `fill` keeps them"


def _repeated_text(n_repeated: int, sample: Sample) -> str:
    return f"{n_repeated:,} of {sample.n_events:,} events repeat another one"

"""What must hold of two samples before they are compared."""

from collections.abc import Iterator, Sequence

import numpy as np

from wilks.errors import SampleError
from wilks.samples import Sample, effective_number
from wilks.wording import listed, visible

FEWEST_EVENTS = 10
_MOST_OF_SQUARES, _FEWEST_EFFECTIVE = 0.05, 50.0


def common(a: Sample, b: Sample) -> tuple[Sample, Sample, tuple[str, ...]]:
    """Both with the features that they have in common and that vary, in the order of the first; what was left out.

    Raises:
        SampleError: there is no such feature, or a sample has too few events.
    """
    names = [name for name in a.features if name in b.features]
    left_out = [f"{visible(name)!r} is in one sample alone" for name in {*a.features} ^ {*b.features}]
    varying = [name for name in names if _varies(a, b, name)]
    left_out += [f"{visible(name)!r} is the same in every event" for name in names if name not in varying]
    if not varying:
        raise SampleError(
            "two samples must have a feature in common that varies, but the first has "
            f"{listed(a.features)} and the second {listed(b.features)}"
            + (f", of which {listed(names)} never vary" if names else "")
        )
    for which, sample in (("first", a), ("second", b)):
        if sample.n_events < FEWEST_EVENTS:
            raise SampleError(
                f"each sample must have at least {FEWEST_EVENTS} events, but the {which} one has {sample.n_events}"
            )
    notices = (f"left out: {'; '.join(sorted(left_out))}",) if left_out else ()
    return with_features(a, varying), with_features(b, varying), notices


def has_weights(a: Sample, b: Sample) -> bool:
    """Whether events of one sample differ in what they count: one number for all says nothing of a distribution."""
    return any(one.n_events > 0 and not (np.ptp(one.event_weights) == 0.0 < one.event_weights[0]) for one in (a, b))


def counts_one_each(sample: Sample) -> bool:
    """Whether the sum of the weights is a number of events."""
    return bool(np.all(sample.event_weights == 1.0))


def require_usable_weights(a: Sample, b: Sample) -> None:
    """Raise unless weights are such that b is nearly normal.

    Raises:
        SampleError: a sum of weights is not positive, one event has more than a twentieth of the sum of squares, or a
            sample counts as fewer than 50 events.
    """
    for which, sample in (("first", a), ("second", b)):
        weights = sample.event_weights
        if not sample.expected_events > 0:
            raise SampleError(
                f"the weights of a sample must have a positive sum, but those of the {which} one sum to "
                f"{sample.expected_events:g}"
            )
        share = float(np.max(weights**2) / np.sum(weights**2))
        effective = sample.expected_events**2 / float(np.sum(weights**2))
        if share > _MOST_OF_SQUARES or effective < _FEWEST_EFFECTIVE:
            raise SampleError(
                "no event must carry more than 5 % of the sum of squared weights, and a sample must count as at least "
                f"{_FEWEST_EFFECTIVE:g} events (W^2 / sum w^2), but in the {which} one the heaviest has {share:.1%}, "
                f"and {sample.n_events:,} events count as {effective:,.1f}; unweight it (wilks.samples.unweight), or "
                "leave its heaviest events out of both samples by a selection"
            )


def require_numbers(lost: Sequence[tuple[str, str]], *, which: str) -> None:
    """Raise where a sample seems to have weights that cannot be read: without them it is another sample.

    Args:
        lost: columns that are named as weights are, and why each holds not one number for each event.
        which: sample.

    Raises:
        SampleError: there is one.
    """
    if lost:
        raise SampleError(
            f"of the {which} sample, whose weights these seem to be, {lost[0][1]}; or give other weights "
            "(on the command line --weight), or say that every row counts one (--no-weights; of a "
            "table in Python, leave the column out)"
        )


def sizes(a: Sample, b: Sample) -> tuple[float, float]:
    """Effective numbers of events."""
    return effective_number(a.event_weights), effective_number(b.event_weights)


def _varies(a: Sample, b: Sample, name: str) -> bool:
    first = a.column(name)[:1] if a.n_events else b.column(name)[:1]
    return any(np.any(sample.column(name) != first) for sample in (a, b))


def weight_notices(a: Sample, b: Sample) -> Iterator[str]:
    """What weights make of a p."""
    first, second = sizes(a, b)
    yield (
        "with weights labels are not exchangeable, and p is approximate: it takes sums over events for normal. The "
        f"samples count as {first:,.0f} and {second:,.0f} events"
    )


def with_features(sample: Sample, names: Sequence[str], *, weight: str | None = None) -> Sample:
    """The same events with some of their features, weighed by one of the columns where it is named."""
    if weight is None and tuple(names) == sample.features:
        return sample
    weights = sample.event_weights if weight is None else sample.column(weight)
    events = np.column_stack([sample.column(name) for name in names])
    return Sample(events, weights, features=names, origin=sample.origin)

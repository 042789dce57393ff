"""Samples of one law put together: strata, and a sparse region enriched with events simulated there."""

from collections.abc import Iterable

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest, effective_number
from wilks.samples.expressions import Selection, parse_selection
from wilks.samples.overlap import shared_events
from wilks.samples.sample import Sample
from wilks.typing import BoolArray

_LARGEST_PULL = 5.0


def enrich(reference: Sample, tail: Sample, *, where: str) -> Sample:
    """The reference with more events in one region, from a second sample of the same law that covers the region.

    Both samples estimate the same density there. Their events are kept with weights w_i scaled by n_i / (n_1 + n_2),
    n = (sum w)^2 / sum w^2 the effective number of events of a sample in the region: the best combination where weights
    are constant in each. The yield of the region becomes that of both together; outside nothing changes.

    Args:
        reference: events everywhere, weighted to their expected yield.
        tail: events of the same features and carried columns, weighted to the yield that is expected of them in the
            same data; those outside the region are left out.
        where: the region, a selection over the columns of both samples, as in `read`.

    Returns:
        A sample without origin: the events of the reference first.

    Raises:
        SampleError: other columns; no event of ``tail`` in the region; a yield that is not positive; yields of the two
            samples in the region that differ by more than 5 standard deviations; events that are in both.

    >>> reference = Sample([1.0, 2.0, 9.0, 9.5], np.full(4, 1.0), features=("x",))
    >>> tail = Sample(np.linspace(9.1, 9.9, 6), np.full(6, 0.3), features=("x",))
    >>> merged = enrich(reference, tail, where="x > 8")
    >>> merged.event_weights.round(3).tolist()
    [1.0, 1.0, 0.25, 0.25, 0.225, 0.225, 0.225, 0.225, 0.225, 0.225]
    """
    region = parse_selection(where)
    _check_columns([reference, tail])
    inside, covered = _passing(reference, region), _passing(tail, region)
    more = tail.take(covered)
    if not more.n_events:
        raise SampleError(
            f"the enriched sample must have events in the region {where!r}, but none of {tail.n_events:,} is; look at "
            "its selection"
        )
    present = reference.take(inside)
    _check_yields(present, more, reference, where)
    size, more_size = _effective_size(present, where), _effective_size(more, where)
    weights = reference.event_weights.copy()
    weights[inside] *= size / (size + more_size)
    scaled = Sample(reference.events, weights, features=reference.features, extras=reference.extras)
    return merge([scaled, more.rescaled(more.expected_events * more_size / (size + more_size))])


def merge(samples: Iterable[Sample]) -> Sample:
    """The events of several samples one after another, with their weights: strata of one law.

    The samples must cover disjoint regions, each with weights that sum to its own yield: where two of them overlap, the
    density is counted twice (`enrich` combines those).

    Returns:
        A sample without origin.

    Raises:
        SampleError: no samples, other columns, or events that are in two of them.

    >>> merge([Sample([1.0, 2.0], [1.0, 1.0]), Sample([9.0], [0.1])]).event_weights.tolist()
    [1.0, 1.0, 0.1]
    """
    given = list(samples)
    if not given:
        raise SampleError("at least one sample must be given to be merged, but none came")
    _check_columns(given)
    for j, one in enumerate(given):
        for other in given[:j]:
            if n_shared := shared_events(other, one):
                raise SampleError(
                    f"samples that are put together must share no event, but {n_shared:,} of {one.n_events:,} are in "
                    "both; look for a file that is read twice"
                )
    first = given[0]
    return Sample(
        np.concatenate([one.events for one in given]),
        np.concatenate([one.event_weights for one in given]),
        features=first.features,
        extras={name: np.concatenate([one.extras[name] for one in given]) for name in first.extras},
    )


def _check_columns(samples: list[Sample]) -> None:
    first = samples[0]
    for one in samples[1:]:
        if one.features != first.features:
            raise SampleError(
                "samples that are put together must have the same features in the same order, but these have "
                f"{', '.join(first.features)} and {', '.join(one.features)}"
            )
        if different := sorted({*one.extras} ^ {*first.extras}):
            raise SampleError(
                f"samples that are put together must carry the same columns, but {different[0]!r} is in one of them "
                "alone; read both with the same carry=[...], or leave it out with without_extras()"
            )


def _passing(sample: Sample, region: Selection) -> BoolArray:
    names = (*sample.features, *sample.extras)
    for name in region.names:
        if name not in names:
            raise SampleError(
                f"the region {region.text!r} needs the column {name!r}, which the samples do not have; "
                f"{closest(name, names)}"
            )
    return region.at_precision(sample.precisions).evaluate({name: sample.column(name) for name in names})


def _check_yields(present: Sample, more: Sample, reference: Sample, where: str) -> None:
    """The two yields must agree; the error of a sparse reference is at least that of the events expected of it."""
    squares = float(np.sum(reference.event_weights**2))
    usual = squares / reference.expected_events if reference.expected_events > 0 else 0.0
    own = max(float(np.sum(present.event_weights**2)), usual * more.expected_events)
    error = float(np.sqrt(own + np.sum(more.event_weights**2)))
    pull = (more.expected_events - present.expected_events) / error
    if abs(pull) > _LARGEST_PULL:
        raise SampleError(
            f"both samples must expect the same number of events in {where!r}, but the reference has "
            f"{present.expected_events:.6g} and the enriched sample {more.expected_events:.6g}, which differ by "
            f"{abs(pull):.1f} standard deviations; give its weights the same luminosity and cross section "
            "(Sample.rescaled), or look for cuts in which they differ"
        )


def _effective_size(sample: Sample, where: str) -> float:
    """(sum w)^2 / sum w^2, 0 without events."""
    if not sample.n_events:
        return 0.0
    if not sample.expected_events > 0:
        raise SampleError(
            f"the weights in {where!r} must have a positive sum in both samples, but one has "
            f"{sample.expected_events:g}; choose a larger region"
        )
    return effective_number(sample.event_weights)

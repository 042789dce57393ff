"""What can be seen of reference, toy events and data without a fit: sentences for `wilks check` and for answers.

What cannot be used at all is refused where it is used: `check_reference` of `wilks.analysis`, `check_pool` and
`check_data` of `wilks.samples`.
"""

import math
from collections.abc import Iterator

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import SampleError
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.kept import kept
from wilks.samples import ReferenceSupport, Sample, Support
from wilks.toys import in_regions, sample_notices

_MANY_SIGMA = 5.0
_SMALL_RATIO = 2.0
_MAX_COMMON_ERROR = 0.2
_NULL = Null()


def analysis_notices(analysis: Analysis) -> Iterator[str]:
    """What reference and pool of an analysis make of every answer."""
    effective, expected = analysis.reference.n_effective, analysis.expected_events
    if effective < _SMALL_RATIO * expected:
        yield (
            f"the reference counts as {effective:,.0f} unweighted events for {expected:,.6g} expected in data: its own "
            "fluctuations are as large as those of the data, and the p-value is conditional on them; use a larger "
            "reference"
        )
    error, independent = analysis.overlap_z_error, independent_toys(analysis)
    if error is not None and independent is not None and error > _MAX_COMMON_ERROR:
        yield (
            f"toys are drawn from a pool of {independent * expected:,.0f} events, {independent:.1f} times the expected "
            f"{expected:,.6g}: they overlap; their common error of Z is {error:.2f}"
        )


def independent_toys(analysis: Analysis) -> float | None:
    """How many toys a pool gives that share no event; None for toys that come from elsewhere."""
    pool = analysis.nominal_pool
    if pool is None:
        return None
    return pool.expected_events / float(pool.event_weights.max()) / analysis.expected_events


def count_notices(analysis: Analysis, data: Sample, *, at: Null | ShiftedNuisance = _NULL) -> Iterator[str]:
    """Whether the number of data events is far from the expected one, at these nuisances."""
    moved = analysis.moved_weights(at.nuisances) if isinstance(at, ShiftedNuisance) else None
    expected = analysis.expected_events if moved is None else float(moved.sum())
    excess = (data.n_events - expected) / math.sqrt(expected)
    if abs(excess) > _MANY_SIGMA:
        yield (
            f"The data have {data.n_events:,} events for {expected:,.6g} expected, {excess:+.1f} standard deviations: "
            "see that reference.expected_events is the yield of this selection and luminosity"
        )


@kept(most=4, key=Sample.digest)
def data_notices(analysis: Analysis, data: Sample) -> tuple[str, ...]:
    """What the reference, and the data beside it, make of an answer; found once for these data."""
    return tuple(_data_notices(analysis, data))


def _data_notices(analysis: Analysis, data: Sample) -> Iterator[str]:
    yield from _negative_weights(analysis)
    yield from sample_notices(analysis, data)
    yield from analysis.model.notices(analysis.problem, data)
    yield from in_regions(analysis, data, _support) if analysis.regions else _support_notices(analysis, data)


def _support(analysis: Analysis, data: Sample | None) -> tuple[str, ...]:
    return () if data is None else tuple(_support_notices(analysis, data))


@kept(most=1)
def _negative_weights(analysis: Analysis) -> tuple[str, ...]:
    return tuple(_found_negative_weights(analysis.reference))


def _found_negative_weights(reference: Sample) -> Iterator[str]:
    share = negative_share(reference)
    if share:
        yield (
            f"{int(np.sum(reference.event_weights < 0)):,} reference events have negative weights ({share:.1%} of the "
            "sum of |w|): the loss is then not convex in f, and where the net weight is negative the weight clip alone "
            "bounds it"
        )


def negative_share(sample: Sample) -> float:
    """What negative weights carry of the sum of all |w|.

    >>> negative_share(Sample([1.0, 2.0], [3.0, -1.0]))
    0.25
    """
    weights = sample.event_weights
    return float(-weights[weights < 0].sum() / np.abs(weights).sum())


def _support_notices(analysis: Analysis, data: Sample) -> Iterator[str]:
    try:
        support = _reference_support(analysis)
    except SampleError as error:
        yield f"Whether data lie where the reference has no events was not looked at: {error}"
        return
    found = support.outside(data)
    if found.n_outside:
        yield _in_one_line(found)


@kept(most=1)
def _reference_support(analysis: Analysis) -> ReferenceSupport:
    return ReferenceSupport(analysis.reference)


def _in_one_line(support: Support) -> str:
    head, *events, advice = str(support).splitlines()
    return f"{head} {'; '.join(one.strip() for one in events)}. {advice.rstrip('.')}"

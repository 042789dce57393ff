"""What is looked at before anything is fitted. Faults are errors; oddities are warnings in words."""

import math
from dataclasses import dataclass, field

import numpy as np

from wilks.analysis import Analysis
from wilks.answer import AUTOMATIC_TOYS
from wilks.errors import SampleError
from wilks.hypotheses import Generator
from wilks.nuisances import Unselected
from wilks.samples import Sample, check_data_once, data_notices, shared_events, unit_notices
from wilks.toys import sample_notices

_MANY_SIGMA = 5.0
_SMALL_RATIO = 2.0
_MAX_COMMON_ERROR = 0.2


@dataclass
class Findings:
    """Rows of the table of ``check``, numbers for ``result.json``, and warnings."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    numbers: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, text: str) -> None:
        self.rows.append((name, text))


def check_reference(found: Findings, reference: Sample, *, expected_events: float) -> None:
    """Total weight, constant features, negative weights, and the size compared with the expected events.

    Raises SampleError for a total weight that is not positive and for a constant feature.
    """
    total = reference.expected_events
    if not total > 0:
        raise SampleError(
            f"the event weights of the reference must have a positive sum, but {reference.n_events:,} events "
            f"sum to {total:g}; check `weight` and `where`"
        )
    for name in reference.features:
        _refuse_constant(reference, name)
    weights = reference.event_weights
    effective = float(total**2 / np.sum(weights**2))
    found.add("reference", f"{_origin(reference)}; expected in the data: {expected_events:,.6g}")
    found.numbers["reference"] = {
        "n_events": reference.n_events,
        "effective_events": effective,
        "expected_events": expected_events,
    }
    if effective < _SMALL_RATIO * expected_events:
        found.warnings.append(
            f"the reference counts as {effective:,.0f} unweighted events for {expected_events:,.6g} expected in data: "
            "its own fluctuations are as large as those of the data, and the p-value is conditional on them; "
            "use a larger reference"
        )
    _note_negative(found, reference)


def _refuse_constant(reference: Sample, name: str) -> None:
    values = reference.column(name)
    if values.size and np.min(values) == np.max(values):
        raise SampleError(
            f"every feature of the reference must vary, but {name!r} is {values[0]:g} in all {values.size:,} events; "
            "delete it from `features` or check `where`"
        )


def _note_negative(found: Findings, reference: Sample) -> None:
    negative = reference.event_weights < 0
    if not negative.any():
        return
    share = float(-reference.event_weights[negative].sum() / np.abs(reference.event_weights).sum())
    found.numbers["negative_weight_share"] = share
    found.warnings.append(
        f"{int(negative.sum()):,} reference events have negative weights ({share:.1%} of the sum of |w|): the loss "
        "is then not convex in f and is bounded by the weight clip alone where the net weight is negative"
    )


def note_toy_source(found: Findings, analysis: Analysis) -> None:
    """How many independent toys a pool gives, and the error on Z that toys from one pool share."""
    source, error = analysis.toy_source, analysis.overlap_z_error
    if source is None:
        found.add("toys", "no source: toys need reference.n_training, toys.pool or toys.generator")
    elif isinstance(source, Generator):
        found.add("toys", f"from the generator {source.name}")
    pool = analysis.nominal_pool
    if pool is None or error is None:
        return
    n_usable = pool.expected_events / float(pool.event_weights.max())
    n_independent = n_usable / analysis.expected_events
    found.numbers["pool"] = {"n_events": pool.n_events, "usable_events": n_usable, "common_z_error": error}
    found.add(
        "toys", f"{_pool_text(source, pool)}; {n_independent:.1f} independent toys; common error of Z: {error:.2f}"
    )
    if error > _MAX_COMMON_ERROR:
        found.warnings.append(
            f"toys are drawn from a pool of {n_usable:,.0f} events, {n_independent:.1f} times the expected "
            f"{analysis.expected_events:,.6g}: they overlap; their common error of Z is {error:.2f}"
        )


def note_answer(found: Findings, analysis: Analysis, *, n_toys: int) -> None:
    """Where p will come from; ``n_toys`` 0: from the analytic null."""
    found.numbers["n_toys"] = n_toys
    if n_toys:
        found.add("answer", f"counted among {n_toys:,} toys under the reference")
        return
    has_source = analysis.toy_source is not None
    rest = f"counted among {AUTOMATIC_TOYS:,} toys made for it" if has_source else "none: there is no source of toys"
    found.add("answer", f"from the analytic null of the score statistic, or, where that is too rough, {rest}")


def _pool_text(source: object, pool: Sample) -> str:
    if isinstance(source, Unselected):
        return f"{pool.n_events:,} of {source.sample.n_events:,} events before the selection pass it"
    return _origin(pool)


def refuse_overlap(pool: Sample, *, reference: Sample) -> None:
    """Raise SampleError for a toy pool that shares events with the reference."""
    n_shared = shared_events(reference, pool)
    if n_shared:
        raise SampleError(
            f"the toy pool and the reference must share no event, but {n_shared:,} of {pool.n_events:,} pool events "
            "are also in the reference; give other files to toys.pool, or reference.n_training in place of a pool"
        )


def check_data_sample(found: Findings, data: Sample, *, analysis: Analysis) -> None:
    """Number of events against the expectation, units, and whether the data share events with other samples.

    Raises SampleError for events that come more than once.
    """
    check_data_once(data, reference=analysis.reference)
    expected_events = analysis.expected_events
    excess = (data.n_events - expected_events) / math.sqrt(expected_events)
    found.add("data", f"{_origin(data)}; {excess:+.1f} sqrt(N) from the expected {expected_events:,.6g}")
    found.numbers["data"] = {"n_events": data.n_events}
    if abs(excess) > _MANY_SIGMA:
        found.warnings.append(
            f"the data have {data.n_events:,} events for {expected_events:,.6g} expected, {excess:+.1f} standard "
            "deviations: see that reference.expected_events is the yield of this selection and luminosity"
        )
    found.warnings.extend(unit_notices(data, reference=analysis.reference))
    found.warnings.extend(data_notices(data, reference=analysis.reference, pool=analysis.nominal_pool))


def note_samples(found: Findings, analysis: Analysis) -> None:
    """What must be said of the reference and of the source of toys."""
    found.warnings.extend(sample_notices(analysis))


def _origin(sample: Sample) -> str:
    count = f"{sample.n_events:,} events"
    if sample.is_weighted:
        count += f", weights sum to {sample.expected_events:,.6g}"
    origin = sample.origin
    if origin is None or origin.n_selected == origin.n_read:
        return count
    return f"{count}; {origin.n_selected:,} of {origin.n_read:,} selected"

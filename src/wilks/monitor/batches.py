"""From a batch to events that can be judged, or the cause why they cannot."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError, NoColumnError
from wilks.monitor.options import Validity
from wilks.monitor.reference import MonitorReference
from wilks.monitor.verdict import Batch, Cause
from wilks.samples import Sample, check_data
from wilks.samples.selecting import selected_columns
from wilks.samples.tables import Table, table_of
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class Judgeable:
    """A batch that can be judged: raw events (n, d)."""

    events: FloatArray


@dataclass(frozen=True)
class Refused:
    """A batch that cannot, with the cause and what is to be done; ``n_events`` as far as they are known."""

    cause: Cause
    reason: str
    n_events: int = 0


def looked_at(batch: Batch, reference: MonitorReference, *, now: float | None) -> Judgeable | Refused:
    """The events of a batch, or why it is not evaluated.

    Args:
        batch: as it came.
        reference: that it is judged by.
        now: seconds since 1970, for the age of a batch; None: its age is not looked at.
    """
    if batch.events is None:
        return Refused(batch.cause, batch.problem or "its events could not be read")
    outside = _outside(batch, reference.validity, now=now)
    return outside or _events(batch, reference)


def _outside(batch: Batch, validity: Validity, *, now: float | None) -> Refused | None:
    if validity.run_type is not None and batch.run_type is not None and batch.run_type != validity.run_type:
        return Refused(
            Cause.OUTSIDE_VALIDITY,
            f"its run type is {batch.run_type!r}, and the reference is one for {validity.run_type!r}; use another "
            "reference",
        )
    begins, ends = validity.begins, validity.ends
    if batch.time is not None and (
        (begins is not None and batch.time < begins) or (ends is not None and batch.time > ends)
    ):
        return Refused(
            Cause.OUTSIDE_VALIDITY,
            f"it was taken at {batch.time:.0f} s, outside the period of the reference; use another reference",
        )
    if validity.stale_after_s is None or batch.time is None or now is None:
        return None
    age = now - batch.time
    if age <= validity.stale_after_s:
        return None
    return Refused(
        Cause.STALE, f"it is {age:.0f} s old, and older than {validity.stale_after_s:g} s says nothing of now"
    )


def _events(batch: Batch, reference: MonitorReference) -> Judgeable | Refused:
    table = _unselected(batch.events, reference)
    lacking = _lacking(batch.events, (*(() if table else reference.features), *reference.validity.columns))
    if lacking:
        return Refused(Cause.MISSING_COLUMN, f"it has no {', '.join(lacking)}; look at what writes the batches")
    size = _size(batch.events)
    if size is not None and size < reference.fewest_events:
        return _too_few(size, reference)
    try:
        events = batch.events if table is None else _selected(batch.events, table, reference)
        if (left := _size(events)) is not None and left < reference.fewest_events:
            return _too_few(left, reference)
        sample = _sample(events, reference)
    except NoColumnError as error:
        return Refused(Cause.MISSING_COLUMN, f"{error}; look at what writes the batches", size or 0)
    except InputError as error:
        cause = Cause.UNREADABLE if _is_finite(batch.events) else Cause.NOT_FINITE
        return Refused(cause, str(error), size or 0)
    if sample.n_events < reference.fewest_events:
        return _too_few(sample.n_events, reference)
    if sample.n_events > reference.most_events:
        return Refused(
            Cause.TOO_MANY_EVENTS,
            f"it has {sample.n_events:,} events, and the null is known up to {reference.most_events:,}; build the "
            "reference with larger batch_sizes",
            sample.n_events,
        )
    return Judgeable(sample.events)


def _too_few(n_events: int, reference: MonitorReference) -> Refused:
    return Refused(
        Cause.TOO_FEW_EVENTS,
        f"it has {n_events:,} events, and {reference.fewest_events:,} are needed; wait for more",
        n_events,
    )


def _unselected(events: Any, reference: MonitorReference) -> Table | None:
    """The columns of a batch to which definitions and the selection of the reference are to be applied.

    None where there are none of these; of a sample that was read with this selection; and of an array, whose columns
    have no names: it must have been selected.
    """
    where, define = reference.reading.get("where"), reference.reading.get("define")
    if not where and not define:
        return None
    if not isinstance(events, Sample):
        table = table_of(events)
        return table if table is not None and table.is_named else None
    if not where or (events.origin is not None and events.origin.selection == where):
        return None
    names = (*events.features, *events.extras)
    return Table(names, True, lambda j: events.column(names[j]))


def _selected(events: Any, table: Table, reference: MonitorReference) -> Any:
    """The features of the events that pass."""
    rows, values = selected_columns(
        table,
        features=reference.features,
        where=reference.reading.get("where"),
        define=reference.reading.get("define") or {},
        name="the batch",
    )
    is_weighted = isinstance(events, Sample) and rows.size > 0
    return Sample(values, events.event_weights[rows], features=reference.features) if is_weighted else values


def _sample(events: Any, reference: MonitorReference) -> Sample:
    """The features alone: a sample may have more."""
    if isinstance(events, Sample) and events.features != reference.features:
        columns = np.column_stack([events.column(name) for name in reference.features])
        events = Sample(columns, events.event_weights, features=reference.features)
    return check_data(events, features=reference.features)


def _lacking(events: Any, names: tuple[str, ...]) -> list[str]:
    """Which columns a sample or a table with names lacks."""
    if isinstance(events, Sample):
        return [name for name in names if name not in (*events.features, *events.extras)]
    table = table_of(events)
    return [] if table is None or not table.is_named else [name for name in names if name not in table.names]


def _size(events: Any) -> int | None:
    """The number of events, as far as it is known before they are looked at."""
    if isinstance(events, Sample):
        return events.n_events
    if isinstance(events, np.ndarray):
        return int(events.shape[0]) if events.ndim else 0
    return None


def _is_finite(events: Any) -> bool:
    """Whether all numbers of an array or a table of columns are finite; True of what is neither."""
    try:
        columns = list(events.values()) if isinstance(events, dict) else [events]
        return all(bool(np.all(np.isfinite(np.asarray(one, dtype=np.float64)))) for one in columns)
    except (TypeError, ValueError):
        return True

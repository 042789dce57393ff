"""Which columns of a table are features, weights and carried columns of a sample."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.checked_arrays import came, check_names, seal
from wilks.samples.column_kinds import NotNumbersError, column_numbers, refused
from wilks.samples.tables import Table, plain_column, table_of

Events = npt.ArrayLike | Mapping[str, npt.ArrayLike]
Weights = npt.ArrayLike | str | None
Extras = Mapping[str, npt.ArrayLike] | Iterable[str]


class Chosen(NamedTuple):
    """What a sample is made of, as arrays."""

    events: npt.ArrayLike
    event_weights: npt.ArrayLike | None
    features: Iterable[str] | None
    extras: Mapping[str, npt.ArrayLike]


def choose(events: Events, *, event_weights: Weights, features: Iterable[str] | None, extras: Extras) -> Chosen:
    """Arrays for a sample: plain arrays as they came, those of a table by the names of its columns.

    Raises:
        SampleError: names where there are no columns with names; columns that do not exist, are not numbers or have
            different lengths.

    >>> choose({"pt": [3.0], "w": [2.0], "run": ["a"]}, event_weights="w", features=["pt"], extras=()).features
    ('pt',)
    """
    table = table_of(events)
    if table is not None:
        return _of_table(table, event_weights=event_weights, features=features, extras=extras)
    if isinstance(event_weights, str):
        raise SampleError(
            f"event_weights must be numbers where the events have no named columns, but the text {event_weights!r} came"
        )
    if not isinstance(extras, Mapping):
        _names_of_extras(extras, None)
        extras = {}
    weights = _array(event_weights, "event_weights", may_lack=False)
    return Chosen(events, weights, features, _arrays(extras))  # type: ignore[arg-type]


def _of_table(table: Table, *, event_weights: Weights, features: Iterable[str] | None, extras: Extras) -> Chosen:
    if not table.is_named and features is not None:
        table = table.renamed(check_names(features, "features"))
    carried = () if isinstance(extras, Mapping) else _names_of_extras(extras, table)
    weight = event_weights if isinstance(event_weights, str) else None
    names = _features(table, features, left_out={*carried, *([] if weight is None else [weight])})
    columns = {name: table.numbers(name) for name in names}
    more = {name: table.numbers(name, may_lack=True) for name in carried}
    weights = table.numbers(weight) if weight is not None else _array(event_weights, "event_weights", may_lack=False)
    _check_lengths({**columns, **more, **({weight: weights} if weight is not None else {})})
    rows = np.empty((columns[names[0]].size, len(names)))
    for j, name in enumerate(names):
        rows[:, j] = columns.pop(name)
    return Chosen(seal(rows), weights, names, _arrays(extras) if isinstance(extras, Mapping) else more)


def _features(table: Table, features: Iterable[str] | None, *, left_out: set[str]) -> tuple[str, ...]:
    if features is not None:
        names = check_names(features, "features")
    else:
        names = tuple(name for name in table.names if name not in left_out)
    if not names:
        raise SampleError("a sample must have at least one feature, but the table has no column that is one")
    return names


def _names_of_extras(extras: object, table: Table | None) -> tuple[str, ...]:
    names = check_names(extras, "extras") if isinstance(extras, Iterable) else None
    if names is None:
        raise SampleError(f"extras must be columns by name, or names of columns, but {came(extras)} came")
    if names and (table is None or not table.is_named):
        raise SampleError(
            "extras must be arrays by name where the events have no named columns, but only the names "
            f"{', '.join(names)} came"
        )
    return names


def _arrays(extras: Mapping[str, npt.ArrayLike]) -> dict[str, npt.ArrayLike]:
    return {name: _array(values, name, may_lack=True) for name, values in extras.items()}


def _array(values: Any, name: str, *, may_lack: bool) -> Any:
    """A column of a data frame as numbers; any other as it came."""
    try:
        plain = plain_column(values)
    except NotNumbersError as reason:
        raise refused(name, str(reason)) from reason
    return values if plain is values else column_numbers(plain, name, may_lack=may_lack)


def _check_lengths(columns: Mapping[str, npt.NDArray[np.float64]]) -> None:
    sizes = {name: values.size for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        raise SampleError(f"the columns must have the same number of events, but have {listed}")

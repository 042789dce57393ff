"""What data must be before they are tested against an analysis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.checked_arrays import check_names, closest
from wilks.samples.choosing import Events
from wilks.samples.containers import as_sample
from wilks.samples.sample import Sample
from wilks.samples.tables import table_of


def check_data(data: Sample | Events, *, features: Sequence[str]) -> Sample:
    """Observed data as a sample with the given features, or an error that says what is wrong.

    Data are counts: every event has weight 1. An array is taken to have its columns in the order of ``features``; of a
    table with named columns those of the features are taken by name, whatever their order, and others are left out; a
    sample must have exactly these features in this order.

    Args:
        data: a sample, a table as `Sample` takes it, or an array of shape (n, d) ((n,) for one feature).
        features: the names of the analysis, in its order.

    Raises:
        SampleError: missing features, in a sample also others or reordered ones; NaN or infinity, no events, or weights
            other than 1.

    >>> check_data([[1.0, 2.0]], features=("pt", "eta")).column("eta").tolist()
    [2.0]
    >>> check_data({"run": ["A"], "eta": [2.0], "pt": [1.0]}, features=("pt", "eta")).events.tolist()
    [[1.0, 2.0]]
    """
    names = check_names(features, "features")
    sample = data if isinstance(data, Sample) else _named(data, names)
    _check_features(sample.features, names)
    if sample.n_events == 0:
        raise SampleError("the data must hold at least one event, but they are empty; check the file and the selection")
    _check_unit_weights(sample)
    return sample


def _named(data: Events, names: tuple[str, ...]) -> Sample:
    table = table_of(data)
    if table is not None and table.is_named:
        _require_all(names, found=table.names)
        return as_sample(data, features=names)
    try:
        shape = np.shape(cast(npt.ArrayLike, data))
    except ValueError as error:
        raise SampleError(f"the data must be a table with equally long rows, but {error}") from error
    n_columns = shape[1] if len(shape) == 2 else 1
    if n_columns != len(names) and shape != (0,):
        raise SampleError(
            f"the data must have one column for each of {len(names)} features ({', '.join(names)}), "
            f"but have {n_columns}"
        )
    return Sample(data, features=names)


def _check_features(found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    if found == expected:
        return
    if set(found) == set(expected):
        raise SampleError(
            f"the features of the data must be in the order of the analysis ({', '.join(expected)}), "
            f"but their order is {', '.join(found)}; reorder the columns and their names together"
        )
    if not set(expected) <= set(found) and found == _default_names(expected):
        raise SampleError(
            f"the data must name their features ({', '.join(expected)}), but have only the names given by default; "
            "write Sample(events, features=[...]) with the names of your columns"
        )
    _require_all(expected, found=found)
    more = [name for name in found if name not in expected]
    raise SampleError(
        f"the data must have the features {', '.join(expected)} and no others, but also have {', '.join(more)}; "
        "read them with features=[...] of the analysis, and carry=[...] for columns that are not inputs"
    )


def _require_all(expected: tuple[str, ...], *, found: tuple[str, ...]) -> None:
    missing = [name for name in expected if name not in found]
    if not missing:
        return
    advice = closest(missing[0], found)
    if expected == _default_names(expected):
        advice = (
            f"the reference has only names given by default; make it with those of its columns ({', '.join(found)}), "
            "or give an array with the columns in its order"
        )
    raise SampleError(
        f"the data must have the features {', '.join(expected)}, but {', '.join(map(repr, missing))} "
        f"{'is' if len(missing) == 1 else 'are'} missing; {advice}"
    )


def _default_names(features: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"x{j}" for j in range(len(features)))


def _check_unit_weights(sample: Sample) -> None:
    weights = sample.event_weights
    n_negative = int(np.count_nonzero(weights < 0))
    if n_negative:
        raise SampleError(
            f"data are counts: every event must have weight 1, but {n_negative:,} of {weights.size:,} weights "
            "are negative; negative weights belong to simulated references only"
        )
    n_other = int(np.count_nonzero(weights != 1))
    if n_other:
        raise SampleError(
            f"data are counts: every event must have weight 1, but {n_other:,} of {weights.size:,} weights differ "
            "from 1; read data without weight=..., and unweight simulation that stands for data "
            "(wilks.samples.unweight)"
        )

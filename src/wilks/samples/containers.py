"""What a user holds as a sample."""

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import came
from wilks.samples.choosing import Events
from wilks.samples.sample import Sample
from wilks.samples.tables import table_of


def as_sample(thing: Sample | Events, *, what: str = "data", features: Sequence[str] | None = None) -> Sample:
    """A sample as it is; tables and arrays as `Sample` takes them, every event with weight 1.

    Tables are data frames of pandas and polars, tables of Arrow, awkward arrays with fields, structured arrays and
    mappings of columns by name. Their columns are the features, in their order; the index of a pandas frame is none.

    Args:
        thing: what a user holds.
        what: how a message names it.
        features: which columns of a table, in this order; others are left out. The names of the columns of an array. A
            sample has its own: who needs others has to look.

    Raises:
        SampleError: something else; columns that are missing or cannot be features.

    >>> as_sample({"eta": [0.5], "pt": [30.0], "run": ["A"]}, features=("pt", "eta")).events.tolist()
    [[30.0, 0.5]]
    >>> as_sample("events.root", what="reference")
    Traceback (most recent call last):
    wilks.errors.SampleError: reference must be a wilks.Sample, a table with named columns or an array (events, \
features), but 'events.root' came; wilks.read reads files
    """
    if isinstance(thing, Sample):
        return thing
    if not is_events(thing):
        advice = "; wilks.read reads files" if isinstance(thing, str | bytes) or hasattr(thing, "__fspath__") else ""
        raise SampleError(
            f"{what} must be a wilks.Sample, a table with named columns or an array (events, features), "
            f"but {came(thing)} came{advice}"
        )
    return Sample(thing, features=features)


def is_events(thing: object) -> TypeGuard[Events]:
    """Whether something can hold events: a table, an array or a list.

    >>> is_events({"pt": [1.0]}), is_events([1.0]), is_events(None), is_events("f.root")
    (True, True, False, False)
    """
    if thing is None or isinstance(thing, type | str | bytes):
        return False
    if isinstance(thing, list | tuple | np.ndarray):
        return True
    return table_of(thing) is not None or hasattr(thing, "__array__")

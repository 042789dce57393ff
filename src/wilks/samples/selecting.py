"""Columns in memory, defined and selected as `read` does it with those of files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from wilks.errors import SampleError
from wilks.samples.readers import Listing
from wilks.samples.recipe import make_recipe
from wilks.samples.tables import Table
from wilks.typing import FloatArray, IntArray


def selected_columns(
    table: Table, *, features: Iterable[str], where: str | None, define: Mapping[str, str], name: str
) -> tuple[IntArray, FloatArray]:
    """Which rows pass, (k,), and the features of these, (k, d).

    A column that the table has is taken as it is, also where ``define`` has the name.

    Args:
        table: of any columns.
        features: columns, defined names or expressions.
        where: which events to keep, as in `read`; None: all.
        define: columns as expressions over others.
        name: of the table, for messages.

    Raises:
        NoColumnError: a column that is needed is not there.
        SampleError: it is none of numbers, or an expression cannot be used.

    >>> from wilks.samples.tables import table_of
    >>> events = table_of({"pt": [10.0, 30.0, 50.0], "n_hits": [5, 3, 6]})
    >>> rows, values = selected_columns(
    ...     events, features=["log10(pt)"], where="n_hits > n", define={"n": "2 + 2"}, name="the batch"
    ... )
    >>> rows.tolist(), values.ravel().round(3).tolist()
    ([0, 2], [1.0, 1.699])
    """
    missing = {key: text for key, text in define.items() if key not in table.names}
    recipe = make_recipe(features, where=where, weight=None, define=missing, carry=())
    plan = recipe.resolve(Listing(table.names, {}), Path(name))
    columns = {key: table.numbers(key) for key in plan.columns}
    sizes = {key: values.size for key, values in columns.items()}
    if len(set(sizes.values())) > 1:
        raise SampleError(f"columns must be equally long, but those of {name} have lengths {sizes}")
    taken = plan.apply(columns)
    return taken.rows, np.column_stack([taken.outputs[key] for key in recipe.features])

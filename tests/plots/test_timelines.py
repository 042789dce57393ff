"""Z of batch after batch."""

from typing import Any

import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.significance import p_value


def verdict(k: int, z: float | None, state: str, *alarms: str) -> dict[str, Any]:
    return {"name": f"run {k}\n", "z_score": z, "p_value": None if z is None else 0.1, "state": state, "alarms": alarms}


BATCHES = [
    *(verdict(k, 0.1 * k, "GOOD") for k in range(5)),
    verdict(5, 2.5, "MEDIUM", "k of n"),
    verdict(6, 14.0, "BAD", "k of n", "jump"),
    verdict(7, None, "NOT EVALUATED"),
]


def test_states_differ_in_marker_and_alarms_have_rows() -> None:
    figure = plots.timeline(BATCHES, decisions={"medium": p_value(2.0), "bad": p_value(3.0)})
    upper, lower = figure.axes
    drawn = {str(line.get_label()): line for line in upper.lines if str(line.get_label())[0].isupper()}
    assert list(drawn) == ["GOOD (5)", "MEDIUM (1)", "BAD (1)", "NOT EVALUATED (1)"]
    assert len({line.get_marker() for line in drawn.values()}) == 4
    assert list(drawn["BAD (1)"].get_ydata()) == [10.0] and list(drawn["NOT EVALUATED (1)"].get_ydata()) == [-3.0]
    heights = [line.get_ydata()[0] for line in upper.lines if len(line.get_xdata()) == 2 and line.get_xdata()[1] == 1]
    assert heights == pytest.approx([2.0, 3.0])
    assert [tick.get_text() for tick in lower.get_yticklabels()] == ["k of n", "jump"]
    assert list(lower.lines[0].get_xdata()) == [5, 6]
    (table,) = plots.numbers_of(figure)
    assert np.isnan(table.found[0].values[7]) and table.found[0].values[6] == 14.0
    assert table.given[1].values[0] == r"run 0\n" and table.found[3].values[6] == "k of n; jump"


def test_p_of_1_lies_below_the_axis_and_no_p_at_its_end() -> None:
    batches = [*BATCHES[:2], verdict(2, None, "GOOD") | {"p_value": 1.0}, verdict(3, None, "NOT EVALUATED")]
    (axes,) = plots.timeline(batches).axes
    below = [line for line in axes.lines if line.get_marker() == "v"]
    assert [list(line.get_xdata()) for line in below] == [[2]] and list(below[0].get_ydata()) == [-3.0]


def test_without_alarms_there_is_one_panel_and_without_batches_none() -> None:
    assert len(plots.timeline(BATCHES[:5]).axes) == 1
    with pytest.raises(InputError, match="needs a batch"):
        plots.timeline([])

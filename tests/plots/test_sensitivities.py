"""Z beside the Z of a search that knows the signal."""

from dataclasses import replace

import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.power import PowerRow, PowerTable


def row(test: str, name: str, z: float) -> PowerRow:
    return PowerRow(test, name, True, (None, None, None), z, (z - 0.2, z + 0.3), z > 3.0, 0.1)


def table(*, with_search: bool = True) -> PowerTable:
    sizes = {"a": 10.0, "b": 20.0, "c": 40.0}
    tests = {"model": 0.04, "energy": 0.01, **({"known signal, q0": 0.1} if with_search else {})}
    rows = tuple(row(test, name, slope * n) for name, n in sizes.items() for test, slope in tests.items())
    return PowerTable(rows, sizes, 100, 50)


def test_the_ratio_and_its_error_are_those_of_both_medians() -> None:
    figure = plots.sensitivity(table())
    left, right = figure.axes
    assert left.containers[0].lines[0].get_xdata().tolist() == [10.0, 20.0, 40.0]
    assert left.get_xlabel() == "expected signal events" and "0.40" in right.texts[0].get_text()
    known, bound = right.containers
    assert known.lines[0].get_ydata() == pytest.approx([0.4, 0.4]) and bound.lines[0].get_xdata() == pytest.approx(
        [4.0]
    )
    (numbers,) = plots.numbers_of(figure)
    ratio = numbers.found[2]
    assert 0.4 - ratio.low[0] == pytest.approx(0.4 * np.hypot(0.2 / 0.4, 0.3 / 1.0))
    assert ratio.high[0] - 0.4 == pytest.approx(0.4 * np.hypot(0.3 / 0.4, 0.2 / 1.0))
    assert list(numbers.found[3].values) == ["no", "no", "yes"]


def test_alternatives_without_a_size_stand_side_by_side_and_infinite_z_is_left_out() -> None:
    found = table()
    rows = (replace(found.rows[0], z_score=np.inf, z_interval=(1.0, np.inf)), *found.rows[1:])
    figure = plots.sensitivity(PowerTable(rows, dict.fromkeys(found.n_signal, np.nan), 100, 50), test="model")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["a", "b", "c"]
    assert plots.to_png(figure)


def test_a_table_without_a_search_is_refused_and_another_test_can_be_named() -> None:
    with pytest.raises(InputError, match="its tests are model, energy; give reference="):
        plots.sensitivity(table(with_search=False))
    assert plots.sensitivity(table(with_search=False), reference="energy").axes
    with pytest.raises(InputError, match="must have the test 'x'"):
        plots.sensitivity(table(), test="x")

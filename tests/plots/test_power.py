"""The figure of power: searches have crosses where the counts that are expected have their Z."""

import numpy as np
import pytest

from wilks import plots
from wilks.power import PowerRow, PowerTable


def table_of(*asimov: float | None) -> PowerTable:
    common = {"sees_count": True, "power": ((0.3, 0.2, 0.4), None, None), "seconds": 0.1, "is_lower_bound": False}
    rows = [
        PowerRow(
            "search", name, z_score=z, z_interval=(z - 0.2, z + 0.2), asymptotic_z=expected, asimov_z=expected, **common
        )
        for name, z, expected in zip(("few", "many"), (1.0, 2.0), asimov, strict=True)
    ]
    return PowerTable(tuple(rows), {"few": 10.0, "many": 20.0}, 100, 50)


@pytest.mark.parametrize("asimov", [(1.1, 2.2), (None, None)])
def test_what_is_expected_is_drawn_where_it_is_known(asimov) -> None:
    found = table_of(*asimov)
    right = plots.power_curves(found).axes[1]
    crosses = [line for line in right.lines if line.get_marker() == "x" and line.get_label() != "Asimov"]
    values = np.array([one.get_ydata() for one in crosses], dtype=float)
    assert np.array_equal(values, np.array([asimov], dtype=float), equal_nan=True)
    assert any(line.get_label() == "Asimov" for line in right.lines) == (asimov[0] is not None)
    assert ("Asimov" in str(found)) == (asimov[0] is not None)

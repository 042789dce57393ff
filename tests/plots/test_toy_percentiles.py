"""Percentiles of t against how many toys there are, and of several sets."""

import numpy as np
import pytest
from scipy import stats

from wilks import plots
from wilks.errors import InputError

T = np.random.default_rng(2).chisquare(13, size=60)


def test_the_last_point_is_that_of_all_toys_beside_the_chi_square() -> None:
    figure = plots.percentiles(np.append(T, np.nan), n_parameters=13)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    expected = np.percentile(T, [5, 25, 50, 75, 95])
    assert [line.get_ydata()[-1] for line in lines] == pytest.approx(expected)
    assert lines[0].get_xdata()[0] == 10 and lines[0].get_xdata()[-1] == 60
    flat = [line.get_ydata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert flat == pytest.approx(stats.chi2.ppf([0.05, 0.25, 0.5, 0.75, 0.95], 13))
    assert figure.legends[0].get_texts()[0].get_text() == "95 %"
    (table,) = plots.numbers_of(figure)
    assert len(table.found) == 10 and table.found[0].values[-1] == pytest.approx(expected[0])


def test_sets_stand_at_what_they_differ_in() -> None:
    figure = plots.percentiles_by({200.0: T[30:], 100.0: T[:30]}, axis="expected events")
    line = figure.axes[0].lines[2]
    assert line.get_xdata().tolist() == [100.0, 200.0]
    assert line.get_ydata() == pytest.approx([np.median(T[:30]), np.median(T[30:])])


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(InputError, match="percentiles need 10 toys with a valid t, but 9 came"):
        plots.percentiles(np.append(T[:9], np.nan))
    with pytest.raises(InputError, match="there is none of 5"):
        plots.percentiles_by({5.0: np.array([np.nan]), 6.0: T}, axis="events")

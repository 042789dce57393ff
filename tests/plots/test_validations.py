"""The figure of a validation."""

import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.validation import Check, Point, Validation, Verdict

RNG = np.random.default_rng(1)
CHECK = Check("fits", Verdict.PASS, "none failed")


def found(n_points: int, *, n_p: int) -> Validation:
    points = (Point(f"nu_{k} $", RNG.chisquare(13, size=50) + k, RNG.uniform(size=n_p)) for k in range(n_points))
    return Validation((CHECK,), tuple(points), "counted", "0123")


def test_means_and_p_of_every_point_are_drawn() -> None:
    validation = found(3, n_p=40)
    left, right = plots.validation(validation).axes
    means = left.containers[0].lines[0].get_xdata()
    np.testing.assert_allclose(means, [one.t.mean() for one in validation.points])
    low, high = left.get_xlim()
    assert low < min(means) and high > max(means)
    assert [tick.get_text() for tick in left.get_yticklabels()] == [r"nu_0 \$", r"nu_1 \$", r"nu_2 \$"]
    p, share = right.lines[1].get_data()
    np.testing.assert_allclose(p[1:-1], np.sort(validation.points[1].p))
    assert share[0] == 0.0 and share[-1] == 1.0 and len(right.lines) == 3


def test_without_p_the_means_stand_alone_and_many_points_have_no_legend() -> None:
    assert len(plots.validation(found(2, n_p=0)).axes) == 1
    many = plots.validation(found(25, n_p=10))
    assert len(many.axes) == 2 and not many.legends and plots.to_png(many)
    with pytest.raises(InputError, match="Validation"):
        plots.validation(CHECK)


def test_tau_stands_beside_t() -> None:
    points = tuple(
        Point(f"nu_{k}", RNG.chisquare(13, size=60), np.empty(0), RNG.chisquare(13, size=60) + 9 * k) for k in range(3)
    )
    figure = plots.tau_and_t(Validation((CHECK,), points, "counted", "0123"))
    of_t, of_tau = (line for line in figure.axes[0].lines if line.get_marker() in ("o", "s"))
    np.testing.assert_allclose(of_t.get_xdata(), [np.median(one.t) for one in points])
    np.testing.assert_allclose(of_tau.get_xdata(), [np.median(one.tau) for one in points])
    with pytest.raises(InputError, match="earlier version"):
        plots.tau_and_t(found(2, n_p=0))

"""The figure of a weight clip that was chosen."""

import dataclasses

import numpy as np
import pytest

from wilks.errors import InputError
from wilks.laws.compatibility import judge
from wilks.plots import weight_clips
from wilks.selection import Trial, WeightClipSelection
from wilks.selection.spread import spread_of

from tests.lab.selections import made_up_selection


def trial(stage: str, clip: float, n: int) -> Trial:
    t = np.random.default_rng(n).chisquare(13, size=n) * (clip / 9.0) ** 0.5
    return Trial(stage, clip, 24, judge(t, 13.0, n_failed=0, is_estimated_dof=False), seconds=0.4)


@pytest.fixture
def selection() -> WeightClipSelection:
    t = np.random.default_rng(1).chisquare(13, size=40)
    spread = spread_of(t, t + 0.05, n_starts=24, seconds=0.4)
    trials = tuple(trial(stage, clip, n) for stage, n in (("bracket", 10), ("40 toys", 40)) for clip in (4.0, 20.0))
    return made_up_selection(trials=trials, fresh=trial("fresh", 9.0, 41), spread=spread)


def test_every_clip_is_drawn_with_its_error(selection) -> None:
    figure = weight_clips(selection)
    upper, lower = figure.axes
    drawn = {container.get_label(): container.lines[0].get_xdata().tolist() for container in upper.containers}
    assert drawn == {"bracket": [4.0, 20.0], "40 toys": [4.0, 20.0], "41 fresh toys": [9.0]}
    means = upper.containers[1].lines[0].get_ydata().tolist()
    assert means == [one.compatibility.mean for one in selection.trials[2:]]
    p_values = [y for line in lower.lines for y in line.get_ydata()]
    assert len(p_values) == 5 and min(p_values) >= 1e-4 and lower.get_xscale() == "log"


def test_an_interval_without_end_is_not_drawn(selection) -> None:
    wide = dataclasses.replace(selection, stages=(dataclasses.replace(selection.stages[0], interval=(0.0, np.inf)),))
    assert len(weight_clips(wide).axes[0].patches) == len(weight_clips(selection).axes[0].patches) - 1
    assert any("does not grow" in text for text in wide.warnings)


@pytest.mark.parametrize(
    ("factor", "word"),
    [(0.5, "scatters less than it, and small p that are read from it are too large"), (2.0, "are too small")],
)
def test_a_wrong_variance_is_said_with_its_direction(selection, factor, word) -> None:
    t = 13.0 + factor * (np.random.default_rng(2).chisquare(13, size=400) - 13.0)
    fresh = dataclasses.replace(selection.fresh, compatibility=judge(t, 13.0, n_failed=0, is_estimated_dof=False))
    (found,) = [text for text in dataclasses.replace(selection, fresh=fresh).warnings if "chi-square (" in text]
    assert word in found


def test_a_pool_that_toys_share_is_said(selection) -> None:
    shared = [dataclasses.replace(selection, overlap_z_error=error) for error in (None, 0.05, 0.15)]
    assert [sum("one pool: a common error of 0.15" in text for text in one.warnings) for one in shared] == [0, 0, 1]


def test_anything_else_is_refused() -> None:
    with pytest.raises(InputError, match="WeightClipSelection"):
        weight_clips([1.0])

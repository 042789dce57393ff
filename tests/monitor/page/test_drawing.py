"""Figures of the page: where their parts stand."""

import pytest

from wilks.monitor.page.drawing import Size, feature_figure

PLACE = {"feature": "x", "counts": [10, 30], "low": 0.0, "high": None}
PROFILE = {"feature": "x", "shares": [0.5, 0.5], "edges": [0.0]}


def test_the_learned_ratio_stands_on_the_scale_of_the_observed_one() -> None:
    figure = feature_figure(PLACE, PROFILE, learned=[0.5, 1.5], size=Size(200.0, 100.0))
    first, second = figure.bars
    assert first.learned == pytest.approx(first.y) and second.learned == pytest.approx(second.y)
    assert second.title == "from 0: 30 events, 20 expected, learned ratio 1.5" and second.is_worst
    without = feature_figure(PLACE, PROFILE, learned=(), size=Size(200.0, 100.0))
    assert [one.learned for one in without.bars] == [None, None] and "learned" not in without.bars[1].title


def test_a_learned_ratio_beyond_the_frame_stands_at_its_edge() -> None:
    figure = feature_figure(PLACE, PROFILE, learned=[-3.0, 9.0], size=Size(200.0, 100.0))
    _, top, _, height = figure.frame
    assert [one.learned for one in figure.bars] == [top + height, top]

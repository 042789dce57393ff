"""Figures of the page: where their parts stand."""

import pytest

from wilks.monitor.page.drawing import Size, feature_figure, timeline

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


def test_a_batch_beyond_an_end_of_the_axis_says_so() -> None:
    """And so does p = 1, of which there is no Z; a batch that is not evaluated has neither."""
    given = [(3.0, 0.00135), (40.0, 0.0), (-4.0, 0.99997), (None, 1.0), (None, None)]
    verdicts = [
        {"index": i, "name": "", "state": "GOOD" if p is not None else "NOT EVALUATED", "alarms": []}
        | {"z_score": z, "p_value": p}
        for i, (z, p) in enumerate(given)
    ]
    figure = timeline([{"verdict": one} for one in verdicts], decisions={"bad": 1e-3}, size=Size(200.0, 100.0))
    assert [one.is_above for one in figure.marks] == [False, True, False, False, False]
    assert [one.is_below for one in figure.marks] == [False, False, True, True, False]
    assert [one.y for one in figure.marks][2:] == [figure.bottom] * 3
    assert [one.title for one in figure.marks][3:] == ["batch 3: GOOD, p = 1", "batch 4: NOT EVALUATED"]

"""Roots of the mean of t in log clip."""

import numpy as np
import pytest

from wilks.selection.roots import Point, Root, neighbors, root_from, root_of, rounded


def points(rng: np.random.Generator, n: int) -> tuple[Point, Point]:
    """The same toys at clips 8 and 10, of a mean that meets 13 at clip 9 and grows by 4 for each unit of log clip."""
    t = rng.chisquare(13, size=n)
    return tuple(Point(clip, t + 4.0 * np.log(clip / 9.0) + rng.normal(0.0, 0.3, n)) for clip in (8.0, 10.0))


def test_the_error_is_the_scatter_of_roots() -> None:
    rng = np.random.default_rng(1)
    roots = [root_of(*points(rng, 400), target=13.0) for _ in range(300)]
    logs = np.log([root.clip for root in roots])
    assert np.mean(logs) == pytest.approx(np.log(9.0), abs=3 * np.std(logs) / np.sqrt(300) + 0.002)
    assert np.mean([root.error for root in roots]) == pytest.approx(np.std(logs), rel=0.12)
    assert roots[0].mean_error == pytest.approx(np.sqrt(26 / 400), rel=0.15)


def test_one_clip_is_enough_with_a_slope_from_fewer_toys() -> None:
    """40 toys at two clips, then 400 at one that is off by a tenth: the root and its error are right."""
    rng, roots = np.random.default_rng(5), []
    for _ in range(300):
        t = rng.chisquare(13, size=400)
        low, high, near = (
            Point(clip, (t + 4.0 * np.log(clip / 9.0) + rng.normal(0.0, 0.3, 400))[:n])
            for clip, n in ((8.0, 40), (10.0, 40), (8.2, 400))
        )
        roots.append(root_from(near, root_of(low, high, target=13.0), target=13.0))
    logs = np.log([root.clip for root in roots])
    assert np.mean(logs) == pytest.approx(np.log(9.0), abs=3 * np.std(logs) / np.sqrt(300) + 0.002)
    assert np.mean([root.error for root in roots]) == pytest.approx(np.std(logs), rel=0.12)


def test_the_error_of_the_slope_counts_with_the_distance() -> None:
    t = np.random.default_rng(6).chisquare(13, size=400)
    before = Root(9.0, 0.1, 0.8, slope=5.0, slope_error=1.0)
    near, far = (root_from(Point(9.0, t - t.mean() + mean), before, target=13.0) for mean in (13.0, 12.0))
    alone = np.std(t, ddof=1) / 20
    assert near.error == pytest.approx(alone / 5.0)
    assert far.error == pytest.approx(np.hypot(alone, 0.2) / 5.0) and far.clip == pytest.approx(9.0 * np.exp(0.2))


def test_a_failed_toy_counts_at_neither_clip() -> None:
    low, high = points(np.random.default_rng(2), 50)
    some = np.arange(50) >= 3
    expected = root_of(Point(8.0, low.t[some]), Point(10.0, high.t[some]), target=13.0)
    low.t[:2], high.t[2] = np.nan, np.nan
    assert root_of(low, high, target=13.0) == pytest.approx(expected)


def test_a_mean_that_does_not_grow_has_no_root() -> None:
    t = np.random.default_rng(3).chisquare(13, size=40)
    found = root_of(Point(8.0, t), Point(10.0, t - 0.1), target=13.0)
    assert np.isinf(found.error) and 8.0 < found.clip < 10.0
    assert found.window(narrowest=0.02, widest=0.25) == (rounded(found.clip * np.exp(-0.25)), 11.5)


def test_it_does_not_look_far_beyond_the_clips() -> None:
    t = np.random.default_rng(4).chisquare(13, size=40)
    far = root_of(Point(8.0, t), Point(10.0, t + 0.01), target=30.0)
    assert far.clip == pytest.approx(8.0 * (10.0 / 8.0) ** 2)


def test_the_window_is_neither_too_narrow_nor_too_wide() -> None:
    sharp, blunt = (Root(10.0, error, 0.1, slope=5.0, slope_error=0.5) for error in (1e-6, 3.0))
    assert sharp.window(narrowest=0.02, widest=0.25) == (9.8, 10.2)
    assert blunt.window(narrowest=0.02, widest=0.25) == (7.79, 12.8)


def test_neighbors_hold_the_root_or_are_next_to_it() -> None:
    made = [Point(float(clip), np.full(3, float(clip))) for clip in (4, 1, 2, 8)]
    clips = {target: tuple(p.clip for p in neighbors(made, target=target)) for target in (3.0, 0.5, 9.0)}
    assert clips == {3.0: (2.0, 4.0), 0.5: (1.0, 2.0), 9.0: (4.0, 8.0)}


def test_the_error_of_one_toy_is_not_known() -> None:
    assert np.isinf(Point(1.0, np.array([3.0, np.nan])).error) and Point(1.0, np.array([3.0, np.nan])).mean == 3.0

"""Batches taken together."""

import dataclasses

import numpy as np
import pytest

from wilks.monitor.windows import Window

from tests.monitor.conftest import draw, shifted


def test_a_sliding_window_is_the_sum_of_its_batches(reference) -> None:
    scorer, rng = reference.scorer, np.random.default_rng(0)
    sums = scorer.sums([draw(rng, 100) for _ in range(300)])
    window = Window(scorer, reference.baseline, n_batches=5)
    found = [window.add(one, 100) for one in sums]
    fresh = Window(scorer, reference.baseline, n_batches=None)
    again = [fresh.add(one, 100) for one in sums[-5:]]
    assert found[-1].n_batches == again[-1].n_batches == 5 and found[-1].n_events == 500
    assert found[-1].log_p_value == pytest.approx(again[-1].log_p_value, rel=1e-8)


def test_a_window_of_more_events_than_are_held_out_is_refused(reference) -> None:
    small = dataclasses.replace(reference.baseline, n_events=250)
    sums = reference.scorer.sums([draw(np.random.default_rng(1), 100)])[0]
    sliding, growing = (Window(reference.scorer, small, n_batches=n) for n in (10, None))
    found = [sliding.add(sums, 100) for _ in range(3)]
    assert [one.p_value is None for one in found] == [False, False, True] and "250 are held out" in found[-1].reason
    assert [growing.add(sums, 100).n_batches for _ in range(5)] == [1, 2, 1, 2, 1], "it begins anew"


def test_windows_of_good_batches_are_not_bad_and_shifted_ones_are(reference) -> None:
    rng = np.random.default_rng(2)
    window = Window(reference.scorer, reference.baseline, n_batches=20)
    good = [window.add(one, 100).p_value for one in reference.scorer.sums([draw(rng, 100) for _ in range(200)])]
    assert np.mean(np.array(good) < 0.01) < 0.1
    moved = [shifted(rng, 100, 0.3) for _ in range(20)]
    assert [window.add(one, 100) for one in reference.scorer.sums(moved)][-1].p_value < 1e-4

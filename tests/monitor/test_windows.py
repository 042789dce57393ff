"""Batches taken together."""

import dataclasses

import numpy as np
import pytest

from wilks.monitor.monitor import _windows_of
from wilks.monitor.windows import GROWING, SLIDING, Windows

from tests.monitor.conftest import draw, shifted


def windows_of(reference, *, n_batches: int = 5, **more: object) -> Windows:
    baseline = dataclasses.replace(reference.baseline, **more)
    return Windows(reference.scorer, baseline, reference.windows, n_batches=n_batches)


def sums_of(reference, n: int, *, seed: int = 0, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return reference.scorer.sums([shifted(rng, 100, shift) for _ in range(n)])


def test_a_sliding_window_is_the_sum_of_its_batches_against_all_good_ones(reference) -> None:
    sums, windows = sums_of(reference, 12), windows_of(reference)
    found = [windows.add(one, 100, is_good=i != 3)[SLIDING] for i, one in enumerate(sums)]
    assert [one.n_batches for one in found] == [1, 2, 3, 4, 5, *[5] * 7] and found[-1].n_events == 500
    good, left = reference.baseline, sums[[0, 1, 2, 4, 5, 6]]
    assert found[-1].n_good == good.n_events + 600, "all that left it, but the one that was beyond doubt"
    center = (good.n_events * good.sums + left.sum(axis=0)) / (good.n_events + 600)
    scores = reference.scorer.scores_of(sums[7:].sum(axis=0)[None], np.array([500.0]), center=center)[0]
    laws = reference.windows
    t = laws.t(scores / (1.0 + 500 / (good.n_events + 600)), 500)
    assert found[-1].log_p_value == pytest.approx(laws.p(t, 500).log_p_value, rel=1e-6)


def test_the_growing_window_is_compared_with_held_out_events_and_begins_anew(reference) -> None:
    windows = windows_of(reference, n_events=250)
    found = [windows.add(one, 100, is_good=True) for one in sums_of(reference, 5)]
    assert [one[GROWING].n_batches for one in found] == [1, 2, 1, 2, 1]
    assert {one[GROWING].n_good for one in found} == {250}


def test_a_window_of_more_events_than_are_good_is_refused(reference) -> None:
    windows = windows_of(reference, n_batches=4, n_events=250)
    found = [windows.add(one, 100, is_good=True)[SLIDING] for one in sums_of(reference, 7)]
    assert [one.p_value is None for one in found] == [False, False, True, True, True, False, False]
    assert "there are 250 good ones" in found[2].reason and found[-1].n_good == 550


@pytest.mark.parametrize("n_before", [0, 3, 5, 11])
def test_what_its_records_say_is_all_that_it_knows(reference, n_before: int) -> None:
    sums, whole, records = sums_of(reference, 16), windows_of(reference), []
    for i in range(n_before):
        whole.add(sums[i], 100, is_good=i != 4)
        records.append(whole.record)
    again = windows_of(reference)
    again.add(sums[0] + 1.0, 100, is_good=True)
    again.restore(records[-5:])
    for i in range(n_before, 16):
        assert whole.add(sums[i], 100, is_good=True) == again.add(sums[i], 100, is_good=True)
    assert whole.record.size == whole.record_size and whole.record.tolist() == again.record.tolist()


def test_a_shift_is_found_in_a_window(reference) -> None:
    windows = windows_of(reference, n_batches=20)
    for one in sums_of(reference, 20, seed=2):
        good = windows.add(one, 100, is_good=True)
    assert good[SLIDING].p_value > 1e-3 and good[SLIDING] == good[GROWING]
    for one in sums_of(reference, 20, seed=3, shift=0.3):
        bad = windows.add(one, 100, is_good=True)
    assert bad[SLIDING].p_value < 1e-4


def test_p_of_a_window_is_uniform_where_both_sides_are_drawn_anew(references) -> None:
    """A window of 20 batches as large as a half of the held-out events; errors of 2,000 draws are a quarter at .01."""
    rng, n, n_held_out, draws = np.random.default_rng(4), 2_000, 4_000, 2_000
    for reference in references.values():
        small = dataclasses.replace(reference.baseline, n_events=n_held_out)
        pool = reference.scorer.sums([draw(rng, 200) for _ in range(400)])
        p = np.empty(draws)
        for i in range(draws):
            some = pool[rng.permutation(400)[:30]]
            near = dataclasses.replace(small, sums=some[:20].sum(axis=0) / n_held_out)
            laws = Windows(reference.scorer, near, reference.windows, n_batches=1)
            p[i] = laws.add(some[20:].sum(axis=0), n, is_good=True)[GROWING].p_value
        assert 0.006 < np.mean(p < 0.01) < 0.0145 and 0.085 < np.mean(p < 0.1) < 0.118, reference.model


def test_statistics_without_sums_have_no_windows(histogram) -> None:
    assert _windows_of(dataclasses.replace(histogram, baseline=None, windows=None)) is None

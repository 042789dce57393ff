"""The options of the search, the race between descents, and which ends are finished."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.search import Search
from wilks.statistics.network.race import Ends, contenders, race


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_starts": 0}, "n_starts must be a whole number of at least 1"),
        ({"n_starts": 2.5}, "n_starts must be a whole number"),
        ({"n_starts": True}, "n_starts must be a whole number"),
        ({"race_iterations": 0}, "race_iterations must be a whole number of at least 1"),
        ({"n_kept": 0}, "n_kept must be a whole number of at least 1"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"kkt_tolerance": 0.0}, "kkt_tolerance must be a positive number"),
        ({"decrement_tolerance": float("nan")}, "decrement_tolerance must be a positive number"),
    ],
)
def test_options_outside_their_limits_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Search(**options)  # type: ignore[arg-type]


def test_fewer_starts_than_are_kept_need_no_race_and_more_starts_have_one_again() -> None:
    search = Search(n_starts=1, n_polished=3, n_kept=5, race_iterations=100)
    assert list(search.looks()) == [(3000, 1)]
    assert dataclasses.replace(search, n_starts=10).n_kept == 5


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 5000), st.integers(1, 5000))
def test_looks_come_later_and_later_and_keep_fewer_and_fewer(n: int, kept: int, first: int, limit: int) -> None:
    search = Search(n_starts=n, n_kept=kept, race_iterations=first, max_iterations=limit)
    looks = list(search.looks())
    iterations, numbers = zip(*looks, strict=True)
    assert iterations[-1] == limit and np.all(np.diff(iterations) > 0)
    assert np.all(np.diff(numbers) <= 0) and min(numbers) >= min(search.n_kept, n)


def test_without_a_race_there_is_one_look_at_the_end() -> None:
    assert list(Search(n_starts=7, n_kept=7, max_iterations=900).looks()) == [(900, 7)]


def test_the_race_keeps_the_lowest_that_are_not_done() -> None:
    values, is_done = np.array([5.0, np.inf, 1.0, 3.0, 2.0]), np.array([False, False, True, False, False])
    assert race(values, is_done, n_kept=2).tolist() == [False, False, False, True, True]
    assert race(values, is_done, n_kept=0).tolist() == [False] * 5


def ends(values: list[float]) -> Ends:
    n = len(values)
    return Ends(np.arange(float(n))[:, None], np.array(values), np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool))


@pytest.mark.filterwarnings("error")
def test_starts_that_all_fail_are_all_contenders() -> None:
    assert contenders(ends([np.inf] * 3), margin=0.1, n_polished=2).tolist() == [0, 1]


def test_contenders_lie_within_the_margin_of_the_best() -> None:
    some = ends([-1.0, -2.0, np.inf, -1.96])
    assert contenders(some, margin=0.05, n_polished=3).tolist() == [1, 3]
    assert contenders(some, margin=np.inf, n_polished=3).tolist() == [1, 3, 0]

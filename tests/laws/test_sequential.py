"""p counted among draws until it is known well enough."""

import numpy as np
import pytest
import scipy.stats

from wilks.laws.empirical import Empirical
from wilks.laws.sequential import HitTally, Stopping, corrected


def tally_of(values: np.ndarray, t: float, stopping: Stopping, *, portion: int = 7) -> HitTally:
    tally = HitTally()
    for first in range(0, values.size, portion):
        if tally.is_stopped(stopping):
            break
        tally = tally.after(values[first : first + portion], t=t, stopping=stopping)
    return tally


@pytest.mark.parametrize("n", [8_000, pytest.param(20_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("n_hits", [None, 3, 10])
def test_p_is_valid_for_exchangeable_values(n_hits: int | None, n: int) -> None:
    """P(p <= a) <= a; over n repetitions with fixed key a false alarm above 4 errors has a chance of 3e-5 each."""
    rng, stopping = np.random.default_rng(3), Stopping(n_hits, 99)
    p = []
    for row in rng.uniform(size=(n, 100)):
        p.append(tally_of(row[1:], row[0], stopping, portion=33).probability("permutation", stopping).p_value)
    for a in (0.01, 0.05, 0.1, 0.3):
        assert np.mean(np.array(p) <= a) <= a + 4.0 * np.sqrt(a * (1 - a) / n)


def test_portions_change_nothing() -> None:
    values, stopping = np.random.default_rng(1).uniform(size=500), Stopping(20, 400)
    found = {tally_of(values, t=0.9, stopping=stopping, portion=portion) for portion in (1, 3, 64, 500)}
    assert len(found) == 1


def test_all_draws_are_made_without_a_number_of_hits() -> None:
    tally, stopping = tally_of(np.ones(300), 0.5, Stopping(None, 199)), Stopping(None, 199)
    assert tally == HitTally(199, 199)
    assert tally.probability("permutation", stopping).p_value == 1.0


def test_ties_up_to_rounding_are_hits() -> None:
    stopping = Stopping(None, 3)
    assert HitTally().after(np.array([0.3, 0.1, 0.2]), t=0.1 + 0.2, stopping=stopping).n_hits == 1


def test_the_interval_of_an_early_stop_covers() -> None:
    """That of a number of draws until the h-th hit, by its definition: P(L <= l) and P(L >= l) at its ends are 16 %."""
    stopping = Stopping(5, 1_000)
    low, high = HitTally(5, 40).probability("permutation", stopping).interval
    np.testing.assert_allclose(scipy.stats.binom.sf(4, 40, low), 0.16, rtol=1e-9)
    np.testing.assert_allclose(scipy.stats.binom.cdf(4, 39, high), 0.16, rtol=1e-9)


def test_the_interval_covers_both_outcomes_of_draws_that_failed() -> None:
    """At the cap it is that of all draws at once; at an early stop the lower end takes none of them as a hit."""
    values = np.concatenate([np.full(5, 50.0), np.full(10, np.nan), np.random.default_rng(0).uniform(0, 10, size=85)])
    values = np.random.default_rng(1).permutation(values)
    stopping, null = Stopping(30, 100), Empirical.of(values)
    tally = tally_of(values, 20.0, stopping)
    assert tally == HitTally(15, 100, n_failed=10)
    assert tally.probability("empirical", stopping).interval == null.interval(20.0)
    assert tally.probability("empirical", stopping).p_value == null.p_value(20.0)
    early = Stopping(4, 1_000)
    low, high = HitTally(4, 40, n_failed=3).probability("empirical", early).interval
    assert high == HitTally(4, 40).probability("empirical", early).interval[1]
    np.testing.assert_allclose(scipy.stats.binom.sf(0, 40, low), 0.16, rtol=1e-9)
    assert HitTally(4, 40, n_failed=4).probability("empirical", early).interval == (0.0, high)


def test_draws_beyond_the_stop_have_not_failed() -> None:
    values = np.array([1.0, np.nan, 9.0, 2.0, np.nan, np.nan])
    for portion in (1, 2, 6):
        assert tally_of(values, 5.0, Stopping(3, 50), portion=portion) == HitTally(3, 5, n_failed=2)
        assert tally_of(values, 5.0, Stopping(9, 5), portion=portion) == HitTally(3, 5, n_failed=2)


def test_it_is_stored_and_read_also_where_failed_draws_were_not_kept() -> None:
    for tally in (HitTally(3, 99), HitTally(3, 99, n_failed=2)):
        assert HitTally.from_document(tally.to_document()) == tally
    assert HitTally.from_document({"n_hits": 3, "n_draws": 99}) == HitTally(3, 99)


def test_texts() -> None:
    assert HitTally(3, 99).text(Stopping(None, 99), what="relabellings") == "p = 4/100 (3 of 99 relabellings)"
    stopped = HitTally(20, 143).text(Stopping(20, 999), what="draws")
    assert stopped == "p = 20/143 (stopped at the 20th draw that reaches t)"
    failed = HitTally(20, 143, n_failed=2)
    assert failed.text(Stopping(20, 999), what="toys") == (
        "p = 20/143 (stopped at the 20th toy that reaches t or failed, 2 failed)"
    )
    assert failed.text(Stopping(None, 143), what="toys") == "p = 21/144 (18 of 143 toys, 2 failed)"
    none = HitTally(2, 999, n_failed=2).text(Stopping(None, 999), what="toys")
    assert none == "p = 3/1000 (0 of 999 toys, 2 failed; below 0.0063 at 95 % CL)"


def test_corrected_counts_the_least_of_each_draw() -> None:
    found = corrected(np.log([0.01, 0.5]), np.log([0.2, 0.01, 0.4]))
    np.testing.assert_allclose(found, [2 / 4, 4 / 4])

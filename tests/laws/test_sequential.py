"""p counted among draws until it is known well enough."""

import numpy as np
import pytest
import scipy.stats

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


def test_texts() -> None:
    assert HitTally(3, 99).text(Stopping(None, 99), what="relabellings") == "p = 4/100 (3 of 99 relabellings)"
    stopped = HitTally(20, 143).text(Stopping(20, 999), what="draws")
    assert stopped == "p = 20/143 (stopped at the 20th draw that reaches t)"


def test_corrected_counts_the_least_of_each_draw() -> None:
    found = corrected(np.log([0.01, 0.5]), np.log([0.2, 0.01, 0.4]))
    np.testing.assert_allclose(found, [2 / 4, 4 / 4])

"""Options outside their limits are refused; guarantees are said in words."""

import pytest
import scipy.stats

import wilks
from wilks.monitor import BuildOptions, Decisions, Validity


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Decisions(bad=0.1), "bad <= medium"),
        (lambda: Decisions(kappa=1.0), "kappa < 1"),
        (lambda: Decisions(k_of_n=11), "at most n_in_a_row"),
        (lambda: Validity(begins=2.0, ends=1.0), "must not end before it begins"),
        (lambda: Validity(fewest_events=0), "at least 1"),
        (lambda: BuildOptions(batch_sizes=(1, 100)), "at least 2 events"),
        (lambda: BuildOptions(n_toys=0), "at least 1"),
    ],
)
def test_limits(make, text: str) -> None:
    with pytest.raises(wilks.InputError, match=text):
        make()


def test_the_rate_of_k_of_n_is_that_of_a_binomial_count() -> None:
    one = Decisions(medium=0.05, bad=0.01, n_in_a_row=12, k_of_n=4)
    assert one.k_of_n_rate == pytest.approx(scipy.stats.binom.sf(3, 12, 0.05))
    assert "1 in 100 is BAD and 1 in 20 MEDIUM" in one.describe()[0]


def test_sizes_are_sorted_and_each_once() -> None:
    assert BuildOptions(batch_sizes=(500, 250, 500)).batch_sizes == (250, 500)

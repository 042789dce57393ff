"""Parts by content: the order of rows plays no part, and parts are independent of each other."""

import numpy as np
import pytest
from scipy.stats import chisquare

import wilks
from wilks.parts.dividing import part_analysis, part_numbers, parts_of
from wilks.problems import exponential

RNG = np.random.default_rng(2)
EVENTS = RNG.exponential(size=(40_000, 2))


@pytest.mark.parametrize("n_parts", [1, 2, 3, 7])
def test_parts_are_equally_large_and_of_one_distribution(n_parts: int) -> None:
    numbers = part_numbers(EVENTS, n_parts=n_parts, seed=4)
    counts = np.bincount(numbers, minlength=n_parts)
    assert counts.size == n_parts and (n_parts == 1 or chisquare(counts).pvalue > 1e-3)
    inside = EVENTS[:, 0] < 0.1
    shares = [np.mean(inside[numbers == part]) for part in range(n_parts)]
    np.testing.assert_allclose(shares, np.mean(inside), atol=5 * np.sqrt(0.1 * n_parts / EVENTS.shape[0]))


def test_the_order_of_rows_plays_no_part() -> None:
    order = RNG.permutation(EVENTS.shape[0])
    numbers = part_numbers(EVENTS, n_parts=3, seed=4)
    np.testing.assert_array_equal(part_numbers(EVENTS[order], n_parts=3, seed=4), numbers[order])
    assert np.mean(part_numbers(EVENTS, n_parts=3, seed=5) == numbers) == pytest.approx(1 / 3, abs=0.02)


def test_equal_events_are_divided_too() -> None:
    coarse = np.round(EVENTS, 1)
    numbers = part_numbers(coarse, n_parts=2, seed=4)
    same = np.all(coarse == [0.1, 0.1], axis=1)
    assert same.sum() > 100 and np.mean(numbers[same]) == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(same.sum()))
    order = RNG.permutation(coarse.shape[0])
    pieces, shuffled = (parts_of(one, n_parts=2, seed=4) for one in (coarse, coarse[order]))
    for a, b in zip(pieces, shuffled, strict=True):
        np.testing.assert_array_equal(a[np.lexsort(a.T)], b[np.lexsort(b.T)])


def test_parts_of_poisson_data_are_poisson_and_uncorrelated() -> None:
    sizes = np.array(
        [
            np.bincount(part_numbers(RNG.exponential(size=(RNG.poisson(50), 1)), n_parts=2, seed=1), minlength=2)
            for _ in range(2_000)
        ]
    )
    np.testing.assert_allclose(sizes.mean(axis=0), 25.0, atol=5 * 5 / np.sqrt(2_000))
    np.testing.assert_allclose(sizes.var(axis=0), 25.0, rtol=0.15)
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 5 / np.sqrt(2_000)


def test_a_part_expects_its_share_and_has_the_whole_reference() -> None:
    whole = wilks.Analysis(
        reference=exponential.reference(4_000), model=wilks.Histogram(n_bins=5), toy_source=exponential.BACKGROUND
    )
    part = part_analysis(whole, 4)
    assert (part.expected_events, part.reference.n_events) == (pytest.approx(500.0), 4_000)
    assert part_analysis(whole, 1) is whole and part.toy_source == whole.toy_source

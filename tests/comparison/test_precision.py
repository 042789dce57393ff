"""Steps that one sample has in single and the other in double precision, or rounded in one sample alone."""

import numpy as np
import pytest

from wilks.comparison import compare
from wilks.comparison.precision import at_one_precision, decimals_notices
from wilks.samples import Sample

RNG = np.random.default_rng(4)


def steps(n: int, decimals: int = 2) -> np.ndarray:
    return np.round(RNG.exponential(0.3, size=n), decimals)


def single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).astype(np.float64)


def sample(*columns: np.ndarray) -> Sample:
    return Sample(np.column_stack(columns), features=("iso", "x")[: len(columns)])


def test_single_precision_against_double_is_no_difference() -> None:
    first, second = steps(150), steps(180)
    found = compare(sample(single(first)), sample(second), n_permutations=99)
    alike = compare(sample(single(first)), sample(single(second)), n_permutations=99)
    assert (found.t, found.p_value, found.members) == (alike.t, alike.p_value, alike.members)
    assert found.warnings == ("compared in single precision, in which some of its values are stored: iso",)
    assert alike.warnings == ()


def test_the_precision_is_a_function_of_the_pooled_values() -> None:
    first, second = sample(single(steps(40)), RNG.normal(size=40)), sample(steps(50), RNG.normal(size=50))
    pooled = np.vstack([first.events, second.events])
    relabelled = RNG.permutation(pooled)
    a, b, names = at_one_precision(first, second)
    others = at_one_precision(*(Sample(part, features=first.features) for part in np.split(relabelled, [40])))
    assert names == others[2] == ("iso",)
    ours, theirs = np.vstack([a.events, b.events]), np.vstack([others[0].events, others[1].events])
    np.testing.assert_array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])
    np.testing.assert_array_equal(a.column("x"), first.column("x"))


@pytest.mark.parametrize(
    "pair",
    [
        (steps(50), steps(50)),
        (single(steps(50)), single(steps(50))),
        (RNG.normal(size=50), single(RNG.normal(size=50))),
        (1.0 - 1e-9 * RNG.random(50), np.ones(50)),
        (np.append(steps(49), 1e308), steps(50)),
        (2.0**24 + np.arange(50.0), single(2.0**24 + np.arange(50.0))),
        (12_345.0 + np.arange(50) / 1e4, 12_345.0 + np.arange(0, 50_000, 1_250) / 1e4),
    ],
    ids=["double", "single", "continuous", "near one", "huge", "whole numbers", "decimals"],
)
def test_values_that_have_one_precision_stay(pair: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = (sample(column) for column in pair)
    assert at_one_precision(a, b) == (a, b, ())


def test_decimals_of_one_sample_alone_are_told() -> None:
    fine = RNG.exponential(0.3, size=80)
    (text,) = decimals_notices(sample(steps(60)), sample(fine))
    assert text.startswith("iso has at most 2 decimals in the first sample alone")
    assert "second sample alone" in next(decimals_notices(sample(single(fine)), sample(single(steps(60, 3)))))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (steps(50), single(steps(50))),
        (steps(50), steps(50, 4)[:9]),
        (np.append(np.zeros(50), 0.25), RNG.exponential(size=50)),
        (single(1e6 + steps(50)), single(1e6 + RNG.exponential(size=50))),
        (np.arange(50.0), RNG.exponential(size=50)),
    ],
    ids=["both", "few", "hardly any", "coarse", "whole numbers"],
)
def test_decimals_of_both_or_by_chance_are_not_told(first: np.ndarray, second: np.ndarray) -> None:
    assert not [*decimals_notices(sample(first), sample(second))]

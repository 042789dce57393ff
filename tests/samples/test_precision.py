import numpy as np
import pytest

from wilks.samples.precision import Table, rounded, to_decimals, to_digits, to_single

VALUES = np.random.default_rng(0).normal(50.0, 30.0, size=(1_000, 2))


def written(text_format):
    """What comes back from text in this format."""
    return np.array([[float(text_format % x) for x in row] for row in VALUES])


def at_one_precision(a, b):
    ours, theirs = Table(a).shared_precision(b)
    return rounded(a, ours), rounded(b, theirs)


def test_single_precision_meets_double():
    single = VALUES.astype(np.float32).astype(np.float64)
    first, second = at_one_precision(VALUES, single)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(second, single)


@pytest.mark.parametrize("text_format", ["%.6g", "%.4g", "%.8g", "%.3f", "%.1f"])
def test_text_of_few_digits_meets_its_origin(text_format):
    first, second = at_one_precision(VALUES, written(text_format))
    np.testing.assert_array_equal(first, second)


def test_the_shortest_text_of_a_single_precision_number_meets_it():
    single = VALUES.astype(np.float32)
    text = np.array([[float(str(x)) for x in row] for row in single])
    assert not np.array_equal(text, single.astype(np.float64))
    first, second = at_one_precision(text, single.astype(np.float64))
    np.testing.assert_array_equal(first, second)


def test_equal_precisions_and_equal_values_stay():
    integers = np.random.default_rng(1).integers(0, 1_000_000, size=(50, 1)).astype(float)
    for table in (VALUES, integers, np.round(VALUES, 2)):
        for one in at_one_precision(table, table):
            np.testing.assert_array_equal(one, table)
    first, second = at_one_precision(integers, integers[:5] + 0.25)
    assert first.shape == (50, 1) and second.shape == (5, 1)


def test_roundings_give_the_nearest_number():
    assert to_decimals(np.array([0.125, 2.675, 1e300]), 2).tolist() == [0.12, 2.68, 1e300]
    assert to_digits(np.array([123456.7, 0.00123456, 0.0, -9.99996]), 5).tolist() == [123460.0, 0.0012346, 0.0, -10.0]
    assert to_single(np.array([0.1, 1e300])).tolist() == [float(np.float32(0.1)), 1e300]


def test_a_table_meets_several_others_as_a_new_one_would():
    table, others = Table(VALUES), [written("%.6g"), VALUES + 0.1, VALUES.astype(np.float32).astype(np.float64)]
    for other in (*others, *others):
        assert table.shared_precision(other) == Table(VALUES).shared_precision(other)
    assert [table.shared_precision(one)[0][0] is None for one in others] == [False, True, False]

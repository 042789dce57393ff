"""Two samples on equal terms: what must hold whatever they are."""

import numpy as np
import pytest

import wilks
from wilks.comparison import compare
from wilks.errors import InputError, SampleError
from wilks.samples import Sample

RNG = np.random.default_rng(21)
A = Sample(RNG.normal(size=(120, 2)), features=("x", "n"))
B = Sample(np.column_stack([RNG.normal(0.4, 1.0, size=90), RNG.integers(0, 3, size=90)]), features=("x", "n"))


@pytest.fixture(scope="module")
def result() -> wilks.Comparison:
    return compare(A, B, n_permutations=199)


def same(one: wilks.Comparison, other: wilks.Comparison) -> bool:
    """To the last bit."""
    return (one.t, one.p_value) == (other.t, other.p_value)


def test_a_swap_changes_nothing(result: wilks.Comparison) -> None:
    swapped = compare(B, A, n_permutations=199)
    assert same(result, swapped)
    assert {one.feature: one.interval.first for one in swapped.by_feature} == {
        one.feature: one.interval.second for one in result.by_feature
    }


def test_the_order_of_rows_changes_nothing(result: wilks.Comparison) -> None:
    a, b = (Sample(s.events[RNG.permutation(s.n_events)], features=s.features) for s in (A, B))
    assert same(result, compare(a, b, n_permutations=199))


def test_units_change_nothing_beyond_rounding(result: wilks.Comparison) -> None:
    a, b = (Sample(s.events * [1e-9, 1e12] + [0.0, 1e12], features=s.features) for s in (A, B))
    scaled = compare(a, b, n_permutations=199)
    assert scaled.p_value == result.p_value
    assert scaled.t == pytest.approx(result.t, rel=1e-6)


def test_equal_samples_have_t_0() -> None:
    found = compare(A, A, n_permutations=19)
    assert found.t == 0.0
    assert found.p_value == 1.0


def test_events_that_repeat_or_are_in_both_are_told() -> None:
    once = Sample(RNG.normal(size=(60, 1)), features=("x",))
    (text,) = compare(A, Sample(np.vstack([once.events] * 2), features=("x",)), n_permutations=9).warnings[1:]
    assert text.startswith("in the second sample 60 of 120 events repeat another one")
    assert "120 of 120 events of the second sample are in the first too" in compare(A, A, n_permutations=9).warnings[0]


def test_samples_without_a_common_value_differ_as_much_as_can_be() -> None:
    found = compare(Sample(np.arange(60.0)), Sample(np.arange(100.0, 170.0)), n_permutations=99)
    assert found.p_value == 1 / 100
    assert found.by_feature[0].interval.first in (0.0, 60.0)


def test_what_is_in_one_sample_alone_or_never_varies_is_left_out() -> None:
    a = Sample(np.column_stack([A.events, np.ones(120)]), features=("x", "y", "k"))
    b = Sample(np.column_stack([B.events, np.ones(90)]), features=("n", "x", "k"))
    found = compare(a, b, n_permutations=19)
    assert found.features == ("x",)
    assert found.warnings == (
        "left out: 'k' is the same in every event; 'n' is in one sample alone; 'y' is in one sample alone",
    )


def test_a_constant_that_differs_is_a_feature() -> None:
    a, b = Sample(np.zeros(40)), Sample(np.ones(50))
    assert compare(a, b, n_permutations=99).p_value == 1 / 100


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (Sample([1.0]), B, "must have a feature in common"),
        (
            Sample(A.events[:1], features=A.features),
            B,
            "each sample must have at least 10 events, but the first one has 1",
        ),
        (A, Sample(np.empty((0, 2)), features=A.features), "the second one has 0"),
        (Sample(np.ones(30)), Sample(np.ones(40)), "never vary"),
        (Sample(A.events, np.full(120, -1.0), features=A.features), B, "positive sum"),
        (Sample(A.events, np.where(np.arange(120) == 3, 99.0, 1.0), features=A.features), B, "5 % of the sum"),
    ],
)
def test_what_cannot_be_compared_is_refused(a: Sample, b: Sample, message: str) -> None:
    with pytest.raises(SampleError, match=message):
        compare(a, b)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"with_counts": True}, "must be given together"),
        ({"expected_ratio": 1.0}, "must be given together"),
        ({"n_permutations": 0}, "n_permutations must be a whole number of at least 1"),
        ({"seed": -1}, "seed"),
        ({"model": wilks.Histogram()}, "wilks.Kernel or a wilks.KernelSet"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare(A, B, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n_pairs", "errors"), [(75, 4.0), pytest.param(150, 4.5, marks=pytest.mark.nightly)])
def test_the_size_is_nominal_with_ties_and_unequal_sizes(n_pairs: int, errors: float) -> None:
    """Fixed key, 19 relabellings: P(p <= .1) is .1; 4 errors of 75 are a chance of 3e-4, 4.5 of 150 of 1e-5."""
    rng, p = np.random.default_rng(5), []
    for i in range(n_pairs):
        a, b = (np.column_stack([rng.exponential(size=n), rng.integers(0, 3, n)]) for n in (40, 25))
        p.append(compare(Sample(a), Sample(b), n_permutations=19, seed=i).p_value)
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < errors * np.sqrt(0.09 / n_pairs)


def test_one_kernel_has_an_analytic_p_that_relabellings_confirm() -> None:
    rng = np.random.default_rng(8)
    a, b = Sample(rng.normal(size=(700, 2))), Sample(rng.normal([0.1, 0.0], 1.0, size=(400, 2)))
    kernel = wilks.Kernel(n_centers=40, width=1.5)
    analytic, counted = compare(a, b, model=kernel), compare(a, b, model=kernel, n_permutations=4_000)
    assert (analytic.method, counted.method) == ("analytic", "permutation")
    assert analytic.t == counted.t
    assert abs(analytic.z_score - counted.z_score) < 0.1
    assert analytic.tally is None


def test_few_events_have_no_analytic_p() -> None:
    assert compare(A, B, model=wilks.Kernel(n_centers=20, width=1.0)).method == "permutation"


def test_a_set_of_kernels_that_is_given_has_one_member_for_each_pair() -> None:
    found = compare(A, B, model=wilks.KernelSet(widths=(0.5, 2.0), ridges=(0.1, 1.0), n_centers=20), n_permutations=19)
    assert len(found.members) == 4
    assert not found.by_feature


def test_weights_of_one_for_all_are_none(result: wilks.Comparison) -> None:
    assert same(result, compare(Sample(A.events, np.ones(120), features=A.features), B, n_permutations=199))


def test_weighted_samples_have_a_law_of_their_own() -> None:
    weighted = Sample(A.events, RNG.uniform(0.3, 2.0, size=120), features=A.features)
    found = compare(weighted, B, n_permutations=99)
    assert found.method == "bootstrap"
    assert "labels are not exchangeable" in found.warnings[0]
    swapped = compare(B, weighted, n_permutations=99)
    assert swapped.p_value == found.p_value
    assert swapped.t == pytest.approx(found.t, rel=1e-9)


def test_the_unit_of_weights_changes_nothing() -> None:
    a = Sample(A.events, RNG.uniform(0.3, 2.0, size=120), features=A.features)
    scaled = Sample(a.events, 1e6 * a.event_weights, features=a.features)
    one, other = compare(a, B, n_permutations=19), compare(scaled, B, n_permutations=19)
    assert other.t == pytest.approx(one.t, rel=1e-9)
    assert other.p_value == one.p_value
    for first, second in zip(one.by_feature, other.by_feature, strict=True):
        assert second.interval.expected == pytest.approx(first.interval.expected)
        assert second.interval.first == pytest.approx(1e6 * first.interval.first)


def test_one_weight_for_all_events_of_a_sample_is_none(result: wilks.Comparison) -> None:
    found = compare(Sample(A.events, np.full(120, 0.37), features=A.features), B, n_permutations=199)
    assert found.method == "permutation" and same(found, result)


def test_counts_are_tested_beside_the_distributions(result: wilks.Comparison) -> None:
    found = compare(A, B, n_permutations=199, with_counts=True, expected_ratio=0.5)
    assert found.counts is not None
    assert found.counts.shape_p_value == result.p_value
    assert found.counts.p_value < 1e-6  # 120 of 210 where 70 are expected
    assert found.p_value < found.counts.p_value * 10
    assert found.p_text == (
        f"p = {found.probability.text}, Fisher's product of the p of the shape, {result.p_text}, and of the counts, "
        f"{found.counts.text}"
    )
    assert found.to_dict()["p_text"] == found.p_text and f"{found.p_text}." in str(found).splitlines()
    assert found.method == "permutation" and str(found).count("Fisher") == 1


def test_the_answer_is_saved_and_read_back(result: wilks.Comparison, tmp_path: object) -> None:
    result.save(f"{tmp_path}/found")
    again = wilks.load(f"{tmp_path}/found")
    assert str(again) == str(result)
    assert again.to_dict() == result.to_dict()


def test_the_least_p_of_many_is_corrected_for_their_number(result: wilks.Comparison) -> None:
    for one in (*result.members, *result.by_feature):
        assert one.corrected_p_value >= 1 / 200
    least = min(result.members, key=lambda one: one.log_p_value)
    assert least.corrected_p_value == min(one.corrected_p_value for one in result.members)
    assert [one.log_p_value for one in result.by_feature] == sorted(one.log_p_value for one in result.by_feature)

"""The size of the reference, and Z with other references of that size."""

import math

import numpy as np
import pytest

from wilks.campaign import toys_here
from wilks.hypotheses import Null
from wilks.samples import Sample
from wilks.validation import Verdict
from wilks.validation.references import draw_check, fresh_references, normal_scores, size_check


def test_the_size_is_judged_by_the_share_and_by_the_pool(histogram) -> None:
    good, small = size_check(histogram()), size_check(histogram(n_reference=1_000))
    assert good.verdict is Verdict.PASS and good.numbers["reference_share"] == pytest.approx(300 / 20_000)
    assert small.verdict is Verdict.FAIL and "take a larger reference" in small.advice
    pool = Sample(np.random.default_rng(1).exponential(size=900), features=("x",))
    shared = size_check(histogram(toy_source=pool))
    f, rho = 300 / 900, 300 / 20_000
    assert shared.verdict is Verdict.FAIL
    assert shared.numbers["overlap_z_error"] == pytest.approx(math.sqrt(f**2 + 2 * f * rho))


@pytest.mark.parametrize("is_drawn", [True, False])
def test_the_spread_is_what_many_degrees_of_freedom_give(histogram, is_drawn) -> None:
    """t = sum (n - b)^2 / b: another b moves it by 2 (rho k)^(1/2), of a standard deviation (2 k)^(1/2)."""
    pool = Sample(np.random.default_rng(1).exponential(size=30_000), features=("x",))
    analysis = histogram(n_reference=3_000, **({} if is_drawn else {"toy_source": pool}))
    first = toys_here(analysis, Null(), n_toys=100, seed=2)
    found = draw_check(analysis, first, make=toys_here, n_references=4, seed=3)
    assert found.numbers["z_spread"] == pytest.approx(math.sqrt(2 * 0.1), abs=0.1)
    assert found.verdict is Verdict.PASS and ("drawn anew" in found.text) == is_drawn


def test_a_small_reference_moves_z_too_far(histogram) -> None:
    analysis = histogram(n_reference=300)
    first = toys_here(analysis, Null(), n_toys=100, seed=2)
    found = draw_check(analysis, first, make=toys_here, n_references=3, seed=3)
    assert found.verdict is Verdict.FAIL and found.numbers["variance"] > 0.6


def test_fresh_references_are_new_and_of_the_same_size(histogram) -> None:
    analysis = histogram(factor=1.0)
    fresh = list(fresh_references(analysis, n_references=2, seed=1))
    assert [one.reference.n_events for one in fresh] == [20_000] * 2
    assert all(one.expected_events == pytest.approx(300) and len(one.nuisances) == 1 for one in fresh)
    assert len({one.fingerprint() for one in (analysis, *fresh)}) == 3
    again = list(fresh_references(analysis, n_references=2, seed=1))
    assert [one.fingerprint() for one in again] == [one.fingerprint() for one in fresh]


def test_what_is_not_evaluated_says_why(histogram) -> None:
    analysis = histogram()
    first = toys_here(analysis, Null(), n_toys=5, seed=2)
    none = draw_check(analysis, first, make=toys_here, n_references=0, seed=0)
    few = draw_check(analysis, first, make=toys_here, n_references=2, seed=0)
    assert (none.verdict, few.verdict) == (Verdict.NOT_EVALUATED, Verdict.NOT_EVALUATED)
    assert "no other reference" in none.text and "5 toys" in few.text


def test_normal_scores_are_those_of_mid_ranks() -> None:
    scores = normal_scores(np.array([[1.0, 2.0, 2.0, 9.0]]))
    assert scores[0, 1] == scores[0, 2] == pytest.approx(0.0, abs=1e-12)
    assert scores[0, 3] == -scores[0, 0] == pytest.approx(1.1503, abs=1e-4)

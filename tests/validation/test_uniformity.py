"""p of toys against the uniform distribution."""

import numpy as np
import pytest
from scipy.stats import betabinom, binom, norm

from wilks.laws.empirical import Empirical
from wilks.laws.omnibus import SharedLaw
from wilks.validation.uniformity import in_random_order, seen_shifts, uniformity

RNG = np.random.default_rng(4)


def counted(null: np.ndarray, z: np.ndarray) -> np.ndarray:
    """p of these Z among those, t being exp(Z)."""
    law, t = Empirical.of(np.exp(null)), np.exp(z)
    return (law.counts(t) + law.n_failed + 1.0) / (law.n_toys + 1.0)


def test_p_counted_among_few_toys_is_judged_as_that() -> None:
    # 200 sets of 100 toys among 100 others: 10 are expected at 5 %, and 22 or more with a chance of 5e-4.
    found = [
        uniformity(counted(RNG.normal(size=100), RNG.normal(size=100)), shared=SharedLaw(100)).p_value
        for _ in range(200)
    ]
    as_if_exact = [
        uniformity(counted(RNG.normal(size=100), RNG.normal(size=100)), shared=SharedLaw()).p_value for _ in range(200)
    ]
    assert sum(p <= 0.05 for p in found) < 22 < sum(p <= 0.05 for p in as_if_exact)


@pytest.mark.parametrize("atom", [0.14, 0.28])
def test_equal_t_are_no_departure(atom: float) -> None:
    """Of toys of which many have t = 0, where p is 1. Of 40 sets 3 or more are below 0.01 with a chance of 8e-3."""
    rng = np.random.default_rng(5)

    def drawn(n: int) -> np.ndarray:
        return np.where(rng.uniform(size=n) < atom, 1e-12 * rng.uniform(size=n), rng.chisquare(3, size=n))

    pairs = [(Empirical.of(drawn(1_000)), drawn(300)) for _ in range(40)]
    shared = SharedLaw(1_000)
    assert sum(uniformity(in_random_order(null, t), shared=shared).p_value <= 0.01 for null, t in pairs) < 3
    assert sum(uniformity(null.p_values(t), shared=shared).p_value <= 0.01 for null, t in pairs) > 20


def test_equal_t_stand_in_a_random_order_and_others_where_they_are() -> None:
    null = Empirical.of(np.array([0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 0.1 + 0.2, 5.0, np.nan]))
    t = np.repeat([0.0, 0.3, 1.5, 2.0, 6.0], 200)
    p = 10.0 * in_random_order(null, t).reshape(5, 200)
    expected = [{8.0, 9.0, 10.0}, {7.0, 8.0}, {6.0}, {3.0, 4.0, 5.0, 6.0}, {2.0}]
    assert [set(np.round(row, 9)) for row in p] == expected
    assert np.array_equal(in_random_order(null, t), p.ravel() / 10.0)
    distinct = np.linspace(0.15, 6.05, 60)
    assert in_random_order(null, distinct).tolist() == null.p_values(distinct).tolist()


def test_what_a_law_is_off_for_all_toys_is_allowed_for() -> None:
    def share(shared: SharedLaw) -> float:
        off = 0.3 * RNG.normal(size=(100, 1))
        p = norm.sf(RNG.normal(size=(100, 200)) + off)
        return float(np.mean([uniformity(one, shared=shared).p_value <= 0.05 for one in p]))

    assert share(SharedLaw(None, 0.3)) < 0.16 < 0.3 < share(SharedLaw())


def test_rates_are_binomial_or_beta_binomial() -> None:
    p = np.concatenate([np.full(12, 0.004), np.linspace(0.06, 1.0, 88)])
    exact = uniformity(p, shared=SharedLaw()).rates[0]
    assert (exact.count, exact.p_value) == (12, pytest.approx(2 * binom.sf(11, 100, 0.05)))
    among = uniformity(p, shared=SharedLaw(399)).rates
    assert among[0].p_value == pytest.approx(2 * betabinom.sf(11, 100, 20, 380))
    assert among[1].p_value == pytest.approx(2 * betabinom.sf(11, 100, 4, 396))
    with_failed = uniformity(p, shared=SharedLaw(399), n_failed=3).rates
    assert with_failed[1].p_value == pytest.approx(2 * betabinom.sf(11, 100, 1, 396))


def test_a_rate_that_so_few_toys_cannot_give_is_said() -> None:
    found = uniformity(counted(RNG.normal(size=30), RNG.normal(size=50)), shared=SharedLaw(30))
    assert "none at 0.01, out of reach" in found.rates_text
    assert found.to_dict()["rates"][1]["rate"] != found.to_dict()["rates"][1]["rate"]


def test_what_is_seen_of_a_shift() -> None:
    found = uniformity(counted(RNG.normal(size=400), RNG.normal(size=100) + 0.5), shared=SharedLaw(400))
    assert found.p_value < 0.01 and 0.3 < found.mean_z < 0.7
    few, more = seen_shifts(100, SharedLaw(400), size=0.01)
    assert 0.1 < few < 0.7 < more
    yard_seen = [
        uniformity(counted(RNG.normal(size=400), RNG.normal(size=100) + 0.5), shared=SharedLaw(400)).p_value <= 0.01
        for _ in range(40)
    ]
    assert np.mean(yard_seen) == pytest.approx(more, abs=0.2)


def test_many_points_have_p_that_are_small_enough() -> None:
    """The least omnibus p times 30 points must lie below the limit of 1 %."""
    p = counted(RNG.normal(size=400), RNG.normal(size=60) + 2.0)
    found = uniformity(p, shared=SharedLaw(400, 0.0, 400 * 30))
    assert 30 * found.p_value < 0.01 < 30 * uniformity(p, shared=SharedLaw(400)).p_value

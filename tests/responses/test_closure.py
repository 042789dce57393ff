"""Reweighted reference against varied samples, and what is refused."""

import json

import numpy as np
import pytest
from scipy import stats

from wilks.errors import InputError, ResponseError, SampleError
from wilks.nuisances import BinnedPolynomial, LogYield, Nuisance, Nuisances
from wilks.responses import Variation, check_responses
from wilks.samples import Sample


def exponential(nu, *, n=20_000, seed=0):
    rng = np.random.default_rng([seed, round(1e4 * (nu + 5.0))])
    x = rng.exponential(np.exp(nu), n)
    return Sample(x, np.full(n, 2000.0 / n), features=("x",), extras={"square": x**2})


def exact(events, nu):
    return -nu - events[:, 0] * (np.exp(-nu) - 1.0)


def too_weak(events, nu):
    return 0.5 * exact(events, nu)


EXACT = Nuisances((Nuisance("scale", 0.15, log_ratio=exact),))
WEAK = Nuisances((Nuisance("scale", 0.15, log_ratio=too_weak),))


def variations(*points, seed=0):
    return [Variation({"scale": nu}, exponential(nu, seed=seed)) for nu in points]


def test_an_exact_response_is_good():
    closure = check_responses(exponential(0.0), EXACT, variations=variations(0.15, -0.15, 0.3, -0.3))
    assert closure.is_good and not closure.poor_rows
    assert [one.name for one in closure.rows[0].columns] == ["x", "square"]
    assert all(abs(row.worst.shift_in_t) < 5 * row.worst.shift_error for row in closure.rows)
    assert 0.01 < closure.p_value("scale") <= 1.0
    closure.require_good()


def test_the_false_alarm_rate_is_below_alpha():
    """p-values of exact responses of 40 pairs of samples are uniform, or larger."""
    p_values = []
    for seed in range(40):
        closure = check_responses(
            exponential(0.0, seed=seed, n=4000), EXACT, variations=variations(0.15, seed=seed), columns=["x"]
        )
        p_values.append(closure.rows[0].columns[0].p_value)
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > 0.01


def test_a_wrong_response_is_refused_with_its_place():
    closure = check_responses(exponential(0.0), WEAK, variations=variations(0.3, 0.15))
    assert not closure.is_good
    row = closure.poor_rows[0]
    events = exponential(0.0).events
    expected = 2000.0 * np.mean((np.exp(too_weak(events, 0.3)) - np.exp(exact(events, 0.3))) ** 2)
    assert 0.3 * expected < row.worst.shift_in_t < 2.0 * expected
    with pytest.raises(ResponseError, match=r"does not at scale = 0\.3 \(p = .*, t would shift by"):
        closure.require_good()


def test_deviations_that_do_not_matter_are_tolerated():
    closure = check_responses(exponential(0.0), WEAK, variations=variations(0.3), tolerance=1e6)
    assert closure.is_good and closure.rows[0].p_value < 1e-6


def test_variations_beyond_reach_decide_nothing_unless_there_are_no_others():
    near_and_far = check_responses(exponential(0.0), WEAK, variations=variations(0.01, 1.0))
    assert [row.is_judged for row in near_and_far.rows] == [True, False] and near_and_far.is_good
    assert "Variations beyond 3 sigma are shown and decide nothing: 1." in str(near_and_far)
    far = check_responses(exponential(0.0), WEAK, variations=variations(1.0, 2.0))
    assert [row.is_judged for row in far.rows] == [True, False] and not far.is_good


def test_same_events_are_compared_without_their_common_scatter():
    reference = exponential(0.0, n=500)
    weights = reference.event_weights * np.exp(exact(reference.events, 0.1))
    same = Variation.reweighted({"scale": 0.1}, reference, event_weights=weights)
    column = check_responses(reference, EXACT, variations=[same]).rows[0].columns[0]
    np.testing.assert_allclose(column.difference_errors, 0.0, atol=1e-9)
    assert abs(column.shift_in_t) < 1e-12
    off = check_responses(reference, WEAK, variations=[same]).rows[0].columns[0]
    assert off.chi2 > 100.0


def test_a_known_yield_shifts_the_response():
    response = BinnedPolynomial(("scale",), ((1,),), (0,), ([0.0, 1.0],), [[0.0]])
    shifted = Nuisances((Nuisance("scale", 0.15),), response, LogYield(("scale",), ((1,),), (1.0,)))
    closure = check_responses(exponential(0.0), shifted, variations=variations(0.1))
    assert closure.rows[0].yields == pytest.approx((2000.0 * np.exp(0.1), 2000.0))


def test_text_and_document():
    closure = check_responses(exponential(0.0), EXACT, variations=variations(0.05, -0.05), columns=["x"])
    text = str(closure)
    assert " ".join(text.splitlines()[0].split()) == "variation sigmas worst in chi2/bins p, all columns shift in t"
    assert "No variation of scale reaches 1 sigma: the response is not checked where it is used." in text
    document = json.loads(json.dumps(closure.to_dict()))
    assert document["is_good"] is True and document["variations"][1]["values"] == {"scale": -0.05}
    assert document["variations"][0]["columns"][0]["chi2"] == closure.rows[0].columns[0].chi2


def test_bad_columns():
    with pytest.raises(SampleError, match="no column 'mass'"):
        check_responses(exponential(0.0), EXACT, variations=variations(0.1), columns=["mass"])
    with pytest.raises(InputError, match="there must be a column to compare"):
        check_responses(exponential(0.0), EXACT, variations=variations(0.1), columns=[])

"""Learned responses against exact ones."""

import json

import numpy as np
import pytest

from wilks.errors import InputError, ResponseError, WilksWarning
from wilks.nuisances import Nuisance, normalization, response_from_dict
from wilks.responses import Training, Variation, learn_responses
from wilks.samples import Sample

LINEAR = Training(hidden=(), n_networks=1)
SCALE = (Nuisance("scale", 0.15),)


def exact(x, nu):
    return -0.5 * nu - x * np.expm1(-nu)


def test_quadratic_response_of_the_exponential(reference, make_variations):
    """Sign, yield and Taylor coefficients of eq. 30, with statistical errors of samples of 20,000."""
    learned = learn_responses(reference, SCALE, variations=make_variations(0.05, -0.05, 0.3, -0.3))
    x = np.linspace(0.0, 6.0, 61)
    for nu in (0.15, -0.15, 0.3):
        deviation = learned.log_ratio(x[:, None], {"scale": nu}) - exact(x, nu)
        assert np.sqrt(np.average(deviation**2, weights=np.exp(-x))) < 0.02 and np.all(np.abs(deviation) < 0.1)
    assert learned.log_yield is not None
    np.testing.assert_allclose(learned.log_yield.coefficients, [0.5, 0.0, 0.0], atol=1e-9)


def test_exact_weights_give_exact_coefficients(plane, reweighted):
    """Mixed terms, several nuisances, other units: the loss has its minimum at the true polynomial."""
    a, b = plane.events.T
    truth = {(1, 0): 0.2 * a, (0, 1): -30.0 * (b + 0.1), (2, 0): 0.05 * b, (1, 1): 10.0 * a, (0, 2): 400.0 * (a - b)}

    def at(one, two):
        powers = {(1, 0): one, (0, 1): two, (2, 0): one**2 / 2, (1, 1): one * two, (0, 2): two**2 / 2}
        return reweighted(sum(powers[term] * truth[term] for term in truth), one=one, two=two)

    points = [(1.0, 0.0), (-1.0, 0.0), (0.0, 0.02), (0.0, -0.02), (1.0, 0.02)]
    nuisances = (Nuisance("one", 1.0), normalization("luminosity", sigma=0.02), Nuisance("two", 0.01))
    learned = learn_responses(plane, nuisances, variations=[at(*point) for point in points], training=LINEAR)
    assert learned.response is not None and learned.response.names == ("one", "two")
    rows = learned.response.rows(plane.events)
    for column, term in zip(rows.T, learned.response.terms, strict=True):
        np.testing.assert_allclose(column, truth[term], atol=2e-3 * np.abs(truth[term]).max())
    shift = learned.log_ratio(plane.events, {"luminosity": 0.1}) - learned.log_ratio(plane.events, {})
    np.testing.assert_allclose(shift, 0.1)


def test_nuisances_that_nothing_moves_together_are_learned_one_by_one(plane, reweighted):
    """To the last bit what each gives alone, in the order of the nuisances."""
    a, b = plane.events.T
    effects = {"one": 0.2 * a, "two": -0.1 * b, "three": 0.05 * (a + b)}
    variations = [reweighted(z * effects[name], **{name: z}) for z in (1.0, -1.0) for name in ("three", "one")]
    variations += [reweighted(z * (effects["two"] + 0.5 * effects["one"]), one=0.5 * z, two=z) for z in (1.0, -1.0)]
    nuisances = [Nuisance(name, 1.0) for name in effects]
    options = {"order": 1, "training": LINEAR}
    learned = learn_responses(plane, nuisances, variations=variations, **options)
    alone = [nuisances[2]], [one for one in variations if "three" in one.values]
    third = learn_responses(plane, alone[0], variations=alone[1], **options)
    together = learn_responses(plane, nuisances[:2], variations=[v for v in variations if v not in alone[1]], **options)
    assert [part.names for part in learned.response.parts] == [("one", "two"), ("three",)]
    assert learned.response.terms == ((0, 1, 0), (1, 0, 0), (0, 0, 1))
    rows = np.concatenate([one.response.rows(plane.events) for one in (together, third)], axis=1)
    np.testing.assert_array_equal(learned.response.rows(plane.events), rows)
    again = response_from_dict(json.loads(json.dumps(learned.response.to_dict())))
    np.testing.assert_array_equal(again.rows(plane.events), rows)


@pytest.mark.parametrize("n_nuisances", [12, pytest.param(20, marks=pytest.mark.nightly)])
def test_terms_of_many_nuisances_are_known_at_once(plane, reweighted, n_nuisances):
    """40 columns of weights of 20 nuisances; the terms up to second order are 230, not 3^20. Fewer in `make test`."""
    names = [f"nu{i}" for i in range(n_nuisances)]
    variations = [
        reweighted(z * 0.1 * plane.events[:, i % 2], **{name: z}) for i, name in enumerate(names) for z in (1.0, -1.0)
    ]
    nuisances = [Nuisance(name, 1.0) for name in names]
    learned = learn_responses(plane, nuisances, variations=variations, training=LINEAR)
    shift = learned.log_ratio(plane.events, dict.fromkeys(names, 0.1))
    np.testing.assert_allclose(shift, 0.1 * 0.1 * (n_nuisances // 2) * plane.events.sum(axis=1), atol=2e-3)


def test_a_network_learns_what_is_not_linear(plane, reweighted):
    a, b = plane.events.T
    log_r = 0.3 * np.tanh(2.0 * a) - 0.2 * np.abs(b)
    variations = [reweighted(z * log_r, shape=z) for z in (1.0, -1.0)]
    options = Training(hidden=(8,), n_networks=2, n_iterations=150)
    learned = learn_responses(plane, [Nuisance("shape", 1.0)], order=1, variations=variations, training=options)
    deviation = learned.log_ratio(plane.events, {"shape": 1.0}) - log_r
    assert np.std(deviation) < 0.03 < np.std(log_r)


def test_a_formula_of_the_features_is_one_more_input(plane, reweighted):
    log_r = 0.1 * (plane.events**2).sum(axis=1)
    variations = [reweighted(z * log_r, shape=z) for z in (1.0, -1.0)]
    learned = learn_responses(
        plane, [Nuisance("shape", 1.0)], order=1, variations=variations, training=LINEAR, inputs=["a**2 + b**2"]
    )
    np.testing.assert_allclose(learned.log_ratio(plane.events, {"shape": 1.0}), log_r, atol=1e-3)
    again = response_from_dict(json.loads(json.dumps(learned.response.to_dict())))
    np.testing.assert_array_equal(again.rows(plane.events), learned.response.rows(plane.events))


def test_the_same_seed_gives_the_same_response(reference, make_variations):
    variations = make_variations(0.2, -0.2, n=2000)
    options = Training(hidden=(2,), n_networks=2, n_iterations=20)
    responses = [
        learn_responses(reference, SCALE, order=1, variations=variations, training=options, seed=seed, accept_poor=True)
        for seed in (1, 1, 2)
    ]
    params = [one.response.params for one in responses]
    np.testing.assert_array_equal(params[0], params[1])
    assert not np.array_equal(params[0], params[2])


def test_order_and_number_of_the_samples_do_not_matter_much(reference, make_variations):
    """Shuffled variations change nothing beyond rounding when there is one network and all converges."""
    variations = make_variations(0.2, -0.2, 0.1)
    x = np.linspace(0.0, 5.0, 20)[:, None]
    forward, back = (
        learn_responses(reference, SCALE, variations=ordered, training=LINEAR).log_ratio(x, {"scale": 0.1})
        for ordered in (variations, variations[::-1])
    )
    np.testing.assert_allclose(forward, back, atol=1e-4)


def test_a_poor_response_is_refused_unless_accepted(reference, make_variations):
    variations = make_variations(0.4, -0.4)
    with pytest.raises(ResponseError, match=r"does not at scale = .*Give a higher order"):
        learn_responses(reference, SCALE, order=1, variations=variations, training=LINEAR)
    poor = learn_responses(reference, SCALE, order=1, variations=variations, training=LINEAR, accept_poor=True)
    assert poor.response.terms == ((1,),)


def test_the_yield_can_be_left_to_the_response(reference, make_variations):
    variations = make_variations(0.2, -0.2)
    learned = learn_responses(
        reference, SCALE, variations=variations, training=LINEAR, yields_from_samples=False, accept_poor=True
    )
    assert learned.log_yield is None and not learned.is_shifted


def test_one_sided_samples_are_warned_of(reference, make_variations):
    with pytest.warns(WilksWarning, match="all samples of 'scale' lie above 0"):
        learn_responses(
            reference, SCALE, order=1, variations=make_variations(0.1, n=2000), training=LINEAR, accept_poor=True
        )


def test_one_point_is_not_enough_for_a_quadratic_fit(reference, make_variations):
    with pytest.raises(InputError, match=r"order 2 in 'scale' needs samples at 2 or more different values"):
        learn_responses(reference, SCALE, variations=make_variations(0.1, n=100))


def test_negative_weights_are_possible(plane, reweighted):
    rng = np.random.default_rng(0)
    signs = np.where(rng.uniform(size=plane.n_events) < 0.1, -1.0, 1.0)
    central = Sample(plane.events, plane.event_weights * signs, features=plane.features)
    log_r = 0.2 * plane.events[:, 0]
    variations = [
        Variation.reweighted({"shape": z}, central, event_weights=central.event_weights * np.exp(z * log_r))
        for z in (1.0, -1.0)
    ]
    learned = learn_responses(
        central, [Nuisance("shape", 1.0)], order=1, variations=variations, training=LINEAR, accept_poor=True
    )
    np.testing.assert_allclose(learned.log_ratio(plane.events, {"shape": 1.0}), log_r, atol=2e-3)

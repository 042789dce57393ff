"""The preliminary binned study."""

import json

import numpy as np
import pytest

from wilks.errors import InputError
from wilks.nuisances import Nuisance
from wilks.responses import Variation, study_responses
from wilks.samples import Sample

POINTS = (0.05, 0.1, 0.15, 0.3, 0.45, 0.6)


def exponential(nu):
    rng = np.random.default_rng([1, round(1e4 * (nu + 5.0))])
    return Sample(rng.exponential(np.exp(nu), 60_000), np.full(60_000, 2000.0 / 60_000), features=("x",))


@pytest.fixture(scope="module")
def samples():
    return [Variation({"scale": sign * nu}, exponential(sign * nu)) for nu in POINTS for sign in (1, -1)]


@pytest.fixture(scope="module")
def studies(samples):
    return {
        sigma: study_responses(exponential(0.0), [Nuisance("scale", sigma)], variations=samples)
        for sigma in (0.03, 0.15)
    }


def test_a_small_nuisance_is_linear_and_a_large_one_quadratic(studies):
    """Section 3.2: linear within about 0.1, quadratic up to 0.6."""
    assert studies[0.03].order == {"scale": 1} and studies[0.15].order == {"scale": 2}
    assert 0.1 <= studies[0.15].nuisances[0].orders[0].valid_up_to <= 0.3
    assert studies[0.15].nuisances[0].orders[1].valid_up_to >= 0.45


def test_training_points_expose_every_order(studies, samples):
    linear, quadratic = studies[0.03].nuisances[0], studies[0.15].nuisances[0]
    assert linear.training_points == (-0.05, 0.05)
    assert max(quadratic.training_points) == 0.45 and len(quadratic.training_points) == 4
    assert sorted(quadratic.training_points) == sorted(-nu for nu in quadratic.training_points)
    chosen = studies[0.15].training(samples)
    assert sorted(one.values["scale"] for one in chosen) == sorted(quadratic.training_points)


def test_curves_pass_through_the_points(studies):
    one = studies[0.15].nuisances[0]
    column = one.columns[0]
    inside = one.is_within_reach
    pulls = (column.log_ratios - column.curve(2, one.points))[inside] / column.errors[inside]
    assert np.std(pulls) < 1.5 and column.curve(1, np.zeros(1)).tolist() == [[0.0] * (len(column.edges) - 1)]


def test_points_without_effect_are_not_trained_with():
    rng = np.random.default_rng(0)

    def sample(nu):
        return Sample(rng.normal(nu, 1.0, 20_000), np.full(20_000, 0.1), features=("x",))

    tiny = [Variation({"shift": nu}, sample(nu)) for nu in (-0.5, -0.2, -1e-4, 1e-4, 0.2, 0.5)]
    study = study_responses(sample(0.0), [Nuisance("shift", 0.2)], variations=tiny)
    assert 1e-4 not in study.nuisances[0].training_points


def test_text_and_document(studies):
    text = str(studies[0.15])
    assert text.startswith("scale (sigma 0.15): polynomials fitted to 10 points within 3 sigma\n  order  chi2/dof")
    assert text.endswith(".") and "Proposed: order 2, trained at -0.45" in text
    document = json.loads(json.dumps(studies[0.15].to_dict()))
    assert document["nuisances"][0]["order"] == 2


def test_bad_input(samples):
    with pytest.raises(InputError, match="samples that move 'scale' alone"):
        both = Variation({"scale": 0.1, "offset": 0.1}, exponential(0.1))
        study_responses(exponential(0.0), [Nuisance("scale", 0.1), Nuisance("offset", 0.1)], variations=[both])
    with pytest.raises(InputError, match="give fewer than 10 bins"):
        few = Variation({"scale": 0.1}, Sample([0.5], [2000.0], features=("x",)))
        study_responses(exponential(0.0), [Nuisance("scale", 0.1)], variations=[few])

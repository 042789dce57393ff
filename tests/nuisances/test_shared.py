"""Nuisances of several regions: one a name, and log r of the region of each event."""

import json

import jax
import numpy as np
import pytest

from wilks.errors import InputError
from wilks.nuisances import (
    LogNormal,
    LogYield,
    Nuisance,
    Nuisances,
    correlated,
    normalization,
    nuisances_from_dict,
    shared_nuisances,
)
from wilks.nuisances.binned import BinnedPolynomial
from wilks.samples import RegionLayout, Sample

LAYOUT = RegionLayout(("signal", "control"), (("x",), ("y", "x")))
REFERENCES = (Sample([[1.0], [2.0]]), Sample([[1.0, 5.0], [2.0, 6.0]]))
SCALE = "wilks.problems.exponential:scale_log_ratio"
EVENTS = np.concatenate([LAYOUT.placed(0, REFERENCES[0].events), LAYOUT.placed(1, REFERENCES[1].events)])


def union(first, second):
    return shared_nuisances(LAYOUT, [Nuisances(tuple(first)), Nuisances(tuple(second))], REFERENCES)


def test_an_event_follows_the_nuisances_of_its_region():
    one, two = Nuisance("scale", 0.1, log_ratio=SCALE), normalization("yield", sigma=0.2)
    both = union([one], [normalization("scale", sigma=0.1), two])
    assert both.names == ("scale", "yield") and both.sigmas.tolist() == [0.1, 0.2]
    found = both.log_ratio(EVENTS, {"scale": 0.3, "yield": 0.7})
    first = Nuisances((one,)).log_ratio(REFERENCES[0].events, {"scale": 0.3})
    assert found == pytest.approx([*first, 1.0, 1.0])


def test_a_learned_response_is_part_of_it():
    response = BinnedPolynomial(("tilt",), ((1,),), (0,), ([0.0, 1.5, 9.0],), [[0.5], [2.0]])
    learned = Nuisances((Nuisance("tilt", 1.0),), response)
    both = shared_nuisances(LAYOUT, [learned, Nuisances((normalization("tilt", sigma=1.0),))], REFERENCES)
    assert both.log_ratio(EVENTS, {"tilt": 1.0}) == pytest.approx([0.5, 2.0, 1.0, 1.0])


def test_what_is_not_defined_in_another_region_has_finite_slopes():
    both = union([Nuisance("root", 0.1, log_ratio=lambda x, nu: nu * jax.numpy.log(x[:, 0]))], [])
    rows = both.rows(np.concatenate([EVENTS, LAYOUT.placed(1, np.array([[-1.0, -2.0]]))]))
    effect = both.effect(3)
    slopes = jax.jacfwd(lambda z: effect.column_log_ratio(z, jax.numpy.asarray(rows.T)))(np.array([0.5]))
    assert np.isfinite(slopes).all() and slopes[-1, 0] == 0.0


def test_they_are_made_again_from_their_document():
    both = union([Nuisance("scale", 0.1, log_ratio=SCALE)], [normalization("yield", sigma=0.2)])
    again = nuisances_from_dict(json.loads(json.dumps(both.to_dict())))
    assert again.describe() == both.describe() and [one.name for one in again.functions] == [
        one.name for one in both.functions
    ]
    assert again.log_ratio(EVENTS, {"scale": 0.3}) == pytest.approx(both.log_ratio(EVENTS, {"scale": 0.3}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma": 0.2}, "one sigma, but sigma of 'yield' is 0.1 in signal and 0.2 in control"),
        ({"center": 0.1}, "one center"),
        ({"auxiliary": LogNormal()}, "one auxiliary"),
    ],
)
def test_one_name_is_one_nuisance(changes, message):
    with pytest.raises(InputError, match=message):
        union([normalization("yield", sigma=0.1)], [normalization("yield", **{"sigma": 0.1} | changes)])


def test_correlations_are_those_of_the_regions():
    pair = [normalization(name, sigma=0.1) for name in ("a", "b")]
    known = correlated(pair, covariance=[[0.01, 0.005], [0.005, 0.01]])
    alone = Nuisances((normalization("b", sigma=0.1), normalization("c", sigma=0.1)))
    both = shared_nuisances(LAYOUT, [known, alone], REFERENCES)
    assert both.correlation is not None
    assert both.correlation == pytest.approx(np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    with pytest.raises(InputError, match="must be one in all regions that have both"):
        shared_nuisances(LAYOUT, [known, Nuisances(tuple(pair))], REFERENCES)


def test_a_known_yield_is_refused():
    response = BinnedPolynomial(("tilt",), ((1,),), (0,), ([0.0, 1.5, 9.0],), [[0.5], [2.0]])
    told = Nuisances((Nuisance("tilt", 1.0),), response, LogYield(("tilt",), ((1,),), (0.1,)))
    with pytest.raises(InputError, match="yields_from_samples=False"):
        shared_nuisances(LAYOUT, [told, Nuisances()], REFERENCES)

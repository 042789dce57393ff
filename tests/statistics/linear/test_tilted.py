"""Sums at any nuisances against those that are made there, and when they are made there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wilks
from wilks.nuisances import Nuisance, Nuisances
from wilks.problems import exponential
from wilks.statistics.linear.profiled_group import ProfiledGroup
from wilks.statistics.linear.tilted import Nodes, TiltedReference, TiltedSums

from tests.statistics.linear.test_profiled_law import ANALYSIS, DATA
from tests.statistics.linear.test_responses import SHIFTED, group_of

NORMALIZATION = wilks.normalization("normalization", sigma=0.1)


def wild(events: jax.Array, nu: jax.Array) -> jax.Array:
    return 40.0 * nu * jnp.sin(5.0 * events[:, 0])


def broken(events: jax.Array, nu: jax.Array) -> jax.Array:
    return jnp.log1p(nu * events[:, 0])


def fresh(nuisances: object) -> TiltedReference:
    group = group_of(nuisances)
    return TiltedReference(group.points, group.basis, Nodes(group.responses, group.points.weights))


def assert_same(one: TiltedSums, other: TiltedSums, *, rtol: float = 0.0) -> None:
    np.testing.assert_allclose(one.mean, other.mean, rtol=rtol, atol=rtol * np.max(np.abs(other.mean)))
    np.testing.assert_allclose(one.gram, other.gram, rtol=rtol, atol=rtol * np.max(np.abs(other.gram)))


@pytest.fixture(scope="module")
def smooth() -> TiltedReference:
    """One nuisance that changes the shape, and the normalization."""
    return fresh(exponential.nuisances(0.15, 0.15))


@pytest.mark.parametrize("z", [[0.7, 0.2], [-1.9, 3.0], [0.1, -20.0], [1.9999, 0.0]])
def test_sums_between_the_nodes_are_those_that_are_made_there(smooth, z):
    z = np.array(z)
    assert_same(smooth.sums(z), smooth.made(z), rtol=1e-6)
    assert np.any(smooth.sums(z).gram != smooth.made(z).gram), "they come from the nodes"


@pytest.mark.parametrize("z", [[0.0, 0.0], [2.1, 0.0], [-5.0, 1.0]])
def test_at_0_and_beyond_the_nodes_they_are_made(smooth, z):
    assert_same(smooth.sums(np.array(z)), smooth.made(np.array(z)))


def test_the_normalization_alone_is_exact_anywhere():
    reference, z = fresh((NORMALIZATION,)), np.array([-12.0])
    assert reference._nodes.axis.nodes.size == 1
    assert_same(reference.sums(z), reference.made(z), rtol=1e-13)


@pytest.mark.parametrize(
    "nuisances",
    [SHIFTED, Nuisances((Nuisance("w", 1.0, log_ratio=wild),)), Nuisances((Nuisance("b", 0.08, log_ratio=broken),))],
    ids=["two shapes", "too wild", "not a number"],
)
def test_where_nodes_do_not_do_they_are_made(nuisances):
    reference = fresh(nuisances)
    assert reference._nodes.axis is None
    z = np.full(len(nuisances), 0.3)
    assert_same(reference.sums(z), reference.made(z))


def test_bits_do_not_depend_on_what_was_asked_before():
    nuisances, places = exponential.nuisances(0.15, 0.15), np.array([[0.3, 0.0], [-1.2, 0.0]])
    forth, back = fresh(nuisances), fresh(nuisances)
    there = [forth.sums(z) for z in places]
    for z, one in zip(places[::-1], there[::-1], strict=True):
        assert_same(back.sums(z), one)


def test_a_score_statistic_moves_by_less_than_is_claimed(monkeypatch):
    """By 2e-5 sqrt(q), with the nodes that the rule chooses."""
    data = [DATA, DATA[:500], 1.2 * DATA]
    t = np.array([wilks.fit(ANALYSIS, one).t for one in data])
    monkeypatch.setattr(TiltedReference, "sums", TiltedReference.made)
    made_there = np.array([wilks.fit(ANALYSIS, one).t for one in data])
    assert np.max(np.abs(t - made_there) / np.sqrt(made_there)) < 2e-5
    assert np.any(t != made_there)


def test_forms_of_a_group_hold_a_nuisance_at_its_edge():
    """Its slope is 0 in every sum."""
    group = group_of(exponential.nuisances(0.15, 0.15))
    assert isinstance(group, ProfiledGroup)
    edge = np.array([float(group.responses.bounds[1][0]), 0.5])
    (form,) = group.forms(edge, np.zeros(2))
    assert form.drift[0] == 0.0 and form.drift[1] != 0.0
    assert not np.any(form.tilt.slopes[:, 0]) and np.all(form.pull[:, 0] == 0.0)

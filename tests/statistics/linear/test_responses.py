"""log r where a linear model needs it: when few points stand for all events, and what a known yield is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wilks
from wilks.nuisances import BinnedPolynomial, LogYield, Nuisance, Nuisances, Polynomial
from wilks.problems import exponential
from wilks.statistics.linear.profiled_group import ProfiledGroup
from wilks.typing import FloatArray

EVENTS = np.random.default_rng(0).exponential(size=(5000, 1))


class Given(Polynomial):
    """The scale to second order, with a yield that is a little wrong."""

    kind, names, terms = "given", ("scale",), ((1,), (2,))

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.stack([events[:, 0] - 0.9, -events[:, 0] + 0.1], axis=1)

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind}


def tilt(events: jax.Array, nu: jax.Array) -> jax.Array:
    return nu * (jnp.exp(-events[:, 0]) - 0.5)


SHIFTED = Nuisances(
    (Nuisance("scale", 0.15), Nuisance("tilt", 0.1, log_ratio=tilt)),
    Given(),
    LogYield(("scale",), ((1,), (2,)), (0.1, 0.3)),
)


def group_of(nuisances: object) -> ProfiledGroup:
    analysis = wilks.Analysis(
        reference=wilks.Sample(EVENTS),
        model=wilks.Kernel(n_centers=8, width=1.0),
        expected_events=500,
        standardize=False,
        nuisances=nuisances,  # type: ignore[arg-type]
    )
    return ProfiledGroup(analysis.problem, analysis.model.members)  # type: ignore[attr-defined]


def test_a_response_that_jumps_keeps_all_events():
    binned = BinnedPolynomial(("step",), ((1,),), (0,), ([0.0, 0.333, 1.01, 9.0],), [[0.3], [-0.2], [0.1]])
    jumping = group_of(Nuisances((Nuisance("step", 0.5),), binned))
    smooth = group_of(exponential.nuisances(0.15, 0.15))
    assert smooth.points.is_condensed and smooth.points.weights.size < 1000
    assert not jumping.points.is_condensed and jumping.points.weights.size == 5000


def test_a_known_yield_is_that_of_all_events():
    """log r with its shift at the condensed points sums as on all events, to far below 1e-6 in t."""
    group, weights = group_of(SHIFTED), np.full(5000, 0.1)
    z, points = np.array([1.0, -1.0]), group.points
    assert group.points.is_condensed and points.weights.size < 0.2 * weights.size
    at, s = group.responses.at(z), SHIFTED.on(EVENTS).shifted_log_ratio(z, weights)
    assert points.weights @ np.exp(at.log_ratio) == pytest.approx(weights @ np.exp(s), abs=1e-9)
    moment = points.weights @ (np.exp(at.log_ratio) * points.points[:, 0])
    assert moment == pytest.approx(weights @ (np.exp(s) * EVENTS[:, 0]), abs=1e-6)


def test_slopes_and_curvature_are_derivatives_of_log_r():
    responses, z, step = group_of(SHIFTED).responses, np.array([0.5, -0.3]), 1e-5
    at, above, below = (responses.at(z + move) for move in (np.zeros(2), np.array([step, 0.0]), np.array([-step, 0.0])))
    slope = (above.log_ratio - below.log_ratio) / (2 * step)
    np.testing.assert_allclose(at.slopes[:, 0], slope, atol=1e-8)
    coefficients = np.random.default_rng(1).uniform(size=slope.size)
    image = coefficients @ (above.slopes - below.slopes) / (2 * step)
    np.testing.assert_allclose(responses.curvature(z, coefficients)[0], image, rtol=1e-6, atol=1e-6)

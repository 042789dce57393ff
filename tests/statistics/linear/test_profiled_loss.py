"""The joint loss of a member and of every kind of nuisance, its derivatives, and the descent to its minimum."""

import functools
from functools import cached_property
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.nuisances import (
    LogNormal,
    LogYield,
    Nuisance,
    Nuisances,
    PoissonCount,
    Polynomial,
    Unconstrained,
    normalization,
)
from wilks.optimize import NumpyNewton
from wilks.statistics.fits import Data
from wilks.statistics.linear.profiled_engine import ProfiledLinearEngine
from wilks.statistics.linear.profiled_group import ProfiledGroup, _certified
from wilks.statistics.linear.profiled_loss import DenseExpansion, ProfiledLoss, _positive_part, _Slopes
from wilks.typing import FloatArray

RIDGE = 0.3
DATA = np.random.default_rng(1).exponential(np.exp(0.15), size=(520, 1))


class Given(Polynomial):
    """The scale to second order, with a yield that is a little wrong."""

    kind, names, terms = "given", ("scale",), ((1,), (2,))

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.stack([events[:, 0] - 0.9, -events[:, 0] + 0.1], axis=1)

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind}


def tilt(events: jax.Array, nu: jax.Array) -> jax.Array:
    return nu * (jnp.exp(-events[:, 0]) - 0.5)


EVERY_KIND = Nuisances(
    (
        Nuisance("scale", 0.15),
        normalization("luminosity", sigma=0.1),
        normalization("efficiency", sigma=0.2, auxiliary=LogNormal()),
        Nuisance("tilt", log_ratio=tilt, auxiliary=PoissonCount(50.0)),
        Nuisance("free", 0.1, log_ratio=tilt, auxiliary=Unconstrained()),
    ),
    Given(),
    LogYield(("scale",), ((1,), (2,)), (0.1, 0.3)),
    correlation=np.eye(5) + 0.4 * (np.eye(5, k=1) + np.eye(5, k=-1)) * (np.arange(5) < 2) * (np.arange(5) < 2)[:, None],
)
MEASURED = np.array([0.1, -0.05, 0.1, 55.0, 0.0])


@functools.cache
def of_every_kind() -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=wilks.Kernel(n_centers=8, width=1.0, ridge=RIDGE),
        expected_events=500,
        standardize=False,
        nuisances=EVERY_KIND,
    )


@pytest.fixture(scope="module")
def group() -> ProfiledGroup:
    assert isinstance(of_every_kind().engine, ProfiledLinearEngine)
    return of_every_kind().engine.profiled[0]


@pytest.fixture(scope="module")
def loss(group) -> ProfiledLoss:
    """The joint loss with every kind of auxiliary measurement and a known yield; Delta is not needed for it."""
    own = of_every_kind().engine.delta.points.own(Data(DATA, MEASURED))  # type: ignore[attr-defined]
    return group.loss(RIDGE, group.plain.sums([DATA])[0], own)


def test_joint_loss_is_that_of_the_package(loss, group):
    rng = np.random.default_rng(2)
    r, j, analysis = group.basis.rank, len(EVERY_KIND), of_every_kind()
    theta = np.concatenate([0.1 * rng.normal(size=r), 0.3 * rng.normal(size=j)])
    params, z = group.basis.mix @ theta[:r], theta[r:]
    reference, response = analysis.reference, analysis.nuisances.on(analysis.reference.events)
    weights, raw = reference.event_weights, response.log_ratio(z)
    s = response.shifted_log_ratio(z, weights)
    on_data = analysis.nuisances.on(DATA).log_ratio(z) + (s - raw)[0] + analysis.log_ratio(DATA, params)
    auxiliary = float(analysis.nuisances.auxiliary_log_ratio(jnp.asarray(z), jnp.asarray(MEASURED)))
    expected = weights @ np.expm1(analysis.log_ratio(reference.events, params) + s) - on_data.sum() - auxiliary
    assert loss.at(theta).value[0] == pytest.approx(expected + RIDGE * theta[:r] @ theta[:r], abs=1e-6)


def test_slopes_of_the_joint_loss_are_its_derivatives(loss, group):
    rng = np.random.default_rng(3)
    size = group.basis.rank + len(EVERY_KIND)
    theta, direction, step = 0.1 * rng.normal(size=size), rng.normal(size=size), 1e-5
    here, above, below = loss.at(theta), *(loss.at(theta + sign * step * direction) for sign in (1, -1))
    assert here.gradient[0] @ direction == pytest.approx((above.value - below.value)[0] / (2 * step), rel=1e-6)
    image = (above.gradient - below.gradient)[0] / (2 * step)
    np.testing.assert_allclose(here.hessian @ direction, image, rtol=1e-5, atol=1e-4)
    positive = here._slopes.gram + here._padded(_positive_part(here._slopes.bend))
    assert np.linalg.eigvalsh(positive)[0] > 0, "what takes its place where log r bends down"
    expected = here.gradient[0] @ np.linalg.solve(here.hessian, here.gradient[0])
    assert here.gaps(np.arange(1))[0] == pytest.approx(expected, rel=1e-9)
    np.testing.assert_array_equal(here.steps(np.arange(1), np.ones(1))[0], here._step)


def test_descent_ends_in_a_certified_minimum(loss, group):
    end = group.converged(loss, np.zeros(len(EVERY_KIND)))
    assert end.certificate.newton_decrement < 1e-9 and end.certificate.least_curvature > 0 and end.t > 0
    theta = np.append(group.basis.coefficients(end.params), end.z)
    found = scipy.optimize.minimize(
        lambda x: loss.at(x).value[0], theta + 0.01, jac=lambda x: loss.at(x).gradient[0], method="BFGS"
    )
    assert 2 * (loss.at(theta).value[0] - found.fun) < 1e-6
    lower, upper = EVERY_KIND.bounds
    assert np.all((lower < end.z) & (end.z < upper)) and np.all(end.variances > 0)


class Saddle:
    """(x^2 - 1)^2 + y in a box: concave at x = 0, and its minimum is on the edge of y."""

    basis, bounds = SimpleNamespace(rank=0), (np.array([-9.0, -1.0]), np.array([9.0, 1.0]))

    def at(self, theta: FloatArray) -> "SaddleExpansion":
        return SaddleExpansion(self, theta)  # type: ignore[arg-type]

    def expand(self, params: FloatArray, lanes: np.ndarray) -> "SaddleExpansion":
        return self.at(params[0])


class SaddleExpansion(DenseExpansion):
    @cached_property
    def value(self) -> FloatArray:
        return np.array([(self.theta[0] ** 2 - 1) ** 2 + self.theta[1]])

    @cached_property
    def _slopes(self) -> _Slopes:
        x, gram = self.theta[0], np.diag([4.0, 1e-3])
        return _Slopes(np.array([4 * x * (x**2 - 1), 1.0]), gram, np.diag([12 * x**2 - 8, 0.0]))


def test_descent_passes_concave_places_and_holds_at_the_edge():
    saddle = Saddle()
    assert np.linalg.eigvalsh(saddle.at(np.array([0.1, 0.0])).hessian)[0] < 0
    end = NumpyNewton().run(saddle, np.array([[0.1, 0.0]]))
    np.testing.assert_allclose(end.params[0], [1.0, -1.0], atol=1e-5)
    certificate, variances = _certified(saddle, end.params[0])  # type: ignore[arg-type]
    assert end.gap[0] < 1e-8 and certificate.newton_decrement < 1e-8 and variances[1] == 0.0
    assert certificate.least_curvature == pytest.approx(8.0, rel=1e-4) and certificate.share_at_bound == 0.5

"""Kernels with nuisances against plain formulas, another minimiser, and the Delta of a network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.errors import InputError
from wilks.fitting import engine_of, evaluate_t, evaluate_tau, fit_events, profiled_kernel_engine_of
from wilks.fitting.kernel_losses import ProfiledLoss, Slopes, descend
from wilks.nuisances import (
    BinnedPolynomial,
    LogNormal,
    LogYield,
    Nuisance,
    Nuisances,
    PoissonCount,
    Polynomial,
    Unconstrained,
    normalization,
)
from wilks.problems import exponential
from wilks.statistics.fits import FitResult
from wilks.typing import FitStatus, FloatArray

SIGMA, RIDGE, N_CENTERS = 0.15, 0.3, 8
OBSERVED = np.array([0.1, 0.05])
DATA = np.random.default_rng(1).exponential(np.exp(SIGMA), size=(520, 1))


def analysis_of(*, is_score: bool = False, nuisances: object = None, model: object = None) -> wilks.Analysis:
    kernel = wilks.Kernel(n_centers=N_CENTERS, width=1.0, ridge=RIDGE, is_score=is_score)
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=model or kernel,  # type: ignore[arg-type]
        expected_events=500,
        standardize=False,
        nuisances=exponential.nuisances(SIGMA, SIGMA) if nuisances is None else nuisances,  # type: ignore[arg-type]
        search=wilks.Search(n_starts=3),
    )


SCORE, CONVERGED = analysis_of(is_score=True), analysis_of(is_score=False)


@pytest.fixture(scope="module")
def score() -> FitResult:
    return fit_events(SCORE, DATA, OBSERVED)


@pytest.fixture(scope="module")
def converged() -> FitResult:
    return fit_events(CONVERGED, DATA, OBSERVED)


def log_ratio(events: FloatArray, z: FloatArray) -> FloatArray:
    return -events[:, 0] * np.expm1(-SIGMA * z[0]) - SIGMA * z[0] + SIGMA * z[1]


def slopes(events: FloatArray, z: FloatArray) -> FloatArray:
    return SIGMA * np.stack([events[:, 0] * np.exp(-SIGMA * z[0]) - 1, np.ones(events.size)], axis=1)


class Plain:
    """The loss and its expansion on all events, in the coordinates a, written out."""

    def __init__(self, analysis: wilks.Analysis) -> None:
        placement = analysis.model.placement  # type: ignore[attr-defined]
        self.events, self.weights = analysis.reference.events, analysis.reference.event_weights
        self.k, self.sums = placement.kernel(self.events), placement.kernel(DATA).sum(axis=0)
        self.penalty = RIDGE * placement.kernel(placement.centers)

    def loss(self, theta: FloatArray) -> float:
        a, z = theta[:-2], theta[-2:]
        auxiliary = np.sum((OBSERVED / SIGMA - 0.5 * z) * z)
        s = self.k @ a + log_ratio(self.events, z)
        data = self.sums @ a + log_ratio(DATA, z).sum()
        return float(self.weights @ np.expm1(s) - data - auxiliary + a @ self.penalty @ a)

    def gradient(self, theta: FloatArray) -> FloatArray:
        a, z = theta[:-2], theta[-2:]
        tilted = self.weights * np.exp(self.k @ a + log_ratio(self.events, z))
        by_z = tilted @ slopes(self.events, z) - slopes(DATA, z).sum(axis=0) - (OBSERVED / SIGMA - z)
        return np.append(tilted @ self.k - self.sums + 2 * self.penalty @ a, by_z)

    def delta(self) -> tuple[float, FloatArray]:
        found = scipy.optimize.minimize(
            lambda z: self.loss(np.append(np.zeros(N_CENTERS), z)), np.zeros(2), method="BFGS", options={"gtol": 1e-8}
        )
        return -2 * found.fun, found.x

    def score(self, z: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """q, a, the step of z, and P."""
        w = (self.weights * np.exp(log_ratio(self.events, z)))[:, None]
        d = np.stack(
            [SIGMA * (self.events[:, 0] * np.exp(-SIGMA * z[0]) - 1), np.full(self.events.size, SIGMA)], axis=1
        )
        b, cross = self.sums - (w * self.k).sum(axis=0), (w * self.k).T @ d
        p = np.linalg.inv((w * d).T @ d + np.eye(2))
        matrix = (w * self.k).T @ self.k - cross @ p @ cross.T + 2 * self.penalty
        a = np.linalg.solve(matrix, b)
        return float(b @ a), a, -p @ cross.T @ a, p


def z_of(fitted: object) -> FloatArray:
    return np.array([one.value for one in fitted]) / SIGMA  # type: ignore[attr-defined]


def test_score_is_the_expansion_at_the_nuisances_of_delta(score):
    plain = Plain(SCORE)
    delta, z = plain.delta()
    q, a, step, _ = plain.score(z)
    assert score.converged and score.t == pytest.approx(q, abs=1e-6)
    assert score.delta == pytest.approx(delta, abs=1e-6) and score.tau == score.t + score.delta
    np.testing.assert_allclose(score.params, a, atol=1e-4 * np.abs(a).max())
    np.testing.assert_allclose(z_of(score.nuisances), z + step, atol=1e-5)


def test_errors_are_those_of_the_joint_hessian(score):
    """P where f is free to help: the block of nu in the inverse of the whole matrix."""
    plain, z = Plain(SCORE), z_of(score.delta_nuisances)
    w = (plain.weights * np.exp(log_ratio(plain.events, z)))[:, None]
    both = np.concatenate([plain.k, slopes(plain.events, z)], axis=1)
    matrix = (w * both).T @ both
    matrix[:N_CENTERS, :N_CENTERS] += 2 * plain.penalty
    matrix[N_CENTERS:, N_CENTERS:] += np.eye(2)
    expected = np.sqrt(np.diag(np.linalg.inv(matrix))[N_CENTERS:])
    np.testing.assert_allclose([one.constraint for one in score.nuisances], expected, rtol=1e-5)


def test_no_other_minimiser_of_both_goes_lower(converged):
    plain = Plain(CONVERGED)
    delta, _ = plain.delta()
    mix = profiled_kernel_engine_of(CONVERGED).features.mix  # the same functions in well conditioned coordinates
    r = mix.shape[1]

    def goal(x: FloatArray) -> tuple[float, FloatArray]:
        theta = np.append(mix @ x[:r], x[r:])
        gradient = plain.gradient(theta)
        return plain.loss(theta), np.append(mix.T @ gradient[:N_CENTERS], gradient[N_CENTERS:])

    found = scipy.optimize.minimize(goal, np.zeros(r + 2), jac=True, method="BFGS", options={"gtol": 1e-6})
    assert converged.converged and converged.newton_decrement < 1e-9 and converged.least_curvature > 0
    assert converged.tau == pytest.approx(-2 * found.fun, abs=1e-6)
    assert converged.t == pytest.approx(-2 * found.fun - delta, abs=1e-6)
    at = np.append(converged.params, z_of(converged.nuisances))
    assert converged.t == pytest.approx(-2 * plain.loss(at) - delta, abs=1e-6)


@pytest.mark.parametrize("kind", ["score", "converged"])
def test_t_and_tau_follow_from_the_saved_parameters(kind, request):
    result, analysis = request.getfixturevalue(kind), SCORE if kind == "score" else CONVERGED
    at_tau, at_delta = z_of(result.nuisances) * SIGMA, z_of(result.delta_nuisances) * SIGMA
    given = {"nuisances": at_tau, "observed": OBSERVED}
    assert evaluate_tau(analysis, DATA, result.params, **given) == pytest.approx(result.tau, abs=1e-9)
    again = evaluate_t(analysis, DATA, result.params, delta_nuisances=at_delta, **given)
    assert again == pytest.approx(result.t, abs=1e-9)
    worse = evaluate_tau(analysis, DATA, result.params, nuisances=at_tau + 0.01, observed=OBSERVED)
    assert worse < result.tau - 1e-4
    with pytest.raises(InputError, match="tau needs values of the nuisances scale, normalization"):
        evaluate_tau(analysis, DATA, result.params)


def test_delta_is_that_of_a_network(score):
    network = analysis_of(model=wilks.MLP(hidden=(2,), weight_clip=5.0))
    engine = engine_of(network)
    found = engine.delta.fit(engine.data_set(DATA, OBSERVED).fine)
    assert score.delta == pytest.approx(-2 * found.value, abs=1e-9)
    np.testing.assert_allclose(z_of(score.delta_nuisances), found.z, atol=1e-9)


def test_fits_side_by_side_and_the_default_auxiliaries():
    alone = wilks.fit(SCORE, DATA, auxiliaries={"scale": 0.1, "normalization": 0.05})
    both = profiled_kernel_engine_of(SCORE).fit_together([DATA, DATA[:0]], [OBSERVED, np.zeros(2)])
    assert both[0].t == pytest.approx(alone.t, abs=1e-9)
    assert both[1].converged and both[1].n_events == 0
    assert wilks.fit(SCORE, DATA).observed == (0.0, 0.0)


def test_a_delta_that_does_not_converge_is_a_failure_with_its_reason(monkeypatch):
    engine = profiled_kernel_engine_of(SCORE)
    fit = engine.delta.fit
    monkeypatch.setattr(engine.delta, "fit", lambda own: fit(own)._replace(is_certified=False))
    assert fit_events(SCORE, DATA, OBSERVED).status is FitStatus.DELTA_NOT_CONVERGED
    monkeypatch.setattr(engine.delta, "fit", lambda own: fit(own)._replace(value=np.nan))
    result = fit_events(SCORE, DATA, OBSERVED)
    assert result.status is FitStatus.NON_FINITE and np.isnan(result.t)


def test_a_fit_that_is_cut_short_is_not_certified(monkeypatch):
    monkeypatch.setattr("wilks.fitting.kernel_losses._MOST_STEPS", 1)
    result = fit_events(CONVERGED, DATA * 1.5, OBSERVED)
    assert result.status is FitStatus.NOT_CONVERGED and result.newton_decrement > 1e-6


def test_data_where_the_response_is_not_finite_are_named():
    edge = Nuisance("edge", 0.1, log_ratio=lambda events, nu: nu * jnp.log(20.0 - events[:, 0]))
    with pytest.raises(InputError, match=r"at edge = -0.1 it is nan for 1 of 3 events"):
        wilks.fit(analysis_of(nuisances=[edge]), [1.0, 2.0, 30.0])


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
EVERY = analysis_of(nuisances=EVERY_KIND)


@pytest.fixture(scope="module")
def loss() -> ProfiledLoss:
    """The joint loss with every kind of auxiliary measurement and a known yield; Delta is not needed for it."""
    engine = profiled_kernel_engine_of(EVERY)
    shared = (engine.reference, engine.features, engine.response)
    return ProfiledLoss(*shared, sums=engine.group.sums([DATA])[0], own=engine.delta.own(DATA, MEASURED), ridge=RIDGE)


def test_joint_loss_is_that_of_the_package(loss):
    engine, rng = profiled_kernel_engine_of(EVERY), np.random.default_rng(2)
    r, j, analysis = engine.features.n_features, len(EVERY_KIND), EVERY
    theta = np.concatenate([0.1 * rng.normal(size=r), 0.3 * rng.normal(size=j)])
    params, z = engine.features.mix @ theta[:r], theta[r:]
    reference, response = analysis.reference, analysis.nuisances.on(analysis.reference.events)
    weights, raw = reference.event_weights, response.log_ratio(z)
    s = response.shifted_log_ratio(z, weights)
    on_data = analysis.nuisances.on(DATA).log_ratio(z) + (s - raw)[0] + analysis.log_ratio(DATA, params)
    auxiliary = float(analysis.nuisances.auxiliary_log_ratio(jnp.asarray(z), jnp.asarray(MEASURED)))
    expected = weights @ np.expm1(analysis.log_ratio(reference.events, params) + s) - on_data.sum() - auxiliary
    assert loss.value(theta) == pytest.approx(expected + RIDGE * theta[:r] @ theta[:r], abs=1e-6)


def test_slopes_of_the_joint_loss_are_its_derivatives(loss):
    rng = np.random.default_rng(3)
    size = profiled_kernel_engine_of(EVERY).features.n_features + len(EVERY_KIND)
    theta, direction, step = 0.1 * rng.normal(size=size), rng.normal(size=size), 1e-5
    here, above, below = loss.slopes(theta), *(loss.slopes(theta + sign * step * direction) for sign in (1, -1))
    assert here.value == pytest.approx(loss.value(theta), abs=1e-9)
    assert here.gradient @ direction == pytest.approx((above.value - below.value) / (2 * step), rel=1e-6)
    image = (above.gradient - below.gradient) / (2 * step)
    np.testing.assert_allclose(here.hessian @ direction, image, rtol=1e-5, atol=1e-4)
    assert np.linalg.eigvalsh(here.positive)[0] > 0


def test_descent_ends_in_a_certified_minimum(loss):
    r = profiled_kernel_engine_of(EVERY).features.n_features
    lower, upper = EVERY_KIND.bounds
    inf = np.full(r, np.inf)
    end = descend(loss, np.zeros(r + lower.size), lower=np.append(-inf, lower), upper=np.append(inf, upper))
    assert end.decrement < 1e-9 and end.least_curvature > 0 and end.value < 0
    found = scipy.optimize.minimize(
        loss.value, end.theta + 0.01, jac=lambda theta: loss.slopes(theta).gradient, method="BFGS"
    )
    assert 2 * (end.value - found.fun) < 1e-6


class Saddle(ProfiledLoss):
    """(x^2 - 1)^2 + y in a box: concave at 0, and its minimum is on the edge of y."""

    def __init__(self) -> None:
        pass

    def value(self, theta: FloatArray) -> float:
        return float((theta[0] ** 2 - 1) ** 2 + theta[1])

    def slopes(self, theta: FloatArray) -> Slopes:
        x = theta[0]
        gradient = np.array([4 * x * (x**2 - 1), 1.0])
        return Slopes(self.value(theta), gradient, np.diag([12 * x**2 - 4, 1e-3]), np.diag([4.0, 1e-3]))


def test_descent_passes_concave_places_and_holds_at_the_edge():
    end = descend(Saddle(), np.array([0.1, 0.0]), lower=np.array([-9.0, -1.0]), upper=np.array([9.0, 1.0]))
    np.testing.assert_allclose(end.theta, [1.0, -1.0], atol=1e-5)
    assert end.decrement < 1e-9 and end.least_curvature == pytest.approx(8.0, rel=1e-4) and end.variances[1] == 0.0


def test_nuisances_at_the_edge_are_held():
    engine = profiled_kernel_engine_of(SCORE)
    form = engine.form(np.array([0.2, 10.0]), OBSERVED)
    assert np.all(form.covariance[1] == 0) and np.all(form.pull[:, 1] == 0) and form.covariance[0, 0] > 0


def test_a_response_that_jumps_keeps_all_events():
    binned = BinnedPolynomial(("step",), ((1,),), (0,), ([0.0, 0.333, 1.01, 9.0],), [[0.3], [-0.2], [0.1]])
    jumping = analysis_of(nuisances=Nuisances((Nuisance("step", 0.5),), binned))
    assert profiled_kernel_engine_of(SCORE).group.is_condensed
    engine = profiled_kernel_engine_of(jumping)
    assert not engine.group.is_condensed and engine.reference.weights.size == 5000


def test_a_known_yield_is_that_of_all_events():
    """log r with its shift at the condensed points sums as on all events, to far below 1e-6 in t."""
    engine, events, weights = profiled_kernel_engine_of(EVERY), EVERY.reference.events, EVERY.reference.event_weights
    z, reference = np.array([1.0, -0.5, 0.3, 0.2, -1.0]), engine.reference
    assert engine.group.is_condensed and reference.weights.size < 0.2 * weights.size
    at, s = engine.response.at(z), EVERY_KIND.on(events).shifted_log_ratio(z, weights)
    assert reference.weights @ np.exp(at.log_ratio) == pytest.approx(weights @ np.exp(s), abs=1e-9)
    moment = reference.weights @ (np.exp(at.log_ratio) * reference.points[:, 0])
    assert moment == pytest.approx(weights @ (np.exp(s) * events[:, 0]), abs=1e-6)

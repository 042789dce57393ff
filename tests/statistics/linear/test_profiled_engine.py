"""Kernels with nuisances against plain formulas, another minimiser, and the Delta of a network."""

import dataclasses
import functools

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.errors import InputError
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.nuisances import Nuisance
from wilks.optimize import NumpyNewton
from wilks.problems import exponential
from wilks.statistics.fits import Data, FitResult
from wilks.statistics.linear.profiled_engine import ProfiledLinearEngine
from wilks.typing import FitStatus, FloatArray

SIGMA, RIDGE, N_CENTERS = 0.15, 0.3, 8
OBSERVED = np.array([0.1, 0.05])
DATA = np.random.default_rng(1).exponential(np.exp(SIGMA), size=(520, 1))


def analysis_of(*, is_score: bool = False, nuisances: object = None, model: object = None) -> wilks.Analysis:
    # With this seed no direction of the Gaussians is left out.
    kernel = wilks.Kernel(n_centers=N_CENTERS, width=1.0, ridge=RIDGE, is_score=is_score, seed=5)
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=model or kernel,  # type: ignore[arg-type]
        expected_events=500,
        standardize=False,
        nuisances=exponential.nuisances(SIGMA, SIGMA) if nuisances is None else nuisances,  # type: ignore[arg-type]
        search=wilks.Search(n_starts=3),
    )


@functools.cache
def scored() -> wilks.Analysis:
    return analysis_of(is_score=True)


@functools.cache
def descended() -> wilks.Analysis:
    return analysis_of(is_score=False)


def engine_of(analysis: wilks.Analysis) -> ProfiledLinearEngine:
    assert isinstance(analysis.engine, ProfiledLinearEngine)
    return analysis.engine


@pytest.fixture(scope="module")
def score() -> FitResult:
    return fit_events(scored(), DATA, OBSERVED)


@pytest.fixture(scope="module")
def converged() -> FitResult:
    return fit_events(descended(), DATA, OBSERVED)


def log_ratio(events: FloatArray, z: FloatArray) -> FloatArray:
    return -events[:, 0] * np.expm1(-SIGMA * z[0]) - SIGMA * z[0] + SIGMA * z[1]


def slopes(events: FloatArray, z: FloatArray) -> FloatArray:
    return SIGMA * np.stack([events[:, 0] * np.exp(-SIGMA * z[0]) - 1, np.ones(events.size)], axis=1)


class Plain:
    """The loss and its expansion on all events, in the coordinates a, written out."""

    def __init__(self, analysis: wilks.Analysis) -> None:
        gaussians = analysis.model.gaussians  # type: ignore[attr-defined]
        self.events, self.weights = analysis.reference.events, analysis.reference.event_weights
        self.k, self.sums = gaussians.values(self.events), gaussians.values(DATA).sum(axis=0)
        self.penalty = RIDGE * gaussians.penalty()

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
    plain = Plain(scored())
    delta, z = plain.delta()
    q, a, step, _ = plain.score(z)
    assert score.converged and score.t == pytest.approx(q, abs=1e-6)
    assert score.delta == pytest.approx(delta, abs=1e-6) and score.tau == score.t + score.delta
    np.testing.assert_allclose(score.params, a, atol=1e-4 * np.abs(a).max())
    np.testing.assert_allclose(z_of(score.nuisances), z + step, atol=1e-5)


def test_errors_are_those_of_the_joint_hessian(score):
    """P where f is free to help: the block of nu in the inverse of the whole matrix."""
    plain, z = Plain(scored()), z_of(score.delta_nuisances)
    w = (plain.weights * np.exp(log_ratio(plain.events, z)))[:, None]
    both = np.concatenate([plain.k, slopes(plain.events, z)], axis=1)
    matrix = (w * both).T @ both
    matrix[:N_CENTERS, :N_CENTERS] += 2 * plain.penalty
    matrix[N_CENTERS:, N_CENTERS:] += np.eye(2)
    expected = np.sqrt(np.diag(np.linalg.inv(matrix))[N_CENTERS:])
    np.testing.assert_allclose([one.constraint for one in score.nuisances], expected, rtol=1e-5)


def test_no_other_minimiser_of_both_goes_lower(converged):
    plain = Plain(descended())
    delta, _ = plain.delta()
    mix = engine_of(descended()).groups[0].basis.mix  # the same functions in well conditioned coordinates
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
def test_tau_and_delta_follow_from_the_saved_parameters(kind, request):
    result, analysis = request.getfixturevalue(kind), scored() if kind == "score" else descended()
    again = evaluate(analysis, DATA, result)
    assert again.tau == pytest.approx(result.tau, abs=1e-9)
    assert again.delta == pytest.approx(result.delta, abs=1e-9)
    assert again.t == pytest.approx(result.t, abs=1e-9)
    moved = tuple(dataclasses.replace(one, value=one.value + 0.01) for one in result.nuisances)
    worse = evaluate(analysis, DATA, dataclasses.replace(result, nuisances=moved))
    assert worse.tau < result.tau - 1e-4 and worse.delta == again.delta
    moved = tuple(dataclasses.replace(one, value=one.value + 0.01) for one in result.delta_nuisances)
    worse = evaluate(analysis, DATA, dataclasses.replace(result, delta_nuisances=moved))
    assert worse.delta < result.delta - 1e-4 and worse.tau == again.tau


def test_delta_is_that_of_a_network(score):
    network = analysis_of(model=wilks.MLP(hidden=(2,), weight_clip=5.0))
    found = network.engine.programs.delta.fit(engine_of(scored()).delta.points.own(Data(DATA, OBSERVED)))  # type: ignore[attr-defined]
    assert score.delta == pytest.approx(-2 * found.value, abs=1e-9)
    np.testing.assert_allclose(z_of(score.delta_nuisances), found.z, atol=1e-9)


def test_data_without_events_and_the_default_auxiliaries():
    alone = wilks.fit(scored(), DATA, auxiliaries={"scale": 0.1, "normalization": 0.05})
    both = fit_together(scored(), [DATA, DATA[:0]], [OBSERVED, np.zeros(2)])
    assert both[0].t == alone.t
    assert both[1].converged and both[1].n_events == 0
    assert wilks.fit(scored(), DATA).observed == (0.0, 0.0)


def test_a_delta_that_does_not_converge_is_a_failure_with_its_reason(monkeypatch):
    delta = engine_of(scored()).delta
    fit = delta.fit
    monkeypatch.setattr(delta, "fit", lambda own: fit(own)._replace(is_certified=False))
    assert fit_events(scored(), DATA, OBSERVED).status is FitStatus.DELTA_NOT_CONVERGED
    monkeypatch.setattr(delta, "fit", lambda own: fit(own)._replace(value=np.nan))
    result = fit_events(scored(), DATA, OBSERVED)
    assert result.status is FitStatus.NON_FINITE and np.isnan(result.t)


def test_a_fit_that_is_cut_short_is_not_certified(monkeypatch):
    monkeypatch.setattr("wilks.statistics.linear.profiled_group.NEWTON", NumpyNewton(max_iterations=1))
    result = fit_events(descended(), DATA * 1.5, OBSERVED)
    assert result.status is FitStatus.NOT_CONVERGED and result.newton_decrement > 1e-6


def test_data_where_the_response_is_not_finite_are_named():
    edge = Nuisance("edge", 0.1, log_ratio=lambda events, nu: nu * jnp.log(20.0 - events[:, 0]))
    with pytest.raises(InputError, match=r"at edge = -0.1 it is nan for 1 of 3 events"):
        wilks.fit(analysis_of(nuisances=[edge]), [1.0, 2.0, 30.0])


def test_nuisances_at_the_edge_are_held():
    form = engine_of(scored()).form(np.array([0.2, 10.0]), OBSERVED)
    assert np.all(form.covariance[1] == 0) and np.all(form.pull[:, 1] == 0) and form.covariance[0, 0] > 0


def test_a_response_that_jumps_at_a_value_of_events_is_seen_on_the_same_side_everywhere() -> None:
    """(1 - 3.46)/1.2 * 1.2 + 3.46 is less than 1: the copy of an event with one jet would be on the other side of the
    step than one of the data. Steps at 1 and at 1/2 are one response of whole numbers."""
    assert (1.0 - 3.46) / 1.2 * 1.2 + 3.46 < 1.0
    rng = np.random.default_rng(3)
    reference, data = (wilks.Sample(rng.poisson(3.0, size=n).astype(float)) for n in (3_000, 300))

    def t_of(step: float) -> float:
        fakes = Nuisance("fakes", sigma=0.1, log_ratio=lambda x, nu: nu * jnp.where(x[:, 0] >= step, 0.0, 1.0))
        analysis = wilks.Analysis(
            reference=reference,
            expected_events=300,
            model=wilks.Kernel(n_centers=6, width=1.0, ridge=RIDGE, is_score=True),
            nuisances=[fakes],
            standardize=wilks.Standardization([3.46], [1.2]),
        )
        return wilks.fit(analysis, data).t

    assert t_of(1.0) == pytest.approx(t_of(0.5), rel=1e-9)

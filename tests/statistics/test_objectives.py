"""The loss with nuisances, its derivatives, and Delta against another minimiser."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from iminuit import Minuit

import wilks
from wilks.nuisances import LogYield, Nuisance, Nuisances, PoissonCount, Polynomial, correlated, normalization
from wilks.optimize import Objective
from wilks.statistics.delta import Delta
from wilks.statistics.fits import Data
from wilks.statistics.objectives import profiled_objective
from wilks.statistics.points import ProblemPoints
from wilks.statistics.profiled import Profiled
from wilks.typing import FloatArray

from tests.lab.compilations import quick_jit


def scale(events: jax.Array, nu: jax.Array) -> jax.Array:
    return -nu + events[:, 0] * (1 - jnp.exp(-nu))


class Given(Polynomial):
    """The scale to second order, with a yield that is a little wrong."""

    kind = "given"
    names = ("scale",)
    terms = ((1,), (2,))

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.stack([events[:, 0] - 0.9, -events[:, 0] + 0.1], axis=1)

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind}


NORMALIZATION = normalization("normalization", sigma=0.1)
SCALE = Nuisance("scale", 0.15, log_ratio=scale)
COUNTED = Nuisance("normalization", log_ratio=NORMALIZATION.log_ratio, auxiliary=PoissonCount(100.0))
CASES = {
    "counted": Nuisances((COUNTED, Nuisance("scale", 0.15)), Given()),
    "shifted": Nuisances(
        (Nuisance("scale", 0.15), NORMALIZATION), Given(), LogYield(("scale",), ((1,), (2,)), (0.1, 0.3))
    ),
    "correlated": correlated((NORMALIZATION, SCALE), covariance=[[0.01, 0.006], [0.006, 0.0225]]),
}
OBSERVED = {"counted": (108.0, 0.2), "shifted": (0.1, 0.0), "correlated": (0.1, 0.1)}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[wilks.Analysis, FloatArray, FloatArray]:
    """An analysis with data made at another scale and yield, and their auxiliary measurements."""
    analysis = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=wilks.MLP(hidden=(2,), weight_clip=5.0),
        expected_events=500,
        nuisances=CASES[request.param],
        search=wilks.Search(n_starts=3),
    )
    data = np.random.default_rng(1).exponential(1.1, size=(540, 1))
    return analysis, data, np.array(OBSERVED[request.param])


def objective_of(case: tuple[wilks.Analysis, FloatArray, FloatArray], *, with_model: bool) -> Objective:
    analysis, data, observed = case
    shared = ProblemPoints(analysis.problem)
    whole, centre = shared.own(Data(data, observed))
    profiled = Profiled(analysis.model.structure if with_model else None, analysis.nuisances.effect(1), 1)
    return profiled_objective(profiled, (shared.whole, whole), centre)


def exact_scale(x: FloatArray, nu: float) -> FloatArray:
    return -nu + x * (1.0 - np.exp(-nu))


def learned_scale(x: FloatArray, nu: float) -> FloatArray:
    return nu * (x - 0.9) + 0.5 * nu**2 * (-x + 0.1)


def formula(case: tuple[wilks.Analysis, FloatArray, FloatArray], params: FloatArray, z: FloatArray) -> float:
    """L in plain NumPy."""
    analysis, data, observed = case
    nuisances, reference = analysis.nuisances, analysis.reference
    nu = dict(zip(nuisances.names, z * nuisances.sigmas, strict=True))
    of_scale = exact_scale if nuisances.response is None else learned_scale
    log_r = [of_scale(events[:, 0], nu["scale"]) for events in (reference.events, data)]
    if nuisances.log_yield is not None:
        mean = np.average(np.exp(log_r[0]), weights=reference.event_weights)
        shift = 0.1 * nu["scale"] + 0.3 * nu["scale"] ** 2 / 2 - np.log(mean)
        log_r = [part + shift for part in log_r]
    log_r = [part + nu["normalization"] for part in log_r]
    s = [
        analysis.log_ratio(events, params) + part for events, part in zip((reference.events, data), log_r, strict=True)
    ]
    auxiliary = float(auxiliary_of(nuisances)(z, observed))
    return float(np.sum(reference.event_weights * np.expm1(s[0])) - np.sum(s[1])) - auxiliary


@functools.cache
def auxiliary_of(nuisances: Nuisances) -> Callable[[FloatArray, FloatArray], jax.Array]:
    compiled: Callable[[FloatArray, FloatArray], jax.Array] = quick_jit(nuisances.auxiliary_log_ratio)
    return compiled


def points(case: tuple[wilks.Analysis, FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    rng, analysis = np.random.default_rng(3), case[0]
    return rng.normal(size=analysis.n_parameters), rng.normal(size=len(analysis.nuisances))


def test_value_is_the_formula(case) -> None:
    params, z = points(case)
    found = quick_jit(objective_of(case, with_model=True).value)(jnp.asarray(np.concatenate([params, z])))
    assert float(found) == pytest.approx(formula(case, params, z), rel=1e-11)
    alone = quick_jit(objective_of(case, with_model=False).value)(jnp.asarray(z))
    assert float(alone) == pytest.approx(formula(case, np.zeros_like(params), z), rel=1e-11)


def _each(name: str, with_model: bool) -> object:
    """Two of them, and the others nightly: compiling takes seconds."""
    is_quick = (name, with_model) in (("shifted", True), ("correlated", False))
    return pytest.param(name, with_model, marks=() if is_quick else pytest.mark.nightly, id=f"{name}-{with_model}")


@pytest.mark.parametrize(
    ("case", "with_model"), [_each(name, flag) for name in CASES for flag in (True, False)], indirect=["case"]
)
def test_derivatives_are_those_of_the_value(case, with_model: bool) -> None:
    params, z = points(case)
    theta = jnp.asarray(np.concatenate([params, z]) if with_model else z)
    objective = objective_of(case, with_model=with_model)
    plain = quick_jit(lambda at: (objective.value(at), jax.grad(objective.value)(at), jax.hessian(objective.value)(at)))
    own = quick_jit(
        lambda at: (*objective.value_and_gradient(at), objective.hessian(at), objective.curvature_guess(at))
    )
    (expected, slope, exact), (value, gradient, hessian, guess) = plain(theta), own(theta)
    assert float(value) == pytest.approx(float(expected), rel=1e-13)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(hessian, exact, rtol=1e-8, atol=1e-8 * float(jnp.max(jnp.abs(exact))))
    assert np.linalg.eigvalsh(guess)[0] > -1e-6


@pytest.mark.parametrize(
    "case",
    ["shifted", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("correlated", "counted"))],
    indirect=True,
)
def test_delta_agrees_with_another_minimiser(case) -> None:
    analysis, data, observed = case
    shared = ProblemPoints(analysis.problem)
    found = Delta(analysis.problem, shared).fit(shared.own(Data(data, observed)))
    zero = np.zeros(analysis.n_parameters)
    minuit = Minuit(lambda z: formula(case, zero, z), np.zeros(len(analysis.nuisances)))
    minuit.errordef, minuit.strategy, minuit.tol = Minuit.LIKELIHOOD, 1, 1e-6
    minuit.migrad()
    minuit.hesse()
    assert found.is_certified
    assert found.value == pytest.approx(minuit.fval, abs=1e-6)
    np.testing.assert_allclose(found.z, minuit.values, atol=2e-4)
    np.testing.assert_allclose(np.sqrt(found.variances), minuit.errors, rtol=2e-3)

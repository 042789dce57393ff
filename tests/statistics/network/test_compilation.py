"""Compiled programs belong to structures: a second analysis of the same shapes compiles nothing."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate
from wilks.nuisances import LogYield, Nuisance, Nuisances, PoissonCount, Polynomial, correlated, normalization
from wilks.statistics.fits import FitResult
from wilks.statistics.network import MLP
from wilks.statistics.objectives import goal_of
from wilks.typing import FloatArray

from tests.lab.compilations import Programs

DATA = np.random.default_rng(1).exponential(1.1, size=(110, 2))


def tilt(events: jax.Array, nu: jax.Array) -> jax.Array:
    return -nu + events[:, 0] * (1 - jnp.exp(-nu))


class Line(Polynomial):
    """A response whose numbers are its own."""

    kind = "line"
    names = ("line",)
    terms = ((1,), (2,))

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.stack([self.slope * (events[:, 1] - 1.0), 0.1 * events[:, 0]], axis=1)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "slope": self.slope}


@dataclasses.dataclass(frozen=True)
class Options:
    """What an analysis is made of; numbers, of which programs depend on those of auxiliary measurements alone."""

    seed: int = 0
    clip: float = 4.0
    sigma: float = 0.1
    count: float = 100.0
    slope: float = 0.5
    yield_slope: float = 0.1
    covariance: float = 0.002
    search: tuple[tuple[str, Any], ...] = ()


def all_kinds(given: Options) -> Nuisances:
    """A formula and a normalization with a covariance, a count, and a learned response with a known yield."""
    count = PoissonCount(given.count)
    formulas = (
        Nuisance("tilt", given.sigma, log_ratio=tilt),
        normalization("n", sigma=2 * given.sigma),
        normalization("m", sigma=1.0 / np.sqrt(given.count), auxiliary=count),
    )
    log_yield = LogYield(("line",), ((1,),), (given.yield_slope,))
    everything = Nuisances((*formulas, Nuisance("line", 0.3)), Line(given.slope), log_yield)
    covariance = np.diag(everything.sigmas**2)
    covariance[0, 1] = covariance[1, 0] = given.covariance
    return correlated(everything, covariance=covariance)


KINDS: dict[str, Callable[[Options], Nuisances]] = {
    "no nuisances": lambda given: Nuisances(),
    "all kinds of nuisances": all_kinds,
}


def make(kind: str, given: Options) -> wilks.Analysis:
    rng = np.random.default_rng(given.seed)
    return wilks.Analysis(
        reference=wilks.Sample(rng.exponential(size=(700, 2))),
        model=MLP(hidden=(1,), weight_clip=given.clip),
        nuisances=KINDS[kind](given),
        expected_events=100,
        standardize=False,
        search=wilks.Search(**({"n_starts": 2, "n_retries": 0} | dict(given.search))),
    )


def fitted(kind: str, given: Options) -> FitResult:
    """A fit, and its t once more from the saved parameters."""
    analysis = make(kind, given)
    fit = wilks.fit(analysis, DATA)
    assert fit.converged and evaluate(analysis, DATA, fit).t == pytest.approx(fit.t, abs=1e-9)
    return fit


SHARED = {
    "equal": Options(),
    "another reference": Options(seed=1),
    "another clip": Options(clip=3.0),
    "another search": Options(search=(("seed", 3), ("decrement_tolerance", 2e-3), ("max_iterations", 2000))),
    "fewer Newton steps": Options(search=(("max_newton_iterations", 15), ("kkt_tolerance", 2e-3), ("n_kept", 1))),
}
OF_NUISANCES = {
    "all kinds of nuisances": {"other coefficients": Options(slope=0.7), "another yield": Options(yield_slope=-0.1)},
}


@pytest.mark.parametrize("kind", ["no nuisances", pytest.param("all kinds of nuisances", marks=pytest.mark.nightly)])
def test_an_analysis_of_the_same_shapes_compiles_nothing(kind: str, programs: Programs) -> None:
    first = fitted(kind, Options())
    assert programs.taken() > 0
    for name, given in (SHARED | OF_NUISANCES.get(kind, {})).items():
        fit = fitted(kind, given)
        assert programs.taken() == 0, name
        if name != "another search":  # which may find the same minimum
            assert (fit.t == first.t) == (name in ("equal", "fewer Newton steps")), name


def key_of(given: Options) -> Any:
    """By which JAX keeps the programs of a fit with all kinds of nuisances."""
    analysis = make("all kinds of nuisances", given)
    leaves, structure = jax.tree.flatten(goal_of(analysis.problem, analysis.model.structure))
    return structure, [(np.shape(leaf), jnp.result_type(leaf)) for leaf in leaves]


def test_nuisances_of_the_same_shapes_have_one_goal() -> None:
    """What is compiled for them: nightly."""
    first = key_of(Options())
    for name, given in (SHARED | OF_NUISANCES["all kinds of nuisances"]).items():
        assert key_of(given) == first, name
    assert key_of(Options(sigma=0.2)) != first != key_of(Options(count=90.0))


def test_networks_of_equal_shapes_have_two_goals() -> None:
    """By which their programs are kept."""
    analysis, goals = make("no nuisances", Options()), []
    for activation in ("sigmoid", "tanh"):
        model = MLP(hidden=(1,), weight_clip=4.0, activation=activation)
        goals.append(jax.tree.structure(goal_of(analysis.problem, model.structure)))
    assert goals[0] != goals[1]


@pytest.mark.nightly
def test_networks_of_equal_shapes_are_two_programs(programs: Programs) -> None:
    """Where the number of parameters differs, so do the shapes; here nothing but the structure tells the two apart."""
    analysis = make("no nuisances", Options())
    model = MLP(hidden=(1,), weight_clip=4.0, activation="tanh")
    other = wilks.Analysis(reference=analysis.reference, model=model, standardize=False, search=analysis.search)
    programs.taken()
    wilks.fit(other, DATA)
    assert programs.taken() > 0
    assert MLP(hidden=(2,)).structure != MLP(hidden=(1,)).structure != model.structure


def test_a_model_that_writes_f_anew_is_its_own_structure() -> None:
    class Doubled(MLP):
        def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
            return 2.0 * super().structure.column_log_ratio(params, columns)

    class Narrow(MLP):
        pass

    assert MLP(weight_clip=1.0).structure == MLP(weight_clip=2.0).structure == Narrow().structure
    model = Doubled()
    assert model.structure is model
    one, same, other = (jax.tree.structure(x) for x in (model, model, Doubled()))
    assert one == same and one != other

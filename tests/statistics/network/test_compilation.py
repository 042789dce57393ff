"""Compiled programs belong to structures: a second analysis of the same shapes compiles nothing."""

import dataclasses
from collections.abc import Callable, Iterator
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
from wilks.typing import FloatArray

COMPILED = "/jax/core/compile/backend_compile_duration"
DATA = np.random.default_rng(1).exponential(1.1, size=(110, 2))


class Programs:
    """How many were compiled since the last question."""

    def __init__(self) -> None:
        self._n = 0

    def __call__(self, event: str, seconds: float, **_: Any) -> None:
        self._n += event == COMPILED

    def taken(self) -> int:
        n, self._n = self._n, 0
        return n


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    counter = Programs()
    jax.monitoring.register_event_duration_secs_listener(counter)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter)


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


def formulas(given: Options) -> Nuisances:
    return Nuisances((Nuisance("tilt", given.sigma, log_ratio=tilt), normalization("n", sigma=2 * given.sigma)))


def counted(given: Options) -> Nuisances:
    """A count and a learned response with a known yield."""
    auxiliary = PoissonCount(given.count)
    log_yield = LogYield(("line",), ((1,),), (given.yield_slope,))
    number = Nuisance("n", given.sigma, log_ratio=normalization("n", sigma=1.0).log_ratio, auxiliary=auxiliary)
    return Nuisances((number, Nuisance("line", 0.3)), Line(given.slope), log_yield)


def linked(given: Options) -> Nuisances:
    both = formulas(given)
    off = given.covariance
    return correlated(both, covariance=np.diag(both.sigmas**2) + off * (1.0 - np.eye(2)))


def nothing(given: Options) -> Nuisances:
    return Nuisances()


KINDS: dict[str, Callable[[Options], Nuisances]] = {
    "no nuisances": nothing,
    "formulas": formulas,
    "count and yield": counted,
    "correlated": linked,
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
    "count and yield": {"other coefficients": Options(slope=0.7), "another yield": Options(yield_slope=-0.1)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_analysis_of_the_same_shapes_compiles_nothing(kind: str, programs: Programs) -> None:
    first = fitted(kind, Options())
    assert programs.taken() > 0
    for name, given in (SHARED | OF_NUISANCES.get(kind, {})).items():
        fit = fitted(kind, given)
        assert programs.taken() == 0, name
        assert (fit.t == first.t) == (name in ("equal", "fewer Newton steps")), name


def test_another_network_is_another_program(programs: Programs) -> None:
    for hidden, activation in (((2,), "sigmoid"), ((1,), "tanh")):
        analysis = make("no nuisances", Options())
        model = MLP(hidden=hidden, weight_clip=4.0, activation=activation)
        other = wilks.Analysis(reference=analysis.reference, model=model, standardize=False, search=analysis.search)
        programs.taken()
        wilks.fit(other, DATA)
        assert programs.taken() > 0


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


# Formulas of the user.


def analysis_of(formula: Callable[..., Any]) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=(700, 2))),
        model=MLP(hidden=(1,), weight_clip=4.0),
        nuisances=(Nuisance("bend", 0.1, log_ratio=formula),),
        expected_events=100,
        search=wilks.Search(n_starts=2, n_retries=0),
    )


def test_a_formula_that_is_written_twice_is_compiled_once(programs: Programs) -> None:
    def written(power: float) -> Callable[..., Any]:
        return lambda events, nu: nu * (events[:, 1] - 1.0) ** power

    first = wilks.fit(analysis_of(written(1.0)), DATA)
    programs.taken()
    assert wilks.fit(analysis_of(written(1.0)), DATA).t == first.t
    assert programs.taken() == 0
    assert wilks.fit(analysis_of(written(2.0)), DATA).delta != first.delta
    assert programs.taken() > 0


def test_what_a_formula_reads_may_change_between_two_analyses() -> None:
    """The same function object, and another formula: Delta is that of the formula as it is."""
    read = {"slope": 1.0, "table": np.array([0.0, 1.0])}

    def bend(events: jax.Array, nu: jax.Array) -> jax.Array:
        return nu * read["slope"] * jnp.interp(events[:, 0], jnp.array([0.0, 5.0]), jnp.asarray(read["table"]))

    before = wilks.fit(analysis_of(bend), DATA)
    for name, value in (("slope", -0.5), ("table", np.array([1.0, 0.0]))):
        read[name] = value
        changed = wilks.fit(analysis_of(bend), DATA)
        jax.clear_caches()
        assert changed.delta == wilks.fit(analysis_of(bend), DATA).delta != before.delta

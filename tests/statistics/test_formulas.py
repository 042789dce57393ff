"""Compiled programs and the formulas of a user: equal ones share a program, changed ones do not.

Delta is the fit that reads them for every family; the goal, which holds them, is the key of a network's programs.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import wilks
from wilks.nuisances import Nuisance
from wilks.statistics.objectives import goal_of

from tests.lab.compilations import Programs

DATA = np.random.default_rng(1).exponential(1.1, size=(110, 2))


def analysis_of(formula: Callable[..., Any], model: Any = None) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=(700, 2))),
        model=model or wilks.Kernel(n_centers=3, is_score=True),
        nuisances=(Nuisance("bend", 0.1, log_ratio=formula),),
        expected_events=100,
    )


def key_of_network(formula: Callable[..., Any]) -> Any:
    """The structure of what its programs are given."""
    model = wilks.MLP(hidden=(1,))
    return jax.tree.structure(goal_of(analysis_of(formula, model).problem, model.structure))


def written(power: float) -> Callable[..., Any]:
    return lambda events, nu: nu * (events[:, 1] - 1.0) ** power


def test_a_formula_that_is_written_twice_is_compiled_once(programs: Programs) -> None:
    first = wilks.fit(analysis_of(written(1.0)), DATA)
    programs.taken()
    assert wilks.fit(analysis_of(written(1.0)), DATA).t == first.t
    assert programs.taken() == 0
    assert wilks.fit(analysis_of(written(2.0)), DATA).delta != first.delta
    assert programs.taken() > 0


def test_the_programs_of_a_network_are_kept_by_what_a_formula_computes() -> None:
    assert key_of_network(written(1.0)) == key_of_network(written(1.0)) != key_of_network(written(2.0))


@pytest.mark.parametrize("is_fitted_each_time", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_what_a_formula_reads_may_change_between_two_analyses(is_fitted_each_time: bool) -> None:
    """The same function object, and another formula: Delta is that of the formula as it is."""
    read = {"slope": 1.0, "table": np.array([0.0, 1.0])}

    def bend(events: jax.Array, nu: jax.Array) -> jax.Array:
        return nu * read["slope"] * jnp.interp(events[:, 0], jnp.array([0.0, 5.0]), jnp.asarray(read["table"]))

    key = key_of_network(bend)
    assert wilks.fit(analysis_of(bend), DATA).delta == pytest.approx(delta_of(1.0, [0.0, 1.0]), abs=1e-6)
    read["slope"] = -0.5
    other = key_of_network(bend)
    if is_fitted_each_time:
        assert wilks.fit(analysis_of(bend), DATA).delta == pytest.approx(delta_of(-0.5, [0.0, 1.0]), abs=1e-6)
    read["table"] = np.array([1.0, 0.0])
    assert len({key, other, key_of_network(bend)}) == 3
    assert wilks.fit(analysis_of(bend), DATA).delta == pytest.approx(delta_of(-0.5, [1.0, 0.0]), abs=1e-6)


def delta_of(slope: float, table: list[float]) -> float:
    """Delta of log r = nu slope table(x), by SciPy."""
    reference = analysis_of(written(1.0)).reference
    g, g_data = (slope * np.interp(x[:, 0], [0.0, 5.0], table) for x in (reference.events, DATA))

    def loss(nu: float) -> float:
        return float(reference.event_weights @ np.expm1(nu * g) - np.sum(nu * g_data) + 0.5 * (nu / 0.1) ** 2)

    return -2.0 * optimize.minimize_scalar(loss, bracket=(-0.3, 0.3), tol=1e-12).fun

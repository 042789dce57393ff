"""Toys that are not drawn from what the reference describes have a mean t that the reference does not explain."""

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.laws import analytic_null, calibrate
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary
from wilks.laws.toy_means import pool_mean_notices, toy_mean_notices
from wilks.problems import exponential
from wilks.statistics.fits import Data
from wilks.typing import FloatArray

N_EXPECTED = 500
KERNEL = wilks.Kernel(n_centers=30, width=1.0, ridge=3.0, is_score=True)


def analysis_of(source: object = None, *, seed: int = 0, model: object = KERNEL, **options: object) -> wilks.Analysis:
    events = np.random.default_rng([1, seed]).exponential(size=(4000, 1))
    return wilks.Analysis(
        reference=wilks.Sample(events),
        model=model,  # type: ignore[arg-type]
        expected_events=N_EXPECTED,
        toy_source=source,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )


def pool_of(factor: float, *, n_events: int = 20_000) -> wilks.Sample:
    return wilks.Sample(factor * np.random.default_rng(2).exponential(size=(n_events, 1)))


def scored(analysis: wilks.Analysis, data_sets: list[FloatArray]) -> Empirical:
    return Empirical.of(analysis.engine.scores(data_sets)[:, 0])  # type: ignore[attr-defined]


def toys_of(analysis: wilks.Analysis, n_toys: int, *, factor: float, n_events: int | None = None) -> Empirical:
    """t of data of a mean of ``factor`` where the reference has 1."""
    rng = np.random.default_rng(3)
    sizes = rng.poisson(N_EXPECTED, n_toys) if n_events is None else np.full(n_toys, n_events)
    return scored(analysis, [factor * rng.exponential(size=(size, 1)) for size in sizes])


def summary(hypothesis: object, *, overlap_z_error: float | None = None) -> ToySummary:
    return ToySummary("", hypothesis, None, overlap_z_error, 0.0, 0.0, (0, 0))


def answer(analysis: wilks.Analysis, *, n_toys: int) -> tuple[str, ...]:
    data = np.random.default_rng(4).exponential(size=(N_EXPECTED, 1))
    calibration = calibrate(toys_here(analysis, wilks.Null(), n_toys=n_toys, seed=1))
    return wilks.goodness_of_fit(analysis, data, calibration=calibration).warnings


def test_toys_of_a_wider_pool_are_named_in_the_answer():
    """30 % wider: not so far that it is refused."""
    analysis = analysis_of(pool_of(1.3))
    (text,) = [one for one in answer(analysis, n_toys=20) if "by itself gives" in one]
    alone = analytic_null(analysis_of()).figures.mean
    assert text.startswith("The toys have a mean t of ") and f"the reference by itself gives {alone:.2f}" in text
    assert "compare the source of toys with the reference, feature by feature" in text
    assert not any("by itself gives" in one for one in answer(analysis_of(pool_of(1.0)), n_toys=20))


@pytest.mark.parametrize(("factor", "n_toys", "is_named"), [(1.0, 200, 0), (1.2, 200, 1), (1.5, 10, 1), (1e3, 5, 1)])
def test_a_shift_that_no_reference_of_this_size_explains_is_named(factor, n_toys, is_named):
    for seed in range(3):
        analysis = analysis_of(seed=seed)
        toys = toys_of(analysis, n_toys, factor=factor)
        assert len(list(toy_mean_notices(analysis, toys, summary(wilks.Null())))) == is_named


@pytest.mark.parametrize(("n_reference", "ridge"), [(1000, 0.3), (4000, 0.3), (20_000, 3.0)])
def test_no_reference_is_wrongly_named(n_reference, ridge):
    """20 of each size, down to one event of the reference for each expected one; their mean of t scatters by 40 %."""
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, is_score=True)
    for seed in range(20):
        rng = np.random.default_rng([5, seed])
        analysis = wilks.Analysis(
            reference=wilks.Sample(rng.exponential(size=(n_reference, 1))), model=kernel, expected_events=1000
        )
        toys = scored(analysis, [rng.exponential(size=(rng.poisson(1000), 1)) for _ in range(100)])
        assert not list(toy_mean_notices(analysis, toys, summary(wilks.Null())))


@pytest.mark.parametrize(("n_events", "told", "is_named"), [(500, 500, 0), (900, 900, 0), (900, None, 1)])
def test_a_fixed_number_of_events_has_its_own_mean(n_events, told, is_named):
    """900 events where 500 are expected are what `Null(n_events=900)` says, and not what `Null()` does."""
    analysis = analysis_of()
    toys = toys_of(analysis, 200, factor=1.0, n_events=n_events)
    assert len(list(toy_mean_notices(analysis, toys, summary(wilks.Null(n_events=told))))) == is_named


def test_what_a_small_pool_moves_is_allowed_for():
    """The same mean of t, three times the analytic one: too large for a generator, possible for a small pool."""
    analysis = analysis_of()
    toys = Empirical.of(np.full(50, 3.0 * analytic_null(analysis).figures.mean))
    assert list(toy_mean_notices(analysis, toys, summary(wilks.Null())))
    assert not list(toy_mean_notices(analysis, toys, summary(wilks.Null(), overlap_z_error=1.1)))


def test_a_wider_pool_is_named_without_toys_too():
    """The law given the reference takes the pool for nature: its mean is the pool's."""
    for factor, is_named in ((1.0, 0), (1.3, 1)):
        analysis = analysis_of(pool_of(factor))
        found = list(pool_mean_notices(analysis, analytic_null(analysis)))
        assert len(found) == is_named
        assert all(one.startswith("With the pool of toys, the mean of t under the null is ") for one in found)
    result = wilks.goodness_of_fit(analysis, np.random.default_rng(4).exponential(size=(N_EXPECTED, 1)))
    assert result.method == "analytic" and any(found[0] == one for one in result.warnings)
    assert not list(pool_mean_notices(analysis_of(), analytic_null(analysis_of())))


def exponentials(rng: np.random.Generator, n: int, scale: float) -> FloatArray:
    return exponential.background(rng, n, {"scale": scale})


def uniform(rng: np.random.Generator, n: int, scale: float) -> FloatArray:
    return np.exp(scale) * rng.uniform(0.0, 2.0, size=(n, 1))


@pytest.mark.parametrize(("draw", "is_named"), [(exponentials, 0), (uniform, 1)])
@pytest.mark.parametrize("at", [wilks.Null(), wilks.ShiftedNuisance({"scale": 0.15})])
def test_with_nuisances_the_mean_is_that_at_theirs(draw, at, is_named):
    """The scale alone would explain another mean; no scale makes an exponential uniform."""
    kernel = wilks.Kernel(n_centers=8, width=1.0, ridge=3.0, is_score=True)
    analysis = analysis_of(model=kernel, nuisances=exponential.nuisances(0.15, 0.15), standardize=False)
    engine, rng = analysis.engine, np.random.default_rng(6)
    true = np.array([at.nuisances.get("scale", 0.0), 0.0])
    form = engine.form(true / 0.15, np.zeros(2))
    data = [(draw(rng, rng.poisson(N_EXPECTED), true[0]), true + 0.15 * rng.normal(size=2)) for _ in range(40)]
    toys = Empirical.of(np.array([engine.score(form, Data(events, observed)) for events, observed in data]))
    assert len(list(toy_mean_notices(analysis, toys, summary(at)))) == is_named


def test_statistics_without_an_analytic_mean_are_left_alone():
    toys = Empirical.of(np.full(50, 1e6))
    for model in (wilks.MLP(hidden=(2,)), wilks.Kernel(n_centers=5, width=1.0), wilks.KernelSet((1.0,), n_centers=5)):
        assert not list(toy_mean_notices(analysis_of(model=model), toys, summary(wilks.Null())))
    assert not list(toy_mean_notices(analysis_of(), toys, None))

"""t is a function of the analysis and the data: of nothing that is fitted beside them, of no order, of no group."""

import functools

import numpy as np
import pytest
from maps import Mixed

import wilks
from wilks.campaign.shard import make_toys
from wilks.fitting import fit_events, fit_together
from wilks.problems import exponential
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

N_EXPECTED = 100.0
MODELS = {
    "kernel": lambda is_score: wilks.Kernel(n_centers=12, width=1.0, ridge=0.5, is_score=is_score),
    "set": lambda is_score: wilks.KernelSet((1.0, 0.5), (0.3, 3.0), n_centers=(12, 7), is_score=is_score),
    "mixed": lambda is_score: Mixed(is_score=is_score),
}
every_model = pytest.mark.parametrize("name", MODELS)
# Programs of fits with nuisances are compiled: few.
_NIGHTLY = [pytest.param(*one, marks=pytest.mark.nightly) for one in (("kernel", False), ("mixed", True))]
profiled_model = pytest.mark.parametrize(("name", "is_score"), [("kernel", True), ("mixed", False), *_NIGHTLY])
every_statistic = pytest.mark.parametrize("is_score", [True, False], ids=["score", "converged"])


def draw(rng: np.random.Generator, n: int, n_features: int) -> FloatArray:
    return np.asarray(rng.exponential(size=(n, n_features)))


@functools.cache
def reference(n_features: int) -> wilks.Sample:
    """Weights are sums of few powers of two, so that their sum has no rounding, in whatever order it is taken."""
    rng = np.random.default_rng(0)
    events = draw(rng, 1500, n_features)
    return wilks.Sample(events, rng.integers(4, 12, size=1500) * 2.0**-7)


@functools.cache
def analysis_of(name: str, is_score: bool, *, n_features: int = 1, is_profiled: bool = False) -> wilks.Analysis:
    analysis = wilks.Analysis(
        reference=reference(n_features),
        model=MODELS[name](is_score),
        nuisances=exponential.nuisances(0.1, 0.1) if is_profiled else (),
        standardize=wilks.Standardization(np.zeros(n_features), np.full(n_features, 1.25)),
        toy_source=exponential.BACKGROUND if n_features == 1 else None,
    )
    if is_profiled and (name, is_score) != ("kernel", True):  # the same Delta, compiled once
        first = analysis_of("kernel", True, is_profiled=True)
        analysis.engine.delta = first.engine.delta  # type: ignore[attr-defined]
    return analysis


def data_sets(n: int, n_features: int = 1) -> list[FloatArray]:
    """None alike in size; one without events, one beyond every Gaussian, one far from the reference."""
    rng = np.random.default_rng(2)
    sets = [
        draw(rng, int(size), n_features) * scale for size, scale in zip(rng.poisson(100, n), _scales(), strict=False)
    ]
    return [*sets, np.empty((0, n_features)), np.full((9, n_features), 1e3), np.full((60, n_features), 3.0)]


def _scales() -> FloatArray:
    return np.tile([1.0, 1.1, 0.8], 20)


def bits(fit: FitResult) -> tuple[object, ...]:
    """All numbers of a fit."""
    parts = (fit.nuisances, fit.delta_nuisances, fit.members)
    return (fit.t, fit.tau, fit.delta, fit.newton_decrement, fit.n_iterations, fit.params.tolist(), *parts)


@every_model
@every_statistic
@pytest.mark.parametrize("n_features", [1, 3])
def test_a_data_set_alone_has_the_bits_that_it_has_among_others(name, is_score, n_features):
    """Among 40, in any place: alone, at the end of a group, beside ones that take more steps."""
    analysis, sets = analysis_of(name, is_score, n_features=n_features), data_sets(40, n_features)
    together = [bits(fit) for fit in fit_together(analysis, sets)]
    rows = [*range(4), 17, 39, 40, 41, 42]
    assert [bits(fit_events(analysis, sets[row])) for row in rows] == [together[row] for row in rows]
    assert [bits(fit) for fit in fit_together(analysis, sets[::-1])] == together[::-1]
    assert [bits(fit) for fit in fit_together(analysis, sets[5:22])] == together[5:22]


def test_so_it_has_where_no_features_are_kept(monkeypatch):
    """Of many events: each pass makes the values of the map anew, in blocks."""
    given, sets = analysis_of("set", False, n_features=3), data_sets(20, 3)
    kept = [fit.t for fit in fit_together(given, sets)]
    monkeypatch.setattr("wilks.statistics.linear.basis._MOST_KEPT_NUMBERS", 0)
    monkeypatch.setattr("wilks.statistics.linear.basis._BLOCK_NUMBERS", 4096)
    anew = wilks.Analysis(reference=given.reference, model=given.model, standardize=given.standardization)
    together = [bits(fit) for fit in fit_together(anew, sets)]
    assert [bits(fit_events(anew, sets[row])) for row in (0, 9, 21)] == [together[row] for row in (0, 9, 21)]
    np.testing.assert_allclose([one[0] for one in together], kept, rtol=1e-9)


@every_model
@every_statistic
@pytest.mark.parametrize("n_features", [1, 3])
def test_the_order_of_the_rows_of_the_data_changes_digits_at_most(name, is_score, n_features):
    """They are summed as they come."""
    analysis, sets = analysis_of(name, is_score, n_features=n_features), data_sets(2, n_features)
    mixed = [np.random.default_rng(1).permutation(events) for events in sets]
    found = [[fit.t for fit in fit_together(analysis, some)] for some in (sets, mixed)]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@profiled_model
def test_with_nuisances_too(name, is_score):
    """One of them is held at the edge of its range by events far out."""
    analysis, sets = analysis_of(name, is_score, is_profiled=True), data_sets(3)
    observed = list(0.1 * np.random.default_rng(3).normal(size=(len(sets), 2)))
    together = [bits(fit) for fit in fit_together(analysis, sets, observed)]
    alone = [bits(fit_events(analysis, *one)) for one in zip(sets, observed, strict=True)]
    assert alone == together
    assert all(fit.converged and 0.0 <= fit.t < np.inf for fit in fit_together(analysis, sets, observed))
    assert [bits(fit) for fit in fit_together(analysis, sets[::-1], observed[::-1])] == together[::-1]


def shuffled(sample: wilks.Sample, seed: int) -> wilks.Sample:
    rows = np.random.default_rng(seed).permutation(sample.n_events)
    return wilks.Sample(sample.events[rows], sample.event_weights[rows], features=sample.features)


@every_model
@every_statistic
@pytest.mark.parametrize("n_features", [1, 3])
def test_the_order_of_the_rows_of_a_reference_changes_no_bit(name, is_score, n_features):
    """With a standardization that is fixed, and weights whose sum is exact."""
    given, sets = analysis_of(name, is_score, n_features=n_features), data_sets(3, n_features)
    expected = [bits(fit) for fit in fit_together(given, sets)]
    for seed in (1, 2):
        analysis = wilks.Analysis(
            reference=shuffled(given.reference, seed), model=given.model, standardize=given.standardization
        )
        assert [bits(fit) for fit in fit_together(analysis, sets)] == expected


@pytest.mark.parametrize(
    ("name", "is_score", "n_features", "is_profiled"),
    [*((name, flag, n, False) for name in MODELS for flag in (True, False) for n in (1, 3)), ("mixed", False, 1, True)],
)
def test_with_a_standardization_of_its_own_it_changes_digits_at_most(name, is_score, n_features, is_profiled):
    """Mean and deviation are sums over rows, and so are N(R_0) and Delta: t agrees to 1e-9, with any weights."""
    rng = np.random.default_rng(4)
    sample = wilks.Sample(draw(rng, 1500, n_features), rng.uniform(0.5, 2.0, size=1500))
    nuisances = exponential.nuisances(0.1, 0.1) if is_profiled else ()
    sets, found = [one for one in data_sets(2, n_features) if len(one) > 20], []
    for one in (sample, shuffled(sample, 1)):
        analysis = wilks.Analysis(
            reference=one, model=MODELS[name](is_score), expected_events=N_EXPECTED, nuisances=nuisances
        )
        found.append([fit.t for fit in fit_together(analysis, sets)])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@every_model
@every_statistic
def test_toys_do_not_depend_on_the_group(name, is_score):
    """Shards of 4 and of 8, and all 16 at once."""
    check_groups(analysis_of(name, is_score))


@profiled_model
def test_toys_with_nuisances_do_not_depend_on_the_group(name, is_score):
    check_groups(analysis_of(name, is_score, is_profiled=True))


def check_groups(analysis):
    made = {size: _toys(analysis, size) for size in (4, 8, 16)}
    assert made[4] == made[8] == made[16] and len(made[4]) == 16


def _toys(analysis: wilks.Analysis, size: int) -> list[tuple[object, ...]]:
    shards = [range(first, first + size) for first in range(0, 16, size)]
    rows = [row for shard in shards for row in make_toys(analysis, wilks.Null(), seed=1, indices=shard)]
    return [(row.index, row.t, list(row.params), list(row.nuisances)) for row in rows]

"""Power of a model beside other tests, on the same toys. Keys are fixed."""

import importlib.machinery
import importlib.util
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

import wilks
from wilks.campaign.run import toys_here
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Null
from wilks.laws.empirical import Empirical
from wilks.power import STANDARD_TESTS, BinnedSearch, Binning, KnownSignal, PowerTable, power_at_size, power_table
from wilks.power.measuring import p_values_of
from wilks.power.other_tests import (
    BinnedChiSquare,
    Classifier,
    Count,
    KolmogorovSmirnov,
    Mmd,
    OtherTest,
    Value,
    rows_of,
)
from wilks.significance import p_value

N = 80.0


def analysis_of(
    n_features: int = 1, weights: np.ndarray | None = None, nuisances: tuple[wilks.Nuisance, ...] = ()
) -> wilks.Analysis:
    rng = np.random.default_rng(1)
    return wilks.Analysis(
        reference=wilks.Sample(rng.exponential(size=(2_000, n_features)), weights),
        model=wilks.Kernel(n_centers=15, width=1.0, ridge=1.0, is_score=True),
        toy_source=wilks.Sample(rng.exponential(size=(5_000, n_features))),
        expected_events=N,
        nuisances=nuisances,
    )


def run(analysis: wilks.Analysis, hypothesis: object, *, n_toys: int, seed: int) -> object:
    return toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed, progress=lambda done, wanted: None)


ANALYSIS = analysis_of()
PEAK = {f"{n} events": Alternative(signal=wilks.Sample(np.full(500, 4.0)), n_signal=n) for n in (3, 12)}


@pytest.fixture(scope="module")
def table() -> PowerTable:
    """Of all tests, and of the search for a known signal."""
    signal = KnownSignal(lambda x: np.abs(x[:, 0] - 4.0) < 0.5, n_signal=5.0)
    return power_table(ANALYSIS, PEAK, run=run, n_null=100, n_toys=40, signal=signal)


def test_all_tests_have_the_same_toys_and_size(table: PowerTable) -> None:
    assert len(table.names) == len(STANDARD_TESTS) + 2 and len(table.rows) == 2 * len(table.names)
    toys = run(ANALYSIS, Null(), n_toys=100, seed=1)
    signal = run(ANALYSIS, PEAK["12 events"], n_toys=40, seed=1)
    wanted = power_at_size(wilks.calibrate(toys), signal, size=p_value(2.0))
    row = table.of("model")[1]
    assert row.power[0] is not None and row.power[0][0] == wanted.power
    assert row.power[1] is None and row.power[2] is None
    assert table.of("known signal, q0")[1].power[0][0] >= 0.5
    assert table.of("model")[1].z_score > table.of("model")[0].z_score


def test_a_test_of_the_null_rejects_as_often_as_it_says() -> None:
    """Toys without a signal: 2.3 % of 120, at most 9 of them, whatever the test."""
    none = {"none": Alternative(source=ANALYSIS.toy_source, expected_events=N)}
    found = power_table(ANALYSIS, none, run=run, n_null=200, n_toys=120, seed=5)
    assert all(row.power[0] is not None and row.power[0][0] <= 9 / 120 for row in found.rows)
    assert all(abs(row.z_score) < 0.5 for row in found.rows)


def test_what_is_printed_saved_and_told(table: PowerTable) -> None:
    text = str(table)
    assert "power 2 sigma" in text and "known signal, q0" in text and "number of events is not known to: Kolm" in text
    assert isinstance(table, PowerTable) and table.n_signal == {"3 events": 3.0, "12 events": 12.0}
    assert PowerTable.from_document(table.to_document()).to_dict() == table.to_dict()


@pytest.mark.parametrize("test", STANDARD_TESTS, ids=lambda one: one.name)
def test_larger_values_say_that_data_differ_more(test: object) -> None:
    problem = analysis_of(2).problem
    value = test.of(problem)  # type: ignore[attr-defined]
    rng = np.random.default_rng(6)
    same, other = rng.exponential(size=(80, 2)), rng.exponential(size=(120, 2)) + 0.8
    assert value(other) > value(same)
    assert np.isfinite(value(np.empty((0, 2))))


def test_mmd_looks_at_all_places_of_what_it_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signal stands behind the background of a toy, and a reference may be sorted: 1,000 of each, from everywhere."""

    class Mean:
        def statistic(self, data: np.ndarray, reference: np.ndarray) -> float:
            assert len(data) <= 1_000 and len(reference) <= 1_000
            return float(data.mean() - reference.mean())

    for name in ("hyppo", "hyppo.ksample"):
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.MMD = Mean  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    ascending = np.sort(np.random.default_rng(1).uniform(size=(3_000, 1)), axis=0)
    problem = wilks.Analysis(
        reference=wilks.Sample(ascending), model=wilks.Kernel(width=1.0, n_centers=5), standardize=False
    ).problem
    value, few = Mmd().of(problem), np.concatenate([np.zeros((1_700, 1)), np.ones((300, 1))])
    assert value(few) - 1.0 == pytest.approx(0.15 - 0.5, abs=0.05)  # over 4 errors
    assert value(few) == value(few)
    assert value(np.zeros((10, 1))) - 1.0 == pytest.approx(-0.5, abs=0.05)


def test_known_values_of_counts() -> None:
    problem = ANALYSIS.problem
    assert Count().of(problem)(np.ones((70, 1))) == pytest.approx(10.0)
    contents = BinnedChiSquare().of(problem)
    assert contents(np.empty((0, 1))) == pytest.approx(N)  # sum of b
    assert 0 < KolmogorovSmirnov().of(problem)(ANALYSIS.reference.events[:200]) < 0.1


def test_a_weighted_reference_is_unweighted_by_hit_or_miss() -> None:
    weights = np.where(np.random.default_rng(1).exponential(size=2_000) > 1.0, 1.0, 0.5)
    rows = rows_of(analysis_of(1, weights).problem)
    assert 1_200 < rows.shape[0] < 1_800


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(InputError, match="at least one Alternative"):
        power_table(ANALYSIS, {}, run=run)
    with pytest.raises(InputError, match="n_null"):
        power_table(ANALYSIS, PEAK, run=run, n_null=10)
    for test in (Classifier(), Mmd()):
        if importlib.util.find_spec(test.needs) is None:
            with pytest.raises(InputError, match=f"needs the library {test.needs}"):
                power_table(ANALYSIS, PEAK, run=run, tests=(test,))


def test_a_binned_search_stands_beside_the_others(table: PowerTable) -> None:
    search = BinnedSearch(ANALYSIS, Binning("2 * x0", bins=(0, 2, 4, 7, 9, 20)), signal=PEAK["3 events"].signal)
    found = power_table(ANALYSIS, PEAK, run=run, tests=(), binned=(search,), n_null=100, n_toys=40)
    assert found.names == ("model", "binned 2 * x0 (5 bins), q0", "binned 2 * x0 (5 bins), goodness of fit")
    q0, goodness = (found.of(name)[1] for name in found.names[1:])
    assert q0.power[0] is not None and q0.power[0][0] > 0.9
    assert q0.asimov_z == pytest.approx(search.asimov(12.0).z_score) and goodness.asimov_z is None
    assert q0.asymptotic_z == pytest.approx(q0.asimov_z, abs=0.6)
    assert goodness.asymptotic_z is not None and goodness.asymptotic_z < q0.asymptotic_z
    assert "Asimov Z" in str(found) and "asymptotic Z" not in str(table.of("model"))
    assert PowerTable.from_document(found.to_document()).to_dict() == found.to_dict()


def test_asimov_is_of_the_alternative_not_of_the_search() -> None:
    search = BinnedSearch(ANALYSIS, Binning("2 * x0", bins=(0, 2, 4, 7, 9, 20)), signal=PEAK["3 events"].signal)
    alternatives = {
        "same": Alternative(signal=wilks.Sample(np.full(400, 4.0)), n_signal=12),
        "elsewhere": Alternative(signal=wilks.Sample(np.full(400, 0.5)), n_signal=12),
        "no signal": Alternative(source=ANALYSIS.toy_source, expected_events=N),
    }
    found = power_table(ANALYSIS, alternatives, run=run, tests=(), binned=(search,), n_null=20, n_toys=20)
    same, elsewhere, without = (row.asimov_z for row in found.of(found.names[1]))
    assert same == pytest.approx(search.asimov(12.0).z_score) and same > 3.0
    assert elsewhere == pytest.approx(0.0, abs=1e-3) and without is None


def test_a_search_without_degrees_of_freedom_has_no_goodness() -> None:
    free = wilks.normalization("free", sigma=0.3, auxiliary=wilks.Unconstrained())
    analysis = analysis_of(nuisances=(free,))
    search = BinnedSearch(analysis, Binning("x0", bins=(0, np.inf)), signal=PEAK["3 events"].signal)
    assert search.goodness_dof == 0 and np.isnan(search.asimov(12.0).goodness_z_score)
    found = power_table(analysis, PEAK, run=run, tests=(), binned=(search,), n_null=20, n_toys=20)
    assert found.names == ("model", "binned x0 (1 bins), q0")


def test_a_reference_that_holds_the_signal_sees_less_of_it() -> None:
    found = power_table(ANALYSIS, PEAK, run=run, tests=(), contaminations=(0.5, 1.0), n_null=100, n_toys=60)
    clean, half, same = (found.of(name)[1] for name in found.names)
    assert found.names[1:] == ("model, 0.5 of it in reference", "model, 1 of it in reference")
    assert clean.z_score > half.z_score > same.z_score and abs(same.z_score) < 0.7
    with pytest.raises(InputError, match="of a signal that is added"):
        power_table(
            ANALYSIS, {"none": Alternative(source=ANALYSIS.toy_source, expected_events=N)}, run=run, contaminations=(1,)
        )
    few = Alternative(signal=wilks.Sample(np.full(40, 4.0)), n_signal=10.0)
    with pytest.raises(InputError, match="the signal must give at least 26"):  # half are left
        power_table(ANALYSIS, {"few": few}, run=lambda *_, **__: pytest.fail("it began"), contaminations=(0.5,))


class InWindow(OtherTest):
    """Events about 4, on a scale of its own."""

    sees_count = True

    def __init__(self, shift: float, scale: float) -> None:
        self.name = f"{shift:g} + {scale:g} n"  # type: ignore[misc]
        self.shift, self.scale = shift, scale

    def of(self, problem: object) -> Value:
        return lambda events: self.shift + self.scale * float(np.sum(np.abs(events[:, 0] - 4.0) < 0.5))


def test_a_test_may_be_on_any_scale() -> None:
    tests = tuple(InWindow(shift, scale) for shift, scale in ((0, 1), (-1e3, 1), (1e10, 1), (0, 1e-12), (-0.5, 1e-9)))
    found = power_table(ANALYSIS, PEAK, run=run, tests=tests, n_null=60, n_toys=20)
    for k in range(len(PEAK)):
        one, *others = (replace(found.of(test.name)[k], test="", seconds=0.0) for test in tests)
        assert all(other == one for other in others)
    assert one.z_score > 1.5


def test_what_failed_and_what_ties_counts_as_exceeding() -> None:
    law = Empirical.of(np.array([-2.0, -1.0, 0.1 + 0.2, 0.5, np.nan]))
    assert p_values_of(law, np.array([-3.0, -2.0, 0.3, 0.5, 0.6, -np.inf])).tolist() == [
        1.0,
        1.0,
        4 / 6,
        3 / 6,
        2 / 6,
        1.0,
    ]
    assert p_values_of(Empirical.of(np.full(3, np.nan)), np.array([1.0])).tolist() == [1.0]


def test_tests_have_different_names() -> None:
    with pytest.raises(InputError, match="'number of events' comes 2 times"):
        power_table(ANALYSIS, PEAK, run=run, tests=(Count(), Count()))


def test_a_chi_square_divides_by_no_empty_bin() -> None:
    rng = np.random.default_rng(7)
    x = rng.exponential(size=4_000)
    weights = np.where(rng.uniform(size=4_000) < 0.2 + 0.25 * (x > 2.0), -1.0, 1.0)
    problem = wilks.Analysis(
        reference=wilks.Sample(x, weights), model=wilks.Kernel(width=1.0, n_centers=5), expected_events=N
    ).problem
    assert 0 < BinnedChiSquare().of(problem)(x[:80, None]) < 1e3

"""validate_nuisances: t and tau at shifted nuisances against one chi-square."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import CalibrationError, InputError
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.laws.compatibility import judge
from wilks.nuisances import normalization
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.search import Search
from wilks.statistics.histogram import Histogram
from wilks.statistics.network import MLP
from wilks.validation import NuisanceCell, NuisanceTable, nuisances, shifted_hypotheses, validate_nuisances

HISTOGRAM, NETWORK = Histogram(n_bins=2), MLP(hidden=(1,), weight_clip=3.0)


@pytest.fixture(
    scope="module",
    params=[pytest.param(HISTOGRAM, id="histogram"), pytest.param(NETWORK, id="network", marks=pytest.mark.nightly)],
)
def analysis(request: pytest.FixtureRequest) -> Analysis:
    """Everything runs in this process: the source is a function here. Networks: tests/contract/test_verbs.py."""

    def draw(rng: np.random.Generator, n: int, nuisances: dict[str, float]) -> np.ndarray:
        return exponential.background(rng, n, nuisances)

    return Analysis(
        reference=Sample(np.random.default_rng(0).exponential(size=5000), features=("x",)),
        model=request.param,
        expected_events=300,
        standardize=False,
        nuisances=exponential.nuisances(0.1, 0.1),
        toy_source=draw,
        search=Search(n_starts=3, n_kept=3),
    )


@pytest.fixture(scope="module")
def found(analysis: Analysis) -> NuisanceTable:
    points = (Null(), ShiftedNuisance({"scale": 0.1}))
    return validate_nuisances(analysis, n_toys=20, seed=3, hypotheses=points, degrees_of_freedom=2.0)


def test_each_point_has_its_toys(found: NuisanceTable) -> None:
    null, shifted = found.cells
    assert (null.hypothesis.describe(), shifted.hypothesis.describe()) == ("Null()", "ShiftedNuisance(scale=0.1)")
    for cell in found.cells:
        assert cell.toys.n_toys == 20 and cell.toys.t.min() >= -1e-6
        assert cell.toys.nuisances.shape == cell.toys.delta_nuisances.shape == cell.toys.observed.shape == (20, 2)
        np.testing.assert_allclose(cell.toys.t, cell.toys.tau - cell.toys.delta)


def test_tau_without_delta_is_far_off(found: NuisanceTable) -> None:
    shifted = found.cells[1]
    assert shifted.toys.delta.mean() > 3 and shifted.toys.tau.mean() > shifted.toys.t.mean() + 3
    assert shifted.tau_ks_p_value < shifted.compatibility.ks_p_value


def test_figures_are_ready_for_json(found: NuisanceTable) -> None:
    document = found.to_dict()
    assert [cell["nuisances"] for cell in document["cells"]] == [{}, {"scale": 0.1}]
    log_p = np.log(found.ks_p_values)
    assert document["fisher_p_value"] == pytest.approx(chi2.sf(-2 * log_p.sum(), 4))


def made_of(toys: Toys, t: np.ndarray) -> NuisanceCell:
    return NuisanceCell(toys, judge(t, 13.0, n_failed=0, is_estimated_dof=False), 1e-9)


def test_what_it_prints(found: NuisanceTable) -> None:
    cell = found.cells[1]
    compatibility = dataclasses.replace(
        cell.compatibility, mean=2.1, variance_ratio=0.9, ks_p_value=0.4, degrees_of_freedom=2.0, omnibus_p_value=0.3
    )
    fixed = dataclasses.replace(cell, compatibility=compatibility, tau_ks_p_value=1e-7)
    assert str(NuisanceTable((fixed,))) == "\n".join(
        (
            "  nuisances   toys  mean of t     variance/(2 mean)  KS p of t  KS p of tau  p, all tests",
            "  scale +0.1  20    2.10 +- 0.45  0.90 +- 0.50       0.40       1.0e-07      0.30",
            "All tests at all points together: p 0.60 that t is chi-square(2) there.",
        )
    )


def test_a_cell_of_another_mean_is_found(found: NuisanceTable) -> None:
    rng, toys = np.random.default_rng(5), found.cells[0].toys
    good = [made_of(toys, rng.chisquare(13, size=100)) for _ in range(5)]
    assert NuisanceTable(tuple(good)).is_passed
    assert not NuisanceTable((*good, made_of(toys, rng.chisquare(18, size=100)))).is_passed


@pytest.mark.parametrize(("n_tables", "n_failed"), [(30, 4), pytest.param(60, 5, marks=pytest.mark.nightly)])
def test_false_alarms_are_rare(found: NuisanceTable, n_tables: int, n_failed: int) -> None:
    # Of 15 cells of 100 chi-square toys; 1 % may fail, and so many or more do with chances of 2e-4 and 4e-4.
    rng, toys = np.random.default_rng(6), found.cells[0].toys
    cells = ([made_of(toys, rng.chisquare(13, size=100)) for _ in range(15)] for _ in range(n_tables))
    assert sum(not NuisanceTable(tuple(some)).is_passed for some in cells) < n_failed


def test_a_point_without_a_valid_toy_is_an_error(found: NuisanceTable) -> None:
    toys = found.cells[0].toys
    failed = toys.table.set_column(toys.table.schema.get_field_index("t"), "t", [np.full(20, np.nan)])
    with pytest.raises(CalibrationError, match="all of Null"):
        nuisances.chi_square_table([dataclasses.replace(toys, table=failed)], 2.0)


def test_points_are_one_sigma_up_and_down_and_all_together(analysis: Analysis) -> None:
    points = [dict(point.nuisances) for point in shifted_hypotheses(analysis)]
    assert points == [
        {"scale": 0.1},
        {"scale": -0.1},
        {"normalization": 0.1},
        {"normalization": -0.1},
        {"normalization": 0.1, "scale": 0.1},
        {"normalization": -0.1, "scale": -0.1},
    ]
    one = Analysis(reference=analysis.reference, model=MLP(hidden=(1,)), nuisances=(normalization("n", sigma=0.1),))
    assert len(shifted_hypotheses(one)) == 2


def test_without_nuisances_there_is_nothing_to_shift(analysis: Analysis) -> None:
    plain = Analysis(reference=analysis.reference, model=MLP(hidden=(1,)), toy_source=exponential.BACKGROUND)
    with pytest.raises(InputError, match="has no nuisances"):
        validate_nuisances(plain, n_toys=20, seed=1)


def test_a_point_that_cannot_be_drawn_is_refused_before_anything_starts(analysis, monkeypatch) -> None:
    monkeypatch.setattr(nuisances, "kept_toys", lambda *a, **k: pytest.fail("started"))
    with pytest.raises(InputError, match="but 'sclae' came"):
        validate_nuisances(analysis, n_toys=20, seed=1, hypotheses=[Null(), ShiftedNuisance({"sclae": 0.1})])

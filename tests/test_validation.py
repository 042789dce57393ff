"""validate_nuisances: t and tau at shifted nuisances, judged together."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wilks import validation
from wilks.analysis import Analysis
from wilks.campaign import Toys, run_toys
from wilks.errors import InputError
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.laws.compatibility import judge
from wilks.nuisances import normalization
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.search import Search
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP
from wilks.validation import Validation, ValidationCell, fisher_p_value, shifted_hypotheses, validate_nuisances


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """Everything runs in this process: the source is a function of this test."""

    def draw(rng: np.random.Generator, n: int, nuisances: dict[str, float]) -> np.ndarray:
        return exponential.background(rng, n, nuisances)

    return Analysis(
        reference=Sample(np.random.default_rng(0).exponential(size=5000), features=("x",)),
        model=MLP(hidden=(1,), weight_clip=3.0),
        expected_events=300,
        standardize=False,
        nuisances=exponential.nuisances(0.1, 0.1),
        toy_source=draw,
        search=Search(n_starts=3, n_kept=3),
    )


@pytest.fixture(scope="module")
def found(analysis: Analysis) -> Validation:
    points = (Null(), ShiftedNuisance({"scale": 0.1}))
    return validate_nuisances(analysis, n_toys=20, seed=3, hypotheses=points, degrees_of_freedom=2.0)


def test_each_point_has_its_toys(found: Validation) -> None:
    null, shifted = found.cells
    assert (null.hypothesis.describe(), shifted.hypothesis.describe()) == ("Null()", "ShiftedNuisance(scale=0.1)")
    assert null.null_ks_p_value is None and 0 < shifted.null_ks_p_value <= 1
    for cell in found.cells:
        assert cell.toys.n_toys == 20 and cell.toys.t.min() >= -1e-6
        assert cell.toys.nuisances.shape == cell.toys.delta_nuisances.shape == cell.toys.observed.shape == (20, 2)
        np.testing.assert_allclose(cell.toys.t, cell.toys.tau - cell.toys.delta)


def test_every_finished_toy_of_a_store_is_used(tmp_path: Path) -> None:
    analysis = Analysis(
        reference=Sample(np.random.default_rng(0).exponential(size=5000), features=("x",)),
        model=Kernel(n_centers=20, width=1.0, ridge=3.0, is_score=True),
        expected_events=300,
        nuisances=[normalization("luminosity", sigma=0.1)],
        toy_source=exponential.BACKGROUND,
    )
    with ThreadPoolExecutor(1) as executor:
        options = {"seed": 3, "executor": executor}
        run_toys(analysis, Null(), n_toys=12, store=tmp_path / "null", **options)
        (cell,) = validate_nuisances(
            analysis, n_toys=6, hypotheses=[Null()], degrees_of_freedom=3.0, store=tmp_path, **options
        ).cells
    assert cell.toys.n_toys == cell.compatibility.n_toys == 12


def test_tau_without_delta_is_far_off(found: Validation) -> None:
    shifted = found.cells[1]
    assert shifted.toys.delta.mean() > 3 and shifted.toys.tau.mean() > shifted.toys.t.mean() + 3
    assert shifted.tau_ks_p_value < shifted.compatibility.ks_p_value


def test_figures_are_ready_for_json(found: Validation) -> None:
    document = found.to_dict()
    assert [cell["nuisances"] for cell in document["cells"]] == [{}, {"scale": 0.1}]
    assert document["fisher_p_value"] == pytest.approx(fisher_p_value(found.ks_p_values))


def made_of(toys: Toys, t: np.ndarray) -> ValidationCell:
    return ValidationCell(toys, judge(t, 13.0, n_failed=0, is_estimated_dof=False), 1e-9, None)


def test_what_it_prints(found: Validation, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = found.cells[1]
    compatibility = dataclasses.replace(
        cell.compatibility, mean=2.1, variance_ratio=0.9, ks_p_value=0.4, degrees_of_freedom=2.0
    )
    fixed = dataclasses.replace(cell, compatibility=compatibility, tau_ks_p_value=1e-7, null_ks_p_value=0.3)
    assert str(Validation((fixed,))) == "\n".join(
        (
            "  nuisances   toys  mean of t     variance/(2 mean)  KS p of t  KS p of tau  KS p with nu = 0",
            "  scale +0.1  20    2.10 +- 0.45  0.90 +- 0.50       0.40       1.0e-07      0.30",
            "t against chi-square(2): smallest KS p 0.40 of 1 (limit 0.01), Fisher's combination 0.40.",
            "t does not depend on the nuisances, as far as these toys can tell.",
        )
    )


def test_it_passes_and_fails_as_it_says(found: Validation) -> None:
    # Cells of chi-square(13) toys; five cells of 100 toys pass, and one of another mean is found.
    rng, toys = np.random.default_rng(5), found.cells[0].toys
    good = [made_of(toys, rng.chisquare(13, size=100)) for _ in range(5)]
    assert Validation(tuple(good)).is_passed
    bad = Validation((*good, made_of(toys, rng.chisquare(18, size=100))))
    assert not bad.is_passed and "t depends on the nuisances" in str(bad)


def test_false_alarms_are_rare(found: Validation) -> None:
    # 40 validations of 15 cells of 100 chi-square toys; about one in 20 fails, and 8 or more with a chance of 1e-3.
    rng, toys = np.random.default_rng(6), found.cells[0].toys
    n_failed = sum(
        not Validation(tuple(made_of(toys, rng.chisquare(13, size=100)) for _ in range(15))).is_passed
        for _ in range(40)
    )
    assert n_failed < 8


def test_fisher_combines() -> None:
    assert fisher_p_value(np.array([0.3])) == pytest.approx(0.3)
    assert fisher_p_value(np.array([0.01] * 5)) < 1e-5


def test_points_are_one_sigma_up_and_down_and_all_together(analysis: Analysis) -> None:
    points = [dict(point.nuisances) for point in shifted_hypotheses(analysis)]
    assert points == [
        {},
        {"scale": 0.1},
        {"scale": -0.1},
        {"normalization": 0.1},
        {"normalization": -0.1},
        {"normalization": 0.1, "scale": 0.1},
        {"normalization": -0.1, "scale": -0.1},
    ]
    one = Analysis(reference=analysis.reference, model=MLP(hidden=(1,)), nuisances=(normalization("n", sigma=0.1),))
    assert len(shifted_hypotheses(one)) == 3


def test_without_nuisances_there_is_nothing_to_shift(analysis: Analysis) -> None:
    plain = Analysis(reference=analysis.reference, model=MLP(hidden=(1,)), toy_source=exponential.BACKGROUND)
    with pytest.raises(InputError, match="has no nuisances"):
        validate_nuisances(plain, n_toys=20, seed=1)


def test_a_point_that_cannot_be_drawn_is_refused_before_anything_starts(analysis, monkeypatch) -> None:
    monkeypatch.setattr(validation, "run_toys", lambda *a, **k: pytest.fail("started"))
    with pytest.raises(InputError, match="but 'sclae' came"):
        validate_nuisances(analysis, n_toys=20, seed=1, hypotheses=[Null(), ShiftedNuisance({"sclae": 0.1})])

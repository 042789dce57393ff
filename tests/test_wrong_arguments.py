"""Arguments of the wrong kind, or of a wrong size, are refused by a sentence that says what to give."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.campaign.run import toys_here

RNG = np.random.default_rng(0)
REFERENCE, POOL, DATA = (wilks.Sample(RNG.exponential(size=n)) for n in (300, 300, 30))
KERNEL = wilks.Kernel(n_centers=5, width=1.0)
ANALYSIS = wilks.Analysis(reference=REFERENCE, model=KERNEL, toy_source=POOL, expected_events=30)


@pytest.mark.parametrize("values", [["a"], "abc", object(), [1j], [[1.0], [1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]], []])
def test_a_calibration_is_made_of_numbers(values: Any) -> None:
    with pytest.raises(wilks.CalibrationError, match=r"as numbers|one dimension|at least one toy"):
        wilks.calibrate(values)


@pytest.mark.parametrize("number", ["a", 0.0, -1.0, math.nan, math.inf, [3.0]])
def test_degrees_of_freedom_are_a_number(number: Any) -> None:
    with pytest.raises(wilks.CalibrationError, match="degrees of freedom must be positive"):
        wilks.calibrate([1.0, 2.0], degrees_of_freedom=number)


@pytest.mark.parametrize("given", [np.arange(10.0), "toys", None])
def test_toys_are_no_calibration(given: Any) -> None:
    given = toys_here(ANALYSIS, wilks.Null(), n_toys=1, seed=1) if given is None else given
    with pytest.raises(wilks.CalibrationError, match=r"write calibration=wilks\.calibrate\(toys\)"):
        wilks.goodness_of_fit(ANALYSIS, DATA, calibration=given)
    with pytest.raises(wilks.CalibrationError, match=r"must be wilks\.calibrate\(toys\)"):
        wilks.median_z_score(given, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("hypothesis", [wilks.Null, wilks.ShiftedNuisance, wilks.Alternative, None, ANALYSIS, "null"])
def test_a_hypothesis_is_made(hypothesis: Any, tmp_path: Path) -> None:
    makers: list[Callable[[], object]] = [
        lambda: wilks.run_toys(ANALYSIS, hypothesis, n_toys=1, seed=1),
        lambda: wilks.plan_toys(ANALYSIS, hypothesis, n_toys=1, seed=1, folder=tmp_path / "toys"),
    ]
    text = rf"write wilks\.{hypothesis.__name__}\(" if isinstance(hypothesis, type) else r"wilks\.Null\(\), .* came"
    for make in makers:
        with pytest.raises(wilks.InputError, match=text):
            make()
    assert not (tmp_path / "toys").exists()


def test_an_analysis_and_a_hypothesis_have_an_order() -> None:
    with pytest.raises(wilks.InputError, match=r"wilks\.Analysis, but a Null came"):
        wilks.run_toys(wilks.Null(), wilks.Null(), n_toys=1, seed=1)  # type: ignore[arg-type]


def profiled(nuisance: wilks.Nuisance) -> wilks.FitResult:
    analysis = wilks.Analysis(reference=REFERENCE, model=KERNEL, nuisances=(nuisance,), expected_events=30)
    return wilks.fit(analysis, DATA)


@pytest.mark.parametrize(
    "log_ratio",
    [
        lambda events, nu: np.sin(nu) * events[:, 0],
        lambda events, nu: nu * np.asarray(events)[:, 0],
        lambda events, nu: math.sin(nu) * events[:, 0],
        lambda events, nu: float(nu) * events[:, 0],
        lambda events, nu: nu * events[:, 0] if nu > 0 else 0.0 * events[:, 0],
    ],
)
def test_a_formula_is_written_with_jax(log_ratio: Any) -> None:
    with pytest.raises(wilks.InputError, match=r"the log_ratio of 'scale' must .*Use jax\.numpy in place of numpy"):
        profiled(wilks.Nuisance("scale", sigma=0.1, log_ratio=log_ratio))


@pytest.mark.parametrize("sigma", [1e300, 1e101, 1e-101, 5e-324])
def test_a_sigma_has_a_square(sigma: float) -> None:
    with pytest.raises(wilks.InputError, match="in another unit"):
        wilks.normalization("n", sigma=sigma)


@pytest.mark.parametrize("path", ["~no such user/x", "a\0b", "a\ud800"])
def test_a_path_is_one_that_a_file_can_have(path: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: wilks.read(f"{path}.csv", features=["x"]),
        lambda: wilks.load(path),
        lambda: ANALYSIS.save(path),
        lambda: wilks.load_toys(path),
        lambda: wilks.run_toys(ANALYSIS, wilks.Null(), n_toys=1, seed=1, store=path),
        lambda: wilks.plan_toys(ANALYSIS, wilks.Null(), n_toys=1, seed=1, folder=path),
        lambda: wilks.write_report(wilks.calibrate([1.0, 2.0, 3.0]), f"{path}.html"),
    ]
    for call in calls:
        with pytest.raises(wilks.InputError, match="a path must be one that a file can have") as raised:
            call()
        assert str(raised.value).isprintable()


def test_home_is_one_folder_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    (home / "x.csv").write_text("x\n1\n2\n")
    assert wilks.read("~/x.csv", features=["x"]).n_events == 2
    toys = wilks.run_toys(ANALYSIS, wilks.Null(), n_toys=1, seed=1, store="~/toys")
    assert wilks.load_toys("~/toys").t.tolist() == toys.t.tolist()
    calibration = wilks.calibrate(toys)
    calibration.save("~/calibration")
    assert wilks.load("~/calibration").n_toys == 1
    wilks.write_report(calibration, "~/r.html")
    assert sorted(path.name for path in home.iterdir()) == ["calibration", "r.html", "toys", "x.csv"]
    assert not [path for path in tmp_path.iterdir() if path != home]


def test_too_many_events_are_refused_before_they_are_drawn() -> None:
    generator = wilks.Generator(lambda rng, n, nuisances: rng.exponential(size=n))
    huge = wilks.Analysis(reference=REFERENCE, model=KERNEL, toy_source=generator, expected_events=1e12)
    for call in (
        lambda: wilks.run_toys(huge, wilks.Null(), n_toys=1, seed=1),
        lambda: generator.draw(np.random.default_rng(0), 10**12, n_features=1),
    ):
        with pytest.raises(wilks.InputError, match=re.escape("1e+12 events of 1 feature take 7,451 GiB")):
            call()

"""Commands on files that want no toys: a kernel with the score statistic, answered by its analytic null."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import wilks.answer
import wilks.cli.steps
from wilks.campaign import toys_here
from wilks.campaign.table import table_of
from wilks.cli.answers import load_answer
from wilks.cli.campaigns import toys
from wilks.config import build_analysis, load_config, read_data, read_sources
from wilks.typing import FitStatus

KERNEL = {"n_centers": 20, "width": 1.0, "ridge": 3.0, "is_score": True}
ROUGH = {"n_centers": 60, "width": 0.3, "ridge": 0.003, "is_score": True}


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    """3,000 events of density exp(-x) for 300 expected, and data with a peak."""
    return simple_study(make_study, tmp_path)


def simple_study(make_study: Any, folder: Path) -> Any:
    study = make_study(folder)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=3000))
    study.write("data.npz", x=np.append(rng.exponential(size=300), rng.normal(6.0, 0.2, size=7)))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 300},
        "data": {"files": "data.npz"},
        "model": {"kernel": dict(KERNEL)},
    }
    return study


@pytest.fixture(scope="module")
def done(make_study: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A study after `wilks run`; tests must leave it as it is."""
    study = simple_study(make_study, tmp_path_factory.mktemp("done"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wilks.reports.picture._uri", lambda figure, *, is_vector: "data:,")
        study.first = study.run("run")
    return study


@pytest.fixture
def rough(study: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A kernel whose analytic null is too rough, with a pool for 30 toys."""
    monkeypatch.setattr(wilks.answer, "AUTOMATIC_TOYS", 30)
    study.config["model"] = {"kernel": dict(ROUGH)}
    study.config["reference"]["n_training"] = 1500
    return study


def text_of(result: Any) -> str:
    """The output in one line: the console breaks long ones of tables."""
    return " ".join(result.output.replace("│", " ").split())


def python_answer(study: Any) -> Any:
    """What the same file gives in Python."""
    loaded = load_config(study.path)
    return wilks.goodness_of_fit(build_analysis(loaded, read_sources(loaded)), read_data(loaded))


def test_run_answers_and_reports_without_toys(done: Any) -> None:
    assert done.first.exit_code == 0, done.first.output
    result, answer = done.result(), python_answer(done)
    assert answer.method == "analytic"
    assert set(result["numbers"]) == {"check", "answer"}
    assert result["numbers"]["answer"] == json.loads(json.dumps(answer.to_dict()))
    assert str(answer) in done.first.stdout
    assert f"The report is {done.output / 'report.html'}" in done.first.stdout
    assert "The analytic null" in (done.output / "report.html").read_text()
    assert not (done.output / "toys").exists()


def test_report_fits_nothing(done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = done.result()["numbers"]["answer"]
    monkeypatch.setattr(wilks.cli.steps, "fit", lambda *arguments: pytest.fail("a fit was started"))
    result = done.run("report", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["numbers"]["answer"] == before


@pytest.mark.parametrize(("condition", "code"), [("p<0.5", 5), ("z>0", 5), ("p<1e-9", 0), ("z>8", 0)])
def test_fail_on_has_no_limit(done: Any, condition: str, code: int) -> None:
    result = done.run("test", "--fail-on", condition)
    assert result.exit_code == code, result.output
    assert ("is met" in result.stdout) == (code == 5)


def test_check_says_what_will_answer(study: Any) -> None:
    result = study.run("check")
    assert result.exit_code == 0, result.output
    expected = "answer from the analytic null, or, where that is too rough, "
    assert f"{expected}none: there is no source of toys" in text_of(result)
    assert study.result()["numbers"]["check"]["n_toys"] == 0
    study.config["reference"]["n_training"] = 1500
    assert f"{expected}counted among 1,000 toys made for it" in text_of(study.run("check"))
    study.config["toys"] = {"n_toys": 50}
    assert "answer counted among 50 toys under the reference" in text_of(study.run("check"))


def test_calibrate_has_nothing_to_do(study: Any) -> None:
    result = study.run("calibrate")
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"Nothing to calibrate: the analytic null answers, `wilks test {study.path}`; for a "
        "calibration from toys write toys: {n_toys: 1000} into the file\n"
    )
    assert study.result()["status"] == "done"
    assert [path.name for path in study.output.iterdir()] == ["result.json"]


def test_report_needs_an_answer(study: Any) -> None:
    result = study.run("report")
    assert result.exit_code == 3
    assert f"run `wilks test {study.path}`" in result.stderr


def test_nuisances_are_profiled(study: Any) -> None:
    study.config["nuisances"] = {"luminosity": {"sigma": 0.1, "normalization": True}}
    study.config["data"]["auxiliaries"] = {"luminosity": 0.05}
    result = study.run("run")
    assert result.exit_code == 0, result.output
    assert "Analytic null of the score statistic at the nuisances of Delta" in result.stdout
    answer = study.result()["numbers"]["answer"]
    assert answer["delta_nuisances"][0]["name"] == "luminosity" and answer["method"] == "analytic"
    assert "Best fits" in (study.output / "report.html").read_text()
    assert study.run("report").exit_code == 0
    assert study.result()["numbers"]["answer"] == answer


def test_no_source_for_a_rough_null_leaves_nothing_behind(rough: Any) -> None:
    del rough.config["reference"]["n_training"]
    result = rough.run("test")
    assert result.exit_code == 2, result.output
    assert re.search(r"analysis.yaml:\d+: toys: without toys the analytic null must be good enough", result.stderr)
    assert "reference.n_training, toys.pool or toys.generator" in result.stderr
    assert not rough.output.exists()


def test_toys_help_out_and_are_kept_for_the_report(rough: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    result = rough.run("test", "--fail-on", "p<1e-4")
    assert result.exit_code == 0, result.output
    assert "the analytic null is too rough at this t: making 30 toys" in result.stderr
    answer = rough.result()["numbers"]["answer"]
    assert answer["method"] == "empirical" and answer["calibration"]["n_toys"] == 30
    assert answer["p_value"] == python_answer(rough).p_value
    assert any("p was counted among 30 toys" in text for text in rough.result()["warnings"])
    monkeypatch.setattr("wilks.cli.steps.toys_here", lambda *_, **__: pytest.fail("toys were made"))
    assert rough.run("report").exit_code == 0
    assert rough.result()["numbers"]["answer"] == answer
    assert "Toys" in (rough.output / "report.html").read_text()
    (rough.output / "test" / "toys").rename(rough.folder / "elsewhere")
    assert rough.run("report").exit_code == 0
    assert rough.result()["numbers"]["answer"] == answer


def test_fail_on_beyond_the_toys_is_told(rough: Any) -> None:
    x = np.random.default_rng(2).exponential(size=300)
    rough.write("data.npz", x=np.append(x, np.full(200, 3.0) + 0.01 * np.arange(200)))
    result = rough.run("test", "--fail-on", "p<1e-4")
    assert result.exit_code == 0, result.output
    assert "--fail-on p<1e-4 is beyond the reach of 30 toys, none of which has a t as large" in result.stdout
    assert any("beyond the reach" in text for text in rough.result()["warnings"])


def test_failed_toys_trip_the_gate(rough: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: Any, **options: Any) -> Any:
        toys = toys_here(*arguments, **options)
        failed = [replace(row, t=np.nan, status=int(FitStatus.NOT_CONVERGED)) for row in toys.rows[:10]]
        return replace(toys, table=table_of([*failed, *toys.rows[10:]]))

    monkeypatch.setattr("wilks.cli.steps.toys_here", failing)
    result = rough.run("test")
    assert result.exit_code == 4
    assert "10 of 30 toy fits failed; quality.max_failed_share allows 5.0%" in rough.result()["warnings"]


def test_a_failed_fit_has_no_answer(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert study.run("test").exit_code == 0
    failed = replace(load_answer(study.output)[0].fit, t=np.nan, tau=np.nan, status=FitStatus.NON_FINITE)
    monkeypatch.setattr(wilks.cli.steps, "fit", lambda analysis, data, auxiliaries: failed)
    result = study.run("run", "--fail-on", "p<=1")
    assert result.exit_code == 4, result.output
    answer = study.result()["numbers"]["answer"]
    assert answer["p_value"] is None and answer["null"] is None
    assert "No p-value: the fit of the data failed." in (study.output / "report.html").read_text()


@pytest.mark.usefixtures("no_processes")
def test_toys_that_are_wanted_take_precedence(study: Any) -> None:
    study.config["reference"]["n_training"] = 1500
    study.config["toys"] = {"n_toys": 20, "processes": 1}
    assert study.run("test").exit_code == 3
    result = study.run("run")
    assert study.result()["numbers"]["answer"]["method"] == "empirical", result.output
    del study.config["toys"]
    result = study.run("test")
    answer = study.result()["numbers"]["answer"]
    assert answer["method"] == "empirical" and answer["calibration"]["n_toys"] == 20
    assert "answer counted among 20 toys" in text_of(study.run("check"))
    study.config["toys"] = {"n_toys": 30}
    assert "20 of 30 toys are stored" in study.run("test").stderr


def test_a_plan_needs_a_number(study: Any) -> None:
    study.config["reference"]["n_training"] = 1500
    study.run("check")
    result = CliRunner().invoke(toys, ["plan", str(study.path)])
    assert result.exit_code == 2 and "give --n-toys, or toys.n_toys" in result.stderr
    result = CliRunner().invoke(toys, ["plan", str(study.path), "--n-toys", "40"])
    assert result.exit_code == 0, result.output
    assert "0 of 40 toys are stored" in study.run("test").stderr

"""Commands on a small study with real fits: 3 toys, a kernel; of all families: tests/contract/test_commands.py."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import wilks.cli.steps
import wilks.cli.toys
from wilks.campaign.table import table_of
from wilks.cli import main
from wilks.cli.answers import load_answer
from wilks.cli.campaigns import toys
from wilks.statistics.fits import FitResult
from wilks.typing import FitStatus

from tests.lab.here import Here


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def done(make_study: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A study after `wilks run`; tests must leave it as it is."""
    study = make_study(tmp_path_factory.mktemp("done"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wilks.cli.toys, "LocalProcesses", Here)  # a process makes toys in tests/cli/test_campaigns.py
        study.first = study.run("run")
    return study


@pytest.fixture
def stored_fit(done: Any, monkeypatch: pytest.MonkeyPatch) -> FitResult:
    """The fit that `done` holds; a command that would fit the data gets it without the work."""
    data_fit = load_answer(done.output)[0].fit
    monkeypatch.setattr(wilks.cli.steps, "fit", lambda analysis, data, auxiliaries: data_fit)
    return data_fit


def test_run_answers_and_reports(done: Any) -> None:
    assert done.first.exit_code == 0, done.first.output
    result = done.result()
    assert (result["command"], result["status"], result["schema_version"]) == ("run", "done", 1)
    assert set(result["numbers"]) == {"check", "calibration", "answer"}
    assert result["numbers"]["answer"]["p_value"] in {0.25, 0.5, 0.75, 1.0}
    assert result["numbers"]["calibration"]["n_toys"] == 3
    assert re.fullmatch("[0-9a-f]{64}", result["analysis"]["fingerprint"])
    assert (done.output / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert f"The report is {done.output / 'report.html'}" in done.first.stdout
    assert "toys: 3 of 3" in done.first.stderr


@pytest.mark.usefixtures("stored_fit")
def test_the_same_run_again_gives_the_same_and_reuses_the_toys(done: Any) -> None:
    before = done.result()
    again = done.run("run")
    assert again.exit_code == 0, again.output
    assert "3 of 3 toys are stored already" in again.stderr
    assert done.result()["numbers"] == before["numbers"]


@pytest.mark.usefixtures("stored_fit")
def test_json_stands_alone_on_the_standard_output(done: Any) -> None:
    result = done.run("test", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["numbers"]["answer"] == done.result()["numbers"]["answer"]


def test_report_fits_nothing(done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wilks.cli.steps, "fit", lambda *arguments: pytest.fail("a fit was started"))
    data = (done.folder / "data.npz").rename(done.folder / "hidden.npz")
    result = done.run("report")
    data.rename(done.folder / "data.npz")
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("stored_fit")
def test_fail_on(done: Any) -> None:
    result = done.run("test", "--fail-on", "p<=1")
    assert result.exit_code == 5
    assert done.result()["status"] == "fail_on"
    assert done.run("test", "--fail-on", "p>0.1").exit_code == 2
    unreachable = done.run("run", "--fail-on", "p<0.01")
    assert unreachable.exit_code == 2
    assert "can never be met: 3 toys reach p = 1/4" in unreachable.stderr


@pytest.mark.parametrize("command", ["check", "calibrate", "test", "report", "run"])
def test_another_analysis_is_refused(done: Any, make_study: Any, tmp_path: Path, command: str) -> None:
    other = make_study(tmp_path)
    other.config["model"]["kernel"]["width"] = 2.0
    other.config["output"] = str(done.output)
    before = files_of(done.output)
    result = other.run(command)
    assert result.exit_code == 2, result.output
    assert "model.width (1.0 there, 2.0 here)" in result.stderr
    assert "Nothing was overwritten" in result.stderr
    assert files_of(done.output) == before


@pytest.mark.parametrize("command", ["check", "test", "run"])
def test_other_data_are_refused(done: Any, make_study: Any, tmp_path: Path, command: str) -> None:
    other = make_study(tmp_path)
    other.write("data.npz", x=np.linspace(0.1, 2, 30), y=np.linspace(-1, 1, 30))
    other.config["output"] = str(done.output)
    before = files_of(done.output)
    result = other.run(command)
    assert result.exit_code == 2, result.output
    assert "other data (40 events there, 30 here)" in result.stderr
    assert files_of(done.output) == before


@pytest.mark.usefixtures("stored_fit")
def test_columns_that_are_carried_since_do_not_make_other_data(done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = files_of(done.output / "test")
    monkeypatch.setitem(done.config, "carry", ["w"])
    result = done.run("test")
    assert result.exit_code == 0, result.output
    assert load_answer(done.output)[1].column("w").tolist() == [1.0] * 40
    shutil.rmtree(done.output / "test")
    for name, content in kept.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def test_a_damaged_answer_is_an_error(done: Any) -> None:
    for path in sorted((done.output / "test").glob("*/*")):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        result = done.run("report")
        path.write_bytes(content)
        assert result.exit_code == 2
        assert str(path) in result.stderr and "run `wilks test` again" in result.stderr


def test_a_flipped_digit_of_the_answer_is_refused(done: Any) -> None:
    path = done.output / "test" / "answer" / "answer.json"
    content = path.read_text()
    digit = content.index('"t": ') + 5
    path.write_text(content[:digit] + str(9 - int(content[digit])) + content[digit + 1 :])
    result = done.run("report")
    path.write_text(content)
    assert result.exit_code == 2 and "it has changed since" in result.stderr


def test_check_fits_nothing_and_claims_nothing(study: Any) -> None:
    result = study.run("check")
    assert result.exit_code == 0, result.output
    assert "300 events; expected in the data: 40" in result.stdout
    assert [path.name for path in study.output.iterdir()] == ["result.json"]
    assert study.result()["numbers"]["check"]["data"] == {"n_events": 40}
    study.config["features"] = ["x"]
    assert study.run("check").exit_code == 0


def test_check_warns_in_words(study: Any) -> None:
    study.config["reference"]["expected_events"] = 160
    result = study.run("check")
    assert result.exit_code == 0
    assert "reference.expected_events is the yield of this selection" in result.stdout
    assert len(study.result()["warnings"]) == 3


def test_data_that_are_in_the_reference_are_warned_of(study: Any) -> None:
    shutil.copy(study.folder / "reference.npz", study.folder / "copy.npz")
    study.config["data"]["files"] = "copy.npz"
    found = study.run("check").stdout
    assert "300 of 600 data events are in the reference too" in found
    assert "300 of 600 data events are in the pool of toy events too" in found


def test_values_that_stand_for_missing_ones_and_other_units_are_warned_of(study: Any) -> None:
    rng = np.random.default_rng(3)
    x = rng.exponential(size=600)
    x[:40] = -9999.0
    study.write("reference.npz", x=x, y=rng.normal(size=600), w=np.ones(600))
    study.write("data.npz", x=rng.exponential(size=40), y=1000.0 * rng.normal(size=40), w=np.ones(40))
    found = study.run("check").stdout
    assert "x = -9999" in found and 'where="x != -9999"' in found
    assert "In the data y lies from " in found and "a factor of 1,000, as between MeV and GeV" in found


def test_test_needs_all_toys(study: Any) -> None:
    result = study.run("test")
    assert result.exit_code == 3
    assert "0 of 3 toys are stored" in result.stderr
    assert "`wilks calibrate" in result.stderr
    assert not study.output.exists()


def test_calibrate_needs_a_source(study: Any) -> None:
    del study.config["reference"]["n_training"]
    result = study.run("calibrate")
    assert result.exit_code == 2
    assert "toys: a calibration needs a source of toys" in result.stderr


@pytest.mark.usefixtures("no_processes")
def test_interrupt_says_how_to_go_on(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run_toys = wilks.cli.toys.run_toys

    def interrupted(*arguments: Any, **options: Any) -> None:
        run_toys(*arguments, **options | {"n_toys": 2})
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(wilks.cli.toys, "run_toys", interrupted)
        result = study.run("calibrate")
    assert result.exit_code == 3
    assert "2 of 3 toys are stored in" in result.stderr
    assert study.result()["status"] == "incomplete"
    resumed = study.run("calibrate")
    assert resumed.exit_code == 0, resumed.output
    assert "2 of 3 toys are stored already" in resumed.stderr
    report = study.run("report")
    assert report.exit_code == 0, report.output
    assert "the report shows the calibration alone" in report.stderr


@pytest.mark.parametrize(("n_failed", "text"), [(1, "1 of 3 toy fits failed"), (3, "3 of 3 toy fits failed")])
def test_failed_fits_trip_the_gate(done: Any, monkeypatch: pytest.MonkeyPatch, n_failed: int, text: str) -> None:
    stored_toys = wilks.cli.toys.stored_toys

    def failing(*arguments: Any, **options: Any) -> Any:
        toys = stored_toys(*arguments, **options)
        failed = [replace(row, t=np.nan, status=int(FitStatus.NOT_CONVERGED)) for row in toys.rows[:n_failed]]
        return replace(toys, table=table_of([*failed, *toys.rows[n_failed:]]))

    monkeypatch.setattr(wilks.cli.toys, "stored_toys", failing)
    result = done.run("calibrate")
    assert result.exit_code == 4
    assert done.result()["status"] == "quality_gate"
    assert any(text in warning for warning in done.result()["warnings"])
    (done.output / "report.html").rename(done.folder / "report.html")
    report = done.run("report")
    is_written = (done.output / "report.html").exists()
    (done.folder / "report.html").replace(done.output / "report.html")
    assert (report.exit_code, is_written) == ((4, False) if n_failed == 3 else (0, True)), report.output
    assert ("No report: p is counted among toys, and not one of them has a valid t" in report.stdout) is not is_written


def test_failed_data_fit_has_no_answer(done: Any, stored_fit: FitResult, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = replace(stored_fit, t=np.nan, tau=np.nan, status=FitStatus.NOT_CONVERGED)
    monkeypatch.setattr(wilks.cli.steps, "fit", lambda analysis, data, auxiliaries: failed)
    kept = files_of(done.output / "test")
    result = done.run("test", "--fail-on", "p<=1")
    assert result.exit_code == 4
    assert done.result()["numbers"]["answer"]["p_value"] is None
    assert np.isnan(load_answer(done.output)[0].fit.t)
    for name, content in kept.items():
        Path(name).write_bytes(content)


def test_unexpected_errors_go_to_a_log(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(wilks.cli.toys, "run_toys", fail)
    result = study.run("calibrate")
    assert result.exit_code == 1
    assert f"unexpected ZeroDivisionError: a defect; the details are in {study.output / 'error.log'}" in result.stderr
    assert "Traceback" not in result.output
    assert "Traceback" in (study.output / "error.log").read_text()


@pytest.mark.parametrize("group", [main, toys])
def test_help_texts_are_those_of_the_commands(group: Any) -> None:
    for name, entry in group.entries.items():
        command = group.get_command(None, name)
        assert (command.name, command.short_help) == (name, entry.help)


def test_help_and_version() -> None:
    runner = CliRunner()
    assert all(name in runner.invoke(main, ["--help"]).stdout for name in main.list_commands(None))
    assert all(name in runner.invoke(main, ["toys", "--help"]).stdout for name in toys.list_commands(None))
    assert runner.invoke(main, ["toys", "stauts"]).exit_code == 2
    assert runner.invoke(main, ["--version"]).stdout.startswith("wilks, version")
    assert runner.invoke(main, ["chekc"]).exit_code == 2


def test_processes_of_the_command_line_take_the_place_of_those_of_the_file(study: Any, monkeypatch: Any) -> None:
    made: list[int | None] = []
    monkeypatch.setattr(wilks.cli.toys, "LocalProcesses", lambda count: made.append(count) or Here(count))
    study.config["toys"]["processes"] = 2
    assert study.run("calibrate", "--processes", "1").exit_code == 0
    assert made == [1]


def test_shells_complete_commands() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "wilks"],
        env=os.environ | {"_WILKS_COMPLETE": "bash_complete", "COMP_WORDS": "wilks to", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "toys" in found.stdout


def test_a_reference_from_data_is_warned_of(study: Any) -> None:
    assert study.run("check").exit_code == 0
    assert not any("comes from data" in one for one in study.result()["warnings"])
    study.config["reference"]["data_driven"] = True
    done = study.run("check")
    assert done.exit_code == 0 and "the reference comes from data" in " ".join(done.output.split())
    numbers, warnings = study.result()["numbers"]["check"], study.result()["warnings"]
    ratio = numbers["reference"]["effective_events"] / 40
    assert numbers["excess_left"] == pytest.approx({"0.1": 0.81 / (1 + 1 / ratio), "0.5": 0.25 / (1 + 1 / ratio)})
    (warning,) = (one for one in warnings if "comes from data" in one)
    assert ("`wilks compare`" in warning) == (ratio < 10)
    study.config["reference"]["n_training"] = 500
    assert study.run("check").exit_code == 0
    (warning,) = (one for one in study.result()["warnings"] if "comes from data" in one)
    assert "`wilks compare`" not in warning

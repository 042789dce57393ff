"""`wilks check --time`: from toys of the analysis, of which nothing is kept."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from wilks.cli.estimate import Estimate

KERNEL = {"kernel": {"width": 1.0, "n_centers": 5, "is_score": True}}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toys are timed for a shorter while."""
    monkeypatch.setattr("wilks.cli.estimate._ENOUGH_S", 0.1)


def study_of(make_study: type, folder: Path, **toys: Any) -> Any:
    study = make_study(folder)
    study.config["model"] = KERNEL
    del study.config["search"]
    study.config["toys"] = {"n_toys": 500, "processes": 1, **toys}
    return study


@pytest.mark.usefixtures("no_processes")
def test_toys_are_timed_and_thrown_away(make_study: type, tmp_path: Path) -> None:
    study = study_of(make_study, tmp_path)
    begin = time.monotonic()
    outcome = study.run("check", "--time", "--json")
    seconds = time.monotonic() - begin
    found = json.loads(outcome.stdout)["numbers"]["check"]["estimate"]
    assert found["n_toys"] == 500 and found["n_processes"] == 1
    assert 0 < found["toy_s"] < seconds and 0 < found["first_s"] < seconds
    assert found["seconds"] == pytest.approx(2 * found["first_s"] + 499 * found["toy_s"] + 4.0)
    assert 1e8 < found["memory_bytes"] < 1e11 and found["bytes"] == 2 * found["memory_bytes"]
    assert not (study.output / "toys").exists()
    assert "until the first" not in study.run("check").output


@pytest.mark.usefixtures("no_processes", "cheap_figures")
def test_finished_toys_are_not_counted(make_study: type, tmp_path: Path) -> None:
    study = study_of(make_study, tmp_path, n_toys=10)
    assert study.run("calibrate").exit_code == 0
    assert "no toys to make" in study.run("check", "--time").output


def test_without_a_source_nothing_is_known(make_study: type, tmp_path: Path) -> None:
    study = study_of(make_study, tmp_path)
    del study.config["reference"]["n_training"], study.config["toys"]
    assert "there is no source of toys" in " ".join(study.run("check", "--time").output.split())


def test_more_processes_hold_more() -> None:
    one, two = (Estimate(5.0, 0.1, 100, n, 10**9) for n in (1, 2))
    assert two.total_bytes == 3 * 10**9 > one.total_bytes and one.seconds == pytest.approx(5 + 9.9 + 5 + 4)

"""`wilks run --until-exceeding`: toys only as far as the t of the data needs them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import wilks
import wilks.cli.sequential
import wilks.cli.toys
from wilks.campaign import load_toys


@pytest.fixture
def study(study: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for module in (wilks.cli.sequential, wilks.cli.toys):
        monkeypatch.setattr(module, "LocalProcesses", ThreadPoolExecutor)
    study.config["model"] = {"kernel": {"n_centers": 10, "width": 1.0, "ridge": 3.0, "is_score": True}}
    study.config["toys"] = {"n_toys": 200, "seed": 1, "processes": 1}
    return study


def test_run_report_and_then_all_toys(study: Any) -> None:
    done = study.run("run", "--until-exceeding", "3", "--fail-on", "p<0.00001")
    assert done.exit_code == 2 and "200 toys reach p = 1/201" in " ".join(done.stderr.split()), "they can never meet it"
    done = study.run("run", "--until-exceeding", "3", "--fail-on", "p<0.999")
    assert done.exit_code == 5, done.output
    answer = study.result()["numbers"]["answer"]
    law = answer["sequential"]
    assert law["is_stopped_early"] and answer["p_value"] == 3 / law["n_toys"]
    assert law["n_toys"] <= load_toys(study.output / "toys").n_toys < 200
    incomplete = study.run("test")
    assert incomplete.exit_code == 3 and "of 200 toys are stored" in " ".join(incomplete.stderr.split())
    assert study.run("report").exit_code == 0
    assert study.result()["numbers"]["answer"] == answer
    whole = study.run("run")
    assert whole.exit_code == 0, whole.output
    counted = study.result()["numbers"]["answer"]
    assert counted["t"] == answer["t"] and counted["calibration"]["n_toys"] == 200
    is_hit = load_toys(study.output / "toys").t >= answer["t"] * (1 - 1e-9)
    assert is_hit[: law["n_toys"]].sum() == 3 and is_hit[law["n_toys"] - 1]
    assert isinstance(wilks.load(study.output / "test" / "answer").law, wilks.Calibration)


def test_p_comes_from_one_source_and_has_a_largest_number(study: Any) -> None:
    both = study.run("run", "--until-exceeding", "3", "--reach", "1e-5")
    assert both.exit_code == 2 and "leave one of them out" in " ".join(both.stderr.split())
    study.config["toys"]["n_toys"] = 0
    none = study.run("run", "--until-exceeding", "3")
    assert none.exit_code == 2 and "give toys.n_toys" in " ".join(none.stderr.split())
    assert not (study.output / "toys").exists()

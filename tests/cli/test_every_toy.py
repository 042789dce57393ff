"""Every finished toy of the campaign in the output folder calibrates the test; the file says the least number."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from wilks.campaign import load_toys
from wilks.cli import main

Toys = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("no_processes")


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    """A kernel, fitted in milliseconds; the file asks for 10 toys."""
    study = make_study(tmp_path)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=3000))
    study.write("data.npz", x=np.append(rng.exponential(size=300), rng.normal(6.0, 0.2, size=7)))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 300, "n_training": 1500},
        "data": {"files": "data.npz"},
        "model": {"kernel": {"n_centers": 20, "width": 1.0, "ridge": 3.0, "is_score": True}},
        "toys": {"n_toys": 10},
        "quality": {"require_chi2": False},
    }
    study.path.write_text(yaml.safe_dump(study.config))
    return study


def toys(*words: object) -> Result:
    """``wilks toys ...`` in this process."""
    result = CliRunner().invoke(main, ["toys", *map(str, words)])
    assert result.exit_code == 0, result.output
    return result


def make(study: Any, *shards: int) -> None:
    toys("run", study.output / "toys", *(word for number in shards for word in ("--shard", number)))


def numbers(study: Any, command: str, *options: str) -> dict[str, Any]:
    result = study.run(command, "--json", *options)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_a_campaign_larger_than_the_file_asks_for_is_used_whole(study: Any) -> None:
    toys("plan", study.path, "--n-toys", 30, "--shard-size", 10)
    make(study, 0, 1, 2)
    t = load_toys(study.output / "toys").t
    first = study.run("calibrate")
    assert first.exit_code == 0, first.output
    assert "30 toys are stored already, and all of them are used; the analysis file asks for 10" in first.stderr
    for command in ("calibrate", "test", "report", "run"):
        found = numbers(study, command)
        assert found["warnings"] == [] or all("planned toys" not in text for text in found["warnings"])
        calibration = found["numbers"]["calibration"]
        assert calibration["n_toys"] == 30
        assert calibration["compatibility"]["mean"] == pytest.approx(t.mean(), rel=1e-12)
        if command != "calibrate":
            answer = found["numbers"]["answer"]
            assert answer["p_value"] == pytest.approx((np.sum(t >= answer["t"]) + 1) / 31, rel=1e-12)
    assert numbers(study, "check")["numbers"]["check"]["n_toys"] == 30
    assert "counted among 30 toys" in " ".join(study.run("check").stdout.split())
    assert ">30<" in (study.output / "report.html").read_text()


def test_an_extension_counts_as_soon_as_it_is_finished(study: Any) -> None:
    toys("plan", study.path, "--shard-size", 10)
    make(study, 0)
    assert numbers(study, "test")["numbers"]["calibration"]["n_toys"] == 10
    toys("extend", study.output / "toys", "--n-toys", 20, "--shard-size", 5)
    waiting = numbers(study, "report")
    assert waiting["numbers"]["calibration"]["n_toys"] == 10
    (warning,) = [text for text in waiting["warnings"] if "planned toys" in text]
    assert warning == (
        "10 of 20 planned toys are finished, and these calibrate the test; "
        f"`wilks toys run {study.output / 'toys'}` makes the rest"
    )
    make(study, 1, 2)
    for command in ("report", "test"):
        found = numbers(study, command)
        assert found["numbers"]["calibration"]["n_toys"] == 20
        assert not [text for text in found["warnings"] if "planned toys" in text]


def test_what_is_finished_of_a_larger_plan_is_used_whatever_its_indices(study: Any) -> None:
    toys("plan", study.path, "--n-toys", 30, "--shard-size", 10)
    make(study, 1, 2)
    t = load_toys(study.output / "toys").t
    found = numbers(study, "run")
    assert found["numbers"]["calibration"]["n_toys"] == 20
    assert found["numbers"]["calibration"]["compatibility"]["mean"] == pytest.approx(t.mean(), rel=1e-12)
    assert any("20 of 30 planned toys are finished" in text for text in found["warnings"])
    assert not list((study.output / "toys" / "shards").glob("*0000000*"))  # nothing was made: 20 are more than 10


def test_fewer_than_the_file_asks_for_are_made_first(study: Any) -> None:
    study.config["toys"] = {"n_toys": 15, "processes": 1}
    toys("plan", study.path, "--n-toys", 30, "--shard-size", 10)
    make(study, 2)
    lacking = study.run("test")
    assert lacking.exit_code == 3 and "10 of 15 toys are stored" in lacking.stderr
    found = numbers(study, "run")
    assert found["numbers"]["calibration"]["n_toys"] == 30  # shards 0 and 1 hold toys 0 to 14, and shard 2 was there
    assert len(load_toys(study.output / "toys").t) == 30


def test_fail_on_knows_the_reach_of_the_toys_that_are_there(study: Any) -> None:
    refused = study.run("test", "--fail-on", "p<0.05")
    assert refused.exit_code == 2 and "10 toys reach p = 1/11" in refused.stderr
    toys("plan", study.path, "--n-toys", 30, "--shard-size", 15)
    make(study, 0, 1)
    assert study.run("test", "--fail-on", "p<0.05").exit_code in (0, 5)
    refused = study.run("test", "--fail-on", "p<0.03")
    assert refused.exit_code == 2 and "30 toys reach p = 1/31" in refused.stderr


def test_a_damaged_file_is_named_with_what_to_do(study: Any) -> None:
    toys("plan", study.path, "--n-toys", 20, "--shard-size", 10)
    make(study, 0, 1)
    damaged = study.output / "toys" / "shards" / "shard-0000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    result = study.run("test")
    assert result.exit_code == 2 and str(damaged) in result.stderr
    assert f"`wilks toys run {study.output / 'toys'}` sets it aside and makes its toys again" in result.stderr

"""wilks calibrate on values of t from elsewhere."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from wilks import calibrate
from wilks.cli import main

T = np.random.default_rng(1).chisquare(13, size=200)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["calibrate", *map(str, words)])


def numbers(*words: object) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["numbers"]["values"]
    return found


def test_files_of_numbers_and_arrays_give_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.append(T, np.nan))
    (tmp_path / "t.txt").write_text("# t of toys\n" + "\n".join(map(repr, T.tolist())) + "\nnan  # failed\n")
    (tmp_path / "t.csv").write_text(", ".join(map(repr, T.tolist())) + ",nan")
    options = ("--observed", 24.0, "--observed", 70, "--degrees-of-freedom", 13)
    found = [numbers(tmp_path / name, *options) for name in ("t.npy", "t.txt", "t.csv")]
    assert found[0] == found[1] == found[2]
    calibration = calibrate(np.append(T, np.nan), degrees_of_freedom=13)
    first, second = found[0]["0.0"]["observed"]
    assert first["p_value"] == calibration.p_value(24.0) and first["method"] == "empirical"
    assert second["p_value"] == 2 / 202 and second["chi2"]["method"] == "extrapolated"
    assert found[0]["0.0"]["calibration"]["n_failed"] == 1


def test_a_gof_json_is_read_and_written_with_p_above_0(tmp_path: Path) -> None:
    path, again = tmp_path / "gof.json", tmp_path / "again.json"
    path.write_text(json.dumps({"125.0": {"obs": [90.0], "toy": T.tolist(), "p": 0.0}}))
    result = run(path, "--write-gof", again)
    assert result.exit_code == 0 and "p = 1/201 (0 of 200" in result.stdout
    assert "says p = 0, which is not (k + 1)/(n + 1)" in result.stderr
    assert json.loads(again.read_text())["125.0"]["p"] == 1 / 201
    assert "says p" not in run(again).stderr


def test_values_become_a_gof_json(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", T)
    written = run(tmp_path / "t.npy", "--observed", 20, "--write-gof", tmp_path / "g.json", "--mass", "125.0")
    assert written.exit_code == 0, written.output
    assert json.loads((tmp_path / "g.json").read_text())["125.0"]["p"] == calibrate(T).p_value(20.0)
    twice = run(tmp_path / "t.npy", "--observed", 20, "--observed", 21, "--write-gof", tmp_path / "h.json")
    assert twice.exit_code == 2 and "one observed value a mass" in twice.stderr


@pytest.mark.parametrize("t", ["-1", "nan", "inf", "-inf"])
def test_a_failed_fit_of_the_data_has_no_p(tmp_path: Path, t: str) -> None:
    np.save(tmp_path / "t.npy", T)
    result = run(tmp_path / "t.npy", "--observed", 20, "--observed", t, "--write-gof", tmp_path / "gof.json")
    assert result.exit_code == 2 and "finite and not negative" in " ".join(result.stderr.split())
    assert not result.stdout and not (tmp_path / "gof.json").exists()


def test_an_observed_t_of_a_file_may_be_none_and_is_no_number_otherwise(tmp_path: Path) -> None:
    """As combine says it, -1 is a fit that failed."""
    (tmp_path / "gof.json").write_text(json.dumps({"125.0": {"obs": [-1.0], "toy": T.tolist()}}))
    assert numbers(tmp_path / "gof.json")["125.0"]["observed"] == []
    (tmp_path / "gof.json").write_text(json.dumps({"125.0": {"obs": [-0.1], "toy": T.tolist()}}))
    result = run(tmp_path / "gof.json")
    assert result.exit_code == 2 and "finite and not negative, but -0.1 came" in " ".join(result.stderr.split())


def test_findings_are_warnings(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.r_[T, T[:50]])
    result = run(tmp_path / "t.npy", "--json")
    assert "50 of 250 values of t are there a second time" in json.loads(result.stdout)["warnings"][0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.txt", "1.0 2.0\nthree\n", "line 2 holds 'three', which is no number"),
        ("t.txt", "", "at least one toy must have a valid t"),
        ("t.npy", "no array", "must hold values of t"),
        ("t.txt", "1 -5 3", "t cannot be negative"),
        ("gof.json", "{}", "toys of one mass at least"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    result = run(tmp_path / name)
    assert result.exit_code == 2 and message in " ".join(result.stderr.split())
    assert run(tmp_path / "gone.txt").exit_code == 2


def test_an_analysis_file_has_no_use_for_an_observed_t(tmp_path: Path) -> None:
    (tmp_path / "analysis.json").write_text('{"reference": {}}')
    for name in ("analysis.yaml", "analysis.json"):
        result = run(tmp_path / name, "--observed", 3)
        assert result.exit_code == 2 and "are for files with values of t" in result.stderr

"""init, schema and demo."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import wilks.cli.start
from wilks.cli import main
from wilks.config import load_config, read_sources


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    lines = [f"{x},{y},{w},{n}" for x, y, w, n in zip(*rng.exponential(size=(3, 400)), ["a"] * 400, strict=True)]
    path = tmp_path / "mc" / "reference.csv"
    path.parent.mkdir()
    path.write_text("\n".join(["x,y,weight,name", *lines]))
    return path


def test_a_new_file_passes_the_check(reference: Path, tmp_path: Path) -> None:
    target = tmp_path / "ANALYSIS.yaml"
    result = invoke("init", reference, "--output", target, "--schema")
    assert result.exit_code == 0, result.output
    text = target.read_text()
    assert text.startswith("# yaml-language-server: $schema=analysis.schema.json\n")
    assert json.loads((tmp_path / "analysis.schema.json").read_text())["title"] == "wilks analysis"
    config = load_config(target).config
    assert config.features == ["x", "y"]
    assert config.reference.weight == "weight"
    assert config.reference.files == [str(reference)]
    checked = invoke("check", target)
    assert "expected in the data" in checked.output or "toys: " in checked.output


def test_relative_files_stay_relative_to_the_new_file(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reference.parent)
    result = invoke("init", "reference.csv", "--data", "reference.csv", "--output", "../study/a.yaml")
    assert result.exit_code == 0, result.output
    config = load_config(tmp_path / "study" / "a.yaml").config
    assert config.reference.files == ["../mc/reference.csv"]
    assert config.data is not None
    assert config.data.files == ["../mc/reference.csv"]


def test_nothing_is_overwritten(reference: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.yaml"
    target.write_text("precious")
    result = invoke("init", reference, "--output", target)
    assert result.exit_code == 2
    assert "is not overwritten" in result.stderr
    assert target.read_text() == "precious"


def test_files_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\nb\nc\n")
    result = invoke("init", path, "--output", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert "at least one column must be numeric" in result.stderr
    assert invoke("init", tmp_path / "none.root", "--output", tmp_path / "a.yaml").exit_code == 2
    assert invoke("init").exit_code == 2


def test_schema_is_printed() -> None:
    assert json.loads(invoke("schema").stdout)["properties"]["features"]


def test_demo_writes_its_file_and_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Path] = []
    monkeypatch.setattr(wilks.cli.start, "run_all", lambda session, path, *, fail_on: ran.append(path))
    target = tmp_path / "demo" / "ANALYSIS.yaml"
    assert invoke("demo", "--output", tmp_path / "demo", "--toys", 7).exit_code == 0
    assert invoke("demo", "--output", tmp_path / "demo", "--toys", 9).exit_code == 0
    assert ran == [target, target]
    loaded = load_config(target)
    assert loaded.config.toys.n_toys == 9
    assert loaded.output == target.parent
    sources = read_sources(loaded)
    assert (sources.reference.n_events, sources.expected_events) == (200_000, 2000.0)


def test_demo_refuses_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "ANALYSIS.yaml").write_text("features: [x]\n")
    result = invoke("demo", "--output", tmp_path)
    assert result.exit_code == 2
    assert "must be that of the demo" in result.stderr
    (tmp_path / "thesis.tex").write_text("precious")
    assert "it holds thesis.tex" in invoke("demo", "--output", tmp_path).stderr
    assert invoke("demo", "--toys", 0).exit_code == 2

"""init, schema and demo."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import wilks.cli.start
from wilks.cli import main
from wilks.config import load_config, read_data, read_sources
from wilks.errors import SampleError


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
    shutil.copy("reference.csv", "data.csv")
    result = invoke("init", "reference.csv", "--data", "data.csv", "--output", "../study/a.yaml")
    assert result.exit_code == 0, result.output
    config = load_config(tmp_path / "study" / "a.yaml").config
    assert config.reference.files == ["../mc/reference.csv"]
    assert config.data is not None
    assert config.data.files == ["../mc/data.csv"]


def runs(folder: Path, *names: str, **columns: float) -> list[Path]:
    """Files of 30 events each, beside columns of one value."""
    rng, paths = np.random.default_rng(4), [folder / name for name in names]
    for path in paths:
        lines = [f"{x},{y}" + "".join(f",{value}" for value in columns.values()) for x, y in rng.random((30, 2))]
        path.write_text("\n".join([",".join(["x", "y", *columns]), *lines]))
    return paths


@pytest.mark.parametrize("is_data_first", [False, True])
def test_data_are_all_files_up_to_the_next_option(reference: Path, tmp_path: Path, is_data_first: bool) -> None:
    data, target = runs(tmp_path, "run1.csv", "run2.csv", "run3.csv"), tmp_path / "a.yaml"
    words = ["--data", *data, "--output", target, reference] if is_data_first else [reference, "--data", *data]
    result = invoke("init", *words, *([] if is_data_first else ["--output", target]))
    assert result.exit_code == 0, result.output
    config = load_config(target).config
    assert config.reference.files == [str(reference)]
    assert config.data is not None and config.data.files == [str(path) for path in data]
    assert result.stdout.splitlines()[:4] == [
        f"reference: {reference} (400 events)",
        "  left out: columns that cannot be read: 'name': not all of its values are numbers: 'a' in row 0 is none",
        "  weights: weight",
        f"data: {', '.join(map(str, data))} (90 events)",
    ]


def test_data_may_be_repeated_and_given_with_an_equals_sign(reference: Path, tmp_path: Path) -> None:
    a, b, c, d = runs(tmp_path, "a.csv", "b.csv", "c.csv", "d.csv")
    target = tmp_path / "a.yaml"
    result = invoke("init", reference, f"--data={a}", b, "--output", target, "--data", c, d, "--json")
    assert result.exit_code == 0, result.output
    config = load_config(target).config
    assert config.reference.files == [str(reference)]
    assert config.data is not None and config.data.files == [str(path) for path in (a, b, c, d)]
    roles = json.loads(result.stdout)["numbers"]
    assert roles["data"] == {"files": [str(path) for path in (a, b, c, d)], "n_events": 120}


def test_a_reference_behind_the_data_is_refused_with_what_to_write(reference: Path, tmp_path: Path) -> None:
    (data,) = runs(tmp_path, "data.csv")
    result = invoke("init", "--data", data, reference, "--output", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert (
        f"every file came after --data: {data}, {reference}; write wilks init REFERENCE_FILE... --data" in result.stderr
    )
    assert not (tmp_path / "a.yaml").exists()
    help_text = invoke("init", "--help").output
    assert "init REFERENCE... [--data FILE...] [OPTIONS]" in help_text


def test_a_file_of_two_roles_is_refused(reference: Path, tmp_path: Path) -> None:
    (data,) = runs(reference.parent, "data.csv")
    result = invoke("init", reference.parent / "*.csv", "--data", data, "--output", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert f"a file must be of the reference or of the data, but {data} came as both" in result.stderr


@pytest.mark.parametrize("value", [1.0, 0.2])
def test_a_weight_of_the_data_is_named_unless_it_is_one(reference: Path, tmp_path: Path, value: float) -> None:
    (data,), target = runs(tmp_path, "data.csv", weight=value), tmp_path / "a.yaml"
    result = invoke("init", reference, "--data", data, "--output", target)
    assert result.exit_code == 0, result.output
    text, said = target.read_text(), result.stdout
    is_named = value != 1.0
    assert ("weight: null   # every row counts one" in text) is is_named
    assert ("Warning: the data carry weight, not one in every event" in said) is is_named
    if is_named:
        with pytest.raises(
            SampleError, match=r"weight of the reference, 'weight', which is 0\.2 to 0\.2, and not 1 in 30"
        ):
            read_data(load_config(target))
        target.write_text(text.replace("  # weight: null ", "  weight: null "))
    assert read_data(load_config(target)).expected_events == 30


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
    assert "must have numbers after its line of names" in result.stderr
    np.savez(tmp_path / "matrix.npz", np.ones((4, 3)))
    result = invoke("init", tmp_path / "matrix.npz", "--output", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert "at least one column must be numeric" in result.stderr and "'arr_0': its shape is (4, 3)" in result.stderr
    (tmp_path / "caf\udce9.csv").write_text("x\n1\n2\n")
    result = invoke("init", tmp_path / "caf\udce9.csv", "--output", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert "must be text in UTF-8 to stand in an analysis file" in result.stderr
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


@pytest.mark.parametrize("place", ["real/deep/a.yaml", "link/a.yaml", "~/a.yaml", "a.yaml"])
def test_a_new_file_says_where_its_samples_are(tmp_path, monkeypatch, place):
    """Through links and from other folders: what init wrote, check reads."""
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    np.savez(tmp_path / "mc.npz", x=np.linspace(0.0, 1.0, 300))
    monkeypatch.setenv("HOME", str(tmp_path / "real"))
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, ["init", "mc.npz", f"--output={place}"])
    assert made.exit_code == 0, made.output
    checked = CliRunner().invoke(main, ["check", place])
    assert checked.exit_code == 0, checked.output
    assert not (tmp_path / "~").exists()

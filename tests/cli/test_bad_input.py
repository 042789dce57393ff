"""Bad input ends with exit code 2 and a message, before any fit, and nothing is overwritten."""

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
from click.testing import CliRunner

import wilks.cli.steps
import wilks.cli.toys
from wilks.cli import main
from wilks.errors import StoreError

N = 600
RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def _no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a fit was started")

    monkeypatch.setattr(wilks.cli.steps, "fit", refuse)
    monkeypatch.setattr(wilks.cli.toys, "run_toys", refuse)


def columns(**changes: Any) -> dict[str, Any]:
    return {"x": RNG.exponential(size=N), "y": RNG.normal(size=N)} | changes


def with_value(value: float) -> Any:
    x = RNG.exponential(size=N)
    x[17] = value
    return x


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def missing_file(study: Any) -> None:
    study.config["reference"]["files"] = "nowhere.root"


def wrong_columns(study: Any) -> None:
    study.write("data.npz", x=np.ones(40), z=np.ones(40))


def generator_of_other_shape(study: Any) -> None:
    study.config["data"] = {"generator": {"function": "wilks.problems.exponential:np1", "expected_events": 40}}


def constant_feature(study: Any) -> None:
    study.write("reference.npz", **columns(y=np.full(N, 2.5)))


def constant_feature_not_standardized(study: Any) -> None:
    study.config["standardize"] = False
    constant_feature(study)


def nan_in_reference(study: Any) -> None:
    study.write("reference.npz", **columns(x=with_value(np.nan)))


def inf_in_data(study: Any) -> None:
    study.write("data.npz", x=np.array([1.0, np.inf, 2.0]), y=np.ones(3))


def empty_data(study: Any) -> None:
    study.write("data.npz", x=np.array([]), y=np.array([]))


def nothing_selected(study: Any) -> None:
    study.config["where"] = "x > 1e9"


def one_event(study: Any) -> None:
    study.write("data.npz", x=np.array([1.0]), y=np.array([1.0]))


def negative_weights_in_data(study: Any) -> None:
    study.write("data.npz", x=np.ones(3), y=np.ones(3), w=np.array([1.0, -1.0, 1.0]))
    study.config["data"]["weight"] = "w"


def weights_in_data(study: Any) -> None:
    study.write("data.npz", x=np.ones(3), y=np.ones(3), w=np.full(3, 0.5))
    study.config["data"]["weight"] = "w"


def zero_total_weight(study: Any) -> None:
    study.write("reference.npz", **columns(w=np.zeros(N)))
    study.config["reference"]["weight"] = "w"


def zero_total_weight_not_rescaled(study: Any) -> None:
    zero_total_weight(study)
    del study.config["reference"]["expected_events"]


def negative_weights_in_pool(study: Any) -> None:
    study.write("reference.npz", **columns(w=np.where(np.arange(N) % 10 == 0, -0.1, 1.0)))
    study.config["reference"]["weight"] = "w"


def overlapping_pool(study: Any) -> None:
    del study.config["reference"]["n_training"]
    shutil.copy(study.folder / "reference.npz", study.folder / "copy.npz")
    study.config["toys"]["pool"] = {"files": "copy.npz"}


def linked_pool(study: Any) -> None:
    del study.config["reference"]["n_training"]
    os.link(study.folder / "reference.npz", study.folder / "pool.npz")
    study.config["toys"]["pool"] = {"files": "pool.npz"}


def pool_in_other_units(study: Any) -> None:
    del study.config["reference"]["n_training"]
    study.write("pool.npz", **columns(x=1000.0 * RNG.exponential(size=N)))
    study.config["toys"]["pool"] = {"files": "pool.npz"}


def generator_in_other_units(study: Any) -> None:
    del study.config["reference"]["n_training"]
    study.config["features"] = ["x"]
    study.write("reference.npz", x=1000.0 * RNG.exponential(size=N))
    study.config["toys"]["generator"] = {"function": "wilks.problems.exponential:background"}


def data_and_their_copy(study: Any) -> None:
    x, y = RNG.exponential(size=40), RNG.normal(size=40)
    study.write("data1.npz", x=x, y=y)
    study.write("data2.npz", x=x.astype("f4"), y=y.astype("f4"))
    study.config["data"]["files"] = "data*.npz"
    (study.folder / "data.npz").unlink()


def damaged_page(study: Any) -> None:
    path = study.folder / "reference.parquet"
    pq.write_table(pa.table(columns()), path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[1000] ^= 4
    path.write_bytes(content)
    study.config["reference"]["files"] = "reference.parquet"


def truncated_root(study: Any) -> None:
    path = study.folder / "reference.root"
    with uproot.recreate(path) as file:
        file["events"] = columns()
    truncate(path)
    study.config["reference"] |= {"files": "reference.root", "tree": "events"}


def truncated_hdf5(study: Any) -> None:
    path = study.folder / "reference.h5"
    with h5py.File(path, "w") as file:
        for name, values in columns().items():
            file[name] = values
    truncate(path)
    study.config["reference"]["files"] = "reference.h5"


def truncated_parquet(study: Any) -> None:
    path = study.folder / "reference.parquet"
    pq.write_table(pa.table(columns()), path)
    truncate(path)
    study.config["reference"]["files"] = "reference.parquet"


def truncated_csv(study: Any) -> None:
    path = study.folder / "reference.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1.5,2.5\n" * 5000))
    truncate(path)
    study.config["reference"]["files"] = "reference.csv.gz"


def external_link(study: Any) -> None:
    with h5py.File(study.folder / "other.h5", "w") as file:
        file["x"] = RNG.exponential(size=N)
    with h5py.File(study.folder / "reference.h5", "w") as file:
        file["x"] = h5py.ExternalLink("other.h5", "/x")
        file["y"] = RNG.normal(size=N)
    study.config["reference"]["files"] = "reference.h5"


def not_a_selection(study: Any) -> None:
    study.config["where"] = "x + 1"


def code_in_selection(study: Any) -> None:
    study.config["where"] = "__import__('os').system('true') > 0"


def unknown_column_in_selection(study: Any) -> None:
    study.config["where"] = "mass > 60"


def unknown_key(study: Any) -> None:
    study.config["colour"] = "red"


def misspelt_key(study: Any) -> None:
    study.config["model"] = {"mlp": {"hidden": [2], "weight_clp": 4.0}}


def unknown_activation(study: Any) -> None:
    study.config["model"] = {"mlp": {"hidden": [2], "weight_clip": 4.0, "activation": "sigmoidal"}}


def output_under_a_file(study: Any) -> None:
    study.config["output"] = "data.npz/results"


def output_with_other_files(study: Any) -> None:
    (study.folder / "results").mkdir()
    (study.folder / "results" / "thesis.tex").write_text("precious")


def output_with_a_foreign_report(study: Any) -> None:
    study.config["output"] = "."


def too_many_training_events(study: Any) -> None:
    study.config["reference"]["n_training"] = N


def two_sources_of_toys(study: Any) -> None:
    study.config["toys"]["generator"] = {"function": "wilks.problems.exponential:background"}


CASES: list[tuple[Callable[[Any], None], str]] = [
    (missing_file, r"reference: there is no file .*nowhere\.root"),
    (wrong_columns, r"data: .*'y'"),
    (generator_of_other_shape, r"data: .*but its shape is .*one column for each feature"),
    (constant_feature, r"reference: .*the feature 'y' must vary, but all .* 2\.5"),
    (constant_feature_not_standardized, r"reference: .*the feature 'y' must vary, but all .* 2\.5"),
    (nan_in_reference, r"reference: .*x.*nan"),
    (inf_in_data, r"data: .*x.*inf"),
    (empty_data, r"data: .*(empty|no event|holds no)"),
    (nothing_selected, r"reference: .*(no event|none)"),
    (one_event, r"data: .*more than one event"),
    (negative_weights_in_data, r"data: .*1 of 3 weights are negative"),
    (weights_in_data, r"data: .*3 of 3 weights differ from 1"),
    (zero_total_weight, r"reference: .*positive sum"),
    (zero_total_weight_not_rescaled, r"reference: .*positive sum"),
    (negative_weights_in_pool, r"toys: .*without negative weights"),
    (linked_pool, r"toys.pool.files: a file must have one role, but \S+pool.npz is also in `reference` \(as"),
    (pool_in_other_units, r"toys: the source of toys must be like the reference.* x lies from .*MeV and GeV"),
    (generator_in_other_units, r"toys: the source of toys must be like the reference.* x lies from .*factor of 1,000"),
    (data_and_their_copy, r"data: each event of the data must come once, but 40 of 80 events repeat another"),
    (damaged_page, r"reference: \S+reference.parquet cannot be read as a Parquet file.*CRC"),
    (overlapping_pool, r"toys: the pool of toy events must share no event .* 600 of its 600 events"),
    (truncated_root, r"reference: .*reference\.root"),
    (truncated_hdf5, r"reference: .*reference\.h5"),
    (truncated_parquet, r"reference: .*reference\.parquet"),
    (truncated_csv, r"reference: .*reference\.csv\.gz"),
    (external_link, r"reference: .*link"),
    (not_a_selection, r"where: a selection must be a condition"),
    (code_in_selection, r"where: .*cannot be (used|understood)"),
    (unknown_column_in_selection, r"where: .*'mass'"),
    (unknown_key, r"analysis\.yaml:\d+: colour: unknown key"),
    (misspelt_key, r"analysis\.yaml:\d+: model\.mlp\.weight_clp: unknown key; did you mean weight_clip\?"),
    (unknown_activation, r"model\.mlp: .*sigmoid"),
    (output_under_a_file, r"output: .*data\.npz cannot be written: it is a file; give another"),
    (output_with_other_files, r"output: .*it holds thesis\.tex; give another"),
    (output_with_a_foreign_report, r"output: .*it holds data\.npz"),
    (too_many_training_events, r"reference: n_training must leave events for the toys"),
    (two_sources_of_toys, r"toys: toys come from one source"),
]


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("spoil", "message"), CASES, ids=[case[0].__name__ for case in CASES])
def test_run_refuses(study: Any, spoil: Callable[[Any], None], message: str) -> None:
    spoil(study)
    before = files_of(study.folder)
    result = study.run("run")
    after = files_of(study.folder)
    assert result.exit_code == 2, result.stderr
    assert re.search(message, result.stderr), result.stderr
    assert str(study.path) in result.stderr
    assert "Traceback" not in result.output
    assert not set(after) - set(before) - {str(study.path)}
    assert all(after[name] == content for name, content in before.items() if name != str(study.path))


@pytest.mark.parametrize("command", ["check", "calibrate", "test", "report", "run"])
def test_every_command_refuses_an_unknown_key(study: Any, command: str) -> None:
    unknown_key(study)
    result = study.run(command)
    assert result.exit_code == 2
    assert "colour: unknown key" in result.stderr


@pytest.mark.parametrize("command", ["check", "calibrate", "test", "report", "run"])
def test_every_command_refuses_a_missing_analysis_file(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(main, [command, str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    assert "none.yaml: no such file; `wilks init" in result.stderr


def test_reordered_columns_of_named_files_do_not_matter(study: Any) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.exponential(size=600), rng.normal(size=600)
    study.write("data.npz", y=y[:40], x=x[:40])
    assert study.run("check").exit_code == 0


def test_calibrate_does_not_look_at_the_data(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise StoreError("the toys were reached")

    monkeypatch.setattr(wilks.cli.toys, "run_toys", stop)
    (study.folder / "data.npz").unlink()
    assert "the toys were reached" in study.run("calibrate").stderr


@pytest.mark.parametrize("name", ["report.html", "result.json", "error.log"])
@pytest.mark.parametrize("content", ["<html>mine</html>", '{"p": 0.5}'])
def test_files_of_somebody_else_with_names_of_ours_stay(study: Any, name: str, content: str) -> None:
    study.output.mkdir()
    (study.output / name).write_text(content)
    refused = study.run("run")
    assert refused.exit_code == 2 and f"it holds {name}; give another" in refused.stderr
    assert (study.output / name).read_text() == content


def test_what_check_left_behind_is_ours(study: Any) -> None:
    study.output.mkdir()
    assert study.run("check").exit_code == 0
    assert (study.output / "result.json").exists()
    assert study.run("check").exit_code == 0

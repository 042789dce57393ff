"""Messages of an analysis file name file, line and key."""

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from wilks.config import read_sources
from wilks.config.load import LoadedConfig, load_config
from wilks.config.model_sections import ModelConfig, section_of
from wilks.config.schema import AnalysisConfig, SearchConfig, json_schema
from wilks.errors import ConfigError, SampleError
from wilks.search import Search
from wilks.statistics import STATISTICS, family_of, known_nulls

GOOD = """\
name: test
features: [x]
reference:
  files: reference.npz
  expected_events: 100
  n_training: 1e3
data:
  files: [data.npz]
model:
  mlp:
    hidden: [4]
    weight_clip: 9
"""


def load(folder: Path, text: str) -> LoadedConfig:
    path = folder / "analysis.yaml"
    path.write_text(text)
    return load_config(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).split("\n")]


def test_a_good_file(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    assert loaded.config.reference.files == ["reference.npz"]
    assert loaded.config.reference.n_training == 1000
    assert loaded.config.model.mlp.weight_clip == 9.0
    assert loaded.config.standardize is True
    assert loaded.output == tmp_path / "results"


def test_other_files_of_the_reference_take_the_place_of_its_own(tmp_path: Path) -> None:
    made = "reference: {generator: {function: 'numpy:zeros', n_events: 10}, expected_events: 100}"
    for text in (GOOD, f"features: [x]\n{made}\n", "features: [x]\n"):
        (tmp_path / "a.yaml").write_text(text)
        loaded = load_config(tmp_path / "a.yaml", reference_files=["good/run*.root", "root://far/x.root"])
        assert loaded.config.reference.files == [os.path.abspath("good/run*.root"), "root://far/x.root"]
        assert loaded.config.reference.generator is None


SCORE = "features: [x]\nreference: {files: r.npz}\nmodel: {kernel: {is_score: true}}\n"


@pytest.mark.parametrize(
    ("text", "n_toys"),
    [
        (SCORE, 0),
        (SCORE.replace("true", "false"), 400),
        (SCORE.replace("kernel: {", "kernel_set: {widths: [1], "), 400),
        (f"{SCORE}toys: {{n_toys: 0}}\n", 0),
        (f"{SCORE}toys: {{n_toys: 0, pool: {{files: p.npz}}}}\n", 0),
        (f"{SCORE}toys: {{pool: {{files: p.npz}}}}\n", 400),
        (f"{SCORE}toys: {{n_toys: 1e3}}\n", 1000),
    ],
)
def test_a_score_statistic_wants_toys_where_the_file_names_them(tmp_path: Path, text: str, n_toys: int) -> None:
    assert load(tmp_path, text).config.n_toys == n_toys


def test_other_models_need_toys(tmp_path: Path) -> None:
    for model in ("kernel: {}", "kernel_set: {widths: [1], is_score: true}", "mlp: {}"):
        text = f"features: [x]\nreference: {{files: r.npz}}\ntoys:\n  n_toys: 0\nmodel: {{{model}}}\n"
        kind = model.partition(":")[0]
        assert faults(tmp_path, text) == [
            f"analysis.yaml:4: toys.n_toys: only a model whose null is known without toys, {known_nulls()}, "
            f"may have 0 of them, but the model is {kind}; give 1 or more"
        ]


def test_defaults_of_a_minimal_file(tmp_path: Path) -> None:
    config = load(tmp_path, "features: [x]\nreference: {files: r.npz}\n").config
    assert config.toys.n_toys == 400
    assert config.model.kernel_set.widths is None
    assert config.data is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "weight_clip",
            "weight_clp",
            r"analysis.yaml:12: model.mlp.weight_clp: unknown key; did you mean weight_clip\?",
        ),
        (
            "  mlp:\n    hidden: [4]\n    weight_clip: 9\n",
            "  {}\n",
            r"analysis.yaml:9: model: one of .* none of them came",
        ),
        ("  mlp:", "  kernel: {}\n  mlp:", r"analysis.yaml:9: model: one of .*`mlp` and `kernel` came; give one"),
        ("  mlp:\n    hidden: [4]\n    weight_clip: 9\n", "  kernel: {width: 0}\n", r"model.kernel.width: .*0"),
        ("model:", "modle:", r"analysis.yaml:9: modle: unknown key; did you mean model\?"),
        ("n_training: 1e3", "zzz: 3", r"yaml:6: reference.zzz: unknown key; known keys here: files, per_file, tree,"),
        ("weight_clip: 9", "weight_clip: nine", r"analysis.yaml:12: .*weight_clip: must be a number, but it is 'nine'"),
        ("weight_clip: 9", "weight_clip: -1", r"weight_clip: should be greater than 0, but it is -1"),
        ("weight_clip: 9", "weight_clip: .inf", r"weight_clip: must be a finite number, but it is inf"),
        ("weight_clip: 9", "weight_clip: true", r"weight_clip: must be a number, but it is true"),
        ("hidden: [4]", "hidden: [4, 2.5]", r"analysis.yaml:11: model.mlp.hidden.1: must be a whole number, .* 2.5"),
        ("hidden: [4]", "hidden: []", r"hidden: must be given at least one value, but it is \[\]"),
        ("hidden: [4]", 'hidden: ["4"]', r"hidden.0: must be a whole number, but it is '4'"),
        ("hidden: [4]", "hidden: 4", r"hidden: must be a list"),
        ("features: [x]", "features: x", r"analysis.yaml:2: features: must be a list \[a, b, ...\], but it is 'x'"),
        ("features: [x]", "features: [x, x]", r"features: names must differ, but 'x' comes 2 times"),
        ("features: [x]\n", "", r"features: this key must be given, but it is missing; add it \(Inputs of the model"),
        ("  files: reference.npz\n", "", r"analysis.yaml:3: reference: one of `files` and `generator` must be given"),
        ("data:\n  files: [data.npz]", "data: data.npz", r"analysis.yaml:7: data: must be a mapping of keys"),
        ("name: test", "where: x + 1", r"analysis.yaml:1: where: "),
        ("name: test", 'where: "x > "', r"analysis.yaml:1: where: "),
        ("name: test", "define: {y: '__import__(\"os\")'}", r"analysis.yaml:1: define.y: "),
        ("name: test", "standardize: {shift: [0], scale: [0]}", r"standardize.scale.0: should be greater than 0"),
        ("name: test", "standardize: {shft: [0], scale: [1]}", r"standardize.shft: unknown key; did you mean shift\?"),
        ("name: test", "standardize: {shift: [0, 1], scale: [1]}", r"standardize.shift: one number for each of the 1"),
        ("name: test", "standardize: yes", r"standardize: must be true or false, but it is 'yes'"),
        ("name: test", "carry: [x]", r"carry: 'x' is a feature already"),
        (
            "name: test",
            "toys: {generator: {function: os.system}}",
            r"toys.generator.function: must be written \"module:",
        ),
        ("name: test", "toys: {n_toys: -1}", r"toys.n_toys: should be greater than or equal to 0, but it is -1"),
        ("files: [data.npz]", "generator: {function: 'a:b', expected_events: 3}\n  weight: w", r"belong to files"),
        ("files: [data.npz]", "files: a.npz\n  inject: {function: 'a:b', expected_events: 3}", r"real data take none"),
    ],
)
def test_faults_name_file_line_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new))
    assert len(found) == 1 or "modle" in expected
    assert any(re.search(expected, line) for line in found), found
    assert all(line.startswith("analysis.yaml:") for line in found)


def test_a_selection_may_hold_names_in_backticks(tmp_path: Path) -> None:
    text = GOOD.replace("features: [x]", "features: [x]\nwhere: '`jet pt` > 25'")
    assert load(tmp_path, text).config.where == "`jet pt` > 25"
    with pytest.raises(
        ConfigError, match=r"analysis.yaml:3: where: .* stands in backticks, .*in YAML the text needs quotes"
    ):
        load(tmp_path, text.replace("'`jet pt` > 25'", "jet pt > 25"))


def test_all_faults_are_listed_in_the_order_of_lines(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace("weight_clip", "weight_clp").replace("n_training: 1e3", "n_trainin: 5"))
    assert [line.split(":")[1] for line in found] == ["6", "12"]


def test_located_keeps_the_kind_of_error(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    with pytest.raises(SampleError, match=r"analysis.yaml:7: data: is empty"), loaded.located("data"):
        raise SampleError("is empty")


def descriptions(schema: dict[str, Any]) -> dict[str, str | None]:
    sections = {"": schema} | schema["$defs"]
    return {
        f"{section}.{key}": value.get("description")
        for section, content in sections.items()
        for key, value in content.get("properties", {}).items()
    }


def test_every_key_of_the_schema_is_described() -> None:
    missing = [key for key, text in descriptions(json_schema()).items() if not text]
    assert not missing


def test_schema_is_json_and_forbids_unknown_keys() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"features", "reference"}
    assert set(schema["properties"]) == set(AnalysisConfig.model_fields)


def test_search_offers_every_option() -> None:
    assert set(SearchConfig.model_fields) == {field.name for field in dataclasses.fields(Search)}
    assert list(ModelConfig.model_fields) == list(STATISTICS), "a section for each family of the registry"
    for kind in STATISTICS:
        options = {field.name for field in dataclasses.fields(family_of(kind)) if field.init}  # type: ignore[arg-type]
        assert set(section_of(kind).model_fields) == options


@pytest.mark.parametrize("key", ["output: ", "reference: {expected_events: 40, files: "])
@pytest.mark.parametrize("path", ['"~no such user/x"', '"a\\0b"'])
def test_paths_are_those_that_a_file_can_have(tmp_path, key, path):
    (tmp_path / "a.yaml").write_text(
        "features: [x]\n"
        + ("reference: {files: r.npz}\n" if key == "output: " else "")
        + key
        + path
        + "}" * ("{" in key)
    )
    where = "output" if key == "output: " else r"reference\.files"
    with pytest.raises(ConfigError, match=rf"a\.yaml:\d: {where}: a path must be one that a file can have"):
        load_config(tmp_path / "a.yaml")


def test_what_is_no_ordinary_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ConfigError, match="must be an ordinary file"):
            load_config(path)


def test_paths_start_where_a_link_to_the_file_leads(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.yaml").write_text("features: [x]\nreference: {files: r.csv}\noutput: out\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real" / "a.yaml")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    for name in ("real/a.yaml", "link.yaml", "folder/a.yaml"):
        loaded = load_config(name)
        assert loaded.output == tmp_path / "real" / "out"
        with pytest.raises(SampleError) as raised:
            read_sources(loaded)
        note = f"; relative paths of this file start from {tmp_path / 'real'}, to which {name} leads"
        assert str(raised.value).endswith(f"there is no file '{tmp_path / 'real' / 'r.csv'}'" + note * (name[0] != "r"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("features: [x, yy]", r"4: features\.1: .*no column 'yy'"),
        ("features: [x]\ncarry: [mass]", r"5: carry\.0: .*no column 'mass'"),
        ("features: [x]\nwhere: mass > 3", r"5: where: .*no column 'mass' \(needed by where\)"),
        ("features: [z]\ndefine: {z: mass + 1}", r"5: define\.z: .*no column 'mass'"),
    ],
)
def test_a_column_that_is_not_there_is_blamed_on_the_key_that_asks_for_it(tmp_path, text, place):
    (tmp_path / "r.csv").write_text("x,y\n1,2\n2,1\n3,5\n")
    (tmp_path / "a.yaml").write_text("name: n\nreference:\n  files: r.csv\n" + text + "\n")
    with pytest.raises(SampleError, match=rf"a\.yaml:{place}"):
        read_sources(load_config(tmp_path / "a.yaml"))


def test_labels_are_of_columns_that_are_shown(tmp_path):
    (tmp_path / "a.yaml").write_text(f"{GOOD}labels: {{x: 'mass [GeV]'}}\n")
    assert load_config(tmp_path / "a.yaml").config.labels == {"x": "mass [GeV]"}
    (tmp_path / "a.yaml").write_text(f"{GOOD}labels: {{z: 'mass [GeV]'}}\n")
    with pytest.raises(ConfigError, match="labels: 'z' is neither in `features` nor in `carry`"):
        load_config(tmp_path / "a.yaml")

"""The analysis file that a study starts from."""

from pathlib import Path

import pytest

from wilks.config.found import FoundSample
from wilks.config.load import load_config
from wilks.config.templates import template

REFERENCE = FoundSample(("mc/ref 1.root",), ("pt1", "log", "null"), 1000, ("event_weight",))


def written(folder: Path, text: str) -> Path:
    path = folder / "ANALYSIS.yaml"
    folder.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_template_is_a_valid_file(tmp_path: Path) -> None:
    data = FoundSample(("data.root",), ("pt1", "log", "null"), 55)
    loaded = load_config(written(tmp_path, template(REFERENCE, data=data, tree="events", schema="s.json")))
    assert loaded.config.features == ["pt1", "log", "null"]
    assert loaded.config.reference.files == ["mc/ref 1.root"]
    assert loaded.config.reference.weight == "event_weight"
    assert loaded.config.reference.n_training == 500
    assert loaded.config.reference.expected_events is None
    assert loaded.config.tree == "events"
    assert loaded.document.values["data"] == {"files": ["data.root"]}


def test_without_data_and_weights(tmp_path: Path) -> None:
    found = FoundSample(("r.csv",), ("x",), 400)
    loaded = load_config(written(tmp_path, template(found, data=None)))
    assert loaded.config.data is None
    assert loaded.config.reference.expected_events == 20


def test_columns_that_the_data_lack_are_left_out() -> None:
    left_out = (("log", "not in the data"), ("null", "not in the data"))
    text = template(REFERENCE, data=FoundSample(("d.root",), ("pt1",), 5, left_out=left_out))
    assert "# Left out:\n#   log, null: not in the data\n" in text
    assert "features: [pt1]\n" in text


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        (
            ("genWeight", "puWeight", "puWeightUp"),
            "  weight: genWeight*puWeight   # EDIT: the product of all",
        ),
        (("gen weight", "weight"), '  weight: "gen weight"   # EDIT: one of several'),
        (("puWeightUp",), "  # weight: w   # a column"),
    ],
)
def test_several_weights_are_a_choice_to_look_at(tmp_path: Path, weights: tuple[str, ...], line: str) -> None:
    text = template(FoundSample(("mc.root",), ("pt",), 1000, weights), data=None)
    assert line in text and f"# Columns that look like weights: {', '.join(weights)}\n" in text
    load_config(written(tmp_path, text))


def test_the_kernel_without_toys_is_a_valid_file(tmp_path: Path) -> None:
    text = template(REFERENCE, data=None)
    kernel = next(line for line in text.splitlines() if "is_score" in line and line.startswith("#   kernel"))
    head, _, rest = text.partition("# Toys under the reference")
    text = head + rest[rest.index("# The model f(x; w)") :].replace("# model:\n", "model:\n")
    text = text.replace(kernel, kernel.replace("#", "", 1))
    assert load_config(written(tmp_path, text)).config.n_toys == 0


def test_every_model_that_is_named_is_a_valid_one(tmp_path: Path) -> None:
    text = template(REFERENCE, data=None)
    named = [line for line in text.splitlines() if line.startswith(("#   kernel", "#   mlp"))]
    assert len(named) == 3
    for i, line in enumerate(named):
        chosen = text.replace("# model:\n", "model:\n").replace(line, line.replace("#", "", 1))
        kind = load_config(written(tmp_path / str(i), chosen)).config.model.kind
        assert f"   {kind}:" in line


def test_a_new_file_chooses_nothing_and_expects_as_many_events_as_there_are(tmp_path: Path) -> None:
    reference = FoundSample(("mc.root",), ("pt",), 4_000)
    text = template(reference, data=FoundSample(("d.root",), ("pt",), 321))
    config = load_config(written(tmp_path, text)).config
    assert config.model.kind == "kernel_set" and "model" not in config.model_fields_set
    assert config.reference.expected_events == 321


@pytest.mark.parametrize("name", ["a: b", "#x", "- x", "*a", "no:", "x]", "a, b", '"', "'", "é", "1e5", "true"])
def test_odd_names_survive(tmp_path: Path, name: str) -> None:
    text = template(FoundSample((name,), (name,), 10), data=None)
    config = load_config(written(tmp_path, text)).config
    assert config.features == [name]
    assert config.reference.files == [name]

"""Keys that are all commented out leave an empty section: the defaults hold. Formulas may stand on several lines."""

import pytest

from wilks.config.load import load_config
from wilks.errors import ConfigError

START = "features: [x]\nreference: {files: r.npz}\n"


def load(folder, text):
    (folder / "a.yaml").write_text(START + text)
    return load_config(folder / "a.yaml").config


@pytest.mark.parametrize(
    "text",
    ["toys:\n  # n_toys: 3\n", "search:\n", "quality:\n", "responses:\n", "nuisances:\n", "define:\n", "covariance:\n"],
)
def test_an_empty_section_is_one_that_is_not_there(tmp_path, text):
    assert load(tmp_path, text) == load(tmp_path, "")


@pytest.mark.parametrize("family", ["mlp", "kernel", "histogram"])
def test_an_empty_model_has_its_defaults(tmp_path, family):
    assert load(tmp_path, f"model:\n  {family}:\n    # width: 1\n") == load(tmp_path, f"model: {{{family}: {{}}}}\n")


def test_an_empty_key_beside_another_is_not_chosen(tmp_path):
    found = load(tmp_path, "model:\n  mlp:\n  kernel: {width: 2.0}\n").model
    assert found.mlp is None and found.kernel is not None


def test_what_must_say_something_does_not_become_a_default(tmp_path):
    assert load(tmp_path, "data:\n").data is None
    assert load(tmp_path, "toys:\n  generator:\n").toys.generator is None
    with pytest.raises(ConfigError, match="standardize"):
        load(tmp_path, "standardize:\n")


def test_a_selection_on_several_lines(tmp_path):
    found = load(tmp_path, "where: |\n  x > 1\n  and x < 3\ndefine:\n  z: >\n    x +\n    1\n")
    assert (found.where, found.define) == ("x > 1 and x < 3", {"z": "x + 1"})

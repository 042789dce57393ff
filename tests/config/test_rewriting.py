"""Values are changed in the text of an analysis file, and nothing else."""

from pathlib import Path

import pytest

from wilks.config import with_values
from wilks.config.document import parse_document
from wilks.errors import ConfigError

PATH = Path("a.yaml")
CHANGES = {("output",): "new/place", ("model", "mlp", "weight_clip"): 9.05, ("search", "n_starts"): 48}
BLOCK = """\
# mine
output: results   # here
model:
  mlp:
    hidden: [4]   # one layer
    weight_clip: 2   # to be chosen
search:
  # seed: 3
  n_starts: 24
"""


def values(text: str) -> dict[str, object]:
    return parse_document(text, path=PATH).values


def test_comments_and_order_stay() -> None:
    changed = with_values(BLOCK, CHANGES, path=PATH)
    expected = BLOCK.replace("results", "new/place").replace("clip: 2 ", "clip: 9.05 ").replace("24", "48")
    assert changed.replace('"', "") == expected


@pytest.mark.parametrize(
    "text",
    [
        "model: {mlp: {hidden: [4]}}\n",
        "model: {mlp: {}}\nsearch: {}",
        "model:\n  mlp:\n    hidden:\n    - 4\nsearch:\n",
        "model:\n  mlp:\nsearch: ~\n",
        '{"model": {"mlp": {"hidden": [4], "weight_clip": 1e-1}}}',
        "search: {seed: 3}\nmodel: {mlp: {weight_clip: 3}}\n# the end",
    ],
)
def test_what_is_missing_is_written_where_it_belongs(text: str) -> None:
    before, after = values(text), values(with_values(text, CHANGES, path=PATH))
    assert after["output"] == "new/place" and after["search"]["n_starts"] == 48
    assert after["model"]["mlp"]["weight_clip"] == 9.05
    for name in ("model", "search"):
        inner, old = after[name], before.get(name) or {}
        inner, old = (inner["mlp"], old["mlp"] or {}) if name == "model" else (inner, old)
        assert {**inner, "weight_clip": 0, "n_starts": 0} == {**old, "weight_clip": 0, "n_starts": 0}


def test_a_section_in_the_place_of_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a\.yaml:2: a single value must stand here"):
        with_values("model:\n  mlp: [1]\n", {("model", "mlp", "weight_clip"): 2.0}, path=PATH)


@pytest.mark.parametrize(
    "text",
    [
        "model:\n  mlp: {hidden: [4, 4], weight_clip: 2}\n",
        "model:\n  mlp:\n    hidden:  # layers\n    - 4\n    - 4   # two\n    # the clip\n    weight_clip: 2\n",
        "model:\n  mlp:\n    hidden:\n      - 4\n      - 4",
    ],
)
def test_a_list_takes_the_place_of_a_list(text: str) -> None:
    changed = with_values(text, {("model", "mlp", "hidden"): [5, 5, 5]}, path=PATH)
    expected = values(text)
    expected["model"]["mlp"]["hidden"] = [5, 5, 5]
    assert values(changed) == expected and changed.count("#") == text.count("#")

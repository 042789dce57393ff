"""Pages of the documentation that are made from the package, and the files that they show, are as the package is."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from wilks.config import json_schema, load_config
from wilks.config.schema import AnalysisConfig

DOCS = Path(__file__).parents[1] / "docs"


def page_maker(name: str) -> ModuleType:
    """A script of the folder `docs`, as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def keys() -> ModuleType:
    return page_maker("keys")


def test_the_page_of_keys_is_that_of_the_schema(keys: ModuleType) -> None:
    current = keys.PAGE.read_text(encoding="utf-8")
    assert keys.page(current) == current, "it is stale: python docs/keys.py"


def test_every_key_and_every_section_stands_there(keys: ModuleType) -> None:
    text = keys.PAGE.read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in text for key in AnalysisConfig.model_fields)
    for section in json_schema()["$defs"].values():
        assert all(f"| `{key}` |" in text for key in section.get("properties", {}))


def test_a_key_that_is_new_makes_the_page_stale(keys: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = json_schema()
    schema["properties"]["new_key"] = {"type": "integer", "minimum": 3, "description": "a | b"}
    monkeypatch.setattr(keys, "json_schema", lambda: schema)
    current = keys.PAGE.read_text(encoding="utf-8")
    assert "| `new_key` | whole number >= 3 |  | a \\| b |" in keys.page(current) != current


def test_the_file_that_the_page_shows_is_valid(keys: ModuleType, tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", keys.PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "a.yaml").write_text(shown)
    load_config(tmp_path / "a.yaml")


def test_editors_know_the_limits_of_numbers() -> None:
    """A limit behind a validator has no name that they know."""
    told = str(json_schema())
    assert "'ge'" not in told and "'gt'" not in told and "'minimum': 1" in told


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = (DOCS / "index.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^{page.stem}$", listed, re.MULTILINE) for page in DOCS.glob("*.md") if page.stem != "index")


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    names = page_maker("names")
    current = names.PAGE.read_text(encoding="utf-8")
    assert names.page(current) == current, "it is stale: python docs/names.py"
    listed = current.partition(names.MARK)[2]
    assert all(f"| `{name}` |" in listed for room in names.rooms() for name in room.__all__)


def test_the_names_are_those_of_all_rooms_with_names() -> None:
    told = {room.__name__ for room in page_maker("names").rooms()}
    inits = (DOCS.parent / "src" / "wilks").glob("*/__init__.py")
    having = {f"wilks.{one.parent.name}" for one in inits if "__all__" in one.read_text(encoding="utf-8")}
    assert {"wilks", *having} - told == {"wilks.cli", "wilks.optimize"}


def test_the_list_of_rooms_is_that_of_the_architecture() -> None:
    """CONTRIBUTING.md and tests/test_architecture.py name the same rooms in the same order."""
    tree = ast.parse((DOCS.parent / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    [value] = [one.value for one in tree.body if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "ROOMS"]
    rooms = [word.value for word in ast.walk(value) if isinstance(word, ast.Constant)]
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.search(r"rooms before it:\n\n((?:    .*\n)+)", text)
    assert told is not None and told.group(1).split() == list(map(str, rooms))

"""Pages of the documentation that are made from the package, and the files that they show, are as the package is."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from wilks.config import json_schema, load_config
from wilks.config.schema import AnalysisConfig

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def keys() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_keys", DOCS / "keys.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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

"""Analysis files on the pages are valid; what is a part of one is YAML with keys that there are."""

from pathlib import Path

import pytest
import yaml

from wilks.config import json_schema, load_config

from tests.pages.markdown import DOCS, Block, blocks

FOUND = [one for page in sorted(DOCS.glob("*.md")) for one in blocks(page) if one.language == "yaml"]
OTHER_FILES = {"reana.yaml"}


@pytest.mark.parametrize("block", FOUND, ids=lambda block: block.place)
def test_yaml_of_a_page_is_valid(block: Block, tmp_path: Path) -> None:
    document = yaml.safe_load(block.text)
    if block.file in OTHER_FILES:
        assert {"inputs", "workflow", "outputs"} <= set(document)
    elif "features" in document and "reference" in document and "n_toys" not in document:
        (tmp_path / "analysis.yaml").write_text(block.text)
        load_config(tmp_path / "analysis.yaml")
    else:
        known = {name for section in json_schema()["$defs"].values() for name in section.get("properties", {})}
        assert set(document) <= known | set(json_schema()["properties"]) | {"regions"}


def test_there_are_whole_files_and_parts() -> None:
    assert len(FOUND) > 15 and any("features" in one.text for one in FOUND)

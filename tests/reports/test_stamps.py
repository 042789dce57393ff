"""Every page and every saved result says which version wrote it."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

import wilks
from wilks.reports.rendering import environment
from wilks.storage import installed_version

PAGES = [name for name in environment("wilks.reports").list_templates() if name.endswith(".html.j2")]


def test_the_version_is_that_of_the_package() -> None:
    assert installed_version() == version("wilks") == wilks.__version__


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("macros")])
def test_pages_name_it(name: str) -> None:
    source = environment("wilks.reports").loader.get_source(environment("wilks.reports"), name)[0]  # type: ignore[union-attr]
    if "{% extends" in source:
        return
    [line] = [line for line in source.splitlines() if 'name="generator"' in line]
    made = environment("wilks.reports").from_string(line).render()
    assert made == f'<meta name="generator" content="wilks {version("wilks")}">'


def test_saved_results_name_it(tmp_path: Path) -> None:
    wilks.Sample([1.0, 2.0]).save(tmp_path / "sample")
    [document] = (tmp_path / "sample").glob("*.json")
    assert json.loads(document.read_text())["written_by"] == version("wilks")

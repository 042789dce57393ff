"""The files around the package agree with each other and with the package."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import wilks
from wilks.config import load_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def code_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found.group(1)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_readme_is_short():
    assert len(README.splitlines()) < 120


def test_readme_example_is_short_and_uses_names_that_exist():
    code = code_block("python")
    assert len(code.splitlines()) <= 50
    used = {
        node.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "wilks"
    }
    assert used and all(hasattr(wilks, name) for name in used)


def test_readme_analysis_file_is_valid(tmp_path):
    path = tmp_path / "analysis.yaml"
    path.write_text(code_block("yaml"), encoding="utf-8")
    load_config(path)


@pytest.mark.parametrize("example", ["exponential", "dimuon", "nuisances"])
def test_analysis_files_of_the_examples_are_valid(example):
    load_config(ROOT / "examples" / example / "analysis.yaml")


def test_every_requirement_is_pinned_to_one_version():
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+", pin) for pin in PINS)
    pinned = [pin.split("==")[0] for pin in PINS]
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *extras["dev"], *extras["docs"], "hatchling", "editables"]
    names = {canonical(re.split(r"[<>=]", requirement)[0]) for requirement in needed}
    assert pinned == sorted(set(pinned)) and names <= set(pinned)


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {PROJECT['version']}\n" in citation
    assert f"## {PROJECT['version']} " in changelog and "### Numerical changes" in changelog
    for version in re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]:
        headings = re.findall(r"^### .*", version, flags=re.MULTILINE)
        assert len({*headings}) == len(headings), version.splitlines()[0]
    assert changelog.count("(unreleased)") <= 1, "what is not released is one version"
    assert wilks.__version__ == PROJECT["version"]


CONDA_NAMES = {"matplotlib-base": "matplotlib", "python-xxhash": "xxhash"}


def test_the_conda_recipe_is_that_of_the_project():
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == PROJECT["version"]
    assert recipe["about"]["license"] == PROJECT["license"] and recipe["about"]["summary"] == PROJECT["description"]
    host, run = ({*map(conda_requirement, recipe["requirements"][part])} for part in ("host", "run"))
    python = f"python{PROJECT['requires-python']}"
    assert run == {python, *PROJECT["dependencies"]} and {python, "hatchling>=1.27"} < host
    [command] = recipe["build"]["python"]["entry_points"]
    assert command.replace(" ", "") == f"wilks={PROJECT['scripts']['wilks']}"


def conda_requirement(line):
    """As pip writes it, by the name that the package index has."""
    name, _, bound = line.partition(" ")
    return f"{CONDA_NAMES.get(name, name)}{bound}"


def test_make_help_names_the_commands_at_its_top():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = makefile.splitlines()[: int(re.search(r"sed -n '1,(\d)s", makefile).group(1))]
    assert [line.split()[2] for line in shown if line.startswith("#   make ")] == ["install", "demo", "test"]


def test_package_is_typed():
    assert (ROOT / "src" / "wilks" / "py.typed").exists()

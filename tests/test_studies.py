"""Benchmarks, studies and the laboratory import and offer their options; records and pages name each other."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOREIGN = ("sklearn", "hyppo", "pyBumpHunter")  # libraries that nothing but helpers of studies needs
FIELDS = {"command", "options", "versions", "threads", "seed", "machine", "date", "seconds", "results"}

STUDIES = sorted(path.parent for path in (ROOT / "studies").glob("*/run.py"))
RECORDS = {
    path: json.loads(path.read_text())
    for path in [*ROOT.glob("studies/*/record.json"), *ROOT.glob("benchmarks/records/*.json")]
}
RUNS = [run for record in RECORDS.values() for run in record["runs"]]
PAGES = [
    *(path for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts),
    *ROOT.glob("studies/*/page.md"),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")),
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}

PROBE = """
import importlib, json, sys
asked, answer = json.load(sys.stdin), {"help": {}, "commands": {}}
for name in asked["modules"]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.split(".")[0] not in asked["foreign"]:
            raise
    else:
        answer["help"][name] = module.SCRIPT.parser.format_help() if hasattr(module, "SCRIPT") else ""
for command in asked["commands"]:
    name, *words = command.split()[2:]
    module = sys.modules[name if name != "tests.lab" else "tests.lab.__main__"]
    try:
        options = module.SCRIPT.parse(words) if hasattr(module, "SCRIPT") else module.arguments(words)
    except SystemExit:
        answer["commands"][command] = "is refused"
    else:
        answer["commands"][command] = module.SCRIPT.command(options) if hasattr(module, "SCRIPT") else command
json.dump(answer, sys.stdout)
"""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = sorted(
    module_name(path)
    for folder in ("benchmarks", "studies", "tests/lab")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "__init__.py"
)
SCRIPTS = [
    name for name in MODULES if (name.startswith("benchmarks.") and "harness" not in name) or name.endswith(".run")
]


def commands_of(text: str) -> list[str]:
    """Commands in code that are run from the folder of the repository, without what is a comment beside them."""
    found = re.findall(r"python -m (?:benchmarks\.|studies\.|tests\.lab)[^`\n]*", text)
    return [command.split("  #")[0].strip() for command in found]


@pytest.fixture(scope="module")
def answer() -> dict[str, dict[str, str]]:
    """What one process finds that imports everything, with warnings as errors."""
    told = sorted({command for text in TEXTS.values() for command in commands_of(text)})
    asked = {"modules": MODULES, "foreign": FOREIGN, "commands": [*told, *(run["command"] for run in RUNS)]}
    command = [sys.executable, "-W", "error", "-c", PROBE]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_everything_imports_and_scripts_offer_their_options(answer) -> None:
    assert set(SCRIPTS) <= set(answer["help"])
    wrong = [name for name in SCRIPTS if f"usage: python -m {name} " not in answer["help"][name]]
    assert not wrong


def test_commands_of_pages_are_understood(answer) -> None:
    assert [command for command, found in answer["commands"].items() if found == "is refused"] == []


def test_commands_of_records_are_those_that_make_them_again(answer) -> None:
    assert {run["command"]: answer["commands"][run["command"]] for run in RUNS} == {
        run["command"]: run["command"] for run in RUNS
    }


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: module_name(path))
def test_records_have_one_format(path: Path) -> None:
    record = RECORDS[path]
    assert record.keys() == {"name", "runs"}
    assert record["name"] == (path.parent.name if path.name == "record.json" else path.stem)
    for run in record["runs"]:
        assert run.keys() == FIELDS and run["results"] and all(isinstance(row, dict) for row in run["results"])
        assert run["machine"] is None or run["machine"].keys() == {"processor", "cores", "system"}
        for name, kind in {"options": dict, "versions": dict, "threads": int, "date": str, "seconds": float}.items():
            assert run[name] is None or isinstance(run[name], kind)
    assert not re.search(r'": "[^"]*(/home/|/root/|/tmp/|host)', path.read_text())


def test_studies_have_a_run_a_record_and_a_page() -> None:
    assert {path.parent for path in ROOT.glob("studies/*/*.*")} - {ROOT / "studies" / "__pycache__"} == set(STUDIES)
    included = re.findall(r"\{include\} \.\./studies/(\w+)/page\.md", TEXTS[ROOT / "docs" / "studies.md"])
    assert sorted(included) == [folder.name for folder in STUDIES]
    for folder in STUDIES:
        page, record = TEXTS[folder / "page.md"], RECORDS[folder / "record.json"]
        assert f"`studies/{folder.name}/record.json`" in page
        missing = {run["command"] for run in record["runs"]} - set(page.splitlines())
        assert not missing, folder.name


def test_records_are_named_by_pages_and_pages_name_records_that_exist() -> None:
    named = {
        name for text in TEXTS.values() for name in re.findall(r"(?:benchmarks/records|studies)/[\w/]+\.json", text)
    }
    assert named == {str(path.relative_to(ROOT)) for path in RECORDS}

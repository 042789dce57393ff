"""Names that are loaded when they are asked for: said three times in a package, hence compared."""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import wilks
from wilks import lazy

SOURCE = Path(__file__).parents[1] / "src" / "wilks"
PACKAGES = sorted(
    ".".join(path.parent.relative_to(SOURCE.parent).parts)
    for path in SOURCE.rglob("__init__.py")
    if "lazy.exports(" in path.read_text(encoding="utf-8")
)


@pytest.fixture(params=PACKAGES)
def package(request: Any) -> ModuleType:
    return importlib.import_module(request.param)


def names_for_type_checkers(package: ModuleType) -> dict[str, list[str]]:
    """What the package imports if TYPE_CHECKING, by module."""
    assert package.__file__ is not None
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    [block] = [x for x in tree.body if isinstance(x, ast.If) and ast.unparse(x.test) == "TYPE_CHECKING"]
    imports = [x for x in block.body if isinstance(x, ast.ImportFrom)]
    return {str(x.module): [alias.name for alias in x.names] for x in imports}


def submodules(package: ModuleType) -> set[str]:
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    return {x.stem for x in folder.glob("*.py")} | {x.parent.name for x in folder.glob("*/__init__.py")}


def test_there_are_such_packages() -> None:
    assert {"wilks", "wilks.campaign", "wilks.samples"} <= set(PACKAGES)


def test_type_checkers_see_what_is_loaded(package: ModuleType) -> None:
    seen = names_for_type_checkers(package)
    seen.pop(package.__name__, None)  # its modules
    assert seen == package._NAMES


def test_the_public_names_are_those_that_are_loaded(package: ModuleType) -> None:
    modules = names_for_type_checkers(package).get(package.__name__, [])
    names = [name for of_module in package._NAMES.values() for name in of_module]
    assert sorted(package.__all__) == sorted([*names, *modules])
    assert set(package.__all__) <= set(dir(package))


def test_every_name_is_that_of_its_module(package: ModuleType) -> None:
    for module, names in package._NAMES.items():
        for name in names:
            assert getattr(package, name) is getattr(importlib.import_module(module), name)


def test_no_module_hides_a_name(package: ModuleType) -> None:
    names = {name for of_module in package._NAMES.values() for name in of_module}
    assert not names & submodules(package)


def test_modules_are_loaded_when_they_are_named() -> None:
    assert wilks.plots.__name__ == "wilks.plots"
    assert wilks.problems.exponential.__name__ == "wilks.problems.exponential"


@pytest.mark.parametrize("name", ["no_such_name", "__wrapped__", "_private"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'wilks' has no attribute '{name}'"):
        getattr(wilks, name)


def test_what_a_module_needs_and_does_not_find_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "till.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    load, _ = lazy.exports(importlib.import_module("shop").__name__, {"shop.till": ["open_till"]})
    for name in ("till", "open_till"):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            load(name)
    del sys.modules["shop"]

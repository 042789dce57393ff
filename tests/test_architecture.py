"""The shape of the package: imports run one way, the core does no input or output, pieces stay small."""

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "wilks"

# A room imports only from rooms that stand before it.
ROOMS = (
    *("wording", "errors", "typing", "lazy", "threads", "documents", "kept", "storage", "functions", "structures"),
    *("significance", "samples", "hypotheses", "nuisances", "optimize", "search", "likelihood", "problem"),
    *("statistics", "analysis", "responses", "fitting", "toys", "campaign", "laws", "inspection", "answer"),
    *(
        "comparison",
        "selection",
        "validation",
        "parts",
        "models",
        "power",
        "interpretation",
        "problems",
        "plots",
        "reports",
        "monitor",
        "config",
    ),
    *("cli",),
)
CORE = ROOMS[: ROOMS.index("campaign")]
READERS = ("samples", "storage")  # the only core rooms that touch files

MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 400
CLOCKS_AND_SCREENS = {"time", "datetime", "logging", "rich", "click", "tqdm", "matplotlib", "subprocess"}
FILES = {"pathlib", "os", "io", "shutil", "tempfile", "h5py", "uproot", "pyarrow"}
FILE_CALLS = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "savez", "savez_compressed", "loadtxt"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
PATHS = sorted(SOURCE.rglob("*.py"))


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of a file, parsed once; not at import, as every test process imports this file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PATHS}


def room_of(module: str) -> str | None:
    """The room of a module; None for the front door (`wilks` and `wilks.__main__`)."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else None


def imported_modules(node: ast.AST) -> Iterator[str]:
    """Full names that an import statement asks for; `from a import b` gives `a.b` where that is a module of ours."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else node.module


def is_ours(name: str) -> bool:
    return name == "wilks" or name.startswith("wilks.")


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes(path):
        yield from ((node.lineno, name) for name in imported_modules(node) if is_ours(name))


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    has_text = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if has_text else 0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def core_files(*, with_readers: bool) -> list[Path]:
    rooms = set(CORE) if with_readers else set(CORE) - set(READERS)
    return [path for name, path in MODULES.items() if room_of(name) in rooms]


def test_every_module_stands_in_a_room() -> None:
    unknown = sorted(name for name in MODULES if room_of(name) not in {None, *ROOMS} and name != "wilks._version")
    assert not unknown


def test_imports_run_one_way() -> None:
    wrong = []
    for name, path in MODULES.items():
        room = room_of(name)
        for line, target in own_imports(path) if room else ():
            other = room_of(target)
            if other is None or ROOMS.index(other) > ROOMS.index(str(room)):
                wrong.append(f"{place(path, line)} ({room}) imports {target}")
    assert not wrong


def test_imports_are_absolute() -> None:
    relative = [
        place(path, node.lineno)
        for path in PATHS
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative


def test_imports_form_no_cycle() -> None:
    graph = {name: {target for _, target in own_imports(path) if target != name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def test_no_own_import_inside_a_function() -> None:
    hidden = [
        f"{place(path, node.lineno)} inside {function.name}"
        for path in PATHS
        for function in functions(path)
        for node in ast.walk(function)
        if any(is_ours(name) for name in imported_modules(node))
    ]
    assert not hidden


def test_core_rooms_have_no_clock_and_no_screen() -> None:
    wrong = []
    for path in core_files(with_readers=True):
        for node in nodes(path):
            tops = {name.split(".")[0] for name in imported_modules(node)}
            prints = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "input"}
            )
            if prints or isinstance(node, ast.Global) or tops & CLOCKS_AND_SCREENS:
                wrong.append(place(path, getattr(node, "lineno", 0)))
    assert not wrong


def called_name(node: ast.AST) -> str:
    """The last name of a call, `open` of `path.open()`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_core_rooms_touch_no_file() -> None:
    wrong = []
    for path in core_files(with_readers=False):
        for node in nodes(path):
            tops = {name.split(".")[0] for name in imported_modules(node)}
            if tops & FILES or called_name(node) in FILE_CALLS:
                wrong.append(place(path, getattr(node, "lineno", 0)))
    assert not wrong


def test_long_functions_give_their_reason() -> None:
    long = []
    for path in PATHS:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in functions(path):
            text = "\n".join(lines[function.lineno - 1 : function.end_lineno])
            if code_lines(function) > MAX_FUNCTION_LINES and "# long because " not in text:
                long.append(f"{place(path, function.lineno)} {function.name}: {code_lines(function)} lines")
    assert not long


def test_files_are_short() -> None:
    folders = ("src", "tests", "examples", "benchmarks", "studies")
    places = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    counts = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in places}
    assert not {name: n for name, n in counts.items() if n > MAX_FILE_LINES}


def test_public_names_do_not_begin_with_test() -> None:
    wrong = [place(path, f.lineno) for path in PATHS for f in functions(path) if f.name.startswith("test")]
    assert not wrong

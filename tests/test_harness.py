"""The harness of benchmarks and studies: options, commands, and records that grow row by row."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    return importlib.import_module("benchmarks.harness")


@pytest.fixture
def script(harness, tmp_path):
    """Squares of numbers, as a benchmark in a folder of its own; rows that were kept are not made again."""
    one = harness.Script(str(tmp_path / "squares.py"), "Squares.", seed=7)
    one.made = []

    @one.part("squares", row=["even", "odd"], n=3, widths=(0.5, 1.0), data=Path, quick=False)
    def squares(options):
        known = {row["k"]: row for row in options.kept}
        for k in range(options.n):
            if k not in known:
                one.made.append(k)
            yield known.get(k) or {"k": k, "square": np.float64(k * k), "rest": np.array([1.0, np.nan])}

    return one


def runs(script) -> list[dict]:
    return json.loads(script.record.read_text())["runs"]


def test_a_command_names_what_is_not_default(script) -> None:
    usual = script.parse(["squares", "odd"])
    assert script.command(usual) == "python -m benchmarks.squares squares odd"
    words = ["squares", "even", "--n", "5", "--widths", "0.5", "--quick", "--data"]
    command = script.command(script.parse([*words, "somewhere"]))
    assert command == "python -m benchmarks.squares squares even --n 5 --widths 0.5 --data DATA --quick"


def test_a_record_says_what_was_run(script, capsys) -> None:
    script.main(["squares", "odd", "--data", "somewhere"])
    (run,) = runs(script)
    assert run["options"] == {"row": "odd", "n": 3, "widths": [0.5, 1.0], "quick": False}
    assert (run["threads"], run["seed"]) == (1, 7) and run["seconds"] > 0.0
    assert run["versions"].keys() >= {"python", "numpy", "wilks"} and run["machine"].keys() >= {"processor", "cores"}
    assert run["results"][2] == {"k": 2, "square": 4.0, "rest": [1.0, None]}
    assert "k 2  square 4" in capsys.readouterr().out


def test_a_run_takes_the_place_of_the_same_command_and_goes_on_from_it(script) -> None:
    script.main(["squares", "odd"])
    document = json.loads(script.record.read_text())
    del document["runs"][0]["results"][1:]
    script.record.write_text(json.dumps(document))
    script.main(["squares", "even"])
    script.main(["squares", "odd"])
    assert script.made == [0, 1, 2, 0, 1, 2, 1, 2]
    assert [run["options"]["row"] for run in runs(script)] == ["odd", "even"]
    assert runs(script)[0]["seconds"] > document["runs"][0]["seconds"]


def test_lists_of_numbers_and_short_rows_stand_on_one_line(harness, tmp_path) -> None:
    row = {"t": [1, 2.5, None], "words": ["a, [b]", "c"], "rows": [{"empty": [], "p": 1e-9}]}
    record = {"name": "a  b", "runs": [row]}
    harness.write(tmp_path / "record.json", record)
    text = (tmp_path / "record.json").read_text()
    assert "[1, 2.5, null]" in text and '{"empty": [], "p": 1e-09}' in text and json.loads(text) == record


def test_repeated_calls_leave_out_the_first(harness) -> None:
    calls: list[int] = []
    found = harness.repeated(lambda: calls.append(1), n=4)
    assert len(calls) == 5 and found["n"] == 4 and 0.0 <= found["min"] <= found["median"] <= found["max"]


def test_threads_are_fixed_before_numpy_is_loaded() -> None:
    code = "import numpy; import benchmarks.harness"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={"PATH": ""})
    assert "must be imported before numpy" in done.stderr

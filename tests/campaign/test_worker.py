import io
import json
import os
import signal
import subprocess

import pytest

from wilks.campaign.worker import resolve, serve


def answers(*calls: object) -> list[dict[str, object]]:
    out = io.StringIO()
    serve(io.StringIO("".join(json.dumps(call) + "\n" for call in calls)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def call(number: int, function: str, *arguments: object) -> dict[str, object]:
    return {"id": number, "function": function, "arguments": list(arguments)}


def test_each_call_gets_one_answer() -> None:
    first, second = answers(
        call(7, "wilks.samples.checked_arrays:closest", "a", ["b"]), call(8, "wilks.significance:z_score", 0.5)
    )
    assert first == {"id": 7, "result": "there are: b"}
    assert second["id"] == 8 and abs(second["result"]) < 1e-12


def test_an_error_is_an_answer() -> None:
    wrong, after = answers(call(1, "wilks.samples.reading:find_files", "gone.root"), call(2, "wilks.samples:split"))
    assert (wrong["id"], wrong["kind"]) == (1, "NoFileError") and "gone.root" in wrong["error"]
    assert "Traceback" in wrong["traceback"]
    assert (after["id"], after["kind"]) == (2, "TypeError")


@pytest.mark.parametrize("name", ["os:system", "wilksy.toys:draw_toy", "builtins:eval", ":eval", ""])
def test_functions_of_other_packages_are_not_called(name) -> None:
    with pytest.raises(ValueError, match="functions of wilks alone"):
        resolve(name)


@pytest.fixture
def worker(python):
    process = subprocess.Popen(
        [python, "-P", "-m", "wilks.campaign.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_worker_ends_quietly_with_its_input_and_not_on_ctrl_c(worker, python) -> None:

    worker.stdin.write(json.dumps(call(1, "wilks.samples.checked_arrays:closest", "a", ["b"])) + "\n")
    worker.stdin.flush()
    assert json.loads(worker.stdout.readline())["result"] == "there are: b"
    os.kill(worker.pid, signal.SIGINT)  # Ctrl-C is the coordinator's to handle
    worker.stdin.write(json.dumps(call(2, "wilks.samples.checked_arrays:closest", "a", ["c"])) + "\n")
    worker.stdin.flush()
    assert json.loads(worker.stdout.readline())["id"] == 2
    rest, errors = worker.communicate(timeout=30)
    assert (worker.returncode, rest, errors) == (0, "", "")

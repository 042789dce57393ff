"""A worker process: ``python -m wilks.campaign.worker`` reads calls as JSON lines and answers each with one line.

It calls functions of this package alone, with numbers and strings. SIGTERM makes it finish the toy at hand, keep the
finished toys and end.
"""

import importlib
import json
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, TextIO


class Stopped(BaseException):
    """Raised between two toys after SIGTERM."""


def serve(calls: TextIO, answers: TextIO) -> None:
    """Answer calls until there are no more."""
    for line in calls:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def resolve(name: str) -> Callable[..., Any]:
    """The function ``module:name`` of this package.

    Raises:
        ValueError: another package.
    """
    module_name, _, function_name = name.partition(":")
    if module_name.split(".")[0] != "wilks":
        raise ValueError(f"a worker calls functions of wilks alone, but {name!r} came")
    function: Callable[..., Any] = getattr(importlib.import_module(module_name), function_name)
    return function


def _answer(call: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"id": call["id"], "result": resolve(call["function"])(*call["arguments"])}
    except Exception as error:
        kind = type(error).__name__
        return {"id": call["id"], "error": str(error), "kind": kind, "traceback": traceback.format_exc()}


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise Stopped


def main() -> None:
    """Serve standard input; what libraries print goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    try:
        serve(sys.stdin, answers)
    except Stopped:
        return


if __name__ == "__main__":
    main()

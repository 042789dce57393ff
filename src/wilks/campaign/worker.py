"""A worker process: ``python -m wilks.campaign.worker`` reads calls as JSON lines and answers each with one line.

It calls functions of this package alone, with numbers and strings. SIGTERM, or the end of the process that gave the
calls, makes it finish the step at hand, keep the finished toys and end.
"""

import importlib
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, TextIO


class Stopped(BaseException):
    """Raised as soon as compiled code returns after SIGTERM."""


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
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def _own_pipes() -> tuple[TextIO, TextIO]:
    """Calls and answers on pipes of their own: what generators and their programs print goes to standard error."""
    calls, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return calls, answers


def _stop_with_parent(pipe: int) -> None:
    """Wait until nobody can write to ``pipe`` any more, then stop this process."""
    poll = select.poll()
    poll.register(pipe, 0)
    while not any(event & select.POLLHUP for _, event in poll.poll()):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve standard input until it ends."""
    calls, answers = _own_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        signal.signal(signal.SIGTERM, _stop)
        threading.Thread(target=_stop_with_parent, args=(calls.fileno(),), daemon=True).start()
        serve(calls, answers)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except (Stopped, BrokenPipeError):
        return


if __name__ == "__main__":
    main()

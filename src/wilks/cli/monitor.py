"""wilks monitor: batches as they come, and a log of what was said of them."""

import contextlib
import glob
import io
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from wilks import lazy
from wilks.cli.options import FilePath, json_option
from wilks.cli.places import MONITORED
from wilks.cli.session import Session
from wilks.errors import InputError, StoreError
from wilks.monitor import Monitor, MonitorReference, State, Verdict
from wilks.monitor.audit import AuditLog
from wilks.monitor.following import followed, waiting_for
from wilks.monitor.inputs import Arrival, FileReading, Files, Lines
from wilks.monitor.renewal import ReferenceFolder
from wilks.monitor.watching import Watch
from wilks.storage import as_path

if TYPE_CHECKING:
    from wilks.monitor import arrow_input
    from wilks.monitor.page import serving
else:
    serving = lazy.Module("wilks.monitor.page.serving")
    arrow_input = lazy.Module("wilks.monitor.arrow_input")

ARROW_MARK = b"\xff\xff\xff\xff"
TOKEN_VARIABLE = "WILKS_MONITOR_TOKEN"
_N_TIMES = 10_000
_EVERY_S, _LOOPBACK = 1.0, "127.0.0.1"


@click.command("monitor", short_help="Judge batches as they come, at declared rates of false alarms.")
@click.option("--reference", type=FilePath(), metavar="FOLDER", help="What `wilks reference build` made.")
@click.option(
    "--input",
    "place",
    metavar="FOLDER|FILE|PATTERN|-",
    help="Files of batches: a folder, a file, or a pattern in quotes; - for lines of JSON, or an Arrow stream, on the "
    "standard input.",
)
@click.option("--follow", is_flag=True, help="Go on as files appear, until the command is ended.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.0, min_open=True),
    show_default=f"{_EVERY_S:g}",
    metavar="SECONDS",
    help="With --follow: between two looks at the files; one that changes between them is still being written.",
)
@click.option("--poll", is_flag=True, help="With --follow: look by time alone, without notifications of the system.")
@click.option(
    "--reload",
    is_flag=True,
    help="Go on with the reference that is put into its folder while the command runs, or was since it ran.",
)
@click.option("--run-type", metavar="TEXT", help="Of the runs that the batches are from.")
@click.option(
    "--output", "-o", type=FilePath(), default="monitor", show_default=True, metavar="FOLDER", help="Folder of the log."
)
@click.option(
    "--serve",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="A page of the log, for browsers of this machine, and metrics for Prometheus; without --reference and --input "
    "that alone. 0: a free port.",
)
@click.option(
    "--host",
    show_default=_LOOPBACK,
    help="With --serve: an address of this machine where others reach the page. Whoever does can read all of it.",
)
@json_option
def monitor(
    reference: Path | None,
    place: str | None,
    follow: bool,
    every: float | None,
    poll: bool,
    reload: bool,
    run_type: str | None,
    output: Path,
    serve: int | None,
    host: str | None,
    as_json: bool,
) -> None:
    """Judge batches against a reference, and keep every verdict in the log of the folder --output.

    The log, lines of JSON that are only ever added, is the memory: a command that was killed goes on where the log
    ends, and no batch is judged twice. BAD batches are no failure of the command.

    With --serve there is a page of the log, also beside a command that judges. What changes something there needs the
    token that is printed, or that of the environment variable WILKS_MONITOR_TOKEN.
    """
    session = Session("monitor", as_json=as_json)

    def work() -> None:
        _require_effect({"--poll": poll, "--every": every is not None}, of="--follow", is_given=follow)
        _require_effect({"--host": host is not None}, of="--serve", is_given=serve is not None)
        is_judging = reference is not None and place is not None
        given = _Input(str(place), follow, every or _EVERY_S, poll, reload, run_type) if is_judging else None
        if given is None and (serve is None or reference is not None or place is not None):
            raise InputError("`wilks monitor` must have --reference and --input, or --serve; give what is missing")
        idle = {"--follow": follow, "--reload": reload, "--run-type": run_type is not None}
        _require_effect(idle, of="--input", is_given=is_judging)
        with contextlib.ExitStack() as stack:
            if serve is not None:
                _require_log(output)
                stack.enter_context(_page(session, output, serve, host or _LOOPBACK))
            if given is not None and reference is not None:
                _judge(session, given, reference, output)
            if serve is not None and not (given is not None and follow):
                _wait_for_the_end()

    session.run(work)


def _require_effect(options: Mapping[str, bool], *, of: str, is_given: bool) -> None:
    """Raise InputError for options that say how another one is done, which is not given."""
    if not is_given and (idle := [name for name, is_named in options.items() if is_named]):
        raise InputError(f"{' and '.join(idle)} must stand beside {of}, without which nothing comes of it; give {of}")


@dataclass(frozen=True)
class _Input:
    """Where batches come from."""

    place: str
    is_followed: bool
    every_s: float
    is_polled: bool
    is_reloaded: bool
    run_type: str | None


def _judge(session: Session, given: _Input, reference: Path, output: Path) -> None:
    session.interrupted = f"ended; what was judged is in {output / MONITORED}, and the same command goes on"
    judge = Monitor(reference)
    _require_log(output)
    with AuditLog(output / MONITORED, reference=judge.reference.digest, may_change=given.is_reloaded) as log:
        watch = Watch(judge, log, clock=time.time)
        session.output = output
        report = _Report(session, watch)
        folder = ReferenceFolder(reference, digest=watch.reference.digest) if given.is_reloaded else None
        try:
            _judge_all(watch, report, _arrivals(given, watch), folder)
        except KeyboardInterrupt:
            if not given.is_followed:
                raise
        finally:
            report.close(log)


@contextlib.contextmanager
def _page(session: Session, output: Path, port: int, host: str) -> Iterator[None]:
    own = os.environ.get(TOKEN_VARIABLE) or None
    with serving.page_of(output, serving.Serving(port, host, own)) as served:
        token = f"of {TOKEN_VARIABLE}" if own else served.token
        session.note(f"the page is at {served.address}; changes need the token {token}")
        yield


def _wait_for_the_end() -> None:
    """Until the command is ended, which is no failure of it."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


class _Report:
    """What is printed, and what `result.json` says at the end."""

    def __init__(self, session: Session, watch: Watch) -> None:
        self._session, self._watch = session, watch
        self._times: list[float] = []
        if watch.tally.n_before:
            session.note(f"{watch.tally.n_before:,} batches were judged before; the log goes on")
            if watch.has_windows and not watch.tally.n_in_windows:
                session.note(
                    "windows begin anew: the sums of the last batches, by this reference, are not beside the log"
                )

    def say_reload(self, problem: str) -> None:
        if problem:
            self._session.warn(f"batches are judged by the reference as it was, for none can be loaded now: {problem}")
        else:
            self._session.note("a reference can be loaded again")

    def say_reference(self, reference: MonitorReference) -> None:
        self._session.note(
            f"from here on by the reference {reference.digest[:12]}; ranks, drift and windows begin anew, the sum of "
            "evidence goes on"
        )

    def add(self, verdict: Verdict) -> None:
        self._session.say(str(verdict))
        self._times.append(verdict.latency_s)
        del self._times[:-_N_TIMES]

    def close(self, log: AuditLog) -> None:
        tally = self._watch.tally
        numbers: dict[str, Any] = {
            "states": dict(tally.states),
            "alarms": dict(tally.alarms),
            "n_before": tally.n_before,
            "n_skipped": tally.n_skipped,
            "most_waiting": tally.most_waiting,
            "n_torn_bytes": log.n_torn,
        }
        if self._times:
            median, last = np.quantile(self._times, [0.5, 0.99])
            numbers["latency_s"] = {"median": float(median), "quantile_99": float(last)}
        self._session.outcome.numbers["monitor"] = numbers
        self._session.outcome.files["log"] = str(log.path)
        self._session.note(f"{_counted(tally.states)}; the log is {log.path}")


def _counted(states: Mapping[str, int]) -> str:
    """How many batches of each state."""
    told = ", ".join(f"{states[one]:,} {one}" for one in State if states[one])
    return f"{sum(states.values()):,} batches in all: {told}" if told else "no batch has come"


def _judge_all(
    watch: Watch, report: _Report, arrivals: Iterator[tuple[Arrival, int]], folder: ReferenceFolder | None
) -> None:
    for arrival, n_waiting in arrivals:
        if folder is not None:
            _look_for_another(watch, report, folder)
        verdict = watch.judge(arrival, n_waiting=n_waiting)
        if verdict is not None:
            report.add(verdict)


def _look_for_another(watch: Watch, report: _Report, folder: ReferenceFolder) -> None:
    """Judge by the reference that has come. That none can be loaded is said once, and once that one can again."""
    had_problem = bool(folder.problem)
    newer = folder.newer()
    if bool(folder.problem) != had_problem:
        watch.note_reload(folder.problem)
        report.say_reload(folder.problem)
    if newer is not None:
        watch.change_reference(newer)
        report.say_reference(newer)


def _arrivals(given: _Input, watch: Watch) -> Iterator[tuple[Arrival, int]]:
    """Batches with how many wait behind each."""
    if given.place == "-":
        for arrival in _on_the_standard_input(given.run_type):
            yield arrival, 0
        return
    where = as_path(given.place)
    if not where.is_dir() and not glob.has_magic(str(where)) and not where.exists():
        raise InputError(
            f"--input must be a folder, a file, a pattern or -, but there is nothing at {where}; make the folder"
        )

    def reading() -> FileReading:
        here = watch.reference
        return FileReading(here.features, here.reading, here.validity.columns, given.run_type)

    files = Files(str(where), reading, is_settled=not given.is_followed)
    if not given.is_followed:
        yield from files.now(watch.is_judged)
        return
    with waiting_for(str(where), every_s=given.every_s, is_polled=given.is_polled) as waiting:
        yield from followed(files, watch.is_judged, waiting)


def _on_the_standard_input(run_type: str | None) -> Iterator[Arrival]:
    """Record batches of an Arrow stream, or lines of JSON, as its first bytes say."""
    stream = io.BufferedReader(sys.stdin.buffer)  # type: ignore[type-var]
    if stream.peek(len(ARROW_MARK))[: len(ARROW_MARK)] == ARROW_MARK:
        return arrow_input.arrivals(stream, run_type=run_type)
    return Lines(stream, run_type=run_type).arrivals()


def _require_log(output: Path) -> None:
    """Raise StoreError unless the folder is new, empty, or one of a monitor."""
    if output.is_dir() and any(output.iterdir()) and not (output / MONITORED).exists():
        raise StoreError(f"{output} must be a new or empty folder, or one of `wilks monitor`; give another --output")

"""wilks monitor: batches as they come, and a log of what was said of them."""

import glob
import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from wilks import lazy
from wilks.cli.options import FilePath, json_option
from wilks.cli.places import MONITORED
from wilks.cli.session import Session
from wilks.errors import InputError, StoreError
from wilks.monitor import Monitor, Verdict
from wilks.monitor.audit import AuditLog
from wilks.monitor.inputs import Arrival, FileReading, Files, Lines
from wilks.monitor.watching import Watch
from wilks.storage import as_path

if TYPE_CHECKING:
    from wilks.monitor import arrow_input
else:
    arrow_input = lazy.Module("wilks.monitor.arrow_input")

ARROW_MARK = b"\xff\xff\xff\xff"
_N_TIMES = 10_000


@click.command("monitor", short_help="Judge batches as they come, at declared rates of false alarms.")
@click.option(
    "--reference", type=FilePath(), required=True, metavar="FOLDER", help="What `wilks reference build` made."
)
@click.option(
    "--input",
    "place",
    required=True,
    metavar="FOLDER|PATTERN|-",
    help="Files of batches: a folder, or a pattern in quotes; - for lines of JSON, or an Arrow stream, on the standard "
    "input.",
)
@click.option("--follow", is_flag=True, help="Go on as files appear, until the command is ended.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks at the files; one that changes between them is still being written.",
)
@click.option("--run-type", metavar="TEXT", help="Of the runs that the batches are from.")
@click.option(
    "--output", "-o", type=FilePath(), default="monitor", show_default=True, metavar="FOLDER", help="Folder of the log."
)
@json_option
def monitor(
    reference: Path, place: str, follow: bool, every: float, run_type: str | None, output: Path, as_json: bool
) -> None:
    """Judge batches against a reference, and keep every verdict in the log of the folder --output.

    The log, lines of JSON that are only ever added, is the memory: a command that was killed goes on where the log
    ends, and no batch is judged twice. BAD batches are no failure of the command.
    """
    session = Session("monitor", as_json=as_json)
    session.interrupted = f"ended; what was judged is in {output / MONITORED}, and the same command goes on"

    def work() -> None:
        judge = Monitor(reference)
        _require_log(output)
        with AuditLog(output / MONITORED, reference=judge.reference.digest) as log:
            watch = Watch(judge, log, clock=time.time)
            session.output = output
            report = _Report(session, watch)
            reading = FileReading(
                judge.reference.features, judge.reference.reading, judge.reference.validity.columns, run_type
            )
            try:
                _judge_all(watch, report, _arrivals(place, reading, watch, follow=follow, every=every))
            except KeyboardInterrupt:
                if not follow:
                    raise
            finally:
                report.close(log)

    session.run(work)


class _Report:
    """What is printed, and what `result.json` says at the end."""

    def __init__(self, session: Session, watch: Watch) -> None:
        self._session, self._watch = session, watch
        self._times: list[float] = []
        if watch.tally.n_before:
            session.note(f"{watch.tally.n_before:,} batches were judged before; the log goes on")

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


def _judge_all(watch: Watch, report: _Report, arrivals: Iterator[tuple[Arrival, int]]) -> None:
    for arrival, n_waiting in arrivals:
        verdict = watch.judge(arrival, n_waiting=n_waiting)
        if verdict is not None:
            report.add(verdict)


def _arrivals(
    place: str, reading: FileReading, watch: Watch, *, follow: bool, every: float
) -> Iterator[tuple[Arrival, int]]:
    """Batches with how many wait behind each."""
    if place == "-":
        for arrival in _on_the_standard_input(reading.run_type):
            yield arrival, 0
        return
    where = as_path(place)
    if not where.is_dir() and not glob.has_magic(str(where)) and not where.exists():
        raise InputError(f"--input must be a folder, a pattern or -, but there is nothing at {where}; make the folder")
    files = Files(str(where), reading, is_settled=not follow)
    while True:
        found = files.look(watch.is_judged)
        for row, arrival in enumerate(found):
            yield arrival, len(found) - row - 1
        if not follow:
            return
        time.sleep(every)


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

"""Campaigns that are disturbed in many ways, against one that is not: every toy once, with the same bits.

    python -m tests.lab --n-toys 2000 --n-kills 20 --output chaos.json
    python -m tests.lab --quick

Linux. A full and a read-only disk are a small tmpfs for root, limits and permissions for others. The table has a line
for each disturbance: at how many moments or places it struck, how many toys were made again for it, and what is then
different from the undisturbed campaign. Exit code 1 if anything is. `--quick` makes toys of a kernel, whose processes
need no JAX and begin in a second, in place of those of a network.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"})

import argparse
import collections
import contextlib
import itertools
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wilks.campaign import plan_toys
from wilks.hypotheses import Null

from tests.lab.campaign import SEED, Attempt, Lab, Line, draws, is_running, made_again, wait_until
from tests.lab.damage import changed_files, damaged_campaign, damaged_plan, foreign_toys, full_disk, jumping_clock
from tests.lab.options import conclude, parsed

WORKER, COORDINATOR, ALL = "kill -9 of a worker", "kill -9 of the coordinator", "kill -9 of all processes"
TERM, INT = "SIGTERM to the coordinator", "SIGINT to the coordinator"
SIGNALS = {COORDINATOR: signal.SIGKILL, ALL: signal.SIGKILL, TERM: signal.SIGTERM, INT: signal.SIGINT}
LATEST_START_S, LATEST_S = 8.0, 0.1
USUAL = {"n_toys": 2000, "n_kills": 20, "n_stops": 2, "n_full": 6, "n_flips": 0, "n_clock": 320, "n_processes": 2}
QUICK = {"n_toys": 128, "n_kills": 3, "n_stops": 0, "n_full": 2, "n_flips": 400, "n_clock": 12, "n_processes": 1}


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__.splitlines()[0])
    parser.add_argument("--n-toys", type=int)
    return parsed(parser, words, usual=USUAL, quick=QUICK)


class Blow(NamedTuple):
    """One that strikes when so many toys were drawn, or while processes start, and some time later."""

    kind: str
    n_drawn: int
    delay_s: float
    is_early: bool


def blows(lab: Lab, options: argparse.Namespace) -> Iterator[Blow]:
    """At random moments, in random order; a quarter while processes start, where the blow before has ended them."""
    kinds = list(itertools.islice(itertools.cycle((WORKER, COORDINATOR, ALL)), options.n_kills))
    kinds += [TERM, INT] * options.n_stops
    n_drawn = np.sort(lab.rng.integers(0, int(0.7 * lab.n_toys), len(kinds)))
    for kind, n in zip(lab.rng.permutation(kinds), n_drawn, strict=True):
        is_early = bool(lab.rng.random() < 0.25)
        yield Blow(str(kind), int(n), lab.rng.uniform(0, LATEST_START_S if is_early else LATEST_S), is_early)


class Series:
    """One campaign under many blows, each attempt at it going on where the last one ended."""

    def __init__(self, lab: Lab) -> None:
        self._lab, self._folder, self._draws = lab, lab.root / "killed", lab.new_draws("killed")
        self._attempt: Attempt | None = None
        self._struck: collections.Counter[str] = collections.Counter()
        self._ended_by: dict[int, str] = {}
        self._faults: dict[str, list[str]] = collections.defaultdict(list)
        self._slowest_end_s = 0.0

    def strike(self, blow: Blow) -> None:
        is_fresh = self._attempt is None or not self._attempt.is_running
        attempt = self._go_on()
        is_early, latest = is_fresh and blow.is_early, time.monotonic() + blow.delay_s
        wait_until(
            lambda: (
                len(os.listdir(self._draws)) >= blow.n_drawn
                or not attempt.is_running
                or (is_early and time.monotonic() >= latest)
            )
        )
        if not is_early:
            time.sleep(min(blow.delay_s, LATEST_S))
        if blow.kind == WORKER:
            wait_until(lambda: bool(attempt.workers()) or not attempt.is_running)
        workers = attempt.workers()
        if not attempt.is_running or (blow.kind == WORKER and not workers):
            self._faults[blow.kind].append("came too late")
            return
        self._struck[blow.kind] += 1
        if blow.kind == WORKER:
            workers = [int(self._lab.rng.choice(workers))]
            os.kill(workers[0], signal.SIGKILL)
        else:
            self._end(attempt, blow.kind, workers)
        self._ended_by |= dict.fromkeys(workers, blow.kind)

    def _end(self, attempt: Attempt, kind: str, workers: list[int]) -> None:
        for pid in (attempt.pid, *(workers if kind == ALL else ())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, SIGNALS[kind])
        attempt.wait()
        self._slowest_end_s = max(self._slowest_end_s, wait_until(lambda: not any(map(is_running, workers))))
        if "Traceback" in attempt.errors and kind != INT:
            self._faults[kind].append(f"said {attempt.errors[-300:]!r}")

    def _go_on(self) -> Attempt:
        if self._attempt is None or not self._attempt.is_running:
            if self._attempt is not None and self._attempt.wait() > 0:
                self._faults[WORKER].append(f"ended by itself: {self._attempt.errors[-300:]!r}")
            self._attempt = Attempt(self._lab, self._folder, draws=self._draws)
        return self._attempt

    def lines(self) -> list[Line]:
        """Go on to the end, and say what became of it."""
        last = self._go_on()
        common = [f"exit code {last.wait()}: {last.errors[-300:]!r}"] if last.wait() else []
        common += self._lab.faults(self._folder)
        lost = collections.Counter(self._ended_by.get(draw.pid, "") for draw in made_again(draws(self._draws)))
        if lost[""]:
            common.append(f"{lost['']} toys made again by processes that nobody had killed")
        kinds = [kind for kind in (WORKER, COORDINATOR, ALL, TERM, INT) if self._struck[kind] or self._faults[kind]]
        lines = [Line(kind, self._struck[kind], lost[kind], self._faults[kind] + common) for kind in kinds]
        lines[-1].note = f"Workers without a coordinator end within {self._slowest_end_s:.1f} s"
        return lines


def killed(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    series = Series(lab)
    for blow in blows(lab, options):
        series.strike(blow)
    yield from series.lines()


def two_coordinators(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """Two at once, each with all of the campaign to do."""
    folder, made, gate = lab.root / "two", lab.new_draws("two"), lab.root / "gate"
    plan_toys(lab.analysis, Null(), n_toys=lab.n_toys, seed=SEED, folder=folder)
    attempts = [Attempt(lab, folder, draws=made, gate=gate) for _ in range(2)]
    gate.touch()
    faults = [f"exit code {one.wait()}: {one.errors[-300:]!r}" for one in attempts if one.wait() != 0]
    found = draws(made)
    n_each = sorted(collections.Counter(draw.pid for draw in found).values())
    note = f"processes made {', '.join(map(str, n_each))} toys"
    yield Line("two coordinators at once", 1, len(made_again(found)), faults + lab.faults(folder), note)


def removed_folder(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """Nothing can be kept then; the campaign must end, say why, and leave no process behind."""
    folder, made = lab.root / "removed", lab.new_draws("removed")
    attempt = Attempt(lab, folder, draws=made)
    wait_until(lambda: len(os.listdir(made)) > lab.n_toys // 20)
    workers = attempt.workers()
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    seconds = wait_until(lambda: not attempt.is_running and not any(map(is_running, workers)))
    faults = [] if attempt.wait() == 1 and "StoreError" in attempt.errors else [f"said {attempt.errors[-300:]!r}"]
    yield Line("the folder removed", 1, 0, faults, f"StoreError, and all processes ended, after {seconds:.1f} s")


def cached_programs(lab: Lab, options: argparse.Namespace) -> Iterator[Line]:
    """The same toys from programs that this process compiles and from those that another one left in a folder."""
    n_toys, seconds, faults = 8, [], []
    for name in ("compiled afresh", "from the cache"):
        made, folder = lab.new_draws(name), lab.root / name
        begin = time.monotonic()
        attempt = Attempt(lab, folder, draws=made, n_toys=n_toys, has_cache=name == "from the cache")
        faults += [f"exit code {attempt.wait()}"] if attempt.wait() else []
        seconds.append(time.monotonic() - begin)
        faults += lab.faults(folder, n_toys)
    note = f"{n_toys} toys after {seconds[0]:.0f} s, with a cache after {seconds[1]:.0f} s"
    yield Line("programs compiled afresh", 1, 0, faults, note)


SCENARIOS = (
    *(killed, two_coordinators, full_disk, changed_files, damaged_campaign, foreign_toys, damaged_plan, jumping_clock),
    *(removed_folder, cached_programs),
)
NOT_QUICK = (removed_folder, cached_programs)


def main() -> None:
    options, begin, lines = arguments(), time.monotonic(), []
    print(f"{'disturbance':<44} {'moments':>7} {'again':>6}  result", flush=True)
    with tempfile.TemporaryDirectory() as root, Lab(Path(root), options) as lab:
        for scenario in SCENARIOS:
            if not (options.quick and scenario in NOT_QUICK):
                for line in scenario(lab, options):
                    lines.append(line)
                    print(line, flush=True)
    conclude(lines, options, what=f"{options.n_toys} toys", begin=begin)


if __name__ == "__main__":
    main()

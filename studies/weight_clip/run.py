"""Choosing the weight clip: Table 1 of "Learning New Physics from an Imperfect Machine", and selections from scratch.

    python -m studies.weight_clip.run table --store STORE              # the exponential problem at given clips
    python -m studies.weight_clip.run table --clips 7 8 9 10 --n-toys 400 --store STORE
    python -m studies.weight_clip.run warm --store STORE               # after the first: minima of a clip as starts
    python -m studies.weight_clip.run command --store STORE            # one command, from a clip of 20
    python -m studies.weight_clip.run scan --store STORE               # networks of one layer on the same problem
    python -m studies.weight_clip.run muons --hidden 5 5 5 --data DATA --store STORE
    python -m studies.weight_clip.run spread --hidden 5 5 5 --clip 1.53 --data DATA --store STORE
    python -m studies.weight_clip.run published --data DATA --store STORE      # networks of Table 3 at their clips

STORE keeps finished toys: a run that was cut short goes on. Toy i has the same events at every clip. ``command`` writes
an analysis file of the exponential problem with a clip of 20 and runs ``wilks select`` on it as anybody would; its
seconds hold the start of Python and all compilations. ``muons`` has the setting of section 4.1: N(R_0) = 8,700,
N_R = 5 N(R_0), mll > 60; toys come from the other events, and share some. ``spread`` asks as it does whether t depends
on chance, at a given clip: the same toys with another seed of the search.
"""

import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.laws.compatibility import judge
from wilks.problems import dimuon, exponential
from wilks.selection.selecting import kept_toys
from wilks.selection.trials import CHOOSING, MakeToys, measured_spread, toy_seed
from wilks.statistics.fits import Data
from wilks.toys import draw_toy

from studies.common import EXPECTED_EVENTS, N_REFERENCE

TOY_SEED = 41
SIZES = (40, 100, 400)
PUBLISHED = {"5": 1.0, "50": 1.89, "6x6": 1.8, "7x7": 1.84, "10x10": 1.87, "5x5x5": 2.16}
SCRIPT = harness.Script(__file__, __doc__, seed={"table": TOY_SEED, "selections": 0})
FILE = """\
features: [x]
standardize: false
reference:
  generator: {{function: "wilks.problems.exponential:background", n_events: {n_reference}, seed: 2022}}
  expected_events: 2000
toys:
  processes: {processes}
  generator: {{function: "wilks.problems.exponential:background"}}
model:
  mlp: {{hidden: [4], weight_clip: 20.0}}
"""


@SCRIPT.part("table", clips=(4.0, 7.0, 8.0, 9.0, 10.0, 11.0, 15.0, 35.0), n_toys=100, n_starts=96, store=Path)
def run_table(options) -> Iterator[harness.Row]:
    for clip in options.clips:
        analysis = analysis_of(clip, n_starts=options.n_starts)
        store = options.store / f"clip-{clip:g}-{options.n_starts}" if options.store else None
        with ThreadPoolExecutor(1) as here:
            toys = wilks.run_toys(
                analysis, wilks.Null(), n_toys=options.n_toys, seed=TOY_SEED, store=store, executor=here
            )
        yield {"clip": clip, "core_seconds_per_toy": np.mean(toys.seconds), "sizes": list(by_size(toys))}


def analysis_of(clip: float, *, n_starts: int) -> wilks.Analysis:
    """The exponential problem at a clip."""
    return wilks.Analysis(
        reference=exponential.reference(),
        model=wilks.MLP(hidden=exponential.HIDDEN, weight_clip=clip),
        toy_source=exponential.BACKGROUND,
        standardize=False,
        search=wilks.Search(n_starts=n_starts),
    )


@SCRIPT.part("warm", clips=(8.0, 9.0, 10.0, 11.0), n_toys=60, n_starts=96, store=Path)
def run_warm(options) -> Iterator[harness.Row]:
    """Each toy at one clip from its best minimum at another alone, against the search that starts from nothing."""
    cold = {clip: wilks.load_toys(options.store / f"clip-{clip:g}-{options.n_starts}") for clip in options.clips}
    for before, clip in itertools.permutations(options.clips, 2):
        analysis = analysis_of(clip, n_starts=options.n_starts)
        programs = analysis.engine.programs
        t, seconds = np.empty(options.n_toys), np.empty(options.n_toys)
        for index in range(options.n_toys):
            sets = programs.data_sets([Data(draw_toy(analysis, wilks.Null(), seed=TOY_SEED, index=index), np.empty(0))])
            start = np.clip(cold[before].params[index], -clip, clip)[None]
            begin = time.perf_counter()
            t[index] = -2.0 * programs.polish(start, np.zeros(1, dtype=np.int64), sets).value[0]
            seconds[index] = time.perf_counter() - begin
        own = cold[clip].t[: options.n_toys]
        yield {
            "from": before,
            "clip": clip,
            "mean_cold": np.mean(own),
            "mean_warm": np.mean(t),
            "mean_of_the_higher": np.mean(np.maximum(t, own)),
            "scatter": np.std(t - own),
            "median_seconds_warm": np.median(seconds),
        }


def by_size(toys: wilks.Toys) -> Iterator[harness.Row]:
    """The first 40, 100, 400 toys, or as many as there are, against the chi-square."""
    for n in sorted({min(n, toys.n_toys) for n in SIZES}):
        first = toys.t[:n]
        valid = first[np.isfinite(first)]
        found = judge(valid, float(toys.n_parameters), n_failed=n - valid.size, is_estimated_dof=False)
        yield found.to_dict() | {"error_of_mean": np.std(valid, ddof=1) / np.sqrt(valid.size)}


@SCRIPT.part("command", n_reference=200_000, processes=2, tolerance=0.05, n_toys=SIZES, store=Path)
def run_command(options) -> Iterator[harness.Row]:
    folder = options.store or Path(".")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "analysis.yaml"
    path.write_text(FILE.format(n_reference=options.n_reference, processes=options.processes), encoding="utf-8")
    counts = [word for n in options.n_toys for word in ("--n-toys", str(n))]
    words = ["-m", "wilks", "select", str(path), *counts, "--tolerance", str(options.tolerance)]
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *words], check=False)
    seconds = time.perf_counter() - begin
    found = wilks.load(folder / "results" / "selection" / "result")
    yield {"exit_code": done.returncode, "wall_seconds": seconds} | without_toys(found)


@SCRIPT.part(
    "scan",
    architectures=("2", "3", "4"),
    budget=540.0,
    n_toys=(40,),
    n_starts=24,
    most_starts=48,
    n_spread=20,
    n_signals=10,
    store=Path,
)
def run_scan(options) -> Iterator[harness.Row]:
    with ThreadPoolExecutor(1) as here:
        found = wilks.select_architecture(
            analysis_of(exponential.WEIGHT_CLIP, n_starts=options.n_starts),
            [tuple(map(int, word.split("x"))) for word in options.architectures],
            budget_seconds=options.budget,
            n_toys=options.n_toys,
            most_starts=options.most_starts,
            n_spread=options.n_spread,
            n_signals=options.n_signals,
            store=options.store,
            executor=here,
        )
    print(found, flush=True)
    yield found.to_dict()


@SCRIPT.part(
    "muons",
    data=Path,
    hidden=(5, 5, 5),
    clip=2.0,
    n_toys=(40, 100),
    n_starts=24,
    most_starts=48,
    n_spread=20,
    store=Path,
)
def run_muons(options) -> Iterator[harness.Row]:
    analysis = muon_pairs(options.data, options.hidden, options.clip, n_starts=options.n_starts)
    begin = time.perf_counter()
    with ThreadPoolExecutor(1) as here:
        found = wilks.select_weight_clip(
            analysis,
            n_toys=options.n_toys,
            n_spread=options.n_spread,
            most_starts=options.most_starts,
            store=options.store,
            executor=here,
        )
    print(found, flush=True)
    yield {"hidden": options.hidden, "wall_seconds": time.perf_counter() - begin} | without_toys(found)


def muon_pairs(data: Path, hidden: tuple[int, ...], clip: float, *, n_starts: int) -> wilks.Analysis:
    sample = dimuon.read_dimuons(data / "dimuon_sm.h5")
    reference, pool = wilks.split(sample, n_first=N_REFERENCE, seed=0)
    return wilks.Analysis(
        reference=reference,
        model=wilks.MLP(hidden=hidden, weight_clip=clip),
        toy_source=pool,
        expected_events=EXPECTED_EVENTS,
        search=wilks.Search(n_starts=n_starts),
    )


@SCRIPT.part("spread", data=Path, hidden=(5, 5, 5), clip=1.53, n_toys=10, n_starts=24, store=Path)
def run_spread(options) -> Iterator[harness.Row]:
    analysis = muon_pairs(options.data, options.hidden, options.clip, n_starts=options.n_starts)
    seed = toy_seed(0, CHOOSING)
    with made_here(analysis, options.store) as make:
        found = measured_spread(analysis, make, wilks.Null(), n_toys=options.n_toys, seed=seed)
    yield {"hidden": options.hidden, "clip": options.clip} | found.to_dict()


@SCRIPT.part("published", data=Path, networks=tuple(PUBLISHED), n_toys=10, n_starts=24, store=Path)
def run_published(options) -> Iterator[harness.Row]:
    for name in options.networks:
        hidden = tuple(map(int, name.split("x")))
        analysis = muon_pairs(options.data, hidden, PUBLISHED[name], n_starts=options.n_starts)
        with made_here(analysis, options.store) as make:
            toys = make(analysis, wilks.Null(), n_toys=options.n_toys, seed=toy_seed(0, CHOOSING))
        valid = toys.t[np.isfinite(toys.t)]
        found = {"n_parameters": analysis.n_parameters, "mean": np.mean(valid), "n_failed": toys.n_toys - valid.size}
        error = np.std(valid, ddof=1) / np.sqrt(valid.size)
        yield {"network": name, "clip": PUBLISHED[name], **found, "error": error, "seconds": np.mean(toys.seconds)}


@contextlib.contextmanager
def made_here(analysis: wilks.Analysis, store: Path | None) -> Iterator[MakeToys]:
    """A maker of toys in this process."""
    with ThreadPoolExecutor(1) as here, kept_toys(analysis, store=store, executor=here, progress=None) as make:
        yield make


def without_toys(found: wilks.WeightClipSelection) -> harness.Row:
    return found.to_dict() | {"core_seconds": core_seconds(found)}


def core_seconds(found: wilks.WeightClipSelection) -> float:
    """Of all toys that a selection made; more toys of a clip contain the fewer of an earlier stage."""
    most: dict[object, float] = {}
    for one in found.table:
        key = one is found.fresh, one.weight_clip, one.n_starts
        most[key] = max(most.get(key, 0.0), one.seconds * one.compatibility.n_toys)
    searched_again = sum(2 * one.seconds * one.n_toys for one in found.efforts)
    return sum(most.values()) + searched_again + found.spread.seconds * found.spread.n_toys


if __name__ == "__main__":
    SCRIPT.main()

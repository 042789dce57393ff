"""What is compiled: programs and seconds of a first fit, and of the fits of other analyses after it.

    python benchmarks/programs.py

One process on one core fits the exponential problem (hidden (4,), clip 9, 2,000 expected events) without nuisances,
then with two. After the first fit each row is one more Analysis, made anew and differing in what the row says, with a
fit of the same data. A program is one compilation by XLA, those of single operations included; the persistent cache of
JAX is off. ``--n-reference`` sets the size of the reference.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"})

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np

import wilks
from wilks.problems import exponential
from wilks.typing import FloatArray

COMPILED = "/jax/core/compile/backend_compile_duration"
EXPECTED = 2_000.0
SEARCH = {"n_starts": 4, "n_retries": 0}


@dataclass
class Compiled:
    """Programs since the count began, and the seconds that XLA spent on them."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, event: str, seconds: float, **_: Any) -> None:
        if event == COMPILED:
            self.seconds.append(seconds)


@contextmanager
def counting(compiled: Compiled) -> Iterator[Compiled]:
    """Count what is compiled inside."""
    compiled.seconds.clear()
    yield compiled


def make(n_reference: int, *, has_nuisances: bool, **changed: Any) -> wilks.Analysis:
    """The analysis, but for what is ``changed``: the seed and size of the reference, the clip, sigma, the search."""
    given = {"seed": 0, "n_more": 0, "clip": 9.0, "sigma": 0.05, "search": {}, "n_starts": 4} | changed
    n = n_reference + given["n_more"]
    reference = exponential.reference(n, seed=given["seed"])
    return wilks.Analysis(
        reference=reference,
        model=wilks.MLP(hidden=(4,), weight_clip=given["clip"]),
        expected_events=EXPECTED,
        nuisances=exponential.nuisances(given["sigma"], 0.15) if has_nuisances else (),
        standardize=False,
        search=wilks.Search(**(SEARCH | given["search"])),
    )


ROWS: dict[str, dict[str, Any]] = {
    "first": {},
    "equal": {},
    "other reference": {"seed": 1},
    "reference with 1 % more events": {"seed": 2, "n_more": 0.01},
    "other clip": {"clip": 7.0},
    "other seed and tolerances": {"search": {"seed": 5, "decrement_tolerance": 2e-3, "max_iterations": 2000}},
    "other number of starts": {"search": {"n_starts": 6}},
}
WITH_NUISANCES = {"other sigma": {"sigma": 0.06}}


def resident_mb() -> float:
    """Memory of this process that is in use now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def series(n_reference: int, data: FloatArray, compiled: Compiled, *, has_nuisances: bool) -> None:
    """Fit after fit, one line each."""
    for name, changed in (ROWS | (WITH_NUISANCES if has_nuisances else {})).items():
        options = dict(changed)
        options["n_more"] = round(n_reference * options.get("n_more", 0.0))
        with counting(compiled):
            analysis, made = timed(lambda options=options: make(n_reference, has_nuisances=has_nuisances, **options))
            result, fitted = timed(lambda analysis=analysis: wilks.fit(analysis, data))
            n, spent = len(compiled.seconds), sum(compiled.seconds)
        _, again = timed(lambda analysis=analysis: wilks.fit(analysis, data))
        print(
            f"{name:32}{n:5} programs{spent:7.1f} s in XLA{made:7.2f} s to make{fitted:7.1f} s fit{again:7.2f} s again"
            f"  t = {result.t:.6f}{resident_mb():8.0f} MB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-reference", type=int, default=exponential.N_REFERENCE)
    n_reference = parser.parse_args().n_reference
    compiled = Compiled()
    jax.monitoring.register_event_duration_secs_listener(compiled)
    data = exponential.data(exponential.NP2, seed=1).events
    for has_nuisances in (False, True):
        print("two nuisances" if has_nuisances else "no nuisances", flush=True)
        series(n_reference, np.asarray(data), compiled, has_nuisances=has_nuisances)


if __name__ == "__main__":
    main()

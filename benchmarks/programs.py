"""What is compiled: programs and seconds of a first fit, and of the fits of other analyses after it.

    python -m benchmarks.programs
    python -m benchmarks.programs --n-reference 20000

One process fits the exponential problem (hidden (4,), clip 9, 2,000 expected events) without nuisances, then with two.
After the first fit each row is one more Analysis, made anew and differing in what the row says, with a fit of the same
data, and that fit again. A program is one compilation by XLA, those of single operations included; the persistent cache
of JAX is off.
"""

from collections.abc import Iterator
from typing import Any

import benchmarks.harness as harness
import jax
from benchmarks.engine import Compilations

import wilks
from wilks.problems import exponential

DATA_SEED = 1
SEARCH = {"n_starts": 4, "n_retries": 0}
ROWS: dict[str, dict[str, Any]] = {
    "first": {},
    "equal": {},
    "other reference": {"seed": 1},
    "reference with 1 % more events": {"seed": 2, "more": 0.01},
    "other clip": {"clip": 7.0},
    "other seed and tolerances": {"search": {"seed": 5, "decrement_tolerance": 2e-3, "max_iterations": 2000}},
    "other number of starts": {"search": {"n_starts": 6}},
}
WITH_NUISANCES = {"other sigma": {"sigma": 0.06}}
SCRIPT = harness.Script(__file__, __doc__, seed={"references": [0, 1, 2], "data": DATA_SEED, "search": [0, 5]})


@SCRIPT.whole(n_reference=exponential.N_REFERENCE)
def run(options) -> Iterator[harness.Row]:
    jax.config.update("jax_enable_compilation_cache", False)
    compilations, data = Compilations(), exponential.data(exponential.NP2, seed=DATA_SEED)
    for has_nuisances in (False, True):
        for name, changed in (ROWS | (WITH_NUISANCES if has_nuisances else {})).items():
            n, seconds = compilations.n, compilations.seconds
            given = {"has_nuisances": has_nuisances} | changed
            analysis, made = harness.timed(lambda: make(options.n_reference, **given))  # noqa: B023
            fit, fitted = harness.timed(wilks.fit, analysis, data)
            row = {"nuisances": len(analysis.nuisances), "analysis": name, "n_programs": compilations.n - n}
            row |= {"xla_seconds": compilations.seconds - seconds, "make_seconds": made, "fit_seconds": fitted}
            row["again_seconds"] = harness.timed(wilks.fit, analysis, data)[1]
            yield row | {"t": fit.t, "resident_mb": harness.resident_mb()}


def make(
    n_reference: int,
    *,
    has_nuisances: bool,
    seed: int = 0,
    more: float = 0.0,
    clip: float = exponential.WEIGHT_CLIP,
    sigma: float = 0.05,
    search: dict[str, Any] | None = None,
) -> wilks.Analysis:
    """The analysis, but for what is given: seed and size of the reference, the clip, sigma of the scale, the search."""
    return wilks.Analysis(
        reference=exponential.reference(round(n_reference * (1.0 + more)), seed=seed),
        model=wilks.MLP(hidden=exponential.HIDDEN, weight_clip=clip),
        expected_events=exponential.EXPECTED_EVENTS,
        nuisances=exponential.nuisances(sigma, 0.15) if has_nuisances else (),
        standardize=False,
        search=wilks.Search(**(SEARCH | (search or {}))),
    )


if __name__ == "__main__":
    SCRIPT.main()

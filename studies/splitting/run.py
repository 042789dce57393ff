"""Multilevel splitting against plain draws and tilted toys: p, stated errors, spread over repetitions and cost.

    python -m studies.splitting.run relabellings
    python -m studies.splitting.run toys

``relabellings``: 700 events against 300 of one distribution, a normal feature and a Poisson number; one kernel, kernels
of three widths, and the default set of a comparison. ``toys``: the exponential problem with 500 expected events and a
reference of 50,000; one kernel, the smallest p of five kernels, and the default of an analysis, with toys of the
generator. Where they are asked for, ``nuisance`` is the kernel with a scale of 5 %, ``converged`` a set of two
converged kernels with it: every toy is fitted.

t lies where plain draws have p = 1e-2, 1e-3, ..., as far as 20 of them lie beyond; and, so that p is about 1e-7, as
many times log 10 beyond the last of these as are missing, as t of a set is -2 log p (of a kernel, at the p of its
analytic law). Each row has as many repetitions with seeds of their own as ``n_repeats``: the mean of their p, its error
from their spread, the spread of one, and the mean of the stated relative errors. The error of plain p is that of its
counts. Seconds are those of the processor, of one repetition on one core. Tilted toys, for one kernel alone: p and
error, or what it is refused for.
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.comparison.models import blocks_of
from wilks.comparison.nulls import Relabelling
from wilks.comparison.splitting import RelabelledSums
from wilks.comparison.statistics import ComparisonStatistics
from wilks.errors import CalibrationError
from wilks.laws import analytic_null, tilted_p_value
from wilks.laws.splitting import SplittingOptions, Tail, split_tail
from wilks.laws.splitting.subsets import Subsets
from wilks.laws.splitting.toys import ToyPopulations
from wilks.problems import exponential

P_VALUES, FEWEST_BEYOND, DEEP = (1e-2, 1e-3, 1e-4, 1e-5), 20, 1e-7
AT_ONCE, N_TILTED = 1_000, 100_000
SCRIPT = harness.Script(__file__, __doc__, seed="of data 0; of plain draws 1; of repetitions 0, 1, ...")
CASES, FITTED = ("kernel", "set", "default"), ("nuisance", "converged")


class Case(NamedTuple):
    """A null with its statistic.

    Attributes:
        make: the population of a run.
        plain: t of so many draws, from random numbers.
        tilted: p and its error at a t, where there are tilted toys.
    """

    make: Callable
    plain: Callable[[np.random.Generator, int], np.ndarray]
    tilted: Callable[[float], object] | None = None


def of_relabellings(name: str) -> Case:
    rng = np.random.Generator(np.random.Philox(0))
    a, b = (np.column_stack([rng.normal(size=n), rng.poisson(2.0, size=n)]) for n in (700, 300))
    models = {
        "kernel": wilks.Kernel(n_centers=60, width=1.0),
        "set": wilks.KernelSet(widths=(0.5, 1.0, 2.0), n_centers=60),
        "default": None,
    }
    null = Relabelling.of(wilks.Sample(a), wilks.Sample(b))
    statistics = ComparisonStatistics(null, tuple(blocks_of(models[name], null, seed=0)))
    population = Subsets(RelabelledSums(statistics, null), null.n_first)
    return Case(lambda rng: population, lambda rng, n: population.drawn(n, rng).t)


def scale(events, nu):
    """log r of a scale of the exponential, to first order."""
    return nu * (events[:, 0] - 1.0)


def of_toys(name: str) -> Case:
    kernel = wilks.Kernel(n_centers=100, width=1.0, ridge=0.3, is_score=True)
    models = {
        "kernel": kernel,
        "set": wilks.KernelSet(combination="min_p"),
        "default": wilks.KernelSet(),
        "nuisance": kernel,
        "converged": wilks.KernelSet(widths=(0.5, 2.0), n_centers=30, is_score=False),
    }
    nuisances = [wilks.Nuisance("scale", 0.05, log_ratio=scale)] if name in FITTED else []
    analysis = wilks.Analysis(
        reference=exponential.reference(50_000, seed=0),
        model=models[name],
        toy_source=exponential.BACKGROUND,
        nuisances=nuisances,
        expected_events=500,
        standardize=False,
    )
    engine = analysis.engine
    if name in FITTED:
        make = ToyPopulations(analysis, wilks.Null())
        return Case(make, lambda rng, n: make(rng).drawn(n, rng).t)

    def plain(rng: np.random.Generator, n: int) -> np.ndarray:
        q = engine.scores([rng.exponential(size=(rng.poisson(500), 1)) for _ in range(n)])
        return q[:, 0] if engine.laws is None else engine.laws.combined(q)

    tilted = (lambda t: tilted_of(analysis, t)) if name == "kernel" else None
    return Case(ToyPopulations(analysis, wilks.Null()), plain, tilted)


def tilted_of(analysis: wilks.Analysis, t: float) -> harness.Row:
    row = {"analytic_p": analytic_null(analysis).unconfirmed_p_value(t)}
    try:
        found = tilted_p_value(analysis, t, n_toys=N_TILTED)
    except CalibrationError as error:
        return row | {"tilted_p": None, "tilted_refused": str(error)[:120]}
    return row | {"tilted_p": found.p_value, "tilted_error": found.error, "largest_share": found.largest_share}


@SCRIPT.part("relabellings", cases=CASES, n_plain=1_000_000, n_repeats=20, n_particles=1_000, n_runs=8)
def relabellings(options) -> Iterator[harness.Row]:
    return rows(options, of_relabellings)


@SCRIPT.part("toys", cases=CASES, n_plain=1_000_000, n_repeats=20, n_particles=1_000, n_runs=8)
def toys(options) -> Iterator[harness.Row]:
    return rows(options, of_toys)


def rows(options, case_of: Callable[[str], Case]) -> Iterator[harness.Row]:
    for name in options.cases:
        case = case_of(name)
        begin = time.process_time()
        t = plain_values(case, options.n_plain)
        seconds = time.process_time() - begin
        beyond = [p for p in P_VALUES if p * options.n_plain >= FEWEST_BEYOND]
        places = [(p, float(np.quantile(t, 1.0 - p))) for p in beyond]
        places.append((DEEP, places[-1][1] + 2.0 * math.log(beyond[-1] / DEEP)))
        for p, place in places:
            k = int(np.count_nonzero(t >= place))
            row = {"case": name, "about": p, "t": place, "plain_p": k / t.size, "plain_error": math.sqrt(k) / t.size}
            row |= {"n_plain": t.size, "plain_seconds": seconds} | repeated(case, place, options)
            yield row | (case.tilted(place) if case.tilted else {})


def plain_values(case: Case, n_plain: int) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(1))
    return np.concatenate([case.plain(rng, AT_ONCE) for _ in range(n_plain // AT_ONCE)])


def repeated(case: Case, t: float, options) -> harness.Row:
    """p of several repetitions."""
    made, spent = [], 0.0
    for seed in range(options.n_repeats):
        told = SplittingOptions(1e-10, options.n_particles, options.n_runs, seed)
        begin = time.process_time()
        made.append(split_once(case, t, told))
        spent += time.process_time() - begin
    p = np.array([math.exp(one.log_p) for one in made])
    spread = float(np.std(p, ddof=1)) if p.size > 1 else math.nan
    return {
        "p": float(np.mean(p)),
        "error": spread / math.sqrt(p.size),
        "spread": spread / float(np.mean(p)),
        "stated": float(np.mean([one.relative_error for one in made])),
        "n_repeats": p.size,
        "n_levels": len(made[0].route.levels),
        "n_moves": sum(level.n_moves for level in made[0].route.levels),
        "families": float(np.mean([run.n_families for one in made for run in one.runs])),
        "moved": min(run.least_moved for one in made for run in one.runs),
        "memory": max(run.most_memory for one in made for run in one.runs),
        "refused": sum(bool(one.shortcoming) for one in made),
        "seconds": spent / p.size,
    }


def split_once(case: Case, t: float, options: SplittingOptions) -> Tail:
    tail = split_tail(case.make, t, options=options)
    assert isinstance(tail, Tail), str(tail)
    return tail


if __name__ == "__main__":
    SCRIPT.main()

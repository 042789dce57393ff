"""Two samples on equal terms: the choice of the default set, its power and its size.

    python -m studies.two_samples.run choose          # kinds of members and combinations, on problems of their own
    python -m studies.two_samples.run power           # rows with a published power at a level of 5 %
    python -m studies.two_samples.run mixtures 5D --parameters FILE    # epsilon at which the median p is .05
    python -m studies.two_samples.run peers 5D --parameters FILE       # the same of the tests of others, same draws
    python -m studies.two_samples.run size set        # 700 against 300 events of one distribution, one feature discrete

p is counted among 199 relabellings, but in ``size``. ``choose`` looks at no row of ``power`` or ``mixtures``: it draws
pairs of `FOR_CHOOSING` and gives the power, at 5 %, of each kind of members alone, of several ways to combine, and of
all kinds but one. Combined p-values are calibrated by the same relabellings.

FILE has the parameters of the mixtures of "Refereeing the referees" (2409.16336) as JSON.
"""

import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.nulls import Relabelling
from wilks.comparison.statistics import ComparisonStatistics
from wilks.significance import COMBINATIONS
from wilks.threads import one_blas_thread

from studies.two_samples.peers import MOST_PAIRS, PEERS
from studies.two_samples.problems import FOR_CHOOSING, Mixture, Pair, mixtures, published

LEVEL, N_DRAWS = 0.05, 199
GRID = (0.15, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
EPSILON = {  # at which the best of five tests reaches the 95 % point of its null on average, as published
    "5D": {
        "mu": 0.00496,
        "Sigma_ii": 0.00274,
        "Sigma_ij": 0.0244,
        "pow+": 0.00345,
        "pow-": 0.00317,
        "N": 0.00921,
        "U": 0.0150,
    },
    "20D": {
        "mu": 0.0102,
        "Sigma_ii": 0.00383,
        "Sigma_ij": 0.0118,
        "pow+": 0.00090,
        "pow-": 0.00086,
        "N": 0.0134,
        "U": 0.0206,
    },
    "100D": {
        "mu": 0.00787,
        "Sigma_ii": 0.00217,
        "Sigma_ij": 0.00958,
        "pow+": 0.00084,
        "pow-": 0.00086,
        "N": 0.0256,
        "U": 0.0389,
    },
}
SCRIPT = harness.Script(__file__, __doc__, seed={"pair": "its number, and 1 to 4 for the part"})


@SCRIPT.part("choose", pairs=40)
@one_blas_thread()
def choose(options) -> Iterator[harness.Row]:
    for name, draw in FOR_CHOOSING.items():
        kinds, log_p = [], []
        for i in range(options.pairs):
            members, found = member_log_p(draw(np.random.default_rng([i, 1])), seed=i)
            kinds = [member.kind for member in members]
            log_p.append(found)
        yield {"problem": name} | powers(np.array(kinds), np.array(log_p))


def member_log_p(pair: Pair, *, seed: int) -> tuple:
    """The members, and log p of each for the samples and for relabellings, shape (1 + draws, members)."""
    null = Relabelling.of(*(wilks.Sample(events) for events in pair))
    statistics = ComparisonStatistics(null, tuple(DefaultSet().blocks(null, seed=seed)))
    drawn = statistics.drawn(null.draw(range(N_DRAWS), seed=seed))
    return statistics.members, np.concatenate([statistics.observed().log_p, drawn.log_p])


def powers(kinds: np.ndarray, log_p: np.ndarray) -> harness.Row:
    """Power of kinds and of combinations; log p has the shape (pairs, 1 + draws, members)."""
    names = list(dict.fromkeys(kinds.tolist()))
    row = {"pairs": len(log_p)}
    for way in ("half_cauchy", "min_p", "product"):
        combine = COMBINATIONS[way]
        within = {name: -0.5 * combine(log_p[..., kinds == name]) for name in names}
        if way == "half_cauchy":
            row["alone"] = {name: power_of(-found) for name, found in within.items()}
            row["without"] = {
                name: power_of(combine(np.stack([within[other] for other in names if other != name], axis=-1)))
                for name in names
                if len(names) > 1
            }
        for across in ("half_cauchy", "min_p", "product"):
            stacked = np.stack(list(within.values()), axis=-1)
            row[f"{way}, then {across}"] = power_of(COMBINATIONS[across](stacked))
        row[f"{way} of all"] = power_of(combine(log_p))
    return row


def power_of(t: np.ndarray) -> float:
    """Share of the pairs with p <= 5 % for t (pairs, 1 + draws), the observed one first."""
    p = np.mean(t >= t[:, :1] * (1.0 - 1e-9), axis=1)
    return float(np.mean(p <= LEVEL))


@SCRIPT.part("power", pairs=400)
@one_blas_thread()
def power(options) -> Iterator[harness.Row]:
    kept = {row["problem"]: row for row in options.kept}
    for name, draw in published().items():
        if name in kept:
            yield kept[name]
            continue
        p, seconds = p_values(lambda i, draw=draw: draw(np.random.default_rng([i, 2])), options.pairs)
        share = float(np.mean(p <= LEVEL))
        error = float(np.sqrt(share * (1.0 - share) / options.pairs))
        yield {"problem": name, "power": share, "error": error, "seconds_a_pair": seconds / options.pairs}


def p_values(draw: Callable[[int], Pair], n: int) -> tuple[np.ndarray, float]:
    """p of n pairs, and the seconds of all."""

    def found() -> np.ndarray:
        pairs = ((wilks.Sample(events) for events in draw(i)) for i in range(n))
        return np.array([wilks.compare(*pair, n_permutations=N_DRAWS, seed=i).p_value for i, pair in enumerate(pairs)])

    return harness.timed(found)


@SCRIPT.part("mixtures", parameters=Path, dimension=["5D", "20D", "100D"], pairs=10, ratios=(0.3, 0.4, 0.6, 0.8))
def run_mixtures(options) -> Iterator[harness.Row]:
    mixture = mixtures(options.parameters)[options.dimension]
    kept = {(row["deformation"], row["ratio"]): row for row in options.kept}
    for kind, best in EPSILON[options.dimension].items():
        for ratio in options.ratios:
            if (kind, ratio) in kept:
                yield kept[kind, ratio]
                continue

            draw = functools.partial(mixture_pair, mixture, kind=kind, epsilon=ratio * best)
            p, seconds = p_values(draw, options.pairs)
            median = float(np.median(p))
            yield {
                "deformation": kind,
                "ratio": ratio,
                "epsilon": ratio * best,
                "median_p": median,
                "p": p,
                "seconds_a_pair": seconds / options.pairs,
            }


def mixture_pair(mixture: Mixture, i: int, *, kind: str, epsilon: float, part: int = 3) -> Pair:
    """A sample of the mixture, and one of the deformed mixture."""
    rng = np.random.default_rng([i, part])
    return mixture.draw(rng), mixture.deformed(rng, kind, epsilon)


@SCRIPT.part("peers", parameters=Path, dimension=["5D", "20D", "100D"], n_null=100, pairs=20, ratios=GRID)
@one_blas_thread()
def run_peers(options) -> Iterator[harness.Row]:
    """The epsilon at which the median of a test is the 95 % point of its null, on the pairs of ``mixtures``."""
    mixture, kept = mixtures(options.parameters)[options.dimension], options.kept
    null = kept[0] if kept else null_of_peers(mixture, options.n_null)
    yield null
    yield from kept[1:]
    for kind, best in list(EPSILON[options.dimension].items())[max(len(kept) - 1, 0) :]:
        seen: dict[str, list[float]] = {name: [] for name in PEERS}
        for ratio in options.ratios:
            draws = [mixture_pair(mixture, i, kind=kind, epsilon=ratio * best) for i in range(options.pairs)]
            for name, test in PEERS.items():
                if not seen[name] or seen[name][-1] < null["cut"][name]:
                    some = draws[: MOST_PAIRS.get(name)]
                    seen[name].append(float(np.median([test(*pair) for pair in some])))
        crossed = {name: crossing(options.ratios, found, null["cut"][name]) for name, found in seen.items()}
        yield {"deformation": kind, "epsilon": {name: None if r is None else r * best for name, r in crossed.items()}}


def null_of_peers(mixture: Mixture, n: int) -> harness.Row:
    """The 95 % point of each test for pairs of one distribution, and the seconds of one."""
    row: harness.Row = {"cut": {}, "seconds": {}}
    for name, test in PEERS.items():
        begin = time.perf_counter()
        found = [test(*mixture_pair(mixture, i, kind="mu", epsilon=0.0, part=5)) for i in range(n)]
        row["seconds"][name] = (time.perf_counter() - begin) / n
        row["cut"][name] = float(np.quantile(found, 1.0 - LEVEL))
    return row


def crossing(ratios: tuple[float, ...], found: list[float], cut: float) -> float | None:
    """The ratio at which a test reaches its cut, linear in log ratio; the first is a bound, None: never."""
    if found[-1] < cut:
        return None
    if len(found) == 1:
        return ratios[0]
    low, high = found[-2:]
    share = (cut - low) / (high - low)
    return float(ratios[len(found) - 2] ** (1.0 - share) * ratios[len(found) - 1] ** share)


@SCRIPT.part("size", statistic=["set", "kernels", "counted"], pairs=10_000)
def size(options) -> Iterator[harness.Row]:
    """Of the default set by its own stopping, of kernels by their analytic law, or of one among 999 relabellings."""
    kernels = {"12 dof": wilks.Kernel(n_centers=60, width=1.6), "60 dof": wilks.Kernel(n_centers=200, width=0.3)}
    counted = {"12 dof": kernels["12 dof"]}
    models = {"set": {"default set": None}, "kernels": kernels, "counted": counted}[options.statistic]
    n_permutations = 999 if options.statistic == "counted" else None
    found: dict[str, list[float]] = {}
    for i in range(options.pairs):
        rng = np.random.default_rng([i, 4])
        pair = [wilks.Sample(np.column_stack([rng.normal(size=n), rng.poisson(2.0, n)])) for n in (700, 300)]
        for name, model in models.items():
            result = wilks.compare(*pair, model=model, n_permutations=n_permutations, seed=i)
            found.setdefault(f"{name}, {result.method}", []).append(result.p_value)
    for name, p in found.items():
        shares = {f"below {a:g}": float(np.mean(np.array(p) <= a)) for a in (0.1, 0.01, 0.001)}
        yield {"statistic": name, "pairs": len(p)} | shares


if __name__ == "__main__":
    SCRIPT.main()

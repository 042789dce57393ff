"""Two samples on equal terms: the choice of the default set, its power and its size.

    python -m studies.two_samples.run choose          # kinds of members and combinations, on problems of their own
    python -m studies.two_samples.run power           # rows with a published power at a level of 5 %
    python -m studies.two_samples.run mixtures 5D --parameters FILE    # epsilon at which the median p is .05
    python -m studies.two_samples.run size set        # 700 against 300 events of one distribution, one feature discrete

p is counted among 199 relabellings, but in ``size``. ``choose`` looks at no row of ``power`` or ``mixtures``: it draws
pairs of `FOR_CHOOSING` and gives the power, at 5 %, of each kind of members alone, of several ways to combine, and of
all kinds but one. Combined p-values are calibrated by the same relabellings.

FILE has the parameters of the mixtures of "Refereeing the referees" (2409.16336) as JSON.
"""

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

from studies.two_samples.problems import FOR_CHOOSING, Pair, mixtures, published

LEVEL, N_DRAWS = 0.05, 199
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

            def draw(i: int, kind: str = kind, epsilon: float = ratio * best) -> Pair:
                rng = np.random.default_rng([i, 3])
                return mixture.draw(rng), mixture.deformed(rng, kind, epsilon)

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


@SCRIPT.part("size", statistic=["set", "kernels"], pairs=10_000)
def size(options) -> Iterator[harness.Row]:
    """Of the default set by its own stopping, or of kernels by their analytic law."""
    kernels = {"12 dof": wilks.Kernel(n_centers=60, width=1.6), "60 dof": wilks.Kernel(n_centers=200, width=0.3)}
    models = kernels if options.statistic == "kernels" else {"default set": None}
    found: dict[str, list[float]] = {}
    for i in range(options.pairs):
        rng = np.random.default_rng([i, 4])
        pair = [wilks.Sample(np.column_stack([rng.normal(size=n), rng.poisson(2.0, n)])) for n in (700, 300)]
        for name, model in models.items():
            result = wilks.compare(*pair, model=model, seed=i)
            found.setdefault(f"{name}, {result.method}", []).append(result.p_value)
    for name, p in found.items():
        shares = {f"below {a:g}": float(np.mean(np.array(p) <= a)) for a in (0.1, 0.01, 0.001)}
        yield {"statistic": name, "pairs": len(p)} | shares


if __name__ == "__main__":
    SCRIPT.main()

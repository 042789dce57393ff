"""The null of the score statistic of a kernel, against toys.

    python -m studies.kernel_laws.run null --n-toys 102400 --n-tilted 100000 --n-references 20 --widths 0.3 3
    python -m studies.kernel_laws.run null5d
    python -m studies.kernel_laws.run given

``null``: exact toys x ~ Exp(1) of the exponential problem, in equal shares for several references; how many lie beyond
the value to which the Gaussian limit gives the p of 2 to 5 sigma, over the expected number, beside tilted toys of the
first reference (null in the record where one of them had more than a tenth of the weight) and the corrected law.
``null5d``: the same in five features, N_R = 100,000, N_D = 2,000, 500 centers.

``given``: the law given one reference, and for a fixed number of events. A reference of only 10,000 events for 2,000
expected ones, so that it matters which one came. For each of several references the law without a pool, with pools of
10,000 and of 200,000 events, and exact toys that share the reference: by how many standard deviations of q their mean
differs from that of the law, and how many lie beyond the law's own q at Z = 1, 2, 3 over the expected number. Poisson
counts, and 2,000 and 2,060 events in each data set.
"""

from collections.abc import Callable, Iterator, Sequence

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.errors import CalibrationError
from wilks.laws import AnalyticLaw, analytic_null, tilted_p_value
from wilks.problems import exponential
from wilks.significance import count_at_or_above, p_value, weighted_isf

from studies.common import five_features, threshold

SIGMAS, BATCH = (2.0, 3.0, 4.0, 5.0), 256
N_EXPECTED, N_REFERENCE = 2000, 10_000
POOLS, COUNTS, GIVEN_SIGMAS = (0, 10_000, 200_000), (None, 2000, 2060), (1.0, 2.0, 3.0)
SCRIPT = harness.Script(__file__, __doc__, seed="of references: 0, 1, ...; of toys 1000 more")

Make = Callable[..., wilks.Analysis]
Draw = Callable[[np.random.Generator, int], np.ndarray]


def one_feature(*, width: float, ridge: float, seed: int) -> wilks.Analysis:
    model = wilks.Kernel(width=width, ridge=ridge, is_score=True)
    options = {"toy_source": exponential.BACKGROUND, "standardize": False}
    return wilks.Analysis(reference=exponential.reference(seed=seed), model=model, **options)


def of_five(*, width: float, ridge: float, seed: int) -> wilks.Analysis:
    events = five_features(np.random.Generator(np.random.Philox(seed)), 100_000)
    return wilks.Analysis(
        reference=wilks.Sample(events, np.full(len(events), exponential.EXPECTED_EVENTS / len(events))),
        model=wilks.Kernel(n_centers=500, width=width, ridge=ridge, is_score=True),
    )


def scores(analysis: wilks.Analysis, draw: Draw, n_toys: int, *, seed: int, n_events: int | None = None) -> np.ndarray:
    """q of toys in whole batches: a Poisson number of events, or a fixed one."""
    rng, portions = np.random.Generator(np.random.Philox(1000 + seed)), []
    for _ in range(-(-n_toys // BATCH)):
        counts = rng.poisson(N_EXPECTED, size=BATCH) if n_events is None else [n_events] * BATCH
        portions.append(analysis.engine.scores([draw(rng, n) for n in counts])[:, 0])
    return np.concatenate(portions)


def exponential_toy(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.exponential(size=(n, 1))


@SCRIPT.part("null", n_toys=2560, n_tilted=20_000, n_references=1, widths=(0.3, 1.0, 3.0), ridges=(3.0, 0.3, 0.03))
def null(options) -> Iterator[harness.Row]:
    return against_limit(options, one_feature, exponential_toy)


@SCRIPT.part("null5d", n_toys=10_240, n_tilted=2000, n_references=10, widths=(3.0,), ridges=(3.0, 1.0, 0.3))
def null_of_five(options) -> Iterator[harness.Row]:
    return against_limit(options, of_five, five_features)


def against_limit(options, make: Make, draw: Draw) -> Iterator[harness.Row]:
    for width in options.widths:
        for ridge in options.ridges:
            analyses = [make(width=width, ridge=ridge, seed=seed) for seed in range(options.n_references)]
            law, n_toys = analytic_null(analyses[0]), options.n_toys // options.n_references
            q = np.concatenate([scores(one, draw, n_toys, seed=seed) for seed, one in enumerate(analyses)])
            mean, variance, excess, *_ = law.figures
            row = {"width": width, "ridge": ridge, "mean": mean, "excess": excess, "n_toys": q.size}
            row |= {"toys_mean": q.mean(), "toys_variance_ratio": q.var() / variance}
            yield row | {"tails": [tail(analyses[0], law, q, z=z, n_tilted=options.n_tilted) for z in SIGMAS]}


def tail(analysis: wilks.Analysis, law: AnalyticLaw, q: np.ndarray, *, z: float, n_tilted: int) -> harness.Row:
    limit, threshold = p_value(z), weighted_isf(p_value(z), law.weights)
    n_beyond = count_at_or_above(q, threshold)
    row = {"z": z, "toys": n_beyond / q.size / limit, "toys_error": np.sqrt(n_beyond + 1) / q.size / limit}
    row |= tilted(analysis, z=z, threshold=threshold, n_toys=n_tilted)
    return row | {"corrected": law.unconfirmed_p_value(threshold) / limit}


def tilted(analysis: wilks.Analysis, *, z: float, threshold: float, n_toys: int) -> dict[str, float | None]:
    """What tilted toys find beyond a threshold; nothing where they are refused."""
    try:
        found = tilted_p_value(analysis, threshold, n_toys=n_toys, seed=int(z))
    except CalibrationError:
        return dict.fromkeys(("tilted", "tilted_error", "n_effective", "largest_share"))
    ratio, error = found.p_value / p_value(z), found.error / p_value(z)
    shares = {"n_effective": found.n_effective, "largest_share": found.largest_share}
    return {"tilted": ratio, "tilted_error": error, **shares}


@SCRIPT.part("given", n_toys=20_000, n_references=10, ridges=(3.0, 0.3))
def given(options) -> Iterator[harness.Row]:
    for ridge in options.ridges:
        for n_events in COUNTS:
            rows: dict[int, list[dict[str, float]]] = {n_pool: [] for n_pool in POOLS}
            for seed in range(options.n_references):
                analyses = {n_pool: small(ridge=ridge, n_pool=n_pool, seed=seed) for n_pool in POOLS}
                q = scores(analyses[0], exponential_toy, options.n_toys, seed=seed, n_events=n_events)
                for n_pool, analysis in analyses.items():
                    law = analytic_null(analysis, n_events=n_events)
                    rows[n_pool].append(compared(q[: options.n_toys], law))
            for n_pool, some in rows.items():
                place = {"ridge": ridge, "n_events": n_events, "n_pool": n_pool}
                yield place | {"summary": summary(some), "rows": some}


def small(*, ridge: float, n_pool: int, seed: int) -> wilks.Analysis:
    rng = np.random.Generator(np.random.Philox(seed))
    reference, pool = (wilks.Sample(rng.exponential(size=n)) for n in (N_REFERENCE, max(POOLS)))
    model = wilks.Kernel(n_centers=100, width=1.0, ridge=ridge, is_score=True)
    part = wilks.Sample(pool.events[:n_pool]) if n_pool else None
    options = {"expected_events": N_EXPECTED, "toy_source": part, "standardize": False}
    return wilks.Analysis(reference=reference, model=model, **options)


def compared(q: np.ndarray, law: AnalyticLaw) -> dict[str, float]:
    """Of one reference."""
    mean, variance, *_ = law.figures
    row = {"mean": float((q.mean() - mean) / np.sqrt(variance)), "variance": float(q.var() / variance)}
    for z in GIVEN_SIGMAS:
        row[f"z{z:g}"] = count_at_or_above(q, threshold(law, p_value(z))) / q.size / p_value(z)
    return row


def summary(rows: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    """Mean over references, and their spread."""
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {name: [np.mean(some), np.std(some, ddof=1)] for name, some in values.items()}


if __name__ == "__main__":
    SCRIPT.main()

"""The null of the score statistic given one reference, and for a fixed number of events, on the exponential problem.

    python benchmarks/kernel_laws.py

A reference of only 10,000 events for 2,000 expected ones, so that it matters which one came. For each of several
references the law without a pool, with pools of 10,000 and of 200,000 events, and exact toys x ~ Exp(1) that all share
the reference: by how many standard deviations of q their mean differs from that of the law, and how many lie beyond the
law's own q at Z = 1, 2, 3 over the expected number. Poisson counts, and 2,000 and 2,060 events in each data set. Prints
a table and writes OUTPUT, benchmarks/recorded/kernel_laws.json.
"""

import argparse
from pathlib import Path

import numpy as np
from kernel_nuisances import threshold
from recording import record

import wilks
from wilks.fitting import kernel_engine_of
from wilks.laws import ScoreNull, score_null
from wilks.significance import count_at_or_above, p_value

N_EXPECTED, N_REFERENCE = 2000, 10_000
POOLS, COUNTS, SIGMAS = (0, 10_000, 200_000), (None, 2000, 2060), (1.0, 2.0, 3.0)
BATCH = 256


def analysis_of(*, ridge: float, n_pool: int, seed: int) -> wilks.Analysis:
    rng = np.random.Generator(np.random.Philox(seed))
    reference, pool = (wilks.Sample(rng.exponential(size=n)) for n in (N_REFERENCE, max(POOLS)))
    model = wilks.Kernel(n_centers=100, width=1.0, ridge=ridge, is_score=True)
    part = wilks.Sample(pool.events[:n_pool]) if n_pool else None
    return wilks.Analysis(
        reference=reference, model=model, expected_events=N_EXPECTED, toy_source=part, standardize=False
    )


def toys(analysis: wilks.Analysis, n_toys: int, *, n_events: int | None, seed: int) -> np.ndarray:
    rng, engine = np.random.Generator(np.random.Philox(1000 + seed)), kernel_engine_of(analysis)
    portions = []
    for _ in range(-(-n_toys // BATCH)):
        counts = rng.poisson(N_EXPECTED, size=BATCH) if n_events is None else [n_events] * BATCH
        portions.append(engine.score([rng.exponential(size=(n, 1)) for n in counts]))
    return np.concatenate(portions)[:n_toys]


def compared(q: np.ndarray, law: ScoreNull) -> dict[str, float]:
    """Of one reference."""
    row = {"mean": float((q.mean() - law.mean) / np.sqrt(law.variance)), "variance": float(q.var() / law.variance)}
    for z in SIGMAS:
        row[f"z{z:g}"] = count_at_or_above(q, threshold(law, p_value(z))) / q.size / p_value(z)
    return row


def summary(rows: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Mean over references, and their spread."""
    return {
        name: (float(np.mean([row[name] for row in rows])), float(np.std([row[name] for row in rows], ddof=1)))
        for name in rows[0]
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-toys", type=int, default=20_000, help="for each reference")
    parser.add_argument("--n-references", type=int, default=10)
    parser.add_argument("--ridges", type=float, nargs="+", default=[3.0, 0.3])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "recorded" / "kernel_laws.json")
    options = parser.parse_args()
    result = []
    for ridge in options.ridges:
        for n_events in COUNTS:
            rows: dict[int, list[dict[str, float]]] = {n_pool: [] for n_pool in POOLS}
            for seed in range(options.n_references):
                analyses = {n_pool: analysis_of(ridge=ridge, n_pool=n_pool, seed=seed) for n_pool in POOLS}
                q = toys(analyses[0], options.n_toys, n_events=n_events, seed=seed)
                for n_pool, analysis in analyses.items():
                    rows[n_pool].append(compared(q, score_null(analysis, n_events=n_events)))
            for n_pool, some in rows.items():
                found = summary(some)
                result.append({"ridge": ridge, "n_events": n_events, "n_pool": n_pool, "summary": found, "rows": some})
                text = "  ".join(f"{name} {mean:.3f} +- {spread:.3f}" for name, (mean, spread) in found.items())
                print(f"ridge {ridge:g}, events {n_events}, pool {n_pool:,}: {text}", flush=True)
    record(options.output, options, result=result)


if __name__ == "__main__":
    main()

"""How often single starts reach the best minimum, and what a search of n starts misses.

    python benchmarks/starts.py --output starts.json

Null data sets of the exponential problem at clip 9, on the merged reference. Two constructions of starting points:
that of `wilks.MLP` (kinks of the neurons at quantiles of the data) and Glorot-uniform numbers, as published trainings
use. The best t known is the best over all of them; the deficit of n starts is its mean over random choices of n.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import exponential_study as study
import numpy as np
from slow_methods import glorot

import wilks
from wilks.fitting import Engine
from wilks.problems import exponential
from wilks.toys import draw_toy

SEED, SIZES, N_CHOICES = 41, (10, 20, 40, 80), 500


def deficits(t: np.ndarray, best: float, rng: np.random.Generator) -> dict[str, float]:
    """Mean of best - max(t of n chosen starts) for each n."""
    return {
        str(n): float(np.mean([best - t[rng.choice(t.size, n, replace=False)].max() for _ in range(N_CHOICES)]))
        for n in SIZES
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--n-toys", type=int, default=16)
    parser.add_argument("--n-starts", type=int, default=160)
    options = parser.parse_args()
    analysis = study.make_analysis(clip=exponential.WEIGHT_CLIP, n_starts=options.n_starts)
    engine, rows, owners = Engine(analysis), [], np.zeros(options.n_starts, dtype=int)
    for index in range(options.n_toys):
        events = draw_toy(analysis, wilks.Null(), seed=SEED, index=index)
        data, rng = engine.data_sets([events]), np.random.default_rng([SEED, index])
        starts = {
            "kinks at quantiles": analysis.model.starting_points(rng, options.n_starts, events=events),
            "glorot": np.array([glorot(rng, analysis) for _ in range(options.n_starts)]),
        }
        found = {}
        for name, points in starts.items():
            if index == 0:
                engine.explore(points, owners, data)  # compiles
            begin = time.perf_counter()
            ends = engine.explore(points, owners, data)
            seconds = (time.perf_counter() - begin) / len(points)
            found[name] = (-2 * np.asarray(ends.values), seconds, float(np.mean(ends.n_iterations)))
        best = max(t.max() for t, _, _ in found.values())
        for name, (t, seconds, iterations) in found.items():
            row = {"toy": index, "starts": name, "best_known": best, "share_within_0.1": float(np.mean(t > best - 0.1))}
            row |= {"deficit": deficits(t, best, rng), "milliseconds": 1e3 * seconds, "iterations": iterations}
            rows.append(row)
    options.output.write_text(json.dumps(rows, indent=1))
    print(f"{options.n_toys} toys, {options.n_starts} starts of either kind; mean deficit in t of n starts")
    for name in dict.fromkeys(row["starts"] for row in rows):
        mine = [row for row in rows if row["starts"] == name]
        text = ", ".join(f"n = {n}: {np.mean([row['deficit'][str(n)] for row in mine]):.2f}" for n in SIZES)
        share, cost, steps = (
            np.mean([row[k] for row in mine]) for k in ("share_within_0.1", "milliseconds", "iterations")
        )
        print(
            f"{name}: {text}; {share:.1%} of starts within 0.1 of the best; {steps:.0f} iterations, {cost:.0f} ms each"
        )


if __name__ == "__main__":
    main()

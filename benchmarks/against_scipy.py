"""The fit against SciPy L-BFGS-B and against the published Adam procedure, data set by data set.

    python benchmarks/against_scipy.py --output comparison.json                  # 8 null toys, 2 of each signal
    python benchmarks/against_scipy.py --output adam.json --adam-toys 3          # the first 3 toys also by Adam

SciPy starts from Glorot-uniform weights and biases, as the published trainings do, and sees all events. Its t is the
best over the starts. Adam runs 100,000 epochs from one such start, on all events. Times are those of one core: run
with one thread (the script asks for it).
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import exponential_study as study
import numpy as np
from slow_methods import SlowMethods, glorot

import wilks
from wilks.fitting import Engine
from wilks.problems import exponential
from wilks.toys import draw_toy

SEED = 21


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--n-null", type=int, default=8)
    parser.add_argument("--n-each-signal", type=int, default=2)
    parser.add_argument("--n-scipy", type=int, default=20)
    parser.add_argument("--adam-toys", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=100_000)
    parser.add_argument("--n-starts", type=int, default=study.N_STARTS)
    return parser.parse_args()


def timed(call: Callable[[], float]) -> tuple[float, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def data_sets(analysis: wilks.Analysis, options: argparse.Namespace) -> list[tuple[str, np.ndarray]]:
    hypotheses = [("null", wilks.Null(), options.n_null)]
    hypotheses += [(s.name, s.alternative, options.n_each_signal) for s in exponential.SIGNALS if s.name != "NP2-90"]
    return [
        (f"{name} {index}", draw_toy(analysis, hypothesis, seed=SEED, index=index))
        for name, hypothesis, count in hypotheses
        for index in range(count)
    ]


def main() -> None:
    options = arguments()
    analysis = study.make_analysis(clip=exponential.WEIGHT_CLIP, n_starts=options.n_starts)
    engine, methods, rows = Engine(analysis), SlowMethods(analysis, function_tolerance=1e-13), []
    sets = data_sets(analysis, options)
    wilks.fit(analysis, sets[0][1])  # compiles
    for number, (name, events) in enumerate(sets):
        rng, whole = np.random.default_rng([SEED, number]), (engine.whole, engine.data_set(events).whole)
        row = {"data": name}
        row["t"], row["seconds"] = timed(lambda events=events: wilks.fit(analysis, events).t)
        if options.n_scipy:
            starts = [glorot(rng, analysis) for _ in range(options.n_scipy)]
            begin = time.perf_counter()
            ends = [methods.scipy(start, whole) for start in starts]
            row |= {"scipy_t": max(t for t, _, _ in ends), "scipy_each": [t for t, _, _ in ends]}
            row |= {"scipy_evaluations": sum(n for _, _, n in ends), "scipy_seconds": time.perf_counter() - begin}
        if number < options.adam_toys:
            start = glorot(rng, analysis)[None]
            row["adam_t"], row["adam_seconds"] = timed(
                lambda start=start, whole=whole: float(methods.adam(start, whole, epochs=options.epochs)[0][0])
            )
        rows.append(row)
        print(
            "  ".join(
                f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items() if k != "scipy_each"
            )
        )
        options.output.write_text(json.dumps(rows, indent=1))
    for other in ("scipy", "adam"):
        summarize(rows, other)


def summarize(rows: list[dict[str, float]], other: str) -> None:
    """Differences in t, and the ratio of the times."""
    both = [row for row in rows if f"{other}_t" in row]
    if both:
        gain = np.array([row["t"] - row[f"{other}_t"] for row in both])
        ratio = np.array([row[f"{other}_seconds"] / row["seconds"] for row in both])
        print(
            f"t - t({other}) on {gain.size} data sets: mean {gain.mean():+.3f}, median {np.median(gain):+.3f}, "
            f"from {gain.min():+.3f} to {gain.max():+.3f}; higher by more than 0.01 on {np.sum(gain > 0.01)}; "
            f"{other} takes {np.median(ratio):.0f} times as long"
        )


if __name__ == "__main__":
    main()

"""The exponential problem: the null distribution of t, and the median Z of its signals.

    python benchmarks/exponential_study.py --output study            # 400 null toys, 100 of each signal, clip 9
    python benchmarks/exponential_study.py --output study-8 --clip 8 --n-signal 0

Prints what a paper would quote, each number with its error, and writes it to OUTPUT/study.json with the versions and
the time. Run again after an interruption: finished toys are kept.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import jax
import numpy as np

import wilks
from wilks.fitting import evaluate_t
from wilks.problems import exponential
from wilks.toys import draw_toy

NULL_SEED, SIGNAL_SEED, N_STARTS = 11, 12, 160


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--clip", type=float, default=exponential.WEIGHT_CLIP)
    parser.add_argument("--n-null", type=int, default=400)
    parser.add_argument("--n-signal", type=int, default=100)
    parser.add_argument("--n-starts", type=int, default=N_STARTS)
    parser.add_argument("--null-seed", type=int, default=NULL_SEED)
    return parser.parse_args()


def make_analysis(*, clip: float, n_starts: int) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(seed=0),
        model=wilks.MLP(hidden=exponential.HIDDEN, weight_clip=clip),
        toy_source=exponential.BACKGROUND,
        standardize=False,
        search=wilks.Search(n_starts=n_starts, n_kept=n_starts, seed=0),
    )


def largest_mismatch(analysis: wilks.Analysis, toys: wilks.Toys) -> float:
    """Largest |t(saved params) - t| over the first toys, each evaluated afresh on all events."""
    differences = []
    for row in toys.rows[:20]:
        events = draw_toy(analysis, toys.hypothesis, seed=toys.seed, index=row.index)
        differences.append(abs(evaluate_t(analysis, events, np.array(row.params)) - row.t))
    return max(differences)


def main() -> None:
    options = arguments()
    analysis = make_analysis(clip=options.clip, n_starts=options.n_starts)
    start = time.perf_counter()
    null = wilks.run_toys(
        analysis, wilks.Null(), n_toys=options.n_null, seed=options.null_seed, store=options.output / "null"
    )
    wall = time.perf_counter() - start
    calibration = wilks.calibrate(null)
    print(calibration)
    certificates = {
        "n_failed": null.n_failed,
        "largest_kkt_residual": float(np.nanmax(null.kkt_residual)),
        "largest_newton_decrement": float(np.nanmax(null.newton_decrement)),
        "largest_t_mismatch": largest_mismatch(analysis, null),
        "median_start_gap": float(np.median(null.start_gap)),
        "core_seconds_per_toy": float(np.mean(null.seconds)),
        "wall_seconds_of_this_run": wall,
    }
    for name, value in certificates.items():
        print(f"{name:<26} {value:.3g}")
    signals = {}
    for signal in exponential.SIGNALS if options.n_signal else ():
        toys = wilks.run_toys(
            analysis, signal.alternative, n_toys=options.n_signal, seed=SIGNAL_SEED, store=options.output / signal.name
        )
        median = wilks.median_z_score(calibration, toys)
        ideal = exponential.neyman_pearson_z(signal)
        print(f"\n{signal.name}: exact Neyman-Pearson median Z {ideal:.2f}; {toys.n_failed} failed\n{median}")
        signals[signal.name] = {"median": median.to_dict(), "neyman_pearson_z": ideal, "n_failed": toys.n_failed}
    document = {
        "clip": options.clip,
        "n_starts": options.n_starts,
        "calibration": calibration.to_dict(),
        "certificates": certificates,
        "signals": signals,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "python": platform.python_version()},
        "versions": {"wilks": wilks.__version__, "jax": jax.__version__, "numpy": np.__version__},
    }
    (options.output / "study.json").write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()

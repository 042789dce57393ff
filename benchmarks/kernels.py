"""Kernels on the exponential problem: time of a toy, and the null distribution of the score statistic.

    python benchmarks/kernels.py speed                    # converged fits and score statistics, N_R 200,000, N_D 2,000
    python benchmarks/kernels.py null --n-toys 100000     # observed / predicted at 2 to 5 sigma, widths and ridges
    python benchmarks/kernels.py null5d --n-toys 10000 --n-references 10 --widths 3
    python benchmarks/kernels.py tilted --output benchmarks/recorded/kernels_null.json   # tilted toys of a record again

Toys of ``null`` are exact, x ~ Exp(1), each with the same reference or, with --n-references k, in k equal shares with
references of their own. ``null5d`` is the same in five features: an exponential, three normals of which one leans on it
and one is wider where another is large, and a uniform; N_R = 100,000, N_D = 2,000, 500 centers. "tilted" toys are
importance-sampled from the first reference, null in the record where one of them had more than a tenth of the weight.
Prints a table and writes OUTPUT, benchmarks/recorded/kernels_PART.json, with the versions.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from recording import record

import wilks
from wilks.errors import CalibrationError
from wilks.fitting import KernelEngine
from wilks.laws import score_null, tilted_p_value
from wilks.problems import exponential
from wilks.significance import count_at_or_above, p_value, weighted_isf

WIDTHS, RIDGES, SIGMAS = (0.3, 1.0, 3.0), (3.0, 0.3, 0.03), (2.0, 3.0, 4.0, 5.0)
BATCH = 256


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["speed", "null", "null5d", "tilted"])
    parser.add_argument("--n-toys", type=int, default=2560)
    parser.add_argument("--n-tilted", type=int, default=20_000)
    parser.add_argument("--n-references", type=int, default=1)
    parser.add_argument("--widths", type=float, nargs="+", default=WIDTHS)
    parser.add_argument("--ridges", type=float, nargs="+", default=RIDGES)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def five(rng: np.random.Generator, n: int) -> np.ndarray:
    """Events (n, 5) of ``null5d``, smooth but for the two ends of the uniform and the one of the exponential."""
    first, normal = rng.exponential(size=n), rng.standard_normal((n, 3))
    leaning, wider = 0.5 * first + normal[:, 0], normal[:, 2] * np.exp(0.2 * normal[:, 1])
    return np.column_stack([first, leaning, normal[:, 1], wider, rng.uniform(-1.0, 1.0, size=n)])


def analysis_of_five(*, width: float, ridge: float, seed: int) -> wilks.Analysis:
    n_events = 100_000
    events = five(np.random.Generator(np.random.Philox(seed)), n_events)
    return wilks.Analysis(
        reference=wilks.Sample(events, np.full(n_events, exponential.EXPECTED_EVENTS / n_events)),
        model=wilks.Kernel(n_centers=500, width=width, ridge=ridge, is_score=True),
    )


def analysis_of(*, width: float, ridge: float, is_score: bool, seed: int = 0) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(seed=seed),
        model=wilks.Kernel(width=width, ridge=ridge, is_score=is_score),
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )


def background(rng: np.random.Generator, n_toys: int, *, n_features: int = 1) -> list[np.ndarray]:
    counts = rng.poisson(exponential.EXPECTED_EVENTS, size=n_toys)
    return [exponential.background(rng, n, {}) if n_features == 1 else five(rng, n) for n in counts]


def speed(options: argparse.Namespace) -> list[dict[str, float | bool]]:
    """Milliseconds of a toy, drawing not included, in portions of `BATCH`, one at a time, and of the preparation."""
    rows = []
    for width in options.widths:
        for ridge in options.ridges:
            for is_score in (False, True):
                analysis = analysis_of(width=width, ridge=ridge, is_score=is_score)
                start = time.perf_counter()
                engine = KernelEngine(analysis)
                prepared = time.perf_counter() - start
                sets = background(np.random.default_rng(1), options.n_toys)
                engine.fit_together(sets[:BATCH])
                start = time.perf_counter()
                fits = engine.fit_together(sets)
                together = (time.perf_counter() - start) / len(sets)
                start = time.perf_counter()
                alone = [engine.fit_together([one])[0] for one in sets[:20]]
                single = (time.perf_counter() - start) / len(alone)
                rows.append({
                    "width": width, "ridge": ridge, "is_score": is_score, "rank": engine.features.n_features,
                    "points": engine.reference.weights.size, "prepare_s": prepared, "toy_ms": 1e3 * together,
                    "alone_ms": 1e3 * single, "newton_steps": float(np.mean([fit.n_iterations for fit in fits])),
                    "n_failed": sum(not fit.converged for fit in fits),
                    "largest_decrement": max(fit.newton_decrement for fit in fits),
                })  # fmt: skip
                print(" ".join(f"{key} {value:.3g}" for key, value in rows[-1].items()), flush=True)
    return rows


def null(options: argparse.Namespace) -> list[dict[str, object]]:
    """Toys beyond the value that the Gaussian limit gives p(Z), over their expected number; the same predicted."""
    rows = []
    for width in options.widths:
        for ridge in options.ridges:
            first = scored(options, width=width, ridge=ridge, seed=0)
            law = score_null(first)
            thresholds = [weighted_isf(p_value(z), law.weights) for z in SIGMAS]
            q = np.concatenate([
                scores(scored(options, width=width, ridge=ridge, seed=seed), options, seed=seed)
                for seed in range(options.n_references)
            ])  # fmt: skip
            row: dict[str, object] = {
                "width": width, "ridge": ridge, "mean": law.mean, "excess": law.excess, "n_toys": q.size,
                "toys_mean": float(q.mean()), "toys_variance_ratio": float(q.var() / law.variance), "tails": [],
            }  # fmt: skip
            print(f"width {width} ridge {ridge}: excess {law.excess:.4f}, mean {law.mean:.3f}, toys {q.mean():.3f}, "
                  f"variance / predicted {q.var() / law.variance:.3f}")  # fmt: skip
            for z, threshold in zip(SIGMAS, thresholds, strict=True):
                tail = tail_of(first, law, q, z=z, threshold=threshold, n_tilted=options.n_tilted)
                row["tails"].append(tail)
                print("   " + " ".join(f"{key} {value}" for key, value in tail.items()), flush=True)
            rows.append(row)
    return rows


def scored(options: argparse.Namespace, *, width: float, ridge: float, seed: int) -> wilks.Analysis:
    if options.part == "null5d":
        return analysis_of_five(width=width, ridge=ridge, seed=seed)
    return analysis_of(width=width, ridge=ridge, is_score=True, seed=seed)


def tail_of(analysis, law, q, *, z, threshold, n_tilted) -> dict[str, float | None]:
    limit, n_beyond = p_value(z), count_at_or_above(q, threshold)
    return {
        "z": z, "toys": n_beyond / q.size / limit, "toys_error": np.sqrt(n_beyond + 1) / q.size / limit,
        **weighted(analysis, z=z, threshold=threshold, n_tilted=n_tilted),
        "corrected": law.unconfirmed_p_value(threshold) / limit,
    }  # fmt: skip


def weighted(analysis, *, z, threshold, n_tilted) -> dict[str, float | None]:
    """What tilted toys find beyond a threshold; nothing where they are refused."""
    try:
        found = tilted_p_value(analysis, threshold, n_toys=n_tilted, seed=int(z))
    except CalibrationError:
        return dict.fromkeys(("tilted", "tilted_error", "n_effective", "largest_share"))
    ratio, error = found.p_value / p_value(z), found.error / p_value(z)
    shares = {"n_effective": found.n_effective, "largest_share": found.largest_share}
    return {"tilted": ratio, "tilted_error": error, **shares}


def tilted_again(path: Path) -> None:
    """The tilted toys of a record made again, as many as it has, its plain toys kept."""
    content = json.loads(path.read_text())
    options = argparse.Namespace(**content["options"])
    for row in content["rows"]:
        first = scored(options, width=row["width"], ridge=row["ridge"], seed=0)
        law = score_null(first)
        for tail in row["tails"]:
            threshold = weighted_isf(p_value(tail["z"]), law.weights)
            tail |= weighted(first, z=tail["z"], threshold=threshold, n_tilted=options.n_tilted)
            tail["corrected"] = law.unconfirmed_p_value(threshold) / p_value(tail["z"])
            print(row["width"], row["ridge"], " ".join(f"{key} {value}" for key, value in tail.items()), flush=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def scores(analysis: wilks.Analysis, options: argparse.Namespace, *, seed: int) -> np.ndarray:
    engine, rng = KernelEngine(analysis), np.random.Generator(np.random.Philox(1000 + seed))
    n_toys = options.n_toys // options.n_references
    n_features = analysis.reference.n_features
    portions = (background(rng, BATCH, n_features=n_features) for _ in range(-(-n_toys // BATCH)))
    return np.concatenate([engine.score(portion) for portion in portions])


def main() -> None:
    options = arguments()
    if options.part == "tilted":
        tilted_again(options.output)
        return
    rows = {"speed": speed, "null": null, "null5d": null}[options.part](options)
    output = options.output or Path(__file__).parent / "recorded" / f"kernels_{options.part}.json"
    record(output, options, rows=rows)


if __name__ == "__main__":
    main()

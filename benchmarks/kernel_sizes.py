"""Kernels on large samples: time and memory of preparation, score and converged fit, and how many centers pay.

    python benchmarks/kernel_sizes.py muons --data FOLDER     # 5 features, 100,000 against 20,000, 2,000 centers
    python benchmarks/kernel_sizes.py large --n-features 8    # 500,000 against 100,000, 2,000 centers
    python benchmarks/kernel_sizes.py large --n-features 21
    python benchmarks/kernel_sizes.py memory                  # 20,000 centers, 1,000,000 events: a slice of a pass
    python benchmarks/kernel_sizes.py truncation              # t with other tolerances of the rank

``muons`` wants the folder with ``dimuon_sm.h5`` of the method's authors and takes events of `smooth` without it. One
thread unless OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and NPROC say otherwise. Seconds are those of the processor, which
other work on the machine disturbs little; the clock's stand beside them. Writes OUTPUT,
benchmarks/recorded/kernel_sizes_PART.json.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | os.environ)

import argparse
import itertools
import json
import platform
import resource
import time
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.special

import wilks
from wilks.fitting import KernelEngine, features
from wilks.fitting.penalized_losses import PenalizedLosses
from wilks.models import Placement
from wilks.problems import dimuon

CORRELATION, HEAVIER, N_HEAVIER = 0.4, 1.6, 3
CENTERS = (50, 100, 250, 500, 1000, 2000, 3000)
Row = dict[str, object]


def smooth(rng: np.random.Generator, n: int, n_features: int, *, heavier: float = 1.0) -> np.ndarray:
    """(n, d) events: half of the features, rounded up, gamma of shape 2, as momenta are, the others normal.

    Correlated through a Gaussian copula, 0.4^|i - j|. ``heavier`` multiplies the first three: a signal.
    """
    lags = np.abs(np.subtract.outer(np.arange(n_features), np.arange(n_features)))
    normal = rng.normal(size=(n, n_features)) @ np.linalg.cholesky(CORRELATION**lags).T
    n_momenta = (n_features + 1) // 2
    normal[:, :n_momenta] = scipy.special.gammainccinv(2.0, scipy.special.ndtr(-normal[:, :n_momenta]))
    normal[:, :N_HEAVIER] *= heavier
    return normal


def lump(rng: np.random.Generator, n: int, n_features: int) -> np.ndarray:
    """(n, d) events of a second signal: momenta about 4, the other features about 1.5, with deviation 0.5."""
    n_momenta = (n_features + 1) // 2
    return rng.normal(np.repeat([4.0, 1.5], [n_momenta, n_features - n_momenta]), 0.5, size=(n, n_features))


class Clock:
    """Seconds of the processor and of the clock since it was made or last read."""

    def __init__(self) -> None:
        self._start = self._now()

    def _now(self) -> tuple[float, float]:
        return time.process_time(), time.perf_counter()

    def read(self, name: str, *, shared_by: float = 1.0) -> Row:
        before, self._start = self._start, self._now()
        cpu, wall = ((now - then) / shared_by for now, then in zip(self._start, before, strict=True))
        return {f"{name}_cpu_s": cpu, f"{name}_wall_s": wall}


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def analysis_of(events: np.ndarray, expected: float, options: argparse.Namespace) -> wilks.Analysis:
    kernel = wilks.Kernel(n_centers=options.n_centers, width=options.width, ridge=options.ridge)
    return wilks.Analysis(reference=wilks.Sample(events), model=kernel, expected_events=expected)


def prepared(events: np.ndarray, expected: float, options: argparse.Namespace) -> tuple[KernelEngine, Row]:
    clock = Clock()
    analysis = analysis_of(events, expected, options)
    row = clock.read("centers")
    engine = KernelEngine(analysis)
    row |= clock.read("features") | {"rank": engine.features.n_features, "width": engine.kernel.placement.width}
    return engine, row


def muons(options: argparse.Namespace) -> Row:
    """The published events, or smooth ones: N_R 100,000, N_D Poisson(20,000), all toys side by side."""
    rng = np.random.Generator(np.random.Philox(1))
    edges = np.cumsum([options.n_reference, *rng.poisson(options.n_data, size=options.n_toys)])
    events, source = muon_events(options, rng, int(edges[-1]))
    engine, row = prepared(events[: edges[0]], options.n_data, options)
    sets = [events[first:last] for first, last in itertools.pairwise(edges)]
    clock = Clock()
    q = engine.score(sets)
    row |= clock.read("score", shared_by=len(sets))
    fits = engine.fit_together(sets)
    row |= clock.read("fit", shared_by=len(sets)) | fitted(fits) | {"source": source, "mean_q": float(np.mean(q))}
    for kind in ("cpu", "wall"):
        once = row[f"centers_{kind}_s"] + row[f"features_{kind}_s"]
        row[f"per_toy_{kind}_s"] = once / len(sets) + row[f"fit_{kind}_s"]
    engine.fit_together(sets[:1])
    return row | clock.read("fit_alone") | {"peak_gb": peak_gb()}


def muon_events(options: argparse.Namespace, rng: np.random.Generator, n: int) -> tuple[np.ndarray, str]:
    path = options.data / "dimuon_sm.h5" if options.data else None
    if path is None or not path.exists():
        print("missing: --data FOLDER with dimuon_sm.h5 of the authors; events of `smooth` instead", flush=True)
        return smooth(rng, n, len(dimuon.FEATURES)), "smooth"
    events = dimuon.read_dimuons(path).events
    return rng.permutation(events)[:n], path.name


def fitted(fits: list[wilks.FitResult]) -> Row:
    return {
        "mean_t": float(np.mean([fit.t for fit in fits])),
        "newton_steps": float(np.mean([fit.n_iterations for fit in fits])),
        "largest_decrement": max(fit.newton_decrement for fit in fits),
        "n_failed": sum(not fit.converged for fit in fits),
    }


def large(options: argparse.Namespace) -> Row:
    """One converged fit with a signal in the data, and the power of scores against the number of centers."""
    rng, d = np.random.Generator(np.random.Philox(2)), options.n_features
    engine, row = prepared(smooth(rng, options.n_reference, d), options.n_data, options)
    print(row, flush=True)
    null = [smooth(rng, rng.poisson(options.n_data), d) for _ in range(options.n_toys)]
    extra = [smooth(rng, rng.poisson(options.n_signal), d, heavier=HEAVIER) for _ in null]
    lumps = [lump(rng, rng.poisson(options.n_lump), d) for _ in null]
    clock = Clock()
    sums = engine.sums(null)
    row |= clock.read("score", shared_by=len(null))
    signals = {"heavier": engine.sums(extra), "lump": engine.sums(lumps)}
    row["plateau"] = plateau(engine, sums, signals, options)
    n_passes = counted_passes()
    clock = Clock()
    fits = engine.fit_together([np.concatenate([null[0], extra[0]])])
    return row | clock.read("fit") | fitted(fits) | {"n_passes": n_passes[0], "peak_gb": peak_gb()}


def counted_passes() -> list[int]:
    """A count of the passes over the reference that fits make from now on."""
    count, pieces = [0], features.Reference.pieces

    def counting(self, features):
        count[0] += 1
        return pieces(self, features)

    features.Reference.pieces = counting
    return count


def plateau(engine: KernelEngine, null: np.ndarray, signals: dict[str, np.ndarray], options) -> list[Row]:
    """Shift of q by the signal in null standard deviations, with subsets of the centers.

    In the values k(x, Z), which U^-T = K U makes of phi where the rank is full: q = b^T (G + 2 ridge K)^-1 b. A subset
    has the first of the drawn and the first of the farthest centers, in equal numbers. Each toy is taken with and
    without the same signal events, so that the mean shift has a smaller error than the null's mean.
    """
    gram = engine.kernel.placement.kernel(engine.kernel.placement.centers)
    back = gram @ engine.features.mix
    hessian = (back * engine.features.curvature) @ back.T
    sets = [null - engine.features.mean]
    sets += [sets[0] + extra for extra in signals.values()]
    b = np.stack(sets) @ back.T
    rows: list[Row] = []
    for n_centers in [n for n in CENTERS if n <= options.n_centers]:
        half = np.arange(n_centers // 2)
        some = np.concatenate([half, -(-options.n_centers // 2) + half])
        square = np.ix_(some, some)
        for ridge in options.ridges:
            null_q, *others = scores(hessian[square], gram[square], b[..., some], ridge=ridge)
            rows.append({"n_centers": n_centers, "ridge": ridge, "null_mean": float(np.mean(null_q))})
            for name, signal_q in zip(signals, others, strict=True):
                rows[-1] |= shifts(null_q, signal_q, name)
            print(" ".join(f"{key} {value:.4g}" for key, value in rows[-1].items()), flush=True)
    return rows


def scores(hessian: np.ndarray, gram: np.ndarray, b: np.ndarray, *, ridge: float) -> np.ndarray:
    """q of b (..., m) in the directions of the kernel that fits keep."""
    scales, directions = scipy.linalg.eigh(gram)
    mix = directions[:, scales > 1e-8 * scales[-1]] / np.sqrt(scales[scales > 1e-8 * scales[-1]])
    curvature, rotation = scipy.linalg.eigh(mix.T @ hessian @ mix)
    return np.sum((b @ (mix @ rotation)) ** 2 / (np.maximum(curvature, 0.0) + 2.0 * ridge), axis=-1)


def shifts(null: np.ndarray, signal: np.ndarray, name: str) -> Row:
    deviation, differences = np.std(null, ddof=1), signal - null
    z, n = np.mean(differences) / deviation, null.size
    error = np.hypot(np.std(differences, ddof=1) / deviation / np.sqrt(n), z / np.sqrt(2 * n))
    return {name: float(z), f"{name}_error": float(error)}


def memory(options: argparse.Namespace) -> Row:
    """A slice of a pass and of the Gram matrix at full width; the whole is the slice times the number of slices.

    The peak is that of the preparation at full rank: four squares of M x M, and the points. Fits hold one.
    """
    rng, d = np.random.Generator(np.random.Philox(3)), options.n_features
    placement = Placement(smooth(rng, options.n_centers, d), options.width or 5.0)
    n_slice, rank = 4 * 128, 100
    events = smooth(rng, n_slice, d)
    reference = features.Reference(events, np.ones(n_slice), width=placement.width)
    mix = rng.normal(size=(options.n_centers, rank)) / options.n_centers
    some = features.Features(placement, mix, np.ones(rank), np.ones(rank))
    losses = PenalizedLosses(reference, some, sums=np.zeros((1, rank)), ridge=options.ridge)
    alpha = rng.normal(size=(1, rank))
    losses.expand(alpha, np.arange(1))
    before, clock = peak_gb(), Clock()
    losses.expand(alpha, np.arange(1))
    share = n_slice / options.n_reference
    row = {"peak_gb_before_pass": before, "peak_gb_after_pass": peak_gb()} | clock.read("pass", shared_by=share)
    reference._moments(reference._values(placement), options.n_centers)
    row |= clock.read("gram", shared_by=share) | {"peak_gb_with_gram": peak_gb()}
    square = 8e-9 * options.n_centers**2
    return row | {"square_gb": square, "projected_peak_gb": 4 * square + 8e-9 * options.n_reference * (d + 1)}


def truncation(options: argparse.Namespace) -> list[Row]:
    """t of the same data where directions below other shares of the largest eigenvalue are left out."""
    rng, rows, d = np.random.Generator(np.random.Philox(4)), [], options.n_features
    reference = smooth(rng, options.n_reference, d)
    data = [smooth(rng, rng.poisson(options.n_data), d) for _ in range(options.n_toys)]
    data = [np.concatenate([one, smooth(rng, options.n_signal, d, heavier=HEAVIER)]) for one in data]
    for tolerance in (1e-6, 1e-8, 1e-10, 1e-12):
        features._RANK_TOLERANCE = tolerance
        for ridge in options.ridges:
            options.ridge = ridge
            engine, _ = prepared(reference, options.n_data, options)
            t = [fit.t for fit in engine.fit_together(data)]
            rows.append({"tolerance": tolerance, "ridge": ridge, "rank": engine.features.n_features, "t": t})
            print(f"tolerance {tolerance:g} ridge {ridge:g} rank {rows[-1]['rank']} t", *np.round(t, 6), flush=True)
    return rows


PARTS = {"muons": muons, "large": large, "memory": memory, "truncation": truncation}
DEFAULTS = {
    "muons": {"n_reference": 100_000, "n_data": 20_000, "n_centers": 2000, "n_toys": 20, "width": 3.0},
    "large": {"n_reference": 500_000, "n_data": 100_000, "n_centers": 2000, "n_toys": 20, "width": None},
    "memory": {"n_reference": 1_000_000, "n_data": 200_000, "n_centers": 20_000, "n_toys": 1, "width": 5.0},
    "truncation": {"n_reference": 20_000, "n_data": 4_000, "n_centers": 1000, "n_toys": 2, "width": 5.0},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--n-features", type=int, default=8)
    parser.add_argument("--n-signal", type=int, default=500)
    parser.add_argument("--n-lump", type=int, default=60)
    parser.add_argument("--ridge", type=float, default=0.3)
    parser.add_argument("--ridges", type=float, nargs="+", default=[0.3])
    for name in ("n-reference", "n-data", "n-centers", "n-toys"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--width", type=float, help="default of large: the 90th percentile of distances")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    for name, value in DEFAULTS[options.part].items():
        setattr(options, name, value if getattr(options, name) is None else getattr(options, name))
    return options


def main() -> None:
    options = arguments()
    name = f"large_{options.n_features}" if options.part == "large" else options.part
    output = options.output or Path(__file__).parent / "recorded" / f"kernel_sizes_{name}.json"
    settings = {key: value for key, value in vars(options).items() if key not in ("output", "data")}
    settings["threads"] = os.environ["OPENBLAS_NUM_THREADS"]
    result = PARTS[options.part](options)
    if isinstance(result, dict):
        print("\n".join(f"{key} {value}" for key, value in result.items()))
    versions = {"wilks": wilks.__version__, "numpy": np.__version__, "python": platform.python_version()}
    output.write_text(json.dumps({"options": settings, "versions": versions, "result": result}, indent=1) + "\n")


if __name__ == "__main__":
    main()

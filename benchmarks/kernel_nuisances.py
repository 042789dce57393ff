"""Kernels with nuisances on the exponential problem: is p uniform at every nu, and what does it cost?

    python benchmarks/kernel_nuisances.py
    python benchmarks/kernel_nuisances.py --n-tail 10000 --sigmas 0.15    # further out, at nu_hat alone

The score statistic at width 1 with the nuisances ``scale`` and ``normalization``, each known to sigma. Toys at nu* = 0
and one sigma up and down in the scale: x -> exp(nu*) x exactly, auxiliary measurements drawn around nu*, in equal
shares for several references. Fractions of p below 0.1 and 0.01 with the statistic and its null at nu_hat of Delta,
and, beside it, with both at nu = 0; mean of q over that of its null; processor time of fits and of a null.
With --n-tail k, k toys at each point: the numbers of p beyond 2, 3 and 4 sigma over the expected ones, p from the
corrected law and from its Gaussian limit. Prints a table and writes OUTPUT, benchmarks/recorded/kernels_nuisances.json
or kernels_nuisances_tail.json, with the versions.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.optimize
from recording import record

import wilks
from wilks.fitting import ProfiledKernelEngine
from wilks.laws import profiled_score_null
from wilks.statistics.analytic import LARGEST_EXCESS, ScoreNull
from wilks.statistics.linear.profiled_law import profiled_law
from wilks.problems import exponential
from wilks.significance import p_value

POINTS, LEVELS, TAILS = (0.0, 1.0, -1.0), (0.1, 0.01), (2.0, 3.0, 4.0)
N_TIMED = 50


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-toys", type=int, default=1000, help="at each point")
    parser.add_argument("--n-references", type=int, default=5)
    parser.add_argument("--sigmas", type=float, nargs="+", default=(0.05, 0.15))
    parser.add_argument("--ridges", type=float, nargs="+", default=(0.3, 3.0))
    parser.add_argument("--n-tail", type=int, default=0, help="toys at each point for the tail; 0: the whole study")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    name = "kernels_nuisances_tail.json" if options.n_tail else "kernels_nuisances.json"
    options.output = options.output or Path(__file__).parent / "recorded" / name
    return options


def analysis_of(*, sigma: float, ridge: float, seed: int, is_score: bool = True) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(seed=seed),
        model=wilks.Kernel(width=1.0, ridge=ridge, is_score=is_score),
        toy_source=exponential.BACKGROUND,
        nuisances=exponential.nuisances(sigma, sigma),
        standardize=False,
    )


class Setup:
    """One analysis with its engine, and the expansion and null at nu = 0."""

    def __init__(self, *, sigma: float, ridge: float, seed: int) -> None:
        self.analysis = analysis_of(sigma=sigma, ridge=ridge, seed=seed)
        self.engine = ProfiledKernelEngine(self.analysis)
        self.at_zero = self.engine.form(np.zeros(2), np.zeros(2))
        self.thresholds = [threshold(profiled_law(self.engine.group, self.at_zero), p) for p in LEVELS]

    def row(self, z: np.ndarray, events: np.ndarray, observed: np.ndarray) -> tuple[float, ...]:
        """p at nu_hat (1 below the mean of the null), q over the mean of its null, excess, and q at 0 beyond p."""
        form = self.engine.form(z, observed)
        null, q = profiled_law(self.engine.group, form), self.engine.score(form, events, observed)
        at_zero = self.engine.score(self.at_zero, events, observed)
        p = null.unconfirmed_p_value(q) if q > null.mean else 1.0
        return p, q / null.mean, null.excess, *(float(at_zero > limit) for limit in self.thresholds)

    def tail(self, z: np.ndarray, events: np.ndarray, observed: np.ndarray) -> tuple[float, float]:
        """p and its Gaussian limit at nu_hat; 1 below 1.5 sigma, where nothing is computed."""
        form = self.engine.form(z, observed)
        q = self.engine.score(form, events, observed)
        mean, variance = form.limit_moments()
        if q < mean + 1.5 * np.sqrt(variance):
            return 1.0, 1.0
        null = profiled_law(self.engine.group, form)
        return null.unconfirmed_p_value(q), null.gaussian_p_value(q)


def threshold(null: ScoreNull, p: float) -> float:
    """q with this p."""
    highest = null.mean + 10 * np.sqrt(null.variance)
    return float(scipy.optimize.brentq(lambda q: null.unconfirmed_p_value(q) - p, null.mean, highest, rtol=1e-6))


def toy(rng: np.random.Generator, *, nu: float, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    events = exponential.background(rng, rng.poisson(exponential.EXPECTED_EVENTS), {"scale": nu})
    return events, np.array([nu, 0.0]) + sigma * rng.normal(size=2)


def validity(options: argparse.Namespace) -> list[dict[str, float]]:
    found: dict[tuple[float, float, float], list[tuple[float, ...]]] = {}
    n_uncertified = 0
    for sigma in options.sigmas:
        for seed in range(options.n_references):
            setups = {ridge: Setup(sigma=sigma, ridge=ridge, seed=seed) for ridge in options.ridges}
            first = next(iter(setups.values())).engine  # Delta is the same for every ridge
            for point in POINTS:
                rng = np.random.default_rng([seed, int(100 * sigma), int(point) + 1])
                for _ in range(options.n_toys // options.n_references):
                    events, observed = toy(rng, nu=point * sigma, sigma=sigma)
                    delta = first.delta.fit(first.delta.own(events, observed))
                    n_uncertified += not delta.is_certified
                    for ridge, setup in setups.items():
                        found.setdefault((sigma, ridge, point), []).append(setup.row(delta.z, events, observed))
            print(f"sigma {sigma}, reference {seed} done, {n_uncertified} fits of Delta not certified", flush=True)
    return [summary(key, np.array(rows), n_uncertified) for key, rows in sorted(found.items())]


def summary(key: tuple[float, float, float], rows: np.ndarray, n_uncertified: int) -> dict[str, float]:
    sigma, ridge, point = key
    p, ratio, excess, *at_zero = rows.T
    result = {
        "sigma": sigma, "ridge": ridge, "nu_in_sigma": point, "n_toys": p.size, "n_uncertified_in_all": n_uncertified,
        "mean_q_over_null": float(ratio.mean()), "mean_q_error": float(ratio.std() / np.sqrt(p.size)),
        "excess": float(excess.mean()), "share_above_limit": float(np.mean(excess > LARGEST_EXCESS)),
    }  # fmt: skip
    for level, is_beyond in zip(LEVELS, at_zero, strict=True):
        result[f"p_below_{level}"] = float(np.mean(p < level))
        result[f"p_below_{level}_error"] = float(np.sqrt(level * (1 - level) / p.size))
        result[f"at_zero_p_below_{level}"] = float(np.mean(is_beyond))
    print(" ".join(f"{name} {value:.4g}" for name, value in result.items()), flush=True)
    return result


def tails(options: argparse.Namespace) -> list[dict[str, float]]:
    """Of each ridge and point: observed over expected beyond `TAILS`, with the corrected law and with its limit."""
    rows, sigma = [], options.sigmas[0]
    for ridge in options.ridges:
        found: dict[float, list[tuple[float, float]]] = {point: [] for point in POINTS}
        for seed in range(options.n_references):
            setup = Setup(sigma=sigma, ridge=ridge, seed=seed)
            for point in POINTS:
                rng = np.random.Generator(np.random.Philox([seed, int(point) + 1]))
                for _ in range(options.n_tail // options.n_references):
                    events, observed = toy(rng, nu=point * sigma, sigma=sigma)
                    delta = setup.engine.delta.fit(setup.engine.delta.own(events, observed))
                    found[point].append(setup.tail(delta.z, events, observed))
        for point in (*POINTS, None):
            p = np.concatenate([np.array(some) for at, some in found.items() if point in (at, None)])
            row: dict[str, object] = {"ridge": ridge, "nu_in_sigma": point, "n_toys": len(p)}
            for z in TAILS:
                expected = len(p) * p_value(z)
                corrected, limit = (int(n) for n in np.sum(p < p_value(z), axis=0))
                row[f"z{z:g}"] = (corrected / expected, float(np.sqrt(corrected + 1)) / expected, limit / expected)
            rows.append(row)
            print(row, flush=True)
    return rows


def seconds(run: Callable[[], object], *, n: int) -> float:
    start = time.process_time()
    run()
    return (time.process_time() - start) / n


def speed(options: argparse.Namespace) -> list[dict[str, float]]:
    """Milliseconds of one core for a toy; drawing is not included, Delta is included in both fits."""
    rows, sigma = [], options.sigmas[-1]
    for ridge in options.ridges:
        rng = np.random.default_rng(1)
        toys = [toy(rng, nu=sigma, sigma=sigma) for _ in range(N_TIMED)]
        sets, observed = [events for events, _ in toys], [centre for _, centre in toys]
        row = {"ridge": ridge, "sigma": sigma}
        for name, is_score in (("score", True), ("converged", False)):
            analysis = analysis_of(sigma=sigma, ridge=ridge, seed=0, is_score=is_score)
            engine = ProfiledKernelEngine(analysis)
            fits = engine.fit_together(sets, observed)
            row[f"{name}_ms"] = 1e3 * seconds(lambda: engine.fit_together(sets, observed), n=N_TIMED)  # noqa: B023
            row[f"{name}_failed"] = sum(not fit.converged for fit in fits)
        row["newton_steps"] = float(np.mean([fit.n_iterations for fit in fits]))
        row["largest_decrement"] = max(fit.newton_decrement for fit in fits)
        owns = [engine.delta.own(*one) for one in toys]
        row["delta_ms"] = 1e3 * seconds(lambda: [engine.delta.fit(own) for own in owns], n=N_TIMED)  # noqa: B023
        analysis = analysis_of(sigma=sigma, ridge=ridge, seed=0)
        fit = wilks.fit(analysis, sets[0])
        profiled_score_null(analysis, fit)
        start = time.process_time()
        for _ in range(N_TIMED):
            profiled_score_null(analysis, fit).unconfirmed_p_value(fit.t)
        row["null_ms"] = 1e3 * (time.process_time() - start) / N_TIMED
        print(" ".join(f"{name} {value:.3g}" for name, value in row.items()), flush=True)
        rows.append(row)
    return rows


def main() -> None:
    options = arguments()
    rows, times = (tails(options), []) if options.n_tail else (validity(options), speed(options))
    record(options.output, options, rows=rows, speed=times)


if __name__ == "__main__":
    main()

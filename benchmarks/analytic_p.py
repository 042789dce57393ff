"""What an answer with the analytic null costs, part by part, and how far its p is from a slow integral.

    python benchmarks/analytic_p.py                # with one BLAS thread and with as many as the machine has
    python benchmarks/analytic_p.py --threads 1

Score statistics in one feature (2,000 events against 20,000; the default kernel, and a narrow one with 72 terms) and in
five (5,000 against 50,000; 300 centers). Milliseconds of the clock, median and least of the answers after the first,
of their parts, of a p on a path that is there and on one that is not. ``deviation``: the largest relative error of p,
from .99 to 1e-60, against paths elsewhere with fifty times as many nodes. Writes benchmarks/recorded/analytic_p.json.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

RECORD = Path(__file__).parent / "recorded" / "analytic_p.json"


def thread_settings(n_threads: int) -> dict[str, str]:
    return dict.fromkeys(("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(n_threads))


def measured(n_threads: int, options: argparse.Namespace) -> dict[str, object]:
    """By a process of its own: BLAS reads how many threads it may have when it is loaded."""
    command = [sys.executable, __file__, "--worker", str(n_threads), "--n-answers", str(options.n_answers)]
    done = subprocess.run(command, env=os.environ | thread_settings(n_threads), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def work(n_threads: int, n_answers: int) -> dict[str, object]:
    import numpy as np
    import scipy.special

    import wilks
    from wilks.inspection import data_notices
    from wilks.laws import ScoreNull, score_null

    def correlated(rng: np.random.Generator, n: int) -> np.ndarray:
        """Five features, three of them like momenta."""
        lags = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
        x = rng.normal(size=(n, 5)) @ np.linalg.cholesky(0.4**lags).T
        x[:, :3] = scipy.special.gammainccinv(2.0, scipy.special.ndtr(-x[:, :3]))
        return x

    def exponential(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.exponential(size=(n, 1))

    def slow_log_p(law: ScoreNull, t: float, *, is_corrected: bool) -> float:
        """By 2,000 nodes on the best of several straight paths; p itself right of the mean, 1 - p left of it."""
        end, found = 0.5 / law.weights[-1], []
        v = np.arange(0.0, 20.0, 0.01)
        shares = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
        for share in shares if t >= law.mean else (-3.0, -1.0, -0.5, -0.2, -0.1, -0.05):
            width = 0.2 * end * min(abs(share), 1.0 - share)
            s = share * end + width * (1j * np.sinh(v) + 0.36 * (np.cosh(v) - 1.0))
            steps = 0.01 * width * (np.cosh(v) - 0.36j * np.sinh(v)) / (math.copysign(math.pi, share) * s)
            steps[0] *= 0.5
            more = law.correction(s) if is_corrected else law._displacement(s)
            logs = -0.5 * np.sum(np.log(1.0 - 2.0 * np.outer(s, law.weights)), axis=1) + more - s * (t - law.floor)
            scale = float(np.max(logs.real))
            terms = (np.exp(logs - scale) * steps).real
            total = float(np.sum(terms))
            lost = float(np.sum(np.abs(terms))) / max(total, 1e-300)
            below = math.exp(min(scale, 0.0)) * total
            found.append((lost, scale + math.log(total) if share > 0.0 and total > 0.0 else math.log1p(-below)))
        return min(found)[1]

    def deviation(law: ScoreNull) -> float:
        errors = [0.0]
        for z in (-2.2, -1.0, 0.0, 1.0, 3.0, 6.0, 10.0, 16.0, 30.0, 60.0, 100.0):
            spread = math.sqrt(law.variance)
            t = law.mean + z * spread if z > 0 else law.mean * math.exp(z * spread / law.mean)
            limit, log_p = law.gaussian_log_p_value(t), law.unconfirmed_log_p_value(t)
            if -0.01 > log_p > math.log(1e-60):
                slow = slow_log_p(law, t, is_corrected=False), slow_log_p(law, t, is_corrected=True)
                errors += [abs(math.expm1(limit - slow[0])), abs(math.expm1(log_p - slow[1]))]
        return max(errors)

    def milliseconds(run: Callable[[object], object], inputs: Iterable[object]) -> dict[str, float]:
        seconds = []
        for one in inputs:
            start = time.perf_counter()
            run(one)
            seconds.append(time.perf_counter() - start)
        return {"median": 1e3 * float(np.median(seconds)), "least": 1e3 * min(seconds), "n": len(seconds)}

    def fresh(law: ScoreNull) -> None:
        law._known.clear()
        law._known_limit.clear()

    def case(draw: Callable[..., np.ndarray], n_reference: int, n: int, has_pool: bool, **kernel: object) -> dict:
        rng = np.random.default_rng(1)
        pool = wilks.Sample(draw(rng, 2 * n_reference)) if has_pool else None
        model = wilks.Kernel(is_score=True, **kernel)
        reference = wilks.Sample(draw(rng, n_reference))
        analysis = wilks.Analysis(reference=reference, model=model, expected_events=n, toy_source=pool)
        data = [draw(rng, n) for _ in range(n_answers + 1)]
        first = milliseconds(lambda one: wilks.goodness_of_fit(analysis, one), data[:1])["median"]
        answer = milliseconds(lambda one: wilks.goodness_of_fit(analysis, one), data[1:])
        law, others = score_null(analysis), [wilks.Sample(draw(rng, n)) for _ in range(n_answers)]
        fit = milliseconds(lambda one: wilks.fit(analysis, one), others)
        checks = milliseconds(lambda one: data_notices(analysis, one), others)
        t = [wilks.fit(analysis, one).t for one in others]
        fresh(law)
        known_path = milliseconds(law.probability, t)
        new_path = milliseconds(
            lambda one: ScoreNull(*(getattr(law, name) for name in fields), law.floor).probability(one), t[:5]
        )
        return {
            "n_terms": int(law.weights.size),
            "first_answer": first,
            "answer": answer,
            "fit": fit,
            "checks": checks,
            "p_on_a_known_path": known_path,
            "p_of_a_new_law": new_path,
            "deviation": deviation(law) if n_threads == 1 else None,
        }

    fields = ("weights", "quartic", "cubic", "traced", "shift")
    return {
        "1D": case(exponential, 20_000, 2_000, False),
        "1D, narrow": case(exponential, 20_000, 2_000, False, n_centers=100, width=0.1, ridge=1.0),
        "1D, pool": case(exponential, 20_000, 2_000, True),
        "5D": case(correlated, 50_000, 5_000, False, n_centers=300),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    parser.add_argument("--n-answers", type=int, default=60)
    parser.add_argument("--output", type=Path, default=RECORD)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        json.dump(work(options.worker, options.n_answers), sys.stdout)
        return
    found = {str(n): measured(n, options) for n in dict.fromkeys(options.threads)}
    for n_threads, cases in found.items():
        for name, row in cases.items():
            parts = (
                f"{part} {row[part]['median']:.3g} ({row[part]['least']:.3g})"
                for part in row
                if type(row[part]) is dict
            )
            print(f"{n_threads} threads, {name}: {row['n_terms']} terms, ms:", ", ".join(parts), row["deviation"])
    load = os.getloadavg()
    settings = {"threads": options.threads, "n_answers": options.n_answers, "load": load, "machine": platform.machine()}
    options.output.write_text(json.dumps({"options": settings, "milliseconds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()

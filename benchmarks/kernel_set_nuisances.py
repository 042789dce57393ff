"""A set of kernels with nuisances on the exponential problem: is p uniform where toys are at the fitted nuisances?

    python benchmarks/kernel_set_nuisances.py

Widths 0.1, 0.3 and 1 at ridge 0.3, nuisances ``scale`` and ``normalization``, each known to 15 %, one reference of
200,000 events. Calibration toys at several values of the scale give t at p = 0.1 and 0.01 as a parabola in the scale;
data at nu* = 0 and one sigma up and down are compared with its value at their own nu_hat of Delta, which is what toys
of `ShiftedNuisance` at nu_hat would give, and with its value at 0. Prints a table and writes OUTPUT,
benchmarks/recorded/kernel_set_nuisances.json.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import time
from pathlib import Path

import numpy as np
from kernel_nuisances import toy
from recording import record

import wilks
from wilks.fitting import fit_together
from wilks.problems import exponential

SIGMA, WIDTHS, CENTERS = 0.15, (0.1, 0.3, 1.0), (300, 100, 100)
CALIBRATED, POINTS, LEVELS, BATCH = (-1.8, -0.9, 0.0, 0.9, 1.8), (0.0, 1.0, -1.0), (0.1, 0.01), 16


def fits(analysis: wilks.Analysis, rng: np.random.Generator, *, point: float, n_toys: int) -> tuple[np.ndarray, ...]:
    """t, nu_hat of the scale in sigma, and each member's t of toys at nu* = ``point`` sigma."""
    found = []
    for first in range(0, n_toys, BATCH):
        toys = [toy(rng, nu=point * SIGMA, sigma=SIGMA) for _ in range(min(BATCH, n_toys - first))]
        found += fit_together(analysis, [events for events, _ in toys], [centre for _, centre in toys])
    assert all(fit.converged for fit in found)
    t, nu = np.array([fit.t for fit in found]), np.array([fit.delta_nuisances[0].value for fit in found]) / SIGMA
    return t, nu, np.array([[one.t for one in fit.members] for fit in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-calibration", type=int, default=2000, help="at each of five values")
    parser.add_argument("--n-toys", type=int, default=1000, help="at each point")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "recorded" / "kernel_set_nuisances.json")
    options = parser.parse_args()
    analysis = wilks.Analysis(
        reference=exponential.reference(),
        model=wilks.KernelSet(WIDTHS, (0.3,), n_centers=CENTERS),
        nuisances=exponential.nuisances(SIGMA, SIGMA),
        standardize=False,
    )
    rng = np.random.Generator(np.random.Philox(options.seed))
    fits(analysis, rng, point=0.0, n_toys=BATCH)
    start = time.process_time()
    null = {point: fits(analysis, rng, point=point, n_toys=options.n_calibration)[0] for point in CALIBRATED}
    toy_ms = 1e3 * (time.process_time() - start) / (len(CALIBRATED) * options.n_calibration)
    limits = {p: np.polyfit(CALIBRATED, [np.quantile(t, 1 - p) for t in null.values()], 2) for p in LEVELS}
    print(
        f"{toy_ms:.1f} ms a toy;", {p: np.polyval(limit, CALIBRATED).round(2).tolist() for p, limit in limits.items()}
    )
    rows = []
    for point in POINTS:
        t, nu, members = fits(analysis, rng, point=point, n_toys=options.n_toys)
        row = {"nu_in_sigma": point, "mean_members": members.mean(axis=0).tolist()}
        for p, limit in limits.items():
            row[f"p_below_{p}"] = float(np.mean(t > np.polyval(limit, nu)))
            row[f"at_zero_p_below_{p}"] = float(np.mean(t > np.polyval(limit, 0.0)))
            row[f"p_below_{p}_error"] = float(np.sqrt(p * (1 - p) / t.size))
        rows.append(row)
        print(row, flush=True)
    record(options.output, options, rows=rows, toy_ms=toy_ms)


if __name__ == "__main__":
    main()

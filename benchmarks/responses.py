"""Accuracy of learned responses: the exponential against its exact log r, muon pairs by closure.

    python benchmarks/responses.py --output benchmarks/recorded/responses.json
    python benchmarks/responses.py --muons FOLDER/dimuon_sm.h5 --output benchmarks/recorded/responses.json

The exponential: x -> exp(nu) x, samples of 200,000 for the reference and each nu_i, +-0.05 and +-0.1 for order 1,
+-0.05 and +-0.3 for order 2. Deviations are from exact log r; for order 1 also from its linear part alone, since the
rest is truncation. ``rms`` is over the reference distribution; over seeds, everything is a root mean square.

Muon pairs: the momentum scale moved by +-1.5e-3 and +-1.5e-2, one half of the file for the reference, the other for the
variations, pt2 > 20 and mll > 60. Closure at these and at +-3e-3 and +-6e-3, of N(R_0) = 20,000.

What is measured is added to the file; a row that it has already is not measured again. One core.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import numpy as np

from wilks.nuisances import Nuisance, Nuisances, vary
from wilks.problems import dimuon
from wilks.responses import Training, Variation, bin_responses, check_responses, learn_responses
from wilks.samples import Sample, split

N_EVENTS = 200_000
POINTS = {1: (0.05, -0.05, 0.1, -0.1), 2: (0.05, -0.05, 0.3, -0.3)}
SHOWN = (0.15, -0.15, 0.3)
TRAININGS = {
    "linear": Training(hidden=(), n_networks=4),
    "ReLU (4)": Training(hidden=(4,), activation="relu"),
    "ReLU (4), one network": Training(hidden=(4,), activation="relu", n_networks=1),
    "softplus (4)": Training(hidden=(4,), activation="softplus"),
    "tanh (4)": Training(hidden=(4,)),
    "tanh (4), one network": Training(hidden=(4,), n_networks=1),
    "tanh (4), 10 networks": Training(hidden=(4,), n_networks=10),
    "tanh (10)": Training(hidden=(10,)),
    "tanh (10,10)": Training(hidden=(10, 10)),
}

MASS, ENDCAPS = (dimuon.MASS,), ("(abs(eta1) >= 2.1)*1", "(abs(eta2) >= 2.1)*1")
MUON_TRAININGS = {
    "tanh (10)": (Training(hidden=(10,), n_networks=2), ()),
    "tanh (10), mass": (Training(hidden=(10,), n_networks=2), MASS),
    "tanh (10), mass, endcaps": (Training(hidden=(10,), n_networks=2), MASS + ENDCAPS),
    "tanh (10,10), mass, endcaps": (Training(hidden=(10, 10), n_networks=2), MASS + ENDCAPS),
    "ReLU (10,10,10,10,10)": (Training(hidden=(10,) * 5, activation="relu", n_networks=2), ()),
}
MUON_POINTS, MUON_CHECKS = (1.5e-3, -1.5e-3, 1.5e-2, -1.5e-2), (3e-3, -3e-3, 6e-3, -6e-3)
MUON_EVENTS = 20_000.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--muons", type=Path, help="file of muon pairs; without it the exponential")
    parser.add_argument("--only", nargs="+", help="names of trainings")
    parser.add_argument("--n-seeds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    rows = json.loads(options.output.read_text()) if options.output and options.output.exists() else []
    known = {row["name"] for row in rows}
    for row in muon_rows(options, known) if options.muons else exponential_rows(options, known):
        print(json.dumps(row), flush=True)
        rows.append(row)
        if options.output:
            options.output.write_text(json.dumps(rows, indent=1) + "\n")


def exponential(nu: float, seed: int) -> Sample:
    rng = np.random.default_rng([seed, round(1e4 * (nu + 1.0))])
    return Sample(rng.exponential(np.exp(nu), N_EVENTS), np.full(N_EVENTS, 2000.0 / N_EVENTS), features=("x",))


def exponential_rows(options: argparse.Namespace, known: set[str]):
    for order, points in POINTS.items():
        for name in (*TRAININGS, "20 bins"):
            title = f"exponential, order {order}, {name}"
            if title in known or (options.only and name not in options.only):
                continue
            results = [one_exponential(seed, order, points, name) for seed in range(options.n_seeds)]
            row = {
                "name": title,
                "n_seeds": options.n_seeds,
                "seconds": np.mean([one.pop("seconds") for one in results]),
            }
            yield row | {key: float(np.sqrt(np.mean([one[key] ** 2 for one in results]))) for key in results[0]}


def one_exponential(seed: int, order: int, points: tuple[float, ...], name: str) -> dict[str, float]:
    reference, nuisance = exponential(0.0, seed), (Nuisance("scale", sigma=0.15),)
    variations = [Variation({"scale": nu}, exponential(nu, seed)) for nu in points]
    shared = {"variations": variations, "order": order, "accept_poor": True}
    begin = time.perf_counter()
    if name in TRAININGS:
        learned = learn_responses(reference, nuisance, training=TRAININGS[name], seed=seed, **shared)
    else:
        learned = bin_responses(reference, nuisance, edges={"x": 20}, **shared)
    return {"seconds": time.perf_counter() - begin} | deviations(learned, order)


def deviations(learned: Nuisances, order: int) -> dict[str, float]:
    """rms over exp(-x), and values in the tail, of learned less exact log r."""
    x = np.linspace(0.0, 15.0, 3001)
    weights = np.exp(-x) / np.exp(-x).sum()
    result = {}
    for nu in SHOWN:
        log_r = learned.log_ratio(x[:, None], {"scale": nu})
        deviation = log_r - (-nu - x * np.expm1(-nu))
        result[f"rms at {nu:g}"] = float(np.sqrt(weights @ deviation**2))
        result |= {f"x = {at} at {nu:g}": float(np.interp(at, x, deviation)) for at in (8, 12)}
        if order == 1:
            result[f"rms at {nu:g} without truncation"] = float(np.sqrt(weights @ (log_r - nu * (x - 1.0)) ** 2))
    return result


def muon_rows(options: argparse.Namespace, known: set[str]):
    events = dimuon.read_unselected(options.muons)
    first, second = split(events, n_first=events.n_events // 2, seed=0)
    nuisance = dimuon.muon_scale_nuisance(3e-3)
    central = vary(first, [nuisance], {}, where=dimuon.SELECTION)
    factor = MUON_EVENTS / central.expected_events * first.n_events / second.n_events
    reference = central.rescaled(MUON_EVENTS)

    def variation(nu: float) -> Variation:
        sample = vary(second, [nuisance], {dimuon.MUON_SCALE: nu}, where=dimuon.SELECTION)
        return Variation({dimuon.MUON_SCALE: nu}, sample.rescaled(factor * sample.expected_events))

    trained, checked = ([variation(nu) for nu in points] for points in (MUON_POINTS, MUON_CHECKS))
    for name, (training, inputs) in MUON_TRAININGS.items():
        title = f"muon scale, order 2, {name}"
        if title in known or (options.only and name not in options.only):
            continue
        begin = time.perf_counter()
        learned = learn_responses(
            reference, [nuisance], variations=trained, training=training, inputs=inputs, accept_poor=True
        )
        seconds = time.perf_counter() - begin
        closure = check_responses(reference, learned, variations=[*trained, *checked])
        print(closure)
        shift = {
            f"{row.values[dimuon.MUON_SCALE]:g}": {
                one.name: [round(one.chi2, 1), one.dof, round(one.shift_in_t, 2)] for one in row.columns
            }
            for row in closure.rows
        }
        yield {"name": title, "seconds": seconds, "n_events": reference.n_events, "chi2, bins, shift in t": shift}


if __name__ == "__main__":
    main()

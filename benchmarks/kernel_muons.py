"""Power of kernels for a resonance in five features: pairs of muons and a Z' of 300 GeV.

    python benchmarks/kernel_muons.py --data FOLDER

FOLDER holds ``dimuon_sm.h5`` and ``dimuon_zprime300.h5`` in the layout of the method's authors. 100,000 events are the
reference, all others above 60 GeV the pool, from which a Poisson number of mean 20,000 is drawn without replacement for
each toy, plus a Poisson number of signal events. Score statistics of single widths and their product of p-values, with
thresholds at 2 and 3 sigma from null toys of their own, errors from both numbers of toys. Beside them the share of null
toys beyond the value to which the analytic null gives the p of 2 sigma: without the pool, and with it. Prints a table
and writes OUTPUT, benchmarks/recorded/kernel_muons.json.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | os.environ)

import argparse
from pathlib import Path

import numpy as np
from kernel_nuisances import threshold
from kernel_power import power
from recording import record

import wilks
from wilks.fitting import KernelSetEngine, kernel_set_engine_of
from wilks.fitting.features import Features
from wilks.laws import score_null
from wilks.problems import dimuon
from wilks.significance import count_at_or_above, p_value

SIGMAS, BLOCK = (2.0, 3.0), 2048


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--widths", type=float, nargs="+", default=[1.0, 2.0, 3.0, 5.0])
    parser.add_argument("--ridge", type=float, default=0.3)
    parser.add_argument("--n-centers", type=int, default=800)
    parser.add_argument("--n-signals", type=float, nargs="+", default=[30.0, 40.0])
    parser.add_argument("--n-null", type=int, default=4000)
    parser.add_argument("--n-toys", type=int, default=1000, help="of each signal")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "recorded" / "kernel_muons.json")
    return parser.parse_args()


def drawn(rng: np.random.Generator, n_toys: int, n_pool: int, mean: float) -> np.ndarray:
    """Which events of the pool each toy has, (n_toys, n_pool): a Poisson number without replacement."""
    members = np.zeros((n_toys, n_pool), dtype=bool)
    for row, n in zip(members, rng.poisson(mean, size=n_toys), strict=True):
        row[rng.choice(n_pool, size=n, replace=False)] = True
    return members


def sums_of(features: Features, events: np.ndarray, members: np.ndarray) -> np.ndarray:
    """sum phi over the members of each toy, as products of matrices, (n_toys, r)."""
    total = np.zeros((members.shape[0], features.mix.shape[0]))
    for first in range(0, events.shape[0], BLOCK):
        rows = slice(first, first + BLOCK)
        total += members[:, rows].astype(np.float64) @ features.placement.kernel(events[rows])
    return total @ features.mix


def scores(engine: KernelSetEngine, standardized: dict[str, np.ndarray], members: dict[str, np.ndarray]) -> np.ndarray:
    """q of each member of the set for each toy, (n_toys, members)."""
    columns = []
    for group in engine.groups:
        sums = sum(sums_of(group.features, standardized[name], chosen) for name, chosen in members.items())
        columns.append(group.score(sums))
    return np.concatenate(columns, axis=1)


def analytic(options: argparse.Namespace, reference, pool, q: np.ndarray, *, width: float) -> dict[str, float]:
    """Null toys beyond the law's q at 2 sigma over their expected number, without and with the pool."""
    row = {}
    for name, source in (("over_references", None), ("given_reference", pool)):
        kernel = wilks.Kernel(n_centers=options.n_centers, width=width, ridge=options.ridge, is_score=True)
        analysis = wilks.Analysis(
            reference=reference, model=kernel, expected_events=dimuon.EXPECTED_EVENTS, toy_source=source
        )
        law = score_null(analysis)
        row[name] = count_at_or_above(q, threshold(law, p_value(2.0))) / q.size / p_value(2.0)
        row |= {"excess": law.excess, f"{name}_mean": law.mean, f"{name}_deviation": float(np.sqrt(law.variance))}
    return row | {"error": float(np.sqrt(1.0 / (p_value(2.0) * q.size))), "toys_mean": float(q.mean())}


def main() -> None:
    options = arguments()
    rng = np.random.Generator(np.random.Philox(3))
    events = rng.permutation(dimuon.read_dimuons(options.data / "dimuon_sm.h5").events)
    signal = dimuon.read_dimuons(options.data / "dimuon_zprime300.h5").events
    reference, pool = (wilks.Sample(part, features=dimuon.FEATURES) for part in np.split(events, [100_000]))
    model = wilks.KernelSet(tuple(options.widths), (options.ridge,), n_centers=options.n_centers)
    analysis = wilks.Analysis(reference=reference, model=model, expected_events=dimuon.EXPECTED_EVENTS)
    engine = kernel_set_engine_of(analysis)
    standardized = {
        name: analysis.standardization.apply(some) for name, some in (("pool", pool.events), ("signal", signal))
    }
    print(f"pool of {pool.n_events:,}, signal of {len(signal):,} events", flush=True)

    def toys(n_toys: int, n_signal: float) -> np.ndarray:
        members = {"pool": drawn(rng, n_toys, pool.n_events, dimuon.EXPECTED_EVENTS)}
        if n_signal:
            members["signal"] = drawn(rng, n_toys, len(signal), n_signal)
        return scores(engine, standardized, members)

    null, rows = toys(options.n_null, 0.0), []
    names = [f"width {width:g}" for width in options.widths]
    for n_signal in options.n_signals:
        found = toys(options.n_toys, n_signal)
        tests = [(name, null[:, j], found[:, j]) for j, name in enumerate(names)]
        for name, q0, q in [*tests, ("product", engine.laws.combined(null), engine.laws.combined(found))]:
            told = {f"{sigma:g} sigma": power(q0, q, sigma) for sigma in SIGMAS}
            shift = float((q.mean() - q0.mean()) / q0.std())
            rows.append({"n_signal": n_signal, "test": name, "shift": shift, "power": told})
            print(f"S = {n_signal:g}, {name}: shift {shift:.2f}", told, flush=True)
    laws = {}
    for j, width in enumerate(options.widths):
        laws[f"{width:g}"] = analytic(options, reference, pool, null[:, j], width=width)
        print(f"width {width:g}", laws[f"{width:g}"], flush=True)
    record(options.output, options, power=rows, laws=laws)


if __name__ == "__main__":
    main()

"""Power of kernels for a resonance in five features: pairs of muons and a Z' of 300 GeV.

    python -m studies.kernel_muons.run --data FOLDER

FOLDER holds ``dimuon_sm.h5`` and ``dimuon_zprime300.h5`` in the layout of the method's authors. 100,000 events are the
reference, all others above 60 GeV the pool, from which a Poisson number of mean 20,000 is drawn without replacement for
each toy, plus a Poisson number of signal events. Score statistics of single widths and their product of p-values, with
thresholds at 2 and 3 sigma from null toys of their own, errors from both numbers of toys. Beside them the share of null
toys beyond the value to which the analytic null gives the p of 2 sigma: without the pool, and with it.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.laws import analytic_null
from wilks.problems import dimuon
from wilks.significance import count_at_or_above, p_value

from studies.common import threshold
from studies.kernel_power.run import power

SIGMAS, BLOCK = (2.0, 3.0), 2048


SCRIPT = harness.Script(__file__, __doc__, seed=3)


def drawn(rng: np.random.Generator, n_toys: int, n_pool: int, mean: float) -> np.ndarray:
    """Which events of the pool each toy has, (n_toys, n_pool): a Poisson number without replacement."""
    members = np.zeros((n_toys, n_pool), dtype=bool)
    for row, n in zip(members, rng.poisson(mean, size=n_toys), strict=True):
        row[rng.choice(n_pool, size=n, replace=False)] = True
    return members


def sums_of(basis, events: np.ndarray, members: np.ndarray) -> np.ndarray:
    """sum phi over the members of each toy, as products of matrices, (n_toys, r)."""
    total = np.zeros((members.shape[0], basis.mix.shape[0]))
    for first in range(0, events.shape[0], BLOCK):
        rows = slice(first, first + BLOCK)
        total += members[:, rows].astype(np.float64) @ basis.map.values(events[rows])
    return total @ basis.mix


def scores(engine, standardized: dict[str, np.ndarray], members: dict[str, np.ndarray]) -> np.ndarray:
    """q of each member of the set for each toy, (n_toys, members)."""
    columns = []
    for group in engine.groups:
        sums = sum(sums_of(group.basis, standardized[name], chosen) for name, chosen in members.items())
        columns.append(group.score(sums))
    return np.concatenate(columns, axis=1)


@SCRIPT.whole(
    **{"data": Path, "widths": (1.0, 2.0, 3.0, 5.0), "ridge": 0.3, "n_centers": 800},
    **{"n_signals": (30.0, 40.0), "n_null": 4000, "n_toys": 1000},
)
def run(options) -> Iterator[harness.Row]:
    rng = np.random.Generator(np.random.Philox(3))
    events = rng.permutation(dimuon.read_dimuons(options.data / "dimuon_sm.h5").events)
    signal = dimuon.read_dimuons(options.data / "dimuon_zprime300.h5").events
    reference, pool = (wilks.Sample(part, features=dimuon.FEATURES) for part in np.split(events, [100_000]))
    model = wilks.KernelSet(options.widths, (options.ridge,), n_centers=options.n_centers)
    analysis = wilks.Analysis(reference=reference, model=model, expected_events=dimuon.EXPECTED_EVENTS)
    engine, samples = analysis.engine, {"pool": pool.events, "signal": signal}
    standardized = {name: analysis.standardization.apply(some) for name, some in samples.items()}

    def toys(n_toys: int, n_signal: float) -> np.ndarray:
        members = {"pool": drawn(rng, n_toys, pool.n_events, dimuon.EXPECTED_EVENTS)}
        if n_signal:
            members["signal"] = drawn(rng, n_toys, len(signal), n_signal)
        return scores(engine, standardized, members)

    null = toys(options.n_null, 0.0)
    for n_signal in options.n_signals:
        found = toys(options.n_toys, n_signal)
        tests = {f"width {width:g}": (null[:, j], found[:, j]) for j, width in enumerate(options.widths)}
        tests["product"] = engine.laws.combined(null), engine.laws.combined(found)
        for name, (q0, q) in tests.items():
            told = {f"{sigma:g} sigma": power(q0, q, sigma) for sigma in SIGMAS}
            yield {"n_signal": n_signal, "test": name, "shift": (q.mean() - q0.mean()) / q0.std(), "power": told}
    for j, width in enumerate(options.widths):
        yield {"law_of_width": width} | analytic(options, reference, pool, null[:, j], width=width)


def analytic(options, reference: wilks.Sample, pool: wilks.Sample, q: np.ndarray, *, width: float) -> harness.Row:
    """Null toys beyond the law's q at 2 sigma over their expected number, without and with the pool."""
    row, limit = {}, p_value(2.0)
    kernel = wilks.Kernel(n_centers=options.n_centers, width=width, ridge=options.ridge, is_score=True)
    for name, source in (("over_references", None), ("given_reference", pool)):
        expected = {"expected_events": dimuon.EXPECTED_EVENTS}
        law = analytic_null(wilks.Analysis(reference=reference, model=kernel, toy_source=source, **expected))
        row[name] = count_at_or_above(q, threshold(law, limit)) / q.size / limit
        mean, variance, excess, *_ = law.figures
        row |= {"excess": excess, f"{name}_mean": mean, f"{name}_deviation": np.sqrt(variance)}
    return row | {"error": np.sqrt(1.0 / (limit * q.size)), "toys_mean": q.mean()}


if __name__ == "__main__":
    SCRIPT.main()

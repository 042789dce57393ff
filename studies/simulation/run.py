"""Are the simulated muon pairs those of the method's authors?

    python -m studies.simulation.run --simulated SIMULATED --data FOLDER

SIMULATED holds files of `studies.simulation.generate` (the set ``high``), FOLDER ``dimuon_sm.h5`` (MadGraph, Pythia 6,
Delphes) and ``dimuon_sm_pythia_weighted.h5`` of the method's authors. Above 100 GeV: cross sections, and chi-squares of
the shapes in 20 bins of equal contents.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

from wilks.problems import dimuon
from wilks.samples import Sample, columns

from studies.simulation.merge import merged
from studies.simulation.processes import SETS

SCRIPT = harness.Script(__file__, __doc__)
WHERE = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 100"
FILES = ("dimuon_sm.h5", "dimuon_sm_pythia_weighted.h5")
N_BINS = 20


@SCRIPT.whole(simulated=Path, data=Path)
def measure(options) -> Iterator[harness.Row]:
    table = merged(options.simulated, SETS["high"])
    own = selected({name: table[name].to_numpy() for name in (*dimuon.FEATURES, "mll", "weight")})
    yield {"events": own.n_events, "pb": own.expected_events, "effective": effective(own)}
    for name in FILES:
        weight = "weight" if "weight" in columns(options.data / name) else None
        other = dimuon.read_dimuons(options.data / name, where=WHERE, weight=weight)
        found = {column: chi_square(own, other, column) for column in (*dimuon.FEATURES, "mll")}
        told = {"file": name, "events": other.n_events, "pb": other.expected_events if weight else None}
        yield told | {f"chi2 of {N_BINS - 1}, {column}": value for column, value in found.items()}


def selected(table: dict[str, np.ndarray]) -> Sample:
    is_in = (table["pt1"] < 1000) & (table["pt2"] > 20) & (table["mll"] > 100)  # abs(eta) < 2.4 is in the simulation
    events = np.column_stack([table[name][is_in] for name in dimuon.FEATURES])
    extras = {"mll": table["mll"][is_in]}
    return Sample(events, table["weight"][is_in], features=dimuon.FEATURES, extras=extras)


def effective(sample: Sample) -> float:
    """Unweighted events with the same relative error of the sum."""
    return sample.expected_events**2 / float(np.sum(sample.event_weights**2))


def chi_square(own: Sample, other: Sample, column: str) -> float:
    """Of two shapes, both with their errors."""
    edges = np.quantile(other.column(column), np.linspace(0.0, 1.0, N_BINS + 1))
    edges[[0, -1]] = -np.inf, np.inf
    shares, variances = zip(*(shape(sample, column, edges) for sample in (own, other)), strict=True)
    return float(np.sum((shares[0] - shares[1]) ** 2 / (variances[0] + variances[1])))


def shape(sample: Sample, column: str, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contents of the bins over their sum, and the variances of these."""
    values, total = sample.column(column), sample.expected_events
    contents, squares = (np.histogram(values, edges, weights=sample.event_weights**k)[0] for k in (1, 2))
    share = contents / total
    return share, (squares * (1.0 - 2.0 * share) + share**2 * np.sum(sample.event_weights**2)) / total**2


if __name__ == "__main__":
    SCRIPT.main()

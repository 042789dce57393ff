"""Simulate pp collisions at 13 TeV with Pythia 8: pairs of muons, and four of them.

    python -m studies.simulation.generate sm94 --output FOLDER --n-files 40 --processes 2
    python -m studies.simulation.generate slices --output FOLDER --n-files 10

Pythia 8 is a tool of this script, not a dependency of wilks. In an environment of its own, Python 3.11 to 3.13:

    pip install pythia8mc==8.317.2 numpy pyarrow

Each file, ``FOLDER/PROCESS/00001.parquet``, has what is left of 100,000 generated events of one seed, and in its
metadata settings, cross section and number of generated events: `studies.simulation.merge` makes one weighted sample of
a process or of slices. Files that are there are left alone, so that an interrupted run goes on, and more may be
asked for later. The same seed gives the same events. Some 2,000 events a second and core.

Hadronization and multiple interactions are off: muon kinematics do not change visibly, at a twentieth of the time.
"""

import argparse
import importlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from studies.simulation import detector
from studies.simulation.processes import COMMON, PROCESSES, SETS, Process

N_GENERATED, BLOCK = 100_000, 10_000
GENERATOR = "Pythia 8.317 (pythia8mc 8.317.2), leading order with parton showers"


def generator(process: Process, seed: int):
    """A Pythia object, which cannot be sent to another process."""
    pythia = importlib.import_module("pythia8mc").Pythia("", False)
    for line in (*COMMON, *process.settings, "Random:setSeed = on", f"Random:seed = {seed}"):
        if not pythia.readString(line):
            raise SystemExit(f"Pythia refuses the setting {line!r}")
    if not pythia.init():
        raise SystemExit("Pythia could not be initialised; run it without Print:quiet to see why")
    return pythia


def muons_of(event, n_muons: int) -> list[tuple[float, float, float]] | None:
    """(pt, eta, phi) of the hardest final muons, charges alternating, negative first; None where some are missing."""
    found: dict[int, list[tuple[float, float, float]]] = {13: [], -13: []}
    for i in range(event.size()):
        particle = event[i]
        if particle.idAbs() == 13 and particle.isFinal():
            found[particle.id()].append((particle.pT(), particle.eta(), particle.phi()))
    each = n_muons // 2
    if min(len(some) for some in found.values()) < each:
        return None
    charges = [sorted(some, reverse=True)[:each] for some in found.values()]
    return [muon for pair in zip(*charges, strict=True) for muon in pair]


def events(pythia, process: Process, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Columns (n, c) of the events that are kept, and which generated event each is, block by block."""
    mass = detector.COLUMNS[process.n_muons].index(detector.MASSES[process.n_muons])
    for first in range(0, N_GENERATED, BLOCK):
        found = {first + k: muons_of(pythia.event, process.n_muons) for k in range(BLOCK) if pythia.next()}
        number = np.array([k for k, muons in found.items() if muons], dtype=np.int32)
        true = np.array([muons for muons in found.values() if muons]).reshape(-1, process.n_muons, 3)
        for _ in range(process.n_measured):
            muons, is_found = detector.measured(true, rng)
            table = detector.table(muons[is_found])
            is_kept = table[:, mass] > process.least_mass
            yield table[is_kept], number[is_found][is_kept]


def simulate(name: str, seed: int, path: Path) -> str:
    """Write one file; what was done, in words."""
    process = PROCESSES[name]
    pythia, rng = generator(process, seed), np.random.Generator(np.random.Philox(seed))
    tables, numbers = zip(*events(pythia, process, rng), strict=True)
    facts = {
        "what": process.what,
        "generator": GENERATOR,
        "settings": [*COMMON, *process.settings],
        "seed": seed,
        "n_generated": N_GENERATED,
        "n_measured": process.n_measured,
        "least_mass": process.least_mass,
        "cross_section_pb": pythia.infoPython().sigmaGen() * 1e9,
        **detector.describe(),
        "made_by": "studies/simulation",
    }
    names = detector.COLUMNS[process.n_muons]
    columns = dict(zip(names, np.concatenate(tables).T, strict=True)) | {"generated": np.concatenate(numbers)}
    arrow = pyarrow.table(columns, metadata={"simulation": json.dumps(facts)})
    unfinished = path.with_suffix(".part")
    pyarrow.parquet.write_table(arrow, unfinished, compression="zstd")
    unfinished.replace(path)
    return f"{path}: {len(arrow)} of {N_GENERATED} events"


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("process", choices=[*PROCESSES, *SETS], help="slices: all of Z/gamma*; high: above 95 GeV")
    parser.add_argument("--output", type=Path, required=True, help="the folder of the files")
    parser.add_argument("--n-files", type=int, default=1, help="files of 100,000 generated events for each process")
    parser.add_argument("--processes", type=int, default=1, help="at once")
    return parser.parse_args(words)


def main() -> None:
    options = arguments()
    names = SETS.get(options.process, (options.process,))
    seeds = range(1, options.n_files + 1)
    wanted = [(name, seed, options.output / name / f"{seed:05d}.parquet") for seed in seeds for name in names]
    for name in names:
        (options.output / name).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as executor:
        missing = [executor.submit(simulate, *one) for one in wanted if not one[2].exists()]
        for one in missing:
            print(one.result(), flush=True)


if __name__ == "__main__":
    main()

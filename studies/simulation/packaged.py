"""Make the small samples that come with the package, or others like them.

    python -m studies.simulation.packaged --output dimuon_small.h5
    python -m studies.simulation.packaged --output dimuon_zprime600.h5 --process zprime600 --n-events 3000

In the environment of `studies.simulation.generate`, with h5py. One seed, until as many events are selected as are
wanted: a minute or two for 80,000. Writes the events and, beside them, a JSON file that says how they were made.
"""

import argparse
import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

from studies.simulation import detector
from studies.simulation.generate import BLOCK, GENERATOR, generator, muons_of
from studies.simulation.processes import COMMON, PROCESSES, Process

SELECTION = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 60"


def simulate(process: Process, *, n_events: int, seed: int) -> tuple[np.ndarray, dict]:
    """Columns (n_events, 6) that pass `SELECTION`, and the facts of the run."""
    pythia, rng = generator(process, seed), np.random.Generator(np.random.Philox(seed))
    blocks, n_generated, n_selected = [], 0, 0
    while n_selected < n_events:
        found = (muons_of(pythia.event, 2) for _ in range(BLOCK) if pythia.next())
        muons, is_found = detector.measured(np.array([pair for pair in found if pair]), rng)
        blocks.append(selected(detector.table(muons[is_found])))
        n_generated, n_selected = n_generated + BLOCK, n_selected + len(blocks[-1])
        print(f"{n_selected} events selected of {n_generated} generated", flush=True)
    facts = {
        "n_generated": n_generated,
        "n_passed": n_selected,
        "cross_section_pb": pythia.infoPython().sigmaGen() * 1e9,
    }
    return np.concatenate(blocks)[:n_events], facts


def selected(table: np.ndarray) -> np.ndarray:
    """The events that pass `SELECTION`; abs(eta) is that of the acceptance."""
    pt1, pt2, *_, mll = table.T
    return table[(pt1 < 1000) & (pt2 > 20) & (mll > 60)]


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="HDF5 file to write")
    parser.add_argument(
        "--process", choices=[name for name, one in PROCESSES.items() if one.n_muons == 2], default="sm"
    )
    parser.add_argument("--n-events", type=int, default=80_000, help="events after the selection")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generator and of the measurement")
    return parser.parse_args(words)


def main() -> None:
    options = arguments()
    process = PROCESSES[options.process]
    table, facts = simulate(process, n_events=options.n_events, seed=options.seed)
    with h5py.File(options.output, "w") as file:
        for name, values in zip(detector.COLUMNS[2], table.T, strict=True):
            file.create_dataset(name, data=values, compression="gzip", compression_opts=9, shuffle=True)
    told = {
        "n_events": len(table),
        "what": f"pp -> {process.what} at 13 TeV, unweighted events, momenta and masses in GeV, angles in radians",
        "generator": GENERATOR,
        "settings": [*COMMON, *process.settings],
        "seed": options.seed,
        "selection": SELECTION,
        "delta_phi": "(phi2 - phi1) mod 2 pi",
        **detector.describe(),
        **facts,
        "made_by": "studies/simulation/packaged.py",
        "sha256": hashlib.sha256(options.output.read_bytes()).hexdigest(),
    }
    options.output.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {options.output} ({options.output.stat().st_size / 1e6:.2f} MB) and its .json")


if __name__ == "__main__":
    main()

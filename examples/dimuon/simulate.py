"""Simulate pp -> Z/gamma* -> mu+ mu- at 13 TeV and write the small sample that ships with wilks.

Pythia 8 is a tool of this script, not a dependency of wilks. In a fresh environment, Python 3.11 to 3.13:

    pip install pythia8mc==8.317.2 numpy h5py
    python simulate.py --output dimuon_small.h5
    python simulate.py --output dimuon_zprime600.h5 --resonance 600 --n-events 3000

About 4,000 events per second are generated and one in three is kept: a minute or two for 80,000.

Muons are smeared by a Gaussian of relative width sqrt(a^2 + (b pt)^2), with (a, b) of the order of a
central tracker, and lost at random with the efficiency of a muon system; both depend on eta alone.
Hadronisation and multiple interactions are off: muon kinematics do not change visibly.
"""

import argparse
import hashlib
import json
from pathlib import Path

import h5py
import numpy as np
import pythia8mc

PROCESS = (
    "WeakSingleBoson:ffbar2gmZ = on",
    "23:onMode = off",
    "23:onIfAny = 13",
    "PhaseSpace:mHatMin = 50.",
)
RESONANCE = (  # a Z' alone, with the couplings of the Z, and its mass
    "NewGaugeBoson:ffbar2gmZZprime = on",
    "Zprime:gmZmode = 3",
    "32:onMode = off",
    "32:onIfAny = 13",
)
COLUMNS = ("pt1", "pt2", "eta1", "eta2", "delta_phi", "mll")
SELECTION = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 60"
ETA_EDGES = (0.5, 1.5)  # the resolution changes here
RESOLUTION_A = np.array([0.010, 0.015, 0.025])
RESOLUTION_B = np.array([1.0e-4, 1.5e-4, 3.5e-4])  # per GeV
BARREL_ETA = 1.2
EFFICIENCY_BARREL, EFFICIENCY_ENDCAP = 0.94, 0.93
BLOCK = 10_000


def settings(resonance):
    """Those of Pythia, for Z/gamma* or for a resonance of a mass in GeV."""
    process = PROCESS if resonance is None else (*RESONANCE, f"32:m0 = {resonance:g}")
    return "Beams:eCM = 13000.", *process, "PartonLevel:MPI = off", "HadronLevel:all = off", "Print:quiet = on"


def generator(seed, resonance):
    """A Pythia object with the process of this sample."""
    pythia = pythia8mc.Pythia("", False)
    for line in (*settings(resonance), "Random:setSeed = on", f"Random:seed = {seed}"):
        if not pythia.readString(line):
            raise SystemExit(f"Pythia refuses the setting {line!r}")
    if not pythia.init():
        raise SystemExit("Pythia could not be initialised; run it without Print:quiet to see why")
    return pythia


def muon_pair(event):
    """(pt, eta, phi) of the hardest final muon of either charge; None where one is missing."""
    best = {}
    for i in range(event.size()):
        particle = event[i]
        if abs(particle.id()) == 13 and particle.isFinal() and particle.pT() > best.get(particle.id(), (0.0,))[0]:
            best[particle.id()] = (particle.pT(), particle.eta(), particle.phi())
    return [best[13], best[-13]] if len(best) == 2 else None


def generate(pythia, n_events):
    """True muons, (n, 2, 3), of a number of generated events; those without a pair are lost."""
    pairs = (muon_pair(pythia.event) for _ in range(n_events) if pythia.next())
    return np.array([pair for pair in pairs if pair])


def measured(muons, rng):
    """Muons as measured: pt smeared, some lost, the harder one first."""
    pt, eta, phi = np.moveaxis(muons, 2, 0)
    region = np.searchsorted(ETA_EDGES, abs(eta))
    width = np.hypot(RESOLUTION_A[region], RESOLUTION_B[region] * pt)
    pt = pt * (1.0 + width * rng.standard_normal(pt.shape))
    efficiency = np.where(abs(eta) < BARREL_ETA, EFFICIENCY_BARREL, EFFICIENCY_ENDCAP)
    found = np.all(rng.random(pt.shape) < efficiency, axis=1)
    order = np.argsort(-pt, axis=1)
    return tuple(np.take_along_axis(values, order, axis=1)[found] for values in (pt, eta, phi))


def columns(pt, eta, phi):
    """The six columns, float32; mll follows from the five others as they are stored."""
    stored = np.float32([*pt.T, *eta.T, (phi[:, 1] - phi[:, 0]) % (2 * np.pi)])
    pt1, pt2, eta1, eta2, delta_phi = stored.astype(np.float64)
    mll = np.sqrt(2 * pt1 * pt2 * (np.cosh(eta1 - eta2) - np.cos(delta_phi)))
    return np.vstack([stored, np.float32(mll)])


def selected(table):
    """The events that pass SELECTION."""
    pt1, pt2, eta1, eta2, _, mll = table
    return table[:, (pt1 < 1000) & (pt2 > 20) & (abs(eta1) < 2.4) & (abs(eta2) < 2.4) & (mll > 60)]


def simulate(n_events, seed, resonance):
    """Columns (6, n_events) and the facts of the run."""
    pythia, rng = generator(seed, resonance), np.random.Generator(np.random.Philox(seed))
    blocks, n_generated, n_selected = [], 0, 0
    while n_selected < n_events:
        blocks.append(selected(columns(*measured(generate(pythia, BLOCK), rng))))
        n_generated, n_selected = n_generated + BLOCK, n_selected + blocks[-1].shape[1]
        print(f"{n_selected} events selected of {n_generated} generated", flush=True)
    facts = {
        "n_generated": n_generated,
        "n_passed": n_selected,
        "cross_section_pb": pythia.infoPython().sigmaGen() * 1e9,
    }
    return np.concatenate(blocks, axis=1)[:, :n_events], facts


def provenance(path, facts, seed, resonance):
    """What a reader of the file needs to know to make it again."""
    what = "Z/gamma*" if resonance is None else f"Z' of {resonance:g} GeV"
    return {
        "what": f"pp -> {what} -> mu+ mu- at 13 TeV, unweighted events, momenta and masses in GeV, angles in radians",
        "generator": "Pythia 8.317 (pythia8mc 8.317.2), leading order with parton showers",
        "settings": list(settings(resonance)),
        "seed": seed,
        "selection": SELECTION,
        "columns": list(COLUMNS),
        "delta_phi": "(phi2 - phi1) mod 2 pi",
        "mll": "sqrt(2 pt1 pt2 (cosh(eta1 - eta2) - cos delta_phi))",
        "resolution": {"abs_eta_edges": ETA_EDGES, "a": RESOLUTION_A.tolist(), "b_per_gev": RESOLUTION_B.tolist()},
        "efficiency": {"abs_eta_edge": BARREL_ETA, "barrel": EFFICIENCY_BARREL, "endcap": EFFICIENCY_ENDCAP},
        **facts,
        "made_by": "examples/dimuon/simulate.py",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def write(path, table):
    """One float32 data set per variable."""
    with h5py.File(path, "w") as file:
        for name, values in zip(COLUMNS, table, strict=True):
            file.create_dataset(name, data=values, compression="gzip", compression_opts=9, shuffle=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("dimuon_small.h5"), help="HDF5 file to write")
    parser.add_argument("--n-events", type=int, default=80_000, help="events after the selection")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generator and of the smearing")
    parser.add_argument("--resonance", type=float, help="mass of a Z' in GeV, in place of Z/gamma*")
    options = parser.parse_args()
    table, facts = simulate(options.n_events, options.seed, options.resonance)
    write(options.output, table)
    facts = {"n_events": table.shape[1], **facts}
    text = json.dumps(provenance(options.output, facts, options.seed, options.resonance), indent=2)
    options.output.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    print(f"wrote {options.output} ({options.output.stat().st_size / 1e6:.2f} MB) and its .json")


if __name__ == "__main__":
    main()

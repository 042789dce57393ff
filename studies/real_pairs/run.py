"""Generators against each other, and runs of a detector against later ones: which observable differs, and where?

    python -m studies.real_pairs.run --muons FOLDER --real FOLDER

`wilks.compare` with nothing chosen, at most 999 relabellings. FOLDER of ``--muons`` holds muon pairs of three
simulations, in the layout of the method's authors: theirs (``dimuon_sm.h5``: MadGraph, Pythia, Delphes), Pythia 8 alone
with weights (``dimuon_sm_pythia_weighted.h5``), and that with another initial-state shower (``dimuon_sm_az_isr.h5``).
pt2 > 20 and mll > 60, five features, 10,000 events each. FOLDER of ``--real`` holds 10,000 events of Z + jets at parton
level in three merging schemes (``lhe_z_mlm.npz``, ``lhe_z_ckkwl.npz``, ``lhe_z_fxfx.npz``; the third has negative
weights), and Z candidates of CMS in 2011 (``cms2011_zmumu.npz``, ``cms2011_zee.npz``), of which the first half of the
runs is compared with the second.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import benchmarks.harness as harness
import h5py
import numpy as np

import wilks
from wilks.comparison import Comparison, FeatureAnswer

SCRIPT = harness.Script(__file__, __doc__, seed={"events": 0, "relabellings": 0})
MUONS = ("pt1", "pt2", "eta1", "eta2", "delta_phi")
DETECTOR = ("pt1", "pt2", "eta1", "eta2", "phi1", "phi2")
N_EVENTS = 10_000
Pair = tuple[wilks.Sample, wilks.Sample]


def muons(folder: Path, name: str, *, start: int = 0) -> wilks.Sample:
    """10,000 random events that pass, after ``start`` others."""
    with h5py.File(folder / f"{name}.h5") as file:
        columns = {key: np.asarray(file[key], dtype=np.float64) for key in file}
    passed = np.flatnonzero((columns["pt2"] > 20.0) & (columns["mll"] > 60.0))
    rows = np.random.default_rng(0).permutation(passed)[start : start + N_EVENTS]
    weights = columns["weight"][rows] if "weight" in columns else None
    return wilks.Sample(np.column_stack([columns[key][rows] for key in MUONS]), weights, features=MUONS)


def merged(folder: Path, name: str) -> wilks.Sample:
    """Z + jets in a merging scheme; weights that are all equal are none."""
    file = np.load(folder / f"lhe_z_{name}.npz", allow_pickle=False)
    names, events = file["columns"].tolist(), file["events"].astype(np.float64)
    place = names.index("weight")
    weights = events[:, place] / np.mean(events[:, place])
    features = tuple(name for name in names if name != "weight")
    is_weighted = not np.allclose(weights, 1.0)
    return wilks.Sample(np.delete(events, place, axis=1), weights if is_weighted else None, features=features)


def halves(folder: Path, name: str) -> Pair:
    """Candidates of the earlier and of the later runs, as many runs of one as of the other."""
    file = np.load(folder / f"cms2011_{name}.npz", allow_pickle=False)
    events, runs = np.column_stack([file[key].astype(np.float64) for key in DETECTOR]), file["Run"]
    is_late = runs >= np.median(np.unique(runs))
    first, second = (wilks.Sample(events[rows], features=DETECTOR) for rows in (~is_late, is_late))
    return first, second


def pairs(of_muons: Path, real: Path) -> dict[str, Callable[[], Pair]]:
    def of(*names: str) -> Callable[[], Pair]:
        return lambda: (muons(of_muons, names[0]), muons(of_muons, names[1]))

    def merging(*names: str) -> Callable[[], Pair]:
        return lambda: (merged(real, names[0]), merged(real, names[1]))

    return {
        "muon pairs of the authors, twice": lambda: (
            muons(of_muons, "dimuon_sm"),
            muons(of_muons, "dimuon_sm", start=N_EVENTS),
        ),
        "authors, Pythia": of("dimuon_sm", "dimuon_sm_pythia_weighted"),
        "Pythia, another shower": of("dimuon_sm_pythia_weighted", "dimuon_sm_az_isr"),
        "authors, another shower": of("dimuon_sm", "dimuon_sm_az_isr"),
        "Z + jets: MLM, CKKW-L": merging("mlm", "ckkwl"),
        "Z + jets: MLM, FxFx": merging("mlm", "fxfx"),
        "Z + jets: CKKW-L, FxFx": merging("ckkwl", "fxfx"),
        "CMS 2011 Z to muons, by runs": lambda: halves(real, "zmumu"),
        "CMS 2011 Z to electrons, by runs": lambda: halves(real, "zee"),
    }


@SCRIPT.whole(muons=Path, real=Path)
def run(options) -> Iterator[harness.Row]:
    if options.muons is None or options.real is None:
        raise SystemExit("--muons and --real must name the folders")
    for name, made in pairs(options.muons, options.real).items():
        kept = [one for one in options.kept if one["pair"] == name]
        yield kept[0] if kept else {"pair": name} | compared(*made())


def compared(a: wilks.Sample, b: wilks.Sample) -> harness.Row:
    shares = [float(np.mean(one.event_weights < 0)) for one in (a, b)]
    row: harness.Row = {"n_events": [a.n_events, b.n_events], "negative": shares}
    clock = harness.Clock()
    try:
        found = wilks.compare(a, b)
    except wilks.SampleError as error:
        return row | {"refused": str(error)}
    return row | answer(found) | clock.read("compare")


def answer(found: Comparison) -> harness.Row:
    """p, the two features and the two members that are most extreme."""
    members = sorted(found.members, key=lambda one: one.log_p_value)[:2]
    return {
        "sizes": found.sizes,
        "t": found.t,
        "p": found.p_value,
        "method": found.method,
        "p_text": found.p_text,
        "features": [feature(one) for one in found.by_feature[:2]],
        "members": [[one.name, one.log_p_value, one.corrected_p_value] for one in members],
        "warnings": found.warnings,
    }


def feature(one: FeatureAnswer) -> harness.Row:
    place = one.interval
    return {
        "feature": one.feature,
        "log_p": one.log_p_value,
        "corrected_p": one.corrected_p_value,
        "interval": [place.low, place.high],
        "second": place.second,
        "expected": place.expected,
    }


if __name__ == "__main__":
    SCRIPT.main()

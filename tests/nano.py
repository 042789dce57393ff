"""Files as those of NanoAOD: jagged muons and jets, weights, run and lumisection, and a golden JSON."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

RUNS = {362091: [[1, 40], [51, 90]], 362105: [[5, 60]]}
"""Certified lumisections; the data have 1 to 100 of both runs, and 1 to 10 of a third."""


def write_golden(path: Path) -> None:
    path.write_text(json.dumps({str(run): ranges for run, ranges in RUNS.items()}), encoding="utf-8")


def is_certified(run: Any, lumisection: Any) -> Any:
    inside = [
        (run == one) & (first <= lumisection) & (lumisection <= last)
        for one, ranges in RUNS.items()
        for first, last in ranges
    ]
    return np.logical_or.reduce(inside)


def events(n: int, *, seed: int, is_data: bool, shift: float = 0.0) -> dict[str, Any]:
    """Muons and jets in falling order, the missing energy, what numbers an event; weights of simulation."""
    rng = np.random.default_rng(seed)
    muons, jets = rng.poisson(1.2, n), rng.poisson(2.5, n)
    columns: dict[str, Any] = {
        "run": rng.choice([*RUNS, 362200], n, p=[0.5, 0.4, 0.1]) if is_data else np.ones(n),
        "luminosityBlock": rng.integers(1, 101, n),
        "event": np.arange(n) + 1,
        "MET_pt": rng.exponential(25, n).astype("f4"),
        "Muon": ak.zip(
            {"pt": _pt(rng, muons, 25 * (1 + shift)), "eta": _lists(rng.normal(0, 1.2, muons.sum()), muons)}
        ),
        "Jet": ak.zip({"pt": _pt(rng, jets, 40), "eta": _lists(rng.normal(0, 2, jets.sum()), jets)}),
    }
    columns["run"] = columns["run"].astype("u4")
    columns["luminosityBlock"] = columns["luminosityBlock"].astype("u4")
    return columns if is_data else {**columns, "genWeight": rng.uniform(0.8, 1.2, n).astype("f4")}


def write(path: Path, columns: dict[str, Any]) -> None:
    """A tree `Events` with counters `nMuon` and `nJet`."""
    kinds = {name: _kind(values) for name, values in columns.items()}
    n = len(columns["run"])
    with uproot.recreate(path) as file:
        tree = file.mktree("Events", kinds)
        for start in range(0, n, 500):
            tree.extend({name: values[start : start + 500] for name, values in columns.items()})


def _kind(values: Any) -> Any:
    return "var * {pt: float32, eta: float32}" if isinstance(values, ak.Array) else values.dtype


def _lists(values: Any, lengths: Any) -> ak.Array:
    return ak.unflatten(np.asarray(values, dtype="f4"), lengths)


def _pt(rng: np.random.Generator, lengths: Any, scale: float) -> ak.Array:
    return ak.sort(_lists(10 + rng.exponential(scale, lengths.sum()), lengths), axis=1, ascending=False)

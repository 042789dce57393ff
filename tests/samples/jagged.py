"""Files with columns of lists, in every format that has them."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot

N_EVENTS = 257


def events(seed: int = 0, n: int = N_EVENTS) -> dict[str, Any]:
    """Muons and jets of any number, in single precision, and a number for each event."""
    rng = np.random.default_rng(seed)
    lengths = {"Muon": rng.integers(0, 4, n), "Jet": rng.integers(0, 6, n)}
    lists = {
        f"{name}_{what}": ak.unflatten(rng.exponential(30, of.sum()).astype("f4"), of)
        for name, of in lengths.items()
        for what in ("pt", "eta")
    }
    return {
        "met": rng.exponential(20, n),
        **lists,
        "Muon_charge": ak.unflatten(rng.choice([-1, 1], lengths["Muon"].sum()), lengths["Muon"]),
    }


def write_tree(path: Path, columns: Mapping[str, Any]) -> None:
    """In three baskets, as branches with counters of their own."""
    with uproot.recreate(path) as file:
        kinds = {name: _kind(values) for name, values in columns.items()}
        tree = file.mktree("Events", kinds)
        for part in _parts(columns):
            tree.extend(part)


def write_ntuple(path: Path, columns: Mapping[str, Any]) -> None:
    """In three clusters."""
    parts = [ak.Array(dict(part)) for part in _parts(columns)]
    with uproot.recreate(path) as file:
        ntuple = file.mkrntuple("Events", parts[0].layout.form)
        for part in parts:
            ntuple.extend(part)


def write_parquet(path: Path, columns: Mapping[str, Any]) -> None:
    arrays = {
        name: ak.to_arrow(values, extensionarray=False) if isinstance(values, ak.Array) else values
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), path, row_group_size=100)


WRITERS = {"tree.root": write_tree, "ntuple.root": write_ntuple, "table.parquet": write_parquet}


def _kind(values: Any) -> Any:
    return f"var * {np.asarray(ak.flatten(values)).dtype}" if isinstance(values, ak.Array) else values.dtype


def _parts(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    n = len(next(iter(columns.values())))
    edges = [0, n // 3, n // 2, n]
    return [{name: values[a:b] for name, values in columns.items()} for a, b in itertools.pairwise(edges)]

"""Toys in a folder: a plan that says whose they are, and one Parquet file for each block of finished toys.

    plan.json          fingerprint and description of the analysis, hypothesis, seed, versions
    hypothesis.npz     samples that the hypothesis brings, where there are any
    analysis/          the analysis, for worker processes
    toys-0000000-0000007.parquet ...

A file is written under a temporary name and renamed: a file with this name is complete.
"""

import hashlib
import importlib.metadata
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from wilks.analysis import Analysis, differences
from wilks.campaign.store import ToyStore, keep_first
from wilks.campaign.table import ToyRow
from wilks.errors import StoreError
from wilks.hypotheses import Alternative, Null, canonical_json, hypothesis_from_dict
from wilks.samples import Sample, load_samples, save_samples

SCHEMA_VERSION = 1
PLAN, _SAMPLES, _ANALYSIS = "plan.json", "hypothesis.npz", "analysis"
_TYPES: dict[type, pyarrow.DataType] = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
_SCHEMA = pyarrow.schema(
    [
        (field.name, _TYPES.get(field.type, pyarrow.list_(pyarrow.float64())))  # type: ignore[arg-type]
        for field in fields(ToyRow)
    ]
)


class FolderStore(ToyStore):
    """Toys of one analysis, hypothesis and seed in a folder.

    Args:
        folder: new, empty, or of the same analysis, hypothesis and seed.

    Raises:
        StoreError: the folder is of other toys (what differs is named), holds other files, or cannot be written.
    """

    def __init__(self, folder: str | Path, *, analysis: Analysis, hypothesis: Null | Alternative, seed: int) -> None:
        self.folder = Path(folder)
        self.analysis, self.hypothesis, self.seed = analysis, hypothesis, seed
        plan = {
            "schema_version": SCHEMA_VERSION,
            "fingerprint": analysis.fingerprint(),
            "analysis": analysis.describe(),
            "hypothesis": hypothesis.to_dict(),
            "seed": seed,
            "versions": {name: importlib.metadata.version(name) for name in ("jax", "jaxlib", "numpy", "scipy")},
        }
        if (self.folder / PLAN).exists():
            _require_same(self.folder, _load_plan(self.folder), plan)
        else:
            self._begin(plan)

    @classmethod
    def open(cls, folder: str | Path) -> "FolderStore":
        """The store that lies in ``folder``, with its analysis and hypothesis.

        Raises:
            StoreError: none lies there.
        """
        path = Path(folder)
        plan = _load_plan(path)
        try:
            samples = load_samples(path / _SAMPLES, plan["samples"])
            hypothesis, seed = hypothesis_from_dict(plan["hypothesis"], samples), int(plan["seed"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{path / PLAN} must say what toys these are, but cannot be read ({type(error).__name__}: {error})"
            ) from error
        return cls(path, analysis=Analysis.load(path / _ANALYSIS), hypothesis=hypothesis, seed=seed)

    def write(self, rows: Sequence[ToyRow]) -> None:
        if not rows:
            return
        path = self._new_path([row.index for row in rows])
        table = pyarrow.Table.from_pylist([asdict(row) for row in rows], schema=_SCHEMA)
        table = table.replace_schema_metadata({"wilks_schema": str(SCHEMA_VERSION), "wilks_toys": self._identity()})
        partial = self.folder / f".{path.name}.{os.getpid()}.partial"
        try:
            with partial.open("wb") as file:
                parquet.write_table(table, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StoreError(f"toys cannot be written to {self.folder}: {error.strerror or error}") from error

    def read(self) -> list[ToyRow]:
        known: dict[int, ToyRow] = {}
        for path in sorted(self.folder.glob("toys-*.parquet")):
            known = keep_first(known, self._rows(path))
        return [known[index] for index in sorted(known)]

    def _begin(self, plan: dict[str, Any]) -> None:
        # What an interrupted beginning leaves behind is no other thing.
        own = {_SAMPLES, _ANALYSIS, PLAN + ".partial"}
        if self.folder.exists() and not (self.folder.is_dir() and {x.name for x in self.folder.iterdir()} <= own):
            raise StoreError(
                f"toys must go to a new or empty folder, but {self.folder} holds other things; choose another"
            )
        samples = {role: x for role, x in self.hypothesis.sources.items() if isinstance(x, Sample)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            plan["samples"] = save_samples(self.folder / _SAMPLES, samples) if samples else {}
            self.analysis.save(self.folder / _ANALYSIS)
            partial = self.folder / (PLAN + ".partial")
            partial.write_text(json.dumps(plan, indent=1, allow_nan=False))
            partial.replace(self.folder / PLAN)
        except OSError as error:
            raise StoreError(f"toys cannot be written to {self.folder}: {error.strerror or error}") from error

    def _identity(self) -> str:
        """What every file of toys says about whose they are."""
        toys = {"analysis": self.analysis.fingerprint(), "hypothesis": self.hypothesis.to_dict(), "seed": self.seed}
        return hashlib.sha256(canonical_json(toys).encode()).hexdigest()

    def _new_path(self, indices: Sequence[int]) -> Path:
        """A name that is free, and sorts after those that were given before."""
        stem = f"toys-{min(indices):07d}-{max(indices):07d}"
        names = (f"{stem}{f'_{k}' if k else ''}.parquet" for k in itertools.count())
        return next(path for name in names if not (path := self.folder / name).exists())

    def _rows(self, path: Path) -> Iterator[ToyRow]:
        try:
            table = parquet.read_table(path)
            identity = (table.schema.metadata or {}).get(b"wilks_toys", b"").decode()
            rows = [ToyRow(**{**row, "params": tuple(row["params"])}) for row in table.to_pylist()]
        except (OSError, ValueError, TypeError, KeyError, pyarrow.ArrowException) as error:
            raise StoreError(
                f"{path} must hold finished toys, but it cannot be read ({type(error).__name__}); "
                "delete it, and its toys will be made again"
            ) from error
        if identity != self._identity():
            raise StoreError(f"{path} holds toys of another analysis, hypothesis or seed; remove it from this folder")
        yield from rows


def _load_plan(folder: Path) -> dict[str, Any]:
    try:
        plan = json.loads((folder / PLAN).read_text())
        if plan["schema_version"] != SCHEMA_VERSION:
            raise StoreError(f"the toys in {folder} were written by another version of wilks; choose a new folder")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder} must hold a plan of toys, but {folder / PLAN} cannot be read: {error}") from error
    return dict(plan)


def _require_same(folder: Path, stored: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    compared = [{name: plan.get(name) for name in ("analysis", "hypothesis", "seed")} for plan in (stored, given)]
    # Through JSON and back, so that a tuple equals a list.
    found = differences(*(json.loads(json.dumps(plan)) for plan in compared))
    if found:
        raise StoreError(
            f"the toys in {folder} are of another analysis, hypothesis or seed: {', '.join(found)} differ; "
            "choose a new folder, nothing was overwritten"
        )

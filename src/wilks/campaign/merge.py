"""All toys of a campaign in one file: Parquet, CSV or ROOT."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward
import numpy as np
import pyarrow
import uproot
from pyarrow import csv, parquet

from wilks.campaign.ledger import Ledger, each_once
from wilks.campaign.plan import Shard
from wilks.campaign.table import SCHEMA
from wilks.documents import differences
from wilks.errors import InputError, StoreError
from wilks.nuisances.behavior import changed_functions
from wilks.storage import as_path, whole_path

_TREE = "toys"


class MissingToysError(StoreError):
    """A campaign that was to be merged whole is not complete."""


@dataclass(frozen=True)
class Merged:
    """What was merged: toys in the file, toys that were there twice and equal, toys that are not there."""

    path: Path
    n_toys: int
    n_duplicates: int
    n_missing: int

    def __str__(self) -> str:
        notes = [f"{self.n_toys:,} toys in {self.path}"]
        if self.n_duplicates:
            notes.append(f"{self.n_duplicates:,} were there twice and equal")
        if self.n_missing:
            notes.append(f"{self.n_missing:,} are missing")
        return "; ".join(notes)


def merge_toys(
    ledger: Ledger,
    path: str | Path,
    *,
    others: Sequence[Ledger] = (),
    is_partial: bool = False,
    is_rntuple: bool = False,
) -> Merged:
    """Write all toys of a campaign, by index, into one file whose ending says its format.

    Args:
        path: new; ends with .parquet, .csv or .root. In a ROOT file the table is ``toys``, in CSV lists are text.
        others: folders of the same campaign from elsewhere, of which some may plan more toys: those of the largest plan
            must be there. A toy that is in several must be the same everywhere.
        is_partial: also if toys are missing.
        is_rntuple: an RNTuple in place of a TTree; a TTree has no columns of text.

    Raises:
        InputError: another ending.
        MissingToysError: toys are missing.
        StoreError: the file is there already; a folder is of another campaign (what differs is named); a file is
            damaged; a toy has two values of t.
    """
    target = as_path(path)
    write = _writer(target, is_rntuple=is_rntuple)
    if target.exists():
        raise StoreError(f"the toys must be merged into a new file, but {target} is there; delete it or name another")
    for other in others:
        _require_same(ledger, other)
    n_planned = max(one.plan.n_toys for one in (ledger, *others))
    if others:
        table, n_duplicates = _joined([ledger, *others])
        tables, n_toys = iter([table]), table.num_rows
        n_missing = n_planned - int(np.count_nonzero(table["index"].to_numpy() < n_planned))
    else:
        (tables, n_toys), n_duplicates = _streamed(ledger), 0
        n_missing = n_planned - n_toys
    if n_missing > 0 and not is_partial:
        raise MissingToysError(
            f"every toy must be there to be merged, but {n_missing:,} of {n_planned:,} are missing; make them, or ask "
            "for a partial merge"
        )
    _write_whole(target, tables, write)
    return Merged(target, n_toys, n_duplicates, n_missing)


def _write_whole(target: Path, tables: Iterable[pyarrow.Table], write: Any) -> None:
    """The file appears when all of it is written, or not at all."""
    try:
        with whole_path(target, ending=target.suffix) as partial:
            write(partial, tables)
    except OSError as error:
        # Arrow puts the place of the unfinished file into its text.
        reason = os.strerror(error.errno) if error.errno else error
        raise StoreError(f"{target} cannot be written: {reason}") from error


def _streamed(ledger: Ledger) -> tuple[Iterator[pyarrow.Table], int]:
    """The toys shard by shard, so that few are in memory, and how many they are."""
    rest = ledger.progress_table()
    numbers = ledger.done_numbers()
    done = [ledger.plan.shard(number) for number in numbers.tolist() if number < ledger.plan.n_shards]
    parts = _of_shards_at_work(ledger, rest, done={shard.number for shard in done})
    n_toys = sum(shard.n_toys for shard in done) + sum(part.num_rows for part in parts.values())

    def tables() -> Iterator[pyarrow.Table]:
        waiting = iter(sorted(parts))
        following = next(waiting, None)
        for shard, outcome in ledger.read_shards():
            while following is not None and following < shard:
                yield parts[following]
                following = next(waiting, None)
            if not isinstance(outcome, pyarrow.Table):
                raise outcome
            yield outcome
        while following is not None:
            yield parts[following]
            following = next(waiting, None)

    return tables(), n_toys


def _of_shards_at_work(ledger: Ledger, rest: pyarrow.Table, *, done: set[int]) -> dict[Shard, pyarrow.Table]:
    """Toys of the shards that are not done, by shard."""
    index, parts, at = rest["index"].to_numpy(), dict[Shard, pyarrow.Table](), 0
    while at < index.size:
        shard = next(ledger.plan.shards_of(int(index[at]), int(index[at])), None)
        if shard is None:  # toys that are no longer planned, and all that follow
            break
        end = int(np.searchsorted(index, shard.last, side="right"))
        if shard.number not in done:
            parts[shard] = rest.slice(at, end - at)
        at = end
    return parts


def _joined(ledgers: Sequence[Ledger]) -> tuple[pyarrow.Table, int]:
    """All toys of several folders, each once, and how many were there more than once."""
    everything = pyarrow.concat_tables([ledger.table() for ledger in ledgers])
    once = each_once([everything])
    first = dict(zip(once["index"].to_pylist(), once["t"].to_pylist(), strict=True))
    for index, t in zip(everything["index"].to_pylist(), everything["t"].to_pylist(), strict=True):
        if t != first[index] and not (np.isnan(t) and np.isnan(first[index])):
            raise StoreError(
                f"a toy that is in several folders must be the same, but toy {index} has t = {first[index]!r} and "
                f"t = {t!r}: they were made on machines or with versions whose sums differ; merge one folder alone"
            )
    return once, everything.num_rows - once.num_rows


def _require_same(ledger: Ledger, other: Ledger) -> None:
    names = ", ".join(name for name in differences(ledger.owner, other.owner) if name != "fingerprint")
    if names:
        raise StoreError(f"{other.folder} must be of the campaign in {ledger.folder}, but {names} differ")
    if changed := changed_functions(ledger.functions, other.functions):
        raise StoreError(
            f"{other.folder} must be of the campaign in {ledger.folder}, but {'; '.join(changed)} gave other values "
            "there: a function was changed between the two"
        )


def _writer(target: Path, *, is_rntuple: bool) -> Any:
    """The function that writes what the ending asks for."""
    writers = {".parquet": _write_parquet, ".csv": _write_csv, ".root": _write_rntuple if is_rntuple else _write_tree}
    if target.suffix not in writers:
        raise InputError(f"the toys go to a file that ends with .parquet, .csv or .root, but {target.name!r} came")
    if is_rntuple and target.suffix != ".root":
        raise InputError(f"an RNTuple goes to a file that ends with .root, but {target.name!r} came")
    return writers[target.suffix]


def _write_parquet(path: Path, tables: Iterable[pyarrow.Table]) -> None:
    with parquet.ParquetWriter(path, SCHEMA) as writer:
        for table in tables:
            writer.write_table(table)


def _write_csv(path: Path, tables: Iterable[pyarrow.Table]) -> None:
    names = [field.name for field in SCHEMA if pyarrow.types.is_list(field.type)]
    schema = pyarrow.schema([(f.name, pyarrow.string() if f.name in names else f.type) for f in SCHEMA])
    with csv.CSVWriter(path, schema) as writer:
        for table in tables:
            columns = {name: table[name] for name in SCHEMA.names}
            columns |= {name: [str(values) for values in table[name].to_pylist()] for name in names}
            writer.write_table(pyarrow.table(columns, schema=schema))


def _write_tree(path: Path, tables: Iterable[pyarrow.Table]) -> None:
    numbers = [field for field in SCHEMA if not pyarrow.types.is_string(field.type)]
    types = {field.name: _root_type(field.type) for field in numbers}
    with uproot.recreate(path) as file:
        tree = file.mktree(_TREE, types)
        for table in tables:
            if table.num_rows:
                tree.extend({name: _values(table, name) for name in types})


def _write_rntuple(path: Path, tables: Iterable[pyarrow.Table]) -> None:
    with uproot.recreate(path) as file:
        writer = file.mkrntuple(_TREE, _records(SCHEMA.empty_table()).layout.form)
        for table in tables:
            if table.num_rows:
                writer.extend(_records(table))


def _records(table: pyarrow.Table) -> awkward.Array:
    return awkward.zip({name: _values(table, name) for name in table.column_names}, depth_limit=1)


def _values(table: pyarrow.Table, name: str) -> awkward.Array:
    """A column without the marks of missing values that Arrow brings: no toy lacks one."""
    column = table[name].combine_chunks()
    if pyarrow.types.is_list(column.type):
        return awkward.unflatten(column.flatten().to_numpy(), column.value_lengths().to_numpy())
    if pyarrow.types.is_string(column.type):
        return awkward.drop_none(awkward.from_arrow(column))
    return awkward.Array(column.to_numpy(zero_copy_only=False))  # a truth value is a bit in Arrow


def _root_type(kind: pyarrow.DataType) -> str:
    numbers = {pyarrow.int64(): "int64", pyarrow.uint64(): "uint64", pyarrow.float64(): "float64"}
    names = numbers | {pyarrow.bool_(): "bool"}
    return f"var * {names[kind.value_type]}" if pyarrow.types.is_list(kind) else names[kind]

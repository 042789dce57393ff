"""A campaign in a folder: a plan that says whose toys these are, and one Parquet file for each finished shard.

    campaign.json      fingerprint and description of the analysis, hypothesis, seed, extents, versions
    hypothesis/        the hypothesis, with samples that it brings
    analysis/          the analysis, for worker processes
    shards/            shard-0000000.parquet ... : a file that is there and whole is a shard that is done
    progress/          finished toys of shards that are not done: toys-0000000-0000007.parquet ...
    failed/            shard-0000003.json: the last error of a shard
    damaged/           files that could not be read, set aside when their toys were made again
    jobs/              job files and their logs

Files appear under their names by an atomic rename; there is no lock and no database, so that many machines may work
in one folder, also on a network file system.
"""

import contextlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from wilks.campaign.files import DamagedError, read_toys, write_toys
from wilks.campaign.plan import Plan, Shard
from wilks.campaign.table import SCHEMA, ToyRow, table_of
from wilks.documents import differences
from wilks.errors import InputError, StoreError
from wilks.storage import as_path, read_document, whole_file, write_document
from wilks.typing import IntArray

PLAN, SHARDS, PROGRESS, FAILED, DAMAGED, JOBS = "campaign.json", "shards", "progress", "failed", "damaged", "jobs"
OWNER = ("analysis", "hypothesis", "seed", "fingerprint")
PLAN_VERSION = 4
_PROGRESS_NAME = re.compile(r"toys-(\d+)-(\d+)(?:_\d+)?\.parquet")
_READERS, _READ_AHEAD = 4, 32
_SHARD_NAME = re.compile(r"shard-(\d+)\.parquet")


class Ledger:
    """What is planned and what is there of a campaign. It knows files and tables, not the analysis.

    Args:
        folder: of the campaign.
        document: the content of its ``campaign.json``.

    Raises:
        StoreError: the document says no plan.
    """

    def __init__(self, folder: Path, document: Mapping[str, Any]) -> None:
        self.folder, self.document = folder, dict(document)
        try:
            self.owner = {name: document[name] for name in OWNER}
            self.plan = Plan.from_list(document["extents"])
            self.keep_params = bool(document["keep_params"])
        except (InputError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{folder / PLAN} must say what toys are planned, but cannot be read: {error}") from error

    @classmethod
    def open(cls, folder: str | Path) -> "Ledger":
        """The ledger of the campaign in ``folder``.

        Raises:
            StoreError: there is no campaign, its plan has changed since it was written, or it is of another version.
        """
        path = as_path(folder)
        document = _read_plan(path)
        if document.get("schema_version") != PLAN_VERSION:
            raise StoreError(f"the toys in {path} were planned by another version of wilks; choose a new folder")
        return cls(path, document)

    @property
    def n_parameters(self) -> int | None:
        """Of the model, if the plan says it."""
        number = self.document.get("n_parameters")
        return number if isinstance(number, int) else None

    @property
    def functions(self) -> dict[str, list[float]]:
        """What functions of the user gave when the campaign began (`wilks.nuisances.behavior`), if the plan says it."""
        return dict(self.document.get("functions", {}))

    @property
    def degrees_of_freedom(self) -> int | None:
        """Of the chi-square that t may follow: the number of parameters; None with a penalty."""
        return None if self.document.get("is_penalized") else self.n_parameters

    def save(self) -> None:
        """Write ``campaign.json`` and make the folders. A plan that is there is not replaced by an empty one."""
        try:
            for name in (SHARDS, PROGRESS, FAILED, DAMAGED):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            if self.plan.extents or not (self.folder / PLAN).exists():
                write_document(self.folder / PLAN, self.document, through=self.folder / PROGRESS)
        except OSError as error:
            raise StoreError(f"toys cannot be written to {self.folder}: {error.strerror or error}") from error

    def extend(self, n_toys: int, *, shard_size: int | None = None) -> None:
        """Plan ``n_toys`` toys in all; shards that are planned already, here or by others, stay as they are."""
        planned = Ledger.open(self.folder).plan
        self.plan = planned.extended(n_toys, shard_size=shard_size)
        self.document["extents"] = self.plan.to_list()
        if self.plan != planned:
            self.save()

    def replan(self, plan: Plan) -> None:
        """Another plan in the place of this one."""
        self.plan, self.document["extents"] = plan, plan.to_list()
        self.save()

    def write(self, rows: Sequence[ToyRow]) -> None:
        """Keep finished toys of shards that are not done."""
        if rows:
            self.write_table(table_of(rows))

    def write_table(self, table: pyarrow.Table) -> None:
        """`write` for a table of at least one toy."""
        write_toys(self._progress_path(table["index"].to_pylist()), table, owner=self.owner)

    def table(self) -> pyarrow.Table:
        """All toys, of finished shards and of those at work.

        Raises:
            DamagedError: a file cannot be read or has changed.
            StoreError: a file holds toys of another campaign, or of another shard.
        """
        # Progress is read first: what moves into a shard while this reads is then found there.
        progress = self.progress_table()
        tables = []
        for _, outcome in self.read_shards():
            if isinstance(outcome, pyarrow.Table):
                tables.append(outcome)
            elif not isinstance(outcome, FileNotFoundError):
                raise outcome
        return each_once([*tables, progress])

    def progress_table(self) -> pyarrow.Table:
        """Finished toys of all shards at work. Raises as `table` does."""
        tables = []
        for path, _, _ in self.progress_paths():
            with contextlib.suppress(FileNotFoundError):
                tables.append(self.read(path))
        return each_once(tables)

    def read_shards(self) -> Iterator[tuple[Shard, pyarrow.Table | Exception]]:
        """Every shard that has a file, in order, with its toys, or with what `read_shard` raises.

        A few are read ahead, in threads. Shards that are planned and not begun cost nothing.
        """

        def outcome(shard: Shard) -> pyarrow.Table | Exception:
            try:
                return self.read_shard(shard)
            except (FileNotFoundError, StoreError) as error:
                return error

        numbers = self.done_numbers()
        shards = list(map(self.plan.shard, numbers[numbers < self.plan.n_shards].tolist()))
        with ThreadPoolExecutor(_READERS) as pool:
            for first in range(0, len(shards), _READ_AHEAD):
                ahead = shards[first : first + _READ_AHEAD]
                yield from zip(ahead, pool.map(outcome, ahead), strict=True)

    def shard_path(self, shard: Shard) -> Path:
        """Where the toys of a finished shard are."""
        return self.folder / SHARDS / f"shard-{shard.number:07d}.parquet"

    def read_shard(self, shard: Shard) -> pyarrow.Table:
        """The toys of a finished shard, all of them, in order.

        Raises:
            FileNotFoundError: it is not finished.
            DamagedError: its file cannot be read or has changed, or holds other toys than those of this shard.
            StoreError: they are of another campaign.
        """
        path = self.shard_path(shard)
        table = self.read(path)
        if not np.array_equal(table["index"].to_numpy(), np.arange(shard.first, shard.last + 1)):
            raise DamagedError(f"{path} does not hold toys {shard.first} to {shard.last}, each once")
        return table

    def read(self, path: Path) -> pyarrow.Table:
        """The toys of a file.

        Raises:
            DamagedError: it cannot be read or has changed.
            StoreError: they are of another campaign.
        """
        table, owner = read_toys(path)
        if owner != self.owner:
            names = ", ".join(name for name in differences(owner, self.owner) if name != "fingerprint")
            raise StoreError(
                f"{path} holds toys of another campaign: {names} differ; remove it from this folder. "
                "Nothing was changed"
            )
        return table

    def done_table(self, shard: Shard) -> pyarrow.Table | None:
        """The toys of a finished shard; None where its file is not there, or damaged and now set aside.

        Raises:
            StoreError: its toys are of another campaign.
        """
        try:
            return self.read_shard(shard)
        except FileNotFoundError:
            return None
        except DamagedError:
            self._set_aside(self.shard_path(shard))
            return None

    def is_done(self, shard: Shard) -> bool:
        """Whether the file of a shard is there and whole. Sets aside and raises as `done_table` does."""
        return self.done_table(shard) is not None

    def progress_of(self, shard: Shard) -> pyarrow.Table:
        """Finished toys of a shard that is not done; damaged files are set aside."""
        own = [path for path, first, last in self.progress_paths() if first <= shard.last and last >= shard.first]
        table = each_once(found for path in own if (found := self._read_or_set_aside(path)) is not None)
        index = table["index"].to_numpy()
        return table.filter((index >= shard.first) & (index <= shard.last))

    def check_progress(self) -> None:
        """Set damaged files of toys at work aside, also those of shards that others have finished since.

        Raises:
            StoreError: toys of another campaign.
        """
        for path, _, _ in self.progress_paths():
            self._read_or_set_aside(path)

    def finish(self, shard: Shard, tables: Sequence[pyarrow.Table]) -> None:
        """Write the file of a shard, all of whose toys are in ``tables``, and remove what was kept of it before.

        It is not written again if it is there: both hold the same toys.
        """
        if not self.is_done(shard):
            write_toys(self.shard_path(shard), each_once(tables), owner=self.owner)
        for path, first, last in self.progress_paths():
            if shard.first <= first and last <= shard.last:
                path.unlink(missing_ok=True)
        self._failure_path(shard).unlink(missing_ok=True)

    def note_failure(self, shard: Shard, error: Mapping[str, str]) -> None:
        """Leave the last error of a shard for those who look."""
        _write_text(self._failure_path(shard), json.dumps(dict(error), indent=1))

    def failures(self) -> dict[int, dict[str, str]]:
        """The last error of every shard that has one, by number."""
        found = {}
        for path in sorted((self.folder / FAILED).glob("shard-*.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):
                found[int(path.stem.removeprefix("shard-"))] = dict(json.loads(path.read_text()))
        return found

    def n_finished(self, n_toys: int) -> int:
        """How many of the toys below ``n_toys`` have a row, by the names of the files, which say first and last."""
        numbers = self.done_numbers()
        # Others may have planned more since, and finished it.
        shards = map(self.plan.shard, numbers[numbers < self.plan.n_shards])
        ranges = [(shard.first, shard.last) for shard in shards]
        ranges += [(first, last) for first, last, _ in self.progress_ranges()]
        n_found = end = 0
        for first, last in sorted(ranges):
            n_found += max(0, min(last + 1, n_toys) - max(first, end))
            end = max(end, last + 1)
        return n_found

    def progress_ranges(self) -> list[tuple[int, int, float]]:
        """First and last toy of each file of shards at work, and when it was written."""
        found = []
        for path, first, last in self.progress_paths():
            with contextlib.suppress(FileNotFoundError):
                found.append((first, last, path.stat().st_mtime))
        return found

    def progress_paths(self) -> list[tuple[Path, int, int]]:
        """Each file of toys at work with its first and last toy, those that were written first before others."""
        paths = sorted((self.folder / PROGRESS).glob("toys-*.parquet"))
        matches = [(path, _PROGRESS_NAME.fullmatch(path.name)) for path in paths]
        return [(path, int(match[1]), int(match[2])) for path, match in matches if match]

    def done_numbers(self) -> IntArray:
        """Numbers of the shards that have a file, whole or not."""
        matches = map(_SHARD_NAME.fullmatch, (path.name for path in (self.folder / SHARDS).glob("*")))
        return np.array(sorted(int(match[1]) for match in matches if match), dtype=np.int64)

    def damaged_paths(self) -> list[Path]:
        """Files that were set aside."""
        return sorted((self.folder / DAMAGED).glob("*.parquet*"))

    def _read_or_set_aside(self, path: Path) -> pyarrow.Table | None:
        """The toys of a file; None if it is gone, or damaged and now set aside."""
        try:
            return self.read(path)
        except FileNotFoundError:
            return None
        except DamagedError:
            self._set_aside(path)
            return None

    def _progress_path(self, indices: Sequence[int]) -> Path:
        """A name that is free, and sorts after those that were given before."""
        stem = f"toys-{min(indices):09d}-{max(indices):09d}"
        names = (f"{stem}{f'_{k}' if k else ''}.parquet" for k in itertools.count())
        return next(path for name in names if not (path := self.folder / PROGRESS / name).exists())

    def _failure_path(self, shard: Shard) -> Path:
        return self.folder / FAILED / f"shard-{shard.number:07d}.json"

    def _set_aside(self, path: Path) -> None:
        """Nothing is thrown away, and another process may have done so already."""
        free = next(x for k in itertools.count(1) if not (x := self.folder / DAMAGED / f"{path.name}.{k}").exists())
        try:
            free.parent.mkdir(exist_ok=True)
            path.replace(free)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{path} is damaged and cannot be set aside: {error.strerror or error}") from error


def each_once(tables: Iterable[pyarrow.Table]) -> pyarrow.Table:
    """Rows of all tables by index; of a toy that is there twice, the first."""
    table = pyarrow.concat_tables([SCHEMA.empty_table(), *tables])
    index = table["index"].to_numpy()
    _, first = np.unique(index, return_index=True)
    if first.size == index.size and np.all(np.diff(first) == 1):
        return table
    return table.take(pyarrow.array(first))


def _read_plan(folder: Path) -> dict[str, Any]:
    try:
        return read_document(folder / PLAN, what="a plan of toys")
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise StoreError(
                f"{folder} must hold a plan of toys, but {folder / PLAN} is not there; "
                "`wilks toys plan` or wilks.plan_toys makes one"
            ) from error
        if isinstance(error.__cause__, OSError):
            raise
        raise StoreError(
            f"{error}. To make it anew, delete {PLAN} alone and plan the same toys again, with the numbers and the "
            "seed of then: finished toys beside it carry digests of their own and are taken up"
        ) from error


def _write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder must be there."""
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error

"""Layouts of columns in an HDF5 file: a data set for each, records, or a table."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h5py

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, RawColumns, TableFile
from wilks.samples.readers.hdf5_blocks import row_blocks
from wilks.samples.stored_precision import narrow

NUMBERS = "biuf"
Rows = Callable[[int, int], RawColumns]


class Layout(ABC):
    """Where the columns of a file lie, and how they are read."""

    @abstractmethod
    def listing(self) -> Listing:
        """Which columns there are."""

    @abstractmethod
    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        """The number of events that columns have; raises SampleError where they differ."""

    @abstractmethod
    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> Rows:
        """What reads columns from one row to another, in order; every chunk of the file is read once."""


@dataclass(frozen=True)
class Separate(Layout):
    """One data set for each variable."""

    data_sets: Mapping[str, Any]
    refused: Mapping[str, str]

    def listing(self) -> Listing:
        reasons = {**dict.fromkeys(self.data_sets, ""), **self.refused}
        return Listing.of(reasons.items(), narrow({name: one.dtype for name, one in self.data_sets.items()}))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        lengths = {name: int(self.data_sets[name].shape[0]) for name in names}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
            raise SampleError(f"the data sets of {source.path} must have the same number of events, but {listed}")
        return next(iter(lengths.values()))

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> Rows:
        columns = {name: row_blocks(self.data_sets[name], source, least=least) for name in names}
        return lambda start, stop: {name: column.rows(start, stop) for name, column in columns.items()}


@dataclass(frozen=True)
class Records(Layout):
    """A one-dimensional data set of a compound type."""

    data_set: Any

    def listing(self) -> Listing:
        kinds = {name: self.data_set.dtype[name] for name in self.data_set.dtype.names}
        return Listing.of(((name, why_not_type(kind)) for name, kind in kinds.items()), narrow(kinds))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        return int(self.data_set.shape[0])

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> Rows:
        table = row_blocks(self.data_set, source, least=least, fields=list(names))

        def rows(start: int, stop: int) -> RawColumns:
            records = table.rows(start, stop)
            return {name: records[name] for name in names}

        return rows


@dataclass(frozen=True)
class Matrix(Layout):
    """A two-dimensional data set with named columns."""

    data_set: Any
    columns: tuple[str, ...]

    def listing(self) -> Listing:
        return Listing(self.columns, {}, narrow(dict.fromkeys(self.columns, self.data_set.dtype)))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        return int(self.data_set.shape[0])

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> Rows:
        table = row_blocks(self.data_set, source, least=least)

        def rows(start: int, stop: int) -> RawColumns:
            block = table.rows(start, stop)
            return {name: block[:, self.columns.index(name)] for name in names}

        return rows


def why_not_type(dtype: Any) -> str:
    """Why a type of HDF5 is none of numbers; empty if it is one."""
    if h5py.check_string_dtype(dtype) is not None or dtype.kind in "SU":
        return "it holds text"
    if h5py.check_vlen_dtype(dtype) is not None:
        return "it is jagged (a list of any length for each event); write one number for each event first"
    if dtype.subdtype is not None:
        return "it has several numbers for each event; write each of them as a column of its own first"
    return "" if dtype.kind in NUMBERS else f"its type {dtype} is not a number"

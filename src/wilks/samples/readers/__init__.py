"""One reader for each file format, chosen by the ending of the file name."""

from pathlib import Path

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, Reader, Source
from wilks.samples.readers.csv import CsvReader
from wilks.samples.readers.hdf5 import Hdf5Reader
from wilks.samples.readers.npz import NpzReader
from wilks.samples.readers.parquet import ParquetReader
from wilks.samples.readers.root import RootReader

READERS: tuple[Reader, ...] = (RootReader(), ParquetReader(), Hdf5Reader(), CsvReader(), NpzReader())


def reader_for(path: Path) -> Reader:
    """The reader for the ending of a file name.

    >>> reader_for(Path("data.CSV.gz")).format_name
    'CSV'
    """
    for reader in READERS:
        if path.name.lower().endswith(reader.suffixes):
            return reader
    known = ", ".join(suffix for reader in READERS for suffix in reader.suffixes)
    raise SampleError(f"the format of {path} is told by the ending of its name, which must be one of {known}")


__all__ = ["READERS", "Listing", "Reader", "Source", "reader_for"]

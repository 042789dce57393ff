"""One reader for each file format, chosen by the ending of the file name and loaded when it is."""

import importlib

from wilks.errors import SampleError
from wilks.samples.readers.addresses import Address, scheme_of
from wilks.samples.readers.base import Column, FilePath, Listing, Reader, TableFile, ordinary

READERS = {
    ".root": "wilks.samples.readers.root:RootReader",
    ".parquet": "wilks.samples.readers.parquet:ParquetReader",
    ".pq": "wilks.samples.readers.parquet:ParquetReader",
    ".h5": "wilks.samples.readers.hdf5:Hdf5Reader",
    ".hdf5": "wilks.samples.readers.hdf5:Hdf5Reader",
    ".hdf": "wilks.samples.readers.hdf5:Hdf5Reader",
    **{
        f".{kind}{packed}": "wilks.samples.readers.csv:CsvReader"
        for kind in ("csv", "tsv")
        for packed in ("", ".gz", ".bz2", ".xz", ".zst")
    },
    ".npz": "wilks.samples.readers.npz:NpzReader",
    ".npy": "wilks.samples.readers.npy:NpyReader",
}


def reader_for(path: FilePath) -> Reader:
    """The reader for the ending of a file name.

    >>> from pathlib import Path
    >>> reader_for(Path("data.CSV.gz")).format_name
    'CSV'
    """
    for suffix, target in READERS.items():
        if path.name.lower().endswith(suffix):
            module, _, name = target.partition(":")
            reader: Reader = getattr(importlib.import_module(module), name)()
            return reader
    known = ", ".join(READERS)
    raise SampleError(f"the format of {path} is told by the ending of its name, which must be one of {known}")


__all__ = [
    "READERS",
    "Address",
    "Column",
    "FilePath",
    "Listing",
    "Reader",
    "TableFile",
    "ordinary",
    "reader_for",
    "scheme_of",
]

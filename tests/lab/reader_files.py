"""Small files in every format and layout, with and without checksums."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot
import xxhash
from uproot.writing import _cascadentuple as cascade

from tests.lab.reader_mutations import mutant
from tests.lab.reader_repairs import inside_gzip, inside_npz, inside_ntuple

Mutant = Callable[[bytes, np.random.Generator], tuple[str, bytes]]
Writer = Callable[[Path], None]
_RNG = np.random.default_rng(0)
VALUES = {"x": _RNG.normal(size=300), "y": np.round(_RNG.exponential(size=300), 2)}


class Format(NamedTuple):
    """How files of one kind are written, whether every change of a value can be seen, and what changes them."""

    suffix: str
    has_checksums: bool
    writers: tuple[Writer, ...]
    mutant: Mutant = mutant


class PageWithChecksum(cascade.NTuple_PageDescription):  # type: ignore[misc]
    """A page followed by its checksum, as ROOT writes it: said by a negative number of elements, in no length."""

    def __init__(self, num_entries: int, locator: Any) -> None:
        super().__init__(num_entries, locator)
        self.num_entries, locator.num_bytes = -num_entries, locator.num_bytes - 8


def write_npz(path: Path) -> None:
    np.savez(path, **VALUES)


def write_small_npz(path: Path) -> None:
    np.savez_compressed(path, **VALUES)


def text() -> str:
    rows = zip(*(values.tolist() for values in VALUES.values()), strict=True)
    return "\n".join([",".join(VALUES), *(",".join(map(repr, row)) for row in rows)]) + "\n"


def write_csv(path: Path) -> None:
    path.write_text(text(), encoding="utf-8")


def write_csv_gz(path: Path) -> None:
    path.write_bytes(gzip.compress(text().encode(), mtime=0))


def parquet_writer(*, has_checksums: bool, compression: str, group: int) -> Writer:
    def write(path: Path) -> None:
        options = {"compression": compression, "row_group_size": group, "write_page_checksum": has_checksums}
        pq.write_table(pa.table(VALUES), path, use_dictionary=compression == "snappy", **options)

    return write


def hdf5_writer(**options: Any) -> Writer:
    version = options.pop("libver", "earliest")

    def write(path: Path) -> None:
        with h5py.File(path, "w", libver=version) as file:
            for name, values in VALUES.items():
                file.create_dataset(name, data=values, **options)

    return write


def write_records(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["group/table"] = np.rec.fromarrays(list(VALUES.values()), names=list(VALUES))


def tree_writer(compression: Any) -> Writer:
    def write(path: Path) -> None:
        with uproot.recreate(path, compression=compression) as file:
            tree = file.mktree("events", {name: values.dtype for name, values in VALUES.items()})
            for start in range(0, 300, 100):
                tree.extend({name: values[start : start + 100] for name, values in VALUES.items()})

    return write


def write_ntuple(path: Path) -> None:
    with uproot.recreate(path, compression=None) as file:
        ntuple = file.mkrntuple("events", {name: values.dtype for name, values in VALUES.items()})
        for start in range(0, 300, 150):
            ntuple.extend({name: values[start : start + 150] for name, values in VALUES.items()})


def write_checked_ntuple(path: Path) -> None:
    """As ROOT does it: with a checksum after every page."""
    usual = cascade.NTuple_PageDescription, uproot.compression.compress

    def compress(data: Any, compression: Any) -> bytes:
        content = bytes(data)
        return content + xxhash.xxh3_64_intdigest(content).to_bytes(8, "little")

    cascade.NTuple_PageDescription, uproot.compression.compress = PageWithChecksum, compress
    try:
        write_ntuple(path)
    finally:
        cascade.NTuple_PageDescription, uproot.compression.compress = usual


def write_inner_npz(path: Path) -> None:
    """An archive whose arrays are stored one byte apart from each other's names, in no order."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in reversed(list(VALUES)):
            stream = io.BytesIO()
            np.save(stream, VALUES[name])
            archive.writestr(f"{name}.npy", stream.getvalue())


FORMATS = {
    "npz": Format(".npz", True, (write_npz, write_small_npz, write_inner_npz)),
    "csv": Format(".csv", False, (write_csv,)),
    "csv gzip": Format(".csv.gz", True, (write_csv_gz,)),
    "parquet": Format(
        ".parquet",
        False,
        (
            parquet_writer(has_checksums=False, compression="none", group=100),
            parquet_writer(has_checksums=False, compression="snappy", group=300),
        ),
    ),
    "parquet checksums": Format(
        ".parquet",
        True,
        (
            parquet_writer(has_checksums=True, compression="none", group=100),
            parquet_writer(has_checksums=True, compression="snappy", group=300),
        ),
    ),
    "hdf5": Format(
        ".h5",
        False,
        (
            hdf5_writer(),
            hdf5_writer(chunks=(64,), compression="gzip", shuffle=True),
            write_records,
            hdf5_writer(libver="latest"),
        ),
    ),
    "hdf5 checksums": Format(".h5", True, (hdf5_writer(chunks=(64,), fletcher32=True, libver="latest"),)),
    "ttree": Format(".root", False, (tree_writer(None), tree_writer(uproot.ZLIB(1)), tree_writer(uproot.LZ4(1)))),
    "rntuple": Format(".root", False, (write_ntuple,)),
    "rntuple checksums": Format(".root", True, (write_checked_ntuple,)),
    "npz, inside": Format(".npz", False, (write_npz,), inside_npz),
    "csv gzip, inside": Format(".csv.gz", False, (write_csv_gz,), inside_gzip),
    "rntuple, inside": Format(".root", False, (write_ntuple,), inside_ntuple),
}

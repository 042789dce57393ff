"""Small files in every format and layout, with and without checksums."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
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
LISTS = ".lists"
FEATURES_OF_LISTS = ("xs[0]", "ys[-1]")
VALUES = {"x": _RNG.normal(size=300), "y": np.round(_RNG.exponential(size=300), 2)}


class Format(NamedTuple):
    """How files of one kind are written, whether every change of a value can be seen, and what changes them.

    ``has_counts`` tells that files say how many numbers each list has, or how large an object is, in places that
    nothing confirms before a library takes memory for them: a damaged one may then be refused for want of memory.
    """

    suffix: str
    has_checksums: bool
    writers: tuple[Writer, ...]
    mutant: Mutant = mutant
    has_counts: bool = False


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


def write_npy(path: Path) -> None:
    np.save(path, np.rec.fromarrays(list(VALUES.values()), names=list(VALUES)))


def packed_csv_writer(pack: Callable[[bytes], bytes]) -> Writer:
    return lambda path: path.write_bytes(pack(text().encode())) and None


def write_zst(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as stream:
        stream.write(text().encode())


def write_fixed_frame(path: Path) -> None:
    """As pandas stores a data frame."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs.update({"pandas_type": np.bytes_("frame"), "nblocks": 1})
        group.attrs["block0_items_variety"] = np.bytes_("regular")
        group["block0_items"] = np.array([name.encode() for name in VALUES])
        group["block0_items"].attrs["kind"] = np.bytes_("string")
        group["block0_values"] = np.column_stack(list(VALUES.values()))


def write_frame_table(path: Path) -> None:
    """As pandas stores one that can be appended to."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        records = np.zeros(300, dtype=[("index", "i8"), ("values_block_0", "f8", (2,))])
        records["values_block_0"] = np.column_stack(list(VALUES.values()))
        table = group.create_dataset("table", data=records, chunks=(64,), maxshape=(None,))
        table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(list(VALUES), protocol=0))


def lists() -> dict[str, ak.Array]:
    """One to three numbers in each list, the first of `xs` and the last of `ys` being those that are compared."""
    lengths = 1 + np.arange(300) % 3
    first, last = np.cumsum(lengths) - lengths, np.cumsum(lengths) - 1
    flat = {name: np.full(lengths.sum(), 0.5) for name in ("xs", "ys")}
    flat["xs"][first], flat["ys"][last] = VALUES["x"], VALUES["y"]
    return {name: ak.unflatten(values, lengths) for name, values in flat.items()}


def write_tree_of_lists(path: Path) -> None:
    with uproot.recreate(path, compression=None) as file:
        tree = file.mktree("events", {"xs": "var * float64", "ys": "var * float64"})
        for start in range(0, 300, 100):
            tree.extend({name: values[start : start + 100] for name, values in lists().items()})


def write_ntuple_of_lists(path: Path) -> None:
    array = ak.Array(lists())
    with uproot.recreate(path, compression=None) as file:
        ntuple = file.mkrntuple("events", array.layout.form)
        for start in range(0, 300, 150):
            ntuple.extend(array[start : start + 150])


def write_parquet_of_lists(path: Path) -> None:
    table = pa.table({name: ak.to_arrow(values, extensionarray=False) for name, values in lists().items()})
    pq.write_table(table, path, row_group_size=100, compression="snappy", write_page_checksum=True)


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
    "csv bzip2": Format(".csv.bz2", True, (packed_csv_writer(bz2.compress),)),
    "csv xz": Format(".csv.xz", True, (packed_csv_writer(lzma.compress),)),
    "csv zstd": Format(".csv.zst", False, (write_zst,)),
    "npy": Format(".npy", False, (write_npy,)),
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
    "hdf5 of pandas": Format(".h5", False, (write_fixed_frame, write_frame_table), has_counts=True),
    "ttree of lists": Format(f"{LISTS}.root", False, (write_tree_of_lists,), has_counts=True),
    "rntuple of lists": Format(f"{LISTS}.root", False, (write_ntuple_of_lists,), has_counts=True),
    "parquet of lists": Format(f"{LISTS}.parquet", True, (write_parquet_of_lists,), has_counts=True),
    "npz, inside": Format(".npz", False, (write_npz,), inside_npz),
    "csv gzip, inside": Format(".csv.gz", False, (write_csv_gz,), inside_gzip),
    "rntuple, inside": Format(".root", False, (write_ntuple,), inside_ntuple),
}

"""Writers of small files in every format, for tests of the readers and of `read`."""

import bz2
import gzip
import lzma
import pickle

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot


def _write_tree(path, columns):
    with uproot.recreate(path) as file:
        file.mktree("events", {name: values.dtype for name, values in columns.items()}).extend(columns)


def _write_ntuple(path, columns):
    with uproot.recreate(path) as file:
        file.mkrntuple("events", {name: values.dtype for name, values in columns.items()}).extend(columns)


def _write_parquet(path, columns):
    pq.write_table(pa.table(columns), path, row_group_size=7)


def _write_data_sets(path, columns):
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            file.create_dataset(
                name, data=values, compression="gzip", chunks=(min(5, len(values)),) if len(values) else None
            )


def _write_records(path, columns):
    records = np.empty(
        len(next(iter(columns.values()))), dtype=[(name, values.dtype) for name, values in columns.items()]
    )
    for name, values in columns.items():
        records[name] = values
    with h5py.File(path, "w") as file:
        file["table"] = records


def _write_matrix(path, columns):
    with h5py.File(path, "w") as file:
        file["table"] = np.column_stack(list(columns.values()))
        file["table"].attrs["columns"] = list(columns)


def _write_fixed(path, columns):
    """As pandas does it: columns of one type in one block, named beside it; no rows are stored as one."""
    kinds = dict.fromkeys(values.dtype for values in columns.values())
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs.update({"pandas_type": np.bytes_("frame"), "nblocks": len(kinds), "encoding": np.bytes_("UTF-8")})
        group["axis1"] = np.arange(len(next(iter(columns.values()))))
        for number, kind in enumerate(kinds):
            names = [name for name, values in columns.items() if values.dtype == kind]
            group.attrs[f"block{number}_items_variety"] = np.bytes_("regular")
            group[f"block{number}_items"] = np.array([name.encode() for name in names])
            group[f"block{number}_items"].attrs["kind"] = np.bytes_("string")
            values = np.column_stack([columns[name] for name in names])
            group[f"block{number}_values"] = values if len(values) else np.zeros((1, 1))
            if not len(values):
                group[f"block{number}_values"].attrs["shape"] = np.bytes_(f"(I{len(names)}\nI0\ntp0\n.")


def _write_frame_table(path, columns):
    """As pandas does it: records of blocks, with names in a pickled list of texts."""
    kinds = dict.fromkeys(values.dtype for values in columns.values())
    names = {kind: [name for name, values in columns.items() if values.dtype == kind] for kind in kinds}
    fields = [(f"values_block_{i}", kind, (len(names[kind]),)) for i, kind in enumerate(kinds)]
    n_rows = len(next(iter(columns.values())))
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        table = group.create_dataset("table", (n_rows,), [("index", "i8"), *fields], chunks=(5,), maxshape=(None,))
        records = np.zeros(n_rows, dtype=table.dtype)
        for field, kind, _ in fields:
            records[field] = np.column_stack([columns[name] for name in names[kind]])
            table.attrs[f"{field}_kind"] = np.bytes_(pickle.dumps(names[kind], protocol=0))
            table.attrs[f"{field}_dtype"] = np.bytes_(str(kind))
            table.attrs[f"{field}_meta"] = np.bytes_("N.")
        table[:] = records


def _text(columns):
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)]) + "\n"


def _write_csv(path, columns):
    path.write_text(_text(columns))


def _write_csv_gz(path, columns):
    path.write_bytes(gzip.compress(_text(columns).encode()))


def _write_csv_bz2(path, columns):
    path.write_bytes(bz2.compress(_text(columns).encode()))


def _write_csv_xz(path, columns):
    path.write_bytes(lzma.compress(_text(columns).encode()))


def _write_csv_zst(path, columns):
    with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as stream:
        stream.write(_text(columns).encode())


def _write_tsv(path, columns):
    path.write_text(_text(columns).replace(",", "\t"))


def _write_tsv_gz(path, columns):
    path.write_bytes(gzip.compress(_text(columns).replace(",", "\t").encode()))


def _write_npy(path, columns):
    np.save(path, np.rec.fromarrays(list(columns.values()), names=list(columns)))


def _write_npz(path, columns):
    np.savez_compressed(path, **columns)


WRITERS = {
    "tree.root": _write_tree,
    "ntuple.root": _write_ntuple,
    "table.parquet": _write_parquet,
    "sets.h5": _write_data_sets,
    "records.hdf5": _write_records,
    "matrix.h5": _write_matrix,
    "fixed.h5": _write_fixed,
    "frame.h5": _write_frame_table,
    "table.csv": _write_csv,
    "table.csv.gz": _write_csv_gz,
    "table.csv.bz2": _write_csv_bz2,
    "table.csv.xz": _write_csv_xz,
    "table.csv.zst": _write_csv_zst,
    "table.tsv": _write_tsv,
    "table.tsv.gz": _write_tsv_gz,
    "arrays.npz": _write_npz,
    "records.npy": _write_npy,
}


@pytest.fixture(params=list(WRITERS))
def format_name(request):
    """The name of a file in each format and layout."""
    return request.param


@pytest.fixture
def write_file(tmp_path):
    """Write columns to a file in the temporary folder, in the format of its name."""

    def write(name, columns):
        path = tmp_path / name
        WRITERS[name](path, columns)
        return path

    return write

"""Writers of small files in every format, for tests of the readers and of `read`."""

import gzip

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


def _text(columns):
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)]) + "\n"


def _write_csv(path, columns):
    path.write_text(_text(columns))


def _write_csv_gz(path, columns):
    path.write_bytes(gzip.compress(_text(columns).encode()))


def _write_npz(path, columns):
    np.savez_compressed(path, **columns)


WRITERS = {
    "tree.root": _write_tree,
    "ntuple.root": _write_ntuple,
    "table.parquet": _write_parquet,
    "sets.h5": _write_data_sets,
    "records.hdf5": _write_records,
    "matrix.h5": _write_matrix,
    "table.csv": _write_csv,
    "table.csv.gz": _write_csv_gz,
    "arrays.npz": _write_npz,
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

"""Bits flipped in files with checksums: what is read is what was written, or the file is refused."""

import gzip
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
import xxhash
from uproot.writing import _cascadentuple as cascade

from wilks.errors import SampleError
from wilks.samples import read

VALUES = np.random.default_rng(0).normal(size=3_000)
N_FLIPS = 150


def write_parquet(path):
    pq.write_table(pa.table({"x": VALUES}), path, write_page_checksum=True, compression="none", use_dictionary=False)


def write_hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES, chunks=(500,), fletcher32=True)


def write_npz(path):
    np.savez(path, x=VALUES)


def write_csv_gz(path):
    path.write_bytes(gzip.compress("\n".join(["x", *map(repr, VALUES.tolist())]).encode()))


def write_ntuple(path):
    with uproot.recreate(path, compression=None) as file:
        file.mkrntuple("events", {"x": np.dtype("f8")}).extend({"x": VALUES})


class PageWithChecksum(cascade.NTuple_PageDescription):
    """A page followed by its checksum, as ROOT writes it: said by a negative number of elements, in no length."""

    def __init__(self, num_entries, locator):
        super().__init__(num_entries, locator)
        self.num_entries, locator.num_bytes = -num_entries, locator.num_bytes - 8


@pytest.fixture
def with_page_checksums(monkeypatch):
    def compress(data, compression):
        content = bytes(data)
        return content + xxhash.xxh3_64_intdigest(content).to_bytes(8, "little")

    monkeypatch.setattr(cascade, "NTuple_PageDescription", PageWithChecksum)
    monkeypatch.setattr(uproot.compression, "compress", compress)


WRITERS = {
    "x.parquet": write_parquet,
    "x.h5": write_hdf5,
    "x.npz": write_npz,
    "x.csv.gz": write_csv_gz,
    "x.root": write_ntuple,
}


def outcomes(path):
    """Numbers of mutants, one bit each somewhere in the file, that are refused and that give other values."""
    content, rng = path.read_bytes(), np.random.default_rng(1)
    n_refused = n_wrong = 0
    for place, bit in zip(rng.integers(len(content), size=N_FLIPS), rng.integers(8, size=N_FLIPS), strict=True):
        mutant = bytearray(content)
        mutant[place] ^= 1 << bit
        path.write_bytes(mutant)
        try:
            found = read(path, features=["x"]).column("x")
        except SampleError as error:
            assert path.name in str(error) or "no column 'x'" in str(error)
            n_refused += 1
        else:
            n_wrong += not np.array_equal(found, VALUES)
    return n_refused, n_wrong


@pytest.mark.parametrize("name", WRITERS)
def test_no_flipped_bit_changes_a_value(tmp_path, with_page_checksums, name):
    path = tmp_path / name
    WRITERS[name](path)
    np.testing.assert_array_equal(read(path, features=["x"]).column("x"), VALUES)
    n_refused, n_wrong = outcomes(path)
    assert n_wrong == 0
    assert n_refused > 0.7 * N_FLIPS


def test_without_checksums_the_flips_are_seen_in_the_values(tmp_path):
    """Flips hit values, so that the test above can fail."""
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": VALUES}), path, compression="none", use_dictionary=False)
    assert outcomes(path)[1] > 0.5 * N_FLIPS


@pytest.mark.parametrize("shape", ["(2000,)", "(1,)", "(0,)"])
def test_an_array_of_an_archive_ends_where_its_header_says(tmp_path, shape):
    """A header that names fewer values drops events, even where the checksum of the archive is made anew."""
    path = tmp_path / "short.npz"
    np.savez(path, x=VALUES)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("x.npy")
    assert content.count(b"(3000,)") == 1
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", content.replace(b"(3000,), }", f"{shape}, }}".ljust(10).encode()))
    with pytest.raises(SampleError, match=r"short\.npz must end where its header says, after .* it goes on"):
        read(path, features=["x"])


def test_the_checksum_of_an_archive_is_compared(tmp_path):
    """The last value lies before the checksum, which is looked at only at the end of the array."""
    path = tmp_path / "last.npz"
    np.savez(path, x=VALUES)
    content = bytearray(path.read_bytes())
    last = content.index(VALUES[-1].tobytes())
    content[last] ^= 1
    path.write_bytes(content)
    with pytest.raises(SampleError, match="Bad CRC-32"):
        read(path, features=["x"])


def test_the_list_of_pages_of_an_ntuple_is_compared(tmp_path, with_page_checksums):
    path = tmp_path / "list.root"
    write_ntuple(path)
    with uproot.open(path) as file:
        (record,) = file["events"].footer.cluster_group_records
        place = record.page_list_link.locator.offset
    content = bytearray(path.read_bytes())
    content[place + record.page_list_link.env_uncomp_size - 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(SampleError, match=r"list\.root is damaged: the checksum of a list of its pages"):
        read(path, features=["x"])

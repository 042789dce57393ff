"""Two columns of one name: libraries take the first or the last of them, here it is refused."""

import io
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot
import xxhash

from wilks.errors import SampleError
from wilks.samples import columns, read

FIRST, SECOND, OTHER = np.arange(3.0), 10 + np.arange(3.0), np.ones(3)


def write_npz(path):
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name, values in (("aa", FIRST), ("aa", SECOND), ("y", OTHER)):
            stream = io.BytesIO()
            np.save(stream, values)
            archive.writestr(f"{name}.npy", stream.getvalue())


def write_parquet(path):
    pq.write_table(
        pa.Table.from_arrays([pa.array(one) for one in (FIRST, SECOND, OTHER)], names=["aa", "aa", "y"]), path
    )


def write_tree(path):
    with uproot.recreate(path, compression=None) as file:
        file.mktree("t", dict.fromkeys(("aa", "ab", "y"), "f8")).extend({"aa": FIRST, "ab": SECOND, "y": OTHER})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\x02ab", b"\x02aa").replace(b"\x04ab/D", b"\x04aa/D"))


def write_ntuple(path):
    with uproot.recreate(path, compression=None) as file:
        file.mkrntuple("t", dict.fromkeys(("aa", "ab", "y"), np.dtype("f8"))).extend(
            {"aa": FIRST, "ab": SECOND, "y": OTHER}
        )
    with uproot.open(path) as file:
        ntuple = file["t"]
        header, footer = (
            (ntuple.member(f"fSeek{one}"), ntuple.member(f"fNBytes{one}")) for one in ("Header", "Footer")
        )
        (record,) = ntuple.footer.cluster_group_records
        pages = record.page_list_link.locator.offset, record.page_list_link.locator.num_bytes
    content = path.read_bytes().replace(b"\x02\0\0\0ab", b"\x02\0\0\0aa")
    old = content[sum(header) - 8 : sum(header)]
    content = content.replace(old, checksum(content[header[0] : sum(header) - 8]))
    for start, length in (pages, footer):
        stop = start + length - 8
        content = content[:stop] + checksum(content[start:stop]) + content[stop + 8 :]
    path.write_bytes(content)


def checksum(content):
    return xxhash.xxh3_64_intdigest(content).to_bytes(8, "little")


WRITERS = {"f.npz": write_npz, "f.parquet": write_parquet, "tree.root": write_tree}


@pytest.mark.parametrize("name", WRITERS)
def test_neither_can_be_read_and_the_others_can(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    assert columns(path) == ("y",)
    with pytest.raises(SampleError, match=r"'aa' of .* cannot be used: the file has more than one column of that name"):
        read(path, features=["aa"])
    with pytest.raises(SampleError, match="more than one column of that name"):
        read(path, features=["y"], where="aa > 1")
    assert read(path, features=["y"]).n_events == 3


def test_an_ntuple_with_them_cannot_be_read(tmp_path):
    path = tmp_path / "ntuple.root"
    write_ntuple(path)
    with pytest.raises(SampleError, match="must have one field of each name, but has more of 'aa'"):
        columns(path)

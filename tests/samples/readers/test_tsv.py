import bz2
import gzip
import lzma

import pyarrow as pa
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read

PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, "zstd", asbytes=True),
}


@pytest.mark.parametrize("packed", ["", *PACK])
def test_tabs_stand_between_values(tmp_path, packed):
    content = b"#pt\teta lead\n1.5\t2\n\t-1\n"
    path = tmp_path / f"a.tsv{packed}"
    path.write_bytes(PACK[packed](content) if packed else content)
    assert columns(path) == ("pt", "eta lead")
    assert read(path, features=["eta lead"], where="isfinite(pt)").events.tolist() == [[2.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "separated by tabs, but its first line is 'a,b'"),
        ("a\tb\n1\t2\t3\n", "1 more|has 3"),
        ("a\tb\n1\t2\n1\t2\t\n", "it ends with a tab"),
        ("a\tb\t\n1\t2\n", "end with a tab"),
        ("sep=,\na\tb\n1\t2\n", "separated by tabs, but its first line says 'sep=,'"),
        ("a\tb\n1\t2\ntotal\t2\n", "'total' in row 1 is none"),
        ("a\tb\n1,5\t2\n", "write a point for a decimal comma"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(SampleError, match=message):
        read(tmp_path / "a.tsv", features=["a", "b"])


def test_a_first_line_may_name_the_tab(tmp_path):
    (tmp_path / "a.tsv").write_text("sep=\t\na\tb\n1\t2\n")
    assert read(tmp_path / "a.tsv", features=["a", "b"]).events.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("packed", PACK)
def test_a_name_that_hides_the_compression_is_named(tmp_path, packed):
    for kind in ("csv", "tsv"):
        (tmp_path / f"a.{kind}").write_bytes(PACK[packed](b"a\n1\n"))
        with pytest.raises(SampleError, match=rf"is compressed with \w+; let its name end with .{kind}{packed}"):
            read(tmp_path / f"a.{kind}", features=["a"])


def test_two_parts_in_one_file_follow_each_other(tmp_path):
    for packed, pack in PACK.items():
        (tmp_path / f"a.csv{packed}").write_bytes(pack(b"a,b\n1,2\n") + pack(b"3,4\n"))
        assert read(tmp_path / f"a.csv{packed}", features=["a"]).events[:, 0].tolist() == [1.0, 3.0], packed

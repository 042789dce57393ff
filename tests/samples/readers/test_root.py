import awkward as ak
import numpy as np
import pytest
import uproot
import xxhash

from wilks.errors import SampleError
from wilks.samples import columns, read


def test_one_tree_is_found_without_its_name(write_file):
    path = write_file("tree.root", {"x": np.arange(3.0)})
    assert columns(path) == ("x",)
    assert read(path, features=["x"], tree="events").n_events == 3
    assert read(path, features=["x"], tree="events;1").n_events == 3


def test_several_trees_must_be_named(tmp_path):
    path = tmp_path / "two.root"
    with uproot.recreate(path) as file:
        file.mktree("a", {"x": "f8"}).extend({"x": np.arange(3.0)})
        file.mkrntuple("folder/b", {"y": np.dtype("f8")}).extend({"y": np.arange(4.0)})
    with pytest.raises(SampleError, match=r"several trees; choose one with tree=...: a, folder/b"):
        columns(path)
    assert read(path, features=["y"], tree="folder/b").n_events == 4
    with pytest.raises(SampleError, match=r"no tree 'A'; there are: a, folder/b"):
        columns(path, tree="A")


def test_a_file_without_trees_says_what_it_holds(tmp_path):
    path = tmp_path / "histogram.root"
    with uproot.recreate(path) as file:
        file["h"] = np.histogram([1.0, 2.0])
    with pytest.raises(SampleError, match=r"holds h;1 \(TH1D\)"):
        columns(path)


def test_jagged_fixed_size_and_text_branches_are_refused_with_advice(tmp_path):
    path = tmp_path / "odd.root"
    with uproot.recreate(path) as file:
        tree = file.mktree("events", {"x": "f4", "is_good": "bool", "jet": "var * float32", "cov": "3 * float64"})
        jets = ak.Array([[1.0, 2.0], [], [3.0]])
        tree.extend({"x": np.arange(3.0), "is_good": [True, False, True], "jet": jets, "cov": np.zeros((3, 3))})
    assert columns(path) == ("x", "is_good", "njet")
    assert read(path, features=["x", "is_good"]).column("is_good").tolist() == [1.0, 0.0, 1.0]
    with pytest.raises(SampleError, match=r"'jet' .*is jagged.*write what is taken of them: jet\[0\], jet\[-1\]"):
        read(path, features=["jet"])
    with pytest.raises(SampleError, match=r"'cov' .*is jagged.*cov\[0\]"):
        read(path, features=["x"], where="cov > 1")


def test_jagged_and_text_fields_of_an_ntuple_are_refused_with_advice(tmp_path):
    path = tmp_path / "odd.root"
    array = ak.Array({"x": np.arange(3.0), "jet": [[1.0], [2.0, 3.0], []], "name": ["a", "b", "c"]})
    array["muon"] = ak.Array([[{"pt": 1.0}], [], [{"pt": 2.0}]])
    array["one"] = ak.zip({"pt": np.arange(3.0)})
    with uproot.recreate(path) as file:
        file.mkrntuple("events", array.layout.form).extend(array)
    assert columns(path) == ("x", "one.pt")
    for name, message in [("jet", "jagged"), ("name", "text"), ("muon", r"take one of these, as in muon.pt\[0\]")]:
        with pytest.raises(SampleError, match=message):
            read(path, features=[name])


def test_names_that_are_expressions_are_only_names(tmp_path):
    path = tmp_path / "names.root"
    names = ["x", "log(x)", "__import__", "x+1", "muon.pt"]
    with uproot.recreate(path) as file:
        file.mktree("events", dict.fromkeys(names, "f8")).extend({name: np.arange(3.0) + 1 for name in names})
    sample = read(path, features=names)
    assert sample.features == tuple(names)
    assert sample.column("log(x)").tolist() == sample.column("x+1").tolist() == [1.0, 2.0, 3.0]
    assert read(path, features=["2*muon.pt"]).events.ravel().tolist() == [2.0, 4.0, 6.0]


def test_a_tree_in_several_baskets_is_read_in_order(tmp_path):
    path = tmp_path / "baskets.root"
    with uproot.recreate(path) as file:
        tree = file.mktree("events", {"x": "f4"})
        for start in range(0, 1000, 90):
            tree.extend({"x": np.arange(start, min(start + 90, 1000), dtype="f4")})
    for chunk_size in (37, 90, 400):
        assert read(path, features=["x"], chunk_size=chunk_size).events.ravel().tolist() == list(range(1000))


@pytest.mark.parametrize("n_items", [2**24, 2**32 - 1])
@pytest.mark.parametrize("part", ["header", "footer", "pages"])
def test_lists_of_an_ntuple_that_cannot_be_so_long(tmp_path, part, n_items):
    """uproot makes their items for hours; checksums are those of the changed bytes."""
    path = tmp_path / "long.root"
    with uproot.recreate(path, compression=None) as file:
        file.mkrntuple("events", {"x": np.dtype("f8")}).extend({"x": np.arange(3.0)})
    with uproot.open(path) as file:
        ntuple = file["events"]
        (record,) = ntuple.footer.cluster_group_records
        pages, name = record.page_list_link.locator, part.capitalize()
        start, size = pages.offset, pages.num_bytes
        if part != "pages":
            start, size = ntuple.member(f"fSeek{name}"), ntuple.member(f"fNBytes{name}")
    content = bytearray(path.read_bytes())
    texts = sum(4 + len(text) for text in ("events", "", ntuple.header.writer_identifier))
    first = start + {"header": 16 + texts, "footer": 32, "pages": 16}[part]
    assert int.from_bytes(content[first : first + 8], "little", signed=True) < 0
    content[first + 8 : first + 12] = n_items.to_bytes(4, "little")
    content[start + size - 8 : start + size] = xxhash.xxh3_64_intdigest(
        bytes(content[start : start + size - 8])
    ).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(SampleError, match=rf"(header|footer|pages) declares a list of {n_items:,} items in"):
        columns(path)

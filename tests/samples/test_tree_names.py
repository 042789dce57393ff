"""``read("f.root:Events")``: the tree in the path, unless a file is called so."""

import shutil

import numpy as np
import pytest
import uproot

from wilks.errors import NoFileError, SampleError
from wilks.samples import columns, read
from wilks.samples.reading import find_files, refused_columns


def write(path, **trees):
    with uproot.recreate(path) as file:
        for name, value in trees.items():
            file.mktree(name, {"pt": np.float64}).extend({"pt": np.full(3, value)})


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "f.root", Events=1.0, Other=2.0)
    write(tmp_path / "run1.root", Events=3.0, Other=4.0)
    write(tmp_path / "run2.root", Events=5.0, Other=6.0)
    return tmp_path


def values(files, **options):
    return read(files, features=["pt"], **options).events[:, 0].tolist()


def test_a_tree_in_the_path_is_the_tree(folder):
    assert values(f"{folder}/f.root:Events") == [1.0] * 3
    assert values(f"{folder}/f.root:Other", tree="Other") == [2.0] * 3
    assert values(f"{folder}/run*.root:Other") == [4.0] * 3 + [6.0] * 3
    assert values([f"{folder}/run2.root:Events", f"{folder}/f.root:Events"]) == [5.0] * 3 + [1.0] * 3
    assert values([f"{folder}/run2.root:Events", f"{folder}/f.root"], tree="Events") == [5.0] * 3 + [1.0] * 3
    sample = read(f"{folder}/f.root:Events", features=["pt"])
    assert sample.origin.tree == "Events" and sample.origin.files == (f"{folder}/f.root",)
    assert columns(f"{folder}/f.root:Events") == ("pt",)
    assert refused_columns(f"{folder}/f.root:Events") == ""


def test_a_file_that_is_called_so_wins(folder):
    shutil.copy(folder / "run1.root", folder / "f.root:Events.root")
    shutil.copy(folder / "run1.root", folder / "run2.root:a.root")
    assert values(f"{folder}/f.root:Events.root", tree="Events") == [3.0] * 3
    assert values(f"{folder}/run2.root:*.root", tree="Other") == [4.0] * 3
    (folder / "g.root:x").mkdir()
    shutil.copy(folder / "f.root", folder / "g.root:x" / "h.root")
    assert values(f"{folder}/g.root:x/h.root:Events") == [1.0] * 3
    write(folder / "g.root", x=9.0)
    with pytest.raises(SampleError, match="must be a file, but is a folder"):
        values(f"{folder}/g.root:x")


def test_colons_elsewhere_are_ordinary(folder):
    (folder / "run2:v3").mkdir()
    (folder / "run2:v3" / "x.csv").write_text("pt\n7\n")
    (folder / "a::b.csv").write_text("pt\n8\n")
    assert values([f"{folder}/run2:v3/x.csv", f"{folder}/a::b.csv"]) == [7.0, 8.0]
    for text in ("x.csv:pt", "f.root:", "no:such"):
        with pytest.raises(NoFileError, match="there is no file"):
            values(f"{folder}/{text}")


def test_one_tree_for_all(folder):
    for files, options in (
        ([f"{folder}/run1.root:Events", f"{folder}/f.root:Other"], {}),
        ([f"{folder}/run1.root:Events", f"{folder}/f.root"], {}),
        (f"{folder}/run1.root:Events", {"tree": "Other"}),
    ):
        with pytest.raises(SampleError, match="all files must be read from one tree, but 'Events'"):
            values(files, **options)
    with pytest.raises(SampleError, match="no tree 'Evnts'; did you mean 'Events'"):
        values(f"{folder}/f.root:Evnts")
    with pytest.raises(NoFileError, match=r"there is no file '.*/gone.root'"):
        values(f"{folder}/gone.root:Events")


def test_numbers_per_file(folder):
    first, second = f"{folder}/run1.root:Events", f"{folder}/run2.root:Events"
    for names in ((first, second), (f"{folder}/run1.root", f"{folder}/run2.root")):
        numbers = {"k": dict(zip(names, (2.0, 3.0), strict=True))}
        sample = read([first, second], features=["pt"], weight="k", per_file=numbers)
        assert sample.event_weights.tolist() == [2.0] * 3 + [3.0] * 3
    with pytest.raises(SampleError, match="one number for each entry of files"):
        read([first, second], features=["pt"], per_file={"k": {first: 1.0}})
    with pytest.raises(SampleError, match="one number for each entry of files"):
        read([first, second], features=["pt"], per_file={"k": {first: 1.0, f"{folder}/run1.root": 2.0, second: 1.0}})


def test_where_a_tree_has_a_place_of_its_own_the_message_says_so(folder):
    with pytest.raises(NoFileError, match=r"if 'Events' is the tree in '.*/f.root', name it by itself, as tree"):
        find_files(f"{folder}/f.root:Events")

"""Columns that are one number in each file: cross sections of several processes."""

import numpy as np
import pytest

import wilks
from wilks.errors import SampleError
from wilks.samples import read

FILES = ("ttbar.npz", "dy_1.npz", "dy_2.npz")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate(FILES):
        np.savez(name, pt=np.arange(1.0, 4.0) + 10 * k, w=np.array([1.0, 2.0, -1.0]), w_up=np.full(3, 3.0))
    return tmp_path


def take(**options):
    return read(["ttbar.npz", "dy_*.npz"], **{"features": ["pt"], "per_file": {"lumi": FACTORS}} | options)


FACTORS = {"ttbar.npz": 0.5, "dy_*.npz": 0.25}


def test_weights_are_multiplied_by_the_number_of_their_file(folder):
    expected = np.repeat([0.5, 0.25, 0.25], 3) * np.tile([1.0, 2.0, -1.0], 3)
    sample = take(weight="w*lumi", carry=["w_up*lumi"])
    assert sample.event_weights.tolist() == expected.tolist()
    assert sample.column("w_up*lumi").tolist() == (3.0 * np.repeat([0.5, 0.25, 0.25], 3)).tolist()
    assert sample.origin.per_file["lumi"] == {"ttbar.npz": 0.5, "dy_1.npz": 0.25, "dy_2.npz": 0.25}


def test_it_stands_wherever_a_column_does(folder):
    """Alone, in a selection, in a definition, and in chunks."""
    sample = take(
        weight="lumi", where="lumi < 0.4 and pt > 11", define={"twice": "2*lumi"}, carry=["twice"], chunk_size=2
    )
    assert sample.events[:, 0].tolist() == [12.0, 13.0, 21.0, 22.0, 23.0]
    assert set(sample.event_weights) == {0.25} and set(sample.column("twice")) == {0.5}


def test_one_file_given_as_a_path(folder):
    sample = read(folder / "ttbar.npz", features=["pt"], weight="x", per_file={"x": {str(folder / "ttbar.npz"): 2}})
    assert sample.event_weights.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("per_file", "message"),
    [
        ({"lumi": {"ttbar.npz": 0.5}}, r"'lumi' one number for each entry of files, which are ttbar.npz, dy_\*.npz"),
        ({"lumi": 0.5}, "one number for each entry"),
        ({"lumi": FACTORS | {"other.npz": 1.0}}, "one number for each entry"),
        ({"lumi": FACTORS | {"ttbar.npz": np.nan}}, "lumi of ttbar.npz must be a finite number"),
        ({"lumi": FACTORS | {"ttbar.npz": "0.5"}}, "lumi of ttbar.npz must be a finite number"),
        ({"w": FACTORS}, "must name new columns, but ttbar.npz has w"),
        ({"a b": FACTORS}, "must have plain names"),
        ({"double": FACTORS}, "that `define` has not, but 'double' came"),
    ],
)
def test_what_is_not_told_for_every_file_is_refused(folder, per_file, message):
    with pytest.raises(SampleError, match=message):
        take(per_file=per_file, define={"double": "2*pt"})


def test_an_origin_that_was_saved_says_it_again(folder):
    sample = take(weight="w*lumi")
    sample.save(folder / "saved")
    assert wilks.load(folder / "saved").origin.to_document() == sample.origin.to_document()

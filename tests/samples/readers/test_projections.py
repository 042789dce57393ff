"""Counts of collections, and fields that show those of others, in RNTuples as NanoAOD has them."""

import itertools

import awkward as ak
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read
from wilks.samples.readers import TableFile, reader_for

from tests.samples.projections import write_projections

RNG = np.random.default_rng(1)
LENGTHS = RNG.integers(0, 4, 300)
PT = ak.unflatten(RNG.exponential(30, LENGTHS.sum()).astype("f4"), LENGTHS)
CHARGE = ak.unflatten(RNG.choice([-1, 1], LENGTHS.sum()).astype("i4"), LENGTHS)
EVENTS = ak.Array({"_Muon": ak.zip({"pt": PT, "charge": CHARGE}), "met": RNG.exponential(20, 300)})


@pytest.fixture(params=[[0, 300], [0, 7, 7, 150, 300]])
def path(request, tmp_path):
    edges = request.param
    write_projections(tmp_path / "nano.root", [EVENTS[a:b] for a, b in itertools.pairwise(edges) if b > a])
    return tmp_path / "nano.root"


@pytest.mark.parametrize("chunk_size", [3, 149, 1000])
def test_the_number_of_objects_is_a_column(path, chunk_size):
    assert columns(path) == ("met", "nMuon")
    sample = read(path, features=["nMuon", "met"], chunk_size=chunk_size)
    assert sample.column("nMuon").tolist() == LENGTHS.tolist()
    assert sample.column("met").tolist() == EVENTS["met"].tolist()


@pytest.mark.parametrize("chunk_size", [pytest.param(3, marks=pytest.mark.nightly), 11, 149, 1000])
def test_projections_are_the_lists_that_they_show(path, chunk_size):
    carry = ["Muon_pt[0]", "_Muon.pt[0]", "max(Muon_pt)", "Muon_charge[-1]"]
    sample = read(path, features=["len(Muon_pt)", "sum(Muon_charge)"], carry=carry, chunk_size=chunk_size)
    assert sample.column("len(Muon_pt)").tolist() == LENGTHS.tolist()
    assert sample.column("sum(Muon_charge)").tolist() == ak.sum(CHARGE, axis=1).tolist()
    first = ak.fill_none(ak.firsts(PT), np.nan).to_list()
    np.testing.assert_array_equal(sample.column("Muon_pt[0]"), first)
    np.testing.assert_array_equal(sample.column("_Muon.pt[0]"), first)
    np.testing.assert_array_equal(sample.column("Muon_charge[-1]"), ak.fill_none(ak.firsts(CHARGE[:, ::-1]), np.nan))


def test_the_list_of_objects_names_its_fields(path):
    with pytest.raises(SampleError, match=r"list of objects with fields of their own; take one of these, as in _Muon"):
        read(path, features=["_Muon"])
    listing = reader_for(path).listing(TableFile(path))
    assert listing.lists == {"Muon_pt", "Muon_charge", "_Muon.pt", "_Muon.charge"}
    assert listing.precisions == {"Muon_pt": np.dtype("f4"), "_Muon.pt": np.dtype("f4")}

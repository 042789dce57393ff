"""Columns of lists, from files to samples: one contract for every format that has them."""

import awkward as ak
import numpy as np
import pytest
import uproot

import wilks
from wilks.errors import SampleError
from wilks.samples import columns, read

from tests.samples import jagged

EVENTS = jagged.events()
PT, JETS = (EVENTS[name].tolist() for name in ("Muon_pt", "Jet_pt"))
N = len(PT)
WRITERS = jagged.WRITERS


@pytest.fixture(params=list(WRITERS))
def path(request, tmp_path):
    found = tmp_path / request.param
    WRITERS[request.param](found, EVENTS)
    return found


@pytest.mark.parametrize("chunk_size", [pytest.param(1, marks=pytest.mark.nightly), 10, 85, 128, 1000])
def test_it_is_what_python_makes_of_the_lists(path, chunk_size):
    features = ["len(Muon_pt)", "sum(Jet_pt)", "len(Jet_pt) + 100*len(Muon_charge)"]
    carried = ["Muon_pt[0]", "Muon_pt[-1]", "max(Jet_pt)", "min(Jet_pt)", "Jet_pt[2]"]
    sample = read(path, features=features, carry=carried, chunk_size=chunk_size)
    wanted = {
        "len(Muon_pt)": [len(one) for one in PT],
        "sum(Jet_pt)": [sum(one) for one in JETS],
        "Muon_pt[0]": [one[0] if one else np.nan for one in PT],
        "Muon_pt[-1]": [one[-1] if one else np.nan for one in PT],
        "max(Jet_pt)": [max(one, default=np.nan) for one in JETS],
        "min(Jet_pt)": [min(one, default=np.nan) for one in JETS],
        "Jet_pt[2]": [one[2] if len(one) > 2 else np.nan for one in JETS],
        features[2]: [len(jets) + 100 * len(muons) for jets, muons in zip(JETS, PT, strict=True)],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(sample.column(name), values, rtol=1e-12, err_msg=name)
    assert sample.n_events == N and sample.origin.n_absent == 0


def test_an_event_without_the_object_of_a_feature_is_left_out_and_counted(path):
    sample = read(path, features=["Muon_pt[0]", "log(Jet_pt[1])"], carry=["met"], weight="1 + 0*Muon_pt[0]")
    has = [bool(muons) and len(jets) > 1 for muons, jets in zip(PT, JETS, strict=True)]
    assert sample.events[:, 0].tolist() == [one[0] for one, keep in zip(PT, has, strict=True) if keep]
    assert sample.column("met").tolist() == EVENTS["met"][has].tolist()
    origin = sample.origin
    assert (origin.n_read, origin.n_selected, origin.n_absent) == (N, sum(has), N - sum(has))
    n_without = sum(not one for one in PT)
    assert origin.absent == {
        "Muon_pt[0]": n_without,
        "1 + 0*Muon_pt[0]": n_without,
        "log(Jet_pt[1])": sum(len(one) < 2 for one in JETS),
    }


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        ("Muon_pt[0] > 20", lambda muons, jets: bool(muons) and muons[0] > 20),
        ("not Muon_pt[0] > 20", lambda muons, jets: bool(muons) and not muons[0] > 20),
        ("len(Muon_pt) == 0 or Muon_pt[0] > 20", lambda muons, jets: not muons or muons[0] > 20),
        ("len(Jet_pt) >= 2 and sum(Jet_pt) > 60", lambda muons, jets: len(jets) >= 2 and sum(jets) > 60),
        ("lead > 20 and met > 5", None),
    ],
)
def test_a_condition_on_an_absent_object_does_not_pass(path, where, passes):
    sample = read(path, features=["met"], where=where, define={"lead": "Muon_pt[0]"})
    if passes is None:
        wanted = [bool(one) and one[0] > 20 and met > 5 for one, met in zip(PT, EVENTS["met"], strict=True)]
    else:
        wanted = [passes(muons, jets) for muons, jets in zip(PT, JETS, strict=True)]
    assert sample.column("met").tolist() == EVENTS["met"][wanted].tolist()
    unknown = {"Muon_pt[0] > 20", "not Muon_pt[0] > 20"}
    assert sample.origin.absent == ({where: sum(not one for one in PT)} if where in unknown else sample.origin.absent)
    assert sample.origin.n_absent == sum(sample.origin.absent.values())


def test_a_value_stands_for_what_is_absent(path):
    sample = read(
        path, features=["met", "Jet_pt[ 1 ]"], where="max(Muon_pt) < 40", fill={"Jet_pt[1]": -1, "max(Muon_pt)": 0.0}
    )
    passes = [max(one, default=0) < 40 for one in PT]
    wanted = [one[1] if len(one) > 1 else -1 for one, keep in zip(JETS, passes, strict=True) if keep]
    assert sample.column("Jet_pt[ 1 ]").tolist() == wanted
    assert sample.origin.n_absent == 0 and sample.origin.fill == {"Jet_pt[1]": -1.0, "max(Muon_pt)": 0.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"features": ["Muon_pt"]},
            r"'Muon_pt' .* is jagged .*; write what is taken of them: Muon_pt\[0\], Muon_pt\[-1\], ",
        ),
        ({"features": ["2*Muon_pt"]}, r"'Muon_pt' .* is jagged"),
        ({"features": ["met"], "where": "Muon_pt > 20"}, r"'Muon_pt' .* is jagged"),
        ({"features": ["met"], "weight": "Muon_pt"}, r"'Muon_pt' .* is jagged"),
        ({"features": ["met[0]"]}, r"'met\[0\]' is of a column of lists, but 'met' .* one number .*: write met alone"),
        ({"features": ["max(met)"]}, r"'max\(met\)' is of a column of lists"),
        ({"features": ["Moun_pt[0]"]}, r"no column 'Moun_pt'.*"),
        ({"features": ["met"], "fill": {"Jet_pt[0]": 1}}, r"nothing uses 'Jet_pt\[0\]'"),
        ({"features": ["met"], "fill": {"len(Jet_pt)": 1}}, "it is 0 for no numbers"),
        ({"features": ["met"], "fill": {"met": 1}}, "fill must give values of what events may lack"),
        ({"features": ["Jet_pt[0]"], "fill": {"Jet_pt[0]": np.nan}}, "a finite number, but nan came"),
        ({"features": ["Jet_pt[0]"], "fill": 3}, "fill must give values by what events may lack"),
        ({"features": ["Muon_pt[7]"]}, r"257 of 257 events .* have no 'Muon_pt\[7\]'; give .* fill"),
        ({"features": ["met"], "where": "Muon_pt[7] > 3"}, r"none of 257 events .* \(257 are without an object"),
    ],
)
def test_what_cannot_be_taken_is_said(path, options, message):
    with pytest.raises(SampleError, match=message):
        read(path, **options)


def test_columns_are_those_of_one_number(path):
    assert "met" in columns(path) and "Muon_pt" not in columns(path)


def test_a_constant_meets_single_precision(tmp_path):
    """As for columns of one number: .15 in the file is .150000006."""
    lists = ak.values_astype(ak.Array([[0.15, 0.3], [0.16], []]), "f4")
    for name, write in WRITERS.items():
        write(tmp_path / name, {"iso": lists, "i": np.arange(3.0)})
        for where in ("iso[0] <= 0.15", "min(iso) <= 0.15", "lead <= 0.15"):
            sample = read(tmp_path / name, features=["i"], where=where, define={"lead": "iso[0]"})
            assert sample.events[:, 0].tolist() == [0.0], (name, where)
        sample = read(tmp_path / name, features=["iso[0]"])
        assert sample.origin.precisions == {"iso[0]": "float32"}


def test_a_nan_in_a_list_is_an_error(tmp_path):
    for name, write in WRITERS.items():
        write(tmp_path / name, {"x": ak.Array([[1.0, 2.0], [np.nan, 3.0], [], [4.0]]), "i": np.arange(4.0)})
        for feature in ("x[0]", "max(x)", "min(x)", "sum(x)"):
            with pytest.raises(SampleError, match=r"must be finite, but 1 value is not \(first: nan in row 1"):
                read(tmp_path / name, features=[feature])
        assert read(tmp_path / name, features=["x[-1]"]).n_events == 3


def test_integers_that_would_be_rounded_are_refused(tmp_path):
    lists = ak.unflatten(ak.Array(np.array([1, 2, 2**53 + 1])), [1, 0, 2])
    for name, write in WRITERS.items():
        write(tmp_path / name, {"x": lists, "i": np.arange(3.0)})
        with pytest.raises(SampleError, match=r"integers of 'x' .* but 9007199254740993 in row 2"):
            read(tmp_path / name, features=["len(x)"])


def test_a_saved_origin_says_it_again(path, tmp_path):
    sample = read(path, features=["Muon_pt[0]"], where="Jet_pt[0] > 3")
    sample.save(tmp_path / "kept")
    assert wilks.load(tmp_path / "kept").origin == sample.origin


def test_a_flat_column_of_that_name_comes_first(tmp_path):
    np.savez(tmp_path / "flat.npz", **{"x[0]": np.array([1.0, 2.0, np.nan]), "y": np.arange(3.0)})
    sample = read(tmp_path / "flat.npz", features=["x[0]", "y"], where="x[0] > 1")
    assert sample.events.tolist() == [[2.0, 1.0]]


def test_lists_of_fixed_length_and_of_fields(tmp_path):
    muons = ak.zip({"pt": ak.Array([[30.0, 20.0], [], [50.0]]), "n": ak.Array([[1, 2], [], [3]])})
    array = ak.Array({"muon": muons, "deep": [[[1.0], []], [], [[2.0, 3.0]]]})
    array["cov"] = ak.Array(np.arange(9.0).reshape(3, 3))
    with uproot.recreate(tmp_path / "n.root") as file:
        file.mkrntuple("Events", array.layout.form).extend(array)
    sample = read(tmp_path / "n.root", features=["cov[1]", "len(muon.pt)"], carry=["muon.pt[0]", "max(muon.n)"])
    assert sample.events.tolist() == [[1.0, 2.0], [4.0, 0.0], [7.0, 1.0]]
    np.testing.assert_array_equal(sample.column("muon.pt[0]"), [30.0, np.nan, 50.0])
    np.testing.assert_array_equal(sample.column("max(muon.n)"), [2.0, np.nan, 3.0])
    with pytest.raises(SampleError, match=r"'deep' .*cannot be used"):
        read(tmp_path / "n.root", features=["deep[0]"])


def test_empty_baskets_are_passed_over(tmp_path):
    with uproot.recreate(tmp_path / "t.root") as file:
        tree = file.mktree("Events", {"x": "f8", "l": "var * float32"})
        for n in (2, 0, 3, 0):
            tree.extend(
                {
                    "x": np.arange(float(n)),
                    "l": ak.values_astype(ak.Array([[1.0, 2.0]] * n), "f4")
                    if n
                    else ak.values_astype(ak.Array([[1.0]])[:0], "f4"),
                }
            )
    sample = read(tmp_path / "t.root", features=["x", "sum(l)"], chunk_size=2)
    assert sample.events.tolist() == [[0, 3], [1, 3], [0, 3], [1, 3], [2, 3]]

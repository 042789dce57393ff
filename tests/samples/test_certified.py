"""Golden JSON files: which lumisections count, and what is said of the others."""

import json

import numpy as np
import pytest

import wilks
from wilks.errors import SampleError
from wilks.samples import Certified, read
from wilks.samples.certified import Lumisections

GOLDEN = {"273158": [[1, 10], [20, 20]], "273302": [[5, 7], [8, 9], [1, 2]], "1": [[3, 4]]}
RNG = np.random.default_rng(0)
RUNS = RNG.choice([273158, 273302, 273303, 1, 0], 400)
LUMIS = RNG.integers(0, 25, 400)


def wanted(runs, lumis):
    return np.array(
        [any(a <= lumi <= b for a, b in GOLDEN.get(str(run), [])) for run, lumi in zip(runs, lumis, strict=True)]
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "golden.json").write_text(json.dumps(GOLDEN))
    columns = {"x": np.arange(400.0), "run": RUNS, "luminosityBlock": LUMIS, "Run": RUNS, "ls": LUMIS}
    np.savez(tmp_path / "data.npz", **columns)
    return tmp_path


@pytest.mark.parametrize(
    "certified", ["golden.json", Certified("golden.json"), Certified("golden.json", run="Run", lumisection="ls")]
)
@pytest.mark.parametrize("chunk_size", [7, 1000])
def test_events_of_other_lumisections_are_left_out_and_counted(folder, certified, chunk_size):
    good = wanted(RUNS, LUMIS)
    sample = read("data.npz", features=["x"], where="x > 100", certified=certified, chunk_size=chunk_size)
    assert sample.events[:, 0].tolist() == np.flatnonzero(good & (np.arange(400) > 100)).tolist()
    origin = sample.origin
    assert origin.n_uncertified == 400 - good.sum() and origin.certified["file"] == "golden.json"
    assert f"{400 - good.sum()} of 400 events are of lumisections that golden.json does not certify" in str(sample)
    sample.save(folder / "kept")
    assert wilks.load(folder / "kept").origin == origin


def test_columns_may_be_defined_or_the_same_in_each_file(folder):
    sample = read(
        "data.npz",
        features=["x"],
        define={"block": "ls + 0"},
        per_file={"period": {"data.npz": 273158}},
        certified=Certified("golden.json", run="period", lumisection="block"),
    )
    assert sample.n_events == wanted(np.full(400, 273158), LUMIS).sum()


def test_neighbors_and_overlaps_make_one_interval():
    found = Lumisections.of([(1, 5, 7), (1, 8, 9), (1, 6, 20), (2, 0, 0)], rule=Certified("a"))
    assert (found.last - found.first).tolist() == [15, 0]
    assert found.has(np.array([1.0, 1, 1, 2, 2]), np.array([4.0, 20, 21, 0, 1])).tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert not Lumisections.of([], rule=Certified("a")).has(np.array([1.0]), np.array([1.0])).any()


def test_what_is_no_whole_number_is_not_certified():
    golden = Lumisections.of([(0, 0, 2**31 - 1)], rule=Certified("a"))
    values = np.array([np.nan, np.inf, -1.0, 0.5, 2.0**31, 0.0])
    assert golden.has(np.zeros(6), values).tolist() == golden.has(values, np.zeros(6)).tolist() == [*[False] * 5, True]


def test_nothing_certified_is_an_error(folder):
    (folder / "other.json").write_text('{"5": [[1, 2]]}')
    with pytest.raises(
        SampleError, match=r"other.json certifies, but none of 400 events .* by 'run' .* simulation has"
    ):
        read("data.npz", features=["x"], certified="other.json")
    with pytest.raises(SampleError, match=r"none of 400 events .* does \(\d+ are not certified\)"):
        read("data.npz", features=["x"], certified="golden.json", where="x < 0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "it holds an object of type list"),
        ("{", "must list runs with their certified lumisections, as in"),
        ('{"run": [[1, 2]]}', "it lists 'run' as a run"),
        ('{"1": [1, 2]}', "it has 1 for run 1"),
        ('{"1": [[1, 2, 3]]}', r"it has \[1, 2, 3\] for run 1"),
        ('{"1": [[3, 2]]}', r"it has \[3, 2\] for run 1.*; a range is the first and the last lumisection"),
        ('{"1": [["a", ' + "9" * 200 + "]]}", r"it has \['a', 9{50,}\.\.\. for run 1"),
        ('{"1": [[1.0, 2.0]]}', "for run 1"),
        ('{"1": [[-1, 2]]}', "for run 1"),
        ('{"1": {"2": 3}}', "for run 1"),
        ('{"1": [[1, 2]], "1": [[3, 4]]}', "it lists '1' more than once"),
        ('{"99999999999": [[1, 2]]}', "as a run"),
        ("\N{WARNING SIGN}", "must list runs"),
    ],
)
def test_files_of_another_kind(folder, text, message):
    (folder / "golden.json").write_text(text, encoding="utf-8")
    with pytest.raises(SampleError, match=message):
        read("data.npz", features=["x"], certified="golden.json")


@pytest.mark.parametrize(
    ("certified", "message"),
    [
        ("gone.json", "there is no file 'gone.json'"),
        (3, "the path of a golden JSON or a wilks.Certified, but 3 came"),
        ({"1": [[1, 2]]}, "but an object of type dict came"),
        (Certified("golden.json", run="RUN"), "no column 'RUN'"),
    ],
)
def test_other_arguments(folder, certified, message):
    with pytest.raises(SampleError, match=message):
        read("data.npz", features=["x"], certified=certified)
    with pytest.raises(SampleError, match="must name columns"):
        Certified("golden.json", run="")

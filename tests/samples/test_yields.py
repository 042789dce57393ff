"""Several processes, each with the number of events that it predicts."""

import numpy as np
import pytest

import wilks
from wilks.errors import SampleError
from wilks.samples import read

FILES = ["ttbar.npz", "dy_*.npz"]
YIELDS = {"ttbar.npz": 30.0, "dy_*.npz": 600}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate(("ttbar", "dy_1", "dy_2")):
        np.savez(f"{name}.npz", x=np.arange(8.0) + 10 * k, w=np.arange(8.0) - 1 + k)
    return tmp_path


@pytest.mark.parametrize("chunk_size", [3, 100])
@pytest.mark.parametrize("weight", ["w", None])
def test_the_weights_of_each_entry_sum_to_its_yield(folder, chunk_size, weight):
    sample = read(FILES, features=["x"], where="x != 11", weight=weight, expected_events=YIELDS, chunk_size=chunk_size)
    raw = read(FILES, features=["x"], where="x != 11", weight=weight)
    is_top = sample.events[:, 0] < 10
    assert sample.event_weights[is_top].sum() == pytest.approx(30.0, rel=1e-14)
    assert sample.event_weights[~is_top].sum() == pytest.approx(600.0, rel=1e-14)
    ratio = np.divide(sample.event_weights, raw.event_weights, where=raw.event_weights != 0, out=np.full(23, np.nan))
    for part in (ratio[is_top], ratio[~is_top]):
        assert np.nanmax(part) == pytest.approx(np.nanmin(part), rel=1e-14)
    origin = sample.origin
    assert origin.expected_events == 630 and origin.expected_by_entry == YIELDS
    assert [n for n, _ in origin.scales] == [8, 7, 8] and origin.scales[1][1] == origin.scales[2][1]
    sample.save(folder / "kept")
    assert wilks.load(folder / "kept").origin == origin


def test_trees_are_no_part_of_an_entry(folder):
    import uproot

    for name in ("a", "b"):
        with uproot.recreate(f"{name}.root") as file:
            file.mktree("t", {"x": "f8"}).extend({"x": np.arange(4.0)})
    sample = read(["a.root:t", "b.root:t"], features=["x"], expected_events={"a.root:t": 1.0, "b.root": 3.0})
    assert sample.event_weights.tolist() == [0.25] * 4 + [0.75] * 4


@pytest.mark.parametrize(
    ("yields", "message"),
    [
        (
            {"ttbar.npz": 3},
            r"one number, or one for each entry of files, which are ttbar.npz, dy_\*.npz, but ttbar.npz",
        ),
        ({**YIELDS, "dy_1.npz": 1}, "one for each entry of files"),
        ({**YIELDS, "ttbar.npz": 0}, "expected_events of ttbar.npz must be a positive number, but 0 came"),
        ({**YIELDS, "ttbar.npz": "3"}, "expected_events of ttbar.npz must be a finite number"),
        ({**YIELDS, "ttbar.npz": np.inf}, "must be a finite number"),
    ],
)
def test_every_entry_has_one(folder, yields, message):
    with pytest.raises(SampleError, match=message):
        read(FILES, features=["x"], expected_events=yields)


def test_an_entry_without_weight_is_named(folder):
    with pytest.raises(
        SampleError, match=r"weights of ttbar.npz must have a positive sum to be rescaled to 30, but sum to 0"
    ):
        read(FILES, features=["x"], where="x > 9", weight="w", expected_events=YIELDS)

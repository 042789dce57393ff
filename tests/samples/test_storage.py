import json

import numpy as np
import pytest

from wilks.errors import StoreError
from wilks.samples import Origin, Sample, load_samples, save_samples

ORIGIN = Origin(("a.root", "b.root"), "events", "x > 0", {"x": "-log(u)"}, "w", 9, 3, expected_events=20.0)
WHOLE = Sample(
    [[1.0, -0.0], [2.0, 1e-300], [3.0, 5.0]],
    [0.1, -0.2, 1e9],
    features=("pt / GeV", "../b"),
    extras={"m": [7.0, 8.0, 9.0], "a.events": [0.0, 0.0, 1.0]},
    origin=ORIGIN,
)
NONE = Sample(np.empty((0, 3)))


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "samples.npz"
    headers = save_samples(path, {"a": WHOLE, "b": NONE})
    return path, json.loads(json.dumps(headers))


def test_samples_come_back_with_every_bit(stored) -> None:
    path, headers = stored
    back = load_samples(path, headers)
    assert list(back) == ["a", "b"]
    assert (back["a"].digest(), back["b"].digest()) == (WHOLE.digest(), NONE.digest())
    assert np.signbit(back["a"].events[0, 1])
    assert list(back["a"].extras) == ["m", "a.events"]
    assert (back["a"].origin, back["b"].origin) == (ORIGIN, None)


def test_no_samples_need_no_file(tmp_path) -> None:
    assert load_samples(tmp_path / "none.npz", {}) == {}


def test_origins_of_older_files_say_nothing_of_expected_events(stored) -> None:
    path, headers = stored
    del headers["a"]["origin"]["expected_events"]
    assert load_samples(path, headers)["a"].origin.expected_events is None


@pytest.mark.parametrize("n_bytes", [0, 10, 300, -30])
def test_a_file_that_was_cut_short_is_named(stored, n_bytes) -> None:
    path, headers = stored
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(StoreError, match=r"samples\.npz must hold the samples"):
        load_samples(path, headers)


def test_a_missing_file_is_named(tmp_path, stored) -> None:
    with pytest.raises(StoreError, match=r"gone\.npz.*FileNotFoundError"):
        load_samples(tmp_path / "gone.npz", stored[1])


def test_no_object_is_ever_unpickled(stored) -> None:
    path, headers = stored
    np.savez(path, **{"a.events": np.array([{}], dtype=object), "a.weights": np.ones(1)})
    with pytest.raises(StoreError, match="allow_pickle"):
        load_samples(path, headers)


@pytest.mark.parametrize(
    "header",
    [
        {"features": ["x"], "extras": [], "origin": None},
        {"features": ["x", "y"], "extras": ["m", "n", "o"], "origin": None},
        {"features": ["x", "y"], "extras": [], "origin": {"files": []}},
        {"features": ["x", "y"], "extras": []},
        None,
    ],
)
def test_names_that_do_not_belong_to_the_numbers_are_refused(stored, header) -> None:
    with pytest.raises(StoreError):
        load_samples(stored[0], {"a": header})

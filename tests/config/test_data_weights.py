"""A weight that the data carry is one everywhere, or refused, or set aside by a word in the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from wilks.config import load_config, read_data
from wilks.errors import SampleError, WilksWarning
from wilks.samples import Sample

N = 40


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "r.npz", x=rng.exponential(size=200), w=rng.uniform(0.5, 1, size=200), k=np.full(200, 2.0))
    return {"features": ["x"], "reference": {"files": "r.npz", "weight": "w"}, "data": {"files": "d.npz"}}


def read(folder: Path, config: dict[str, Any], **columns: Any) -> Sample:
    np.savez(folder / "d.npz", x=np.linspace(0.1, 2.0, N), **columns)
    path = folder / "a.yaml"
    path.write_text(yaml.safe_dump(config))
    return read_data(load_config(path))


def mixture() -> np.ndarray:
    """Weights of two simulated processes."""
    return np.where(np.arange(N) < 10, 1.0, 0.2)


def test_weights_of_one_are_counts(tmp_path: Path, config: dict[str, Any]) -> None:
    assert read(tmp_path, config, w=np.ones(N)).expected_events == N
    assert read(tmp_path, config).expected_events == N


def test_the_weight_of_the_reference_must_be_one_in_the_data(tmp_path: Path, config: dict[str, Any]) -> None:
    message = (
        r"a\.yaml:\d+: data: .*weight of the reference, 'w', which is 0\.2 to 1, and not 1 in 30 of 40 events.*"
        "unweight it first.*write `weight: null` under `data:`, and every row counts one"
    )
    with pytest.raises(SampleError, match=message):
        read(tmp_path, config, w=mixture())


def test_a_weight_is_looked_at_after_the_selection(tmp_path: Path, config: dict[str, Any]) -> None:
    config["where"] = "x > 1.0"
    data = read(tmp_path, config, w=np.where(np.linspace(0.1, 2.0, N) > 1.0, 1.0, 0.2))
    assert data.n_events == data.expected_events == np.sum(np.linspace(0.1, 2.0, N) > 1.0)


@pytest.mark.parametrize("columns", [{"w": mixture()}, {"w": np.full(N, np.nan)}, {"weight": mixture()}])
def test_a_word_in_the_file_sets_weights_aside(tmp_path: Path, config: dict[str, Any], columns: dict[str, Any]) -> None:
    config["data"]["weight"] = None
    data = read(tmp_path, config, **columns)
    assert data.n_events == data.expected_events == N


def test_a_weight_that_is_no_number_is_said_to_be_the_fault(tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(SampleError, match=r"weight of the reference, 'w', which cannot be read as such.*weight: null"):
        read(tmp_path, config, w=np.full(N, np.nan))
    config["features"] = ["y"]
    with pytest.raises(SampleError, match="'y'") as caught:  # the fault is another one
        read(tmp_path, config, w=np.full(N, np.nan))
    assert "weight of the reference" not in str(caught.value)


@pytest.mark.parametrize(
    ("weight", "columns", "is_refused"),
    [
        ("2*w", {"w": np.full(N, 0.5)}, False),
        ("2*w", {"w": np.full(N, 0.7)}, True),
        ("scaled", {"w": np.full(N, 0.5)}, True),  # of which the definition makes 1.5
        ("w*k", {"w": mixture()}, False),  # k is not in the data, so that this weight is not, either
    ],
)
def test_a_weight_may_be_a_formula(
    tmp_path: Path, config: dict[str, Any], weight: str, columns: dict[str, Any], is_refused: bool
) -> None:
    config["reference"]["weight"] = weight
    config |= {"define": {"half": "w + 0*x", "scaled": "3*half"}, "carry": ["w"]}
    if is_refused:
        with pytest.raises(SampleError, match="weight of the reference"):
            read(tmp_path, config, **columns)
    else:
        assert read(tmp_path, config, **columns).expected_events == N


def test_what_looks_like_a_weight_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    del config["reference"]["weight"]
    with pytest.warns(WilksWarning, match="carry a column 'event_weight', which is not 1 everywhere and is not used"):
        assert read(tmp_path, config, event_weight=mixture()).expected_events == N
    assert read(tmp_path, config, event_weight=np.ones(N)).expected_events == N
    config["carry"] = ["event_weight"]
    assert read(tmp_path, config, event_weight=mixture()).expected_events == N

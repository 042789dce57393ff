"""What is found in the files of a sample."""

from pathlib import Path

import numpy as np
import pytest

from wilks.config.found import FoundSample, find_data, find_reference
from wilks.errors import SampleError

RNG = np.random.default_rng(0)
N = 300


def write(path: Path, **columns: np.ndarray) -> str:
    np.savez(path, **columns)
    return str(path)


def ntuple(**others: np.ndarray) -> dict[str, np.ndarray]:
    """As a simulation writes it."""
    return {
        "Muon_pt": RNG.exponential(size=N),
        "event": RNG.permutation(10**6)[:N],
        "run": np.ones(N),
        "hits": RNG.poisson(4.0, N),
        "number": np.arange(N),
        "genWeight": RNG.normal(1.0, 0.1, N),
        "puWeightUp": RNG.uniform(0.5, 1.5, N),
        **others,
    }


def found(folder: Path, **others: np.ndarray) -> FoundSample:
    return find_reference([write(folder / "mc.npz", **ntuple(**others))], tree=None, folder=folder)


def test_bookkeeping_is_left_out_and_weights_are_known(tmp_path: Path) -> None:
    sample = found(tmp_path)
    assert sample.files == (str(tmp_path / "mc.npz"),) and sample.n_events == N
    assert sample.columns == ("Muon_pt", "hits")
    assert sample.weights == ("genWeight", "puWeightUp") and sample.nominal_weights == ("genWeight",)
    assert list(sample.reasons) == [
        "event, run: named as numbers of runs or events are",
        "number: all 300 values are different integers, as of a counter",
    ]


def test_the_weight_is_sought_in_all_columns_and_features_too_many_are_named(tmp_path: Path) -> None:
    many = {f"x{k}": RNG.normal(size=N) for k in range(24)} | {"weight": np.ones(N)}
    sample = find_reference([write(tmp_path / "mc.npz", **many)], tree=None, folder=tmp_path)
    assert sample.columns == tuple(f"x{k}" for k in range(20)) and sample.weights == ("weight",)
    assert list(sample.reasons) == ["x20, x21, x22, x23: 20 other columns come first"]
    assert sample.not_one == ()


@pytest.mark.parametrize("name", ["weight", "Muon_pt"])
def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path, name: str) -> None:
    values = np.ones(N)
    values[7] = np.nan
    sample = found(tmp_path, **{name: values})
    assert name not in (*sample.columns, *sample.weights)
    assert dict(sample.left_out)[name].startswith(f"every value of '{name}' must be finite, but 1 value is not")


def test_data_are_looked_at_for_what_the_reference_has(tmp_path: Path) -> None:
    """A column that happens to be constant or in order in the data is a feature."""
    data = {"Muon_pt": np.sort(RNG.poisson(30.0, N)), "other": RNG.normal(size=N), "genWeight": np.full(N, 2.0)}
    reference = found(tmp_path)
    sample = find_data([write(tmp_path / "d.npz", **data)], reference=reference, tree=None, folder=tmp_path)
    assert sample.columns == ("Muon_pt",) and sample.not_one == ("genWeight",)
    assert list(sample.reasons) == ["hits: not in the data"]


def test_nan_in_data_is_said_to_be_nan(tmp_path: Path) -> None:
    data = {"Muon_pt": np.array([1.0, np.nan]), "hits": np.array([1.0, 2.0])}
    sample = find_data([write(tmp_path / "d.npz", **data)], reference=found(tmp_path), tree=None, folder=tmp_path)
    assert sample.columns == ("hits",) and "must be finite" in dict(sample.left_out)["Muon_pt"]


def test_files_without_a_feature_are_refused_with_all_reasons(tmp_path: Path) -> None:
    reference, counters = found(tmp_path), write(tmp_path / "counters.npz", event=np.arange(5), weight=np.ones(5))
    with pytest.raises(SampleError, match="no weight or counter, but none is; event: named as numbers of runs"):
        find_reference([counters], tree=None, folder=tmp_path)
    with pytest.raises(SampleError, match=r"have at least one of .* Muon_pt, hits, but have none; Muon_pt, hits: not"):
        find_data([counters], reference=reference, tree=None, folder=tmp_path)

"""Tables of which nothing is known: what is taken for a feature, for a weight, for neither."""

from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.comparison import compare
from wilks.comparison.contents import Asked, contents_of_files, contents_of_table, two_given, two_samples
from wilks.errors import SampleError
from wilks.samples import Sample

RNG = np.random.default_rng(2)
N = 150


def columns(**more: np.ndarray) -> dict[str, np.ndarray]:
    return {"pt": RNG.exponential(size=N), "eta": RNG.normal(size=N)} | more


def test_columns_in_common_are_the_features() -> None:
    found = two_given(columns(z=RNG.normal(size=N)), columns(event=np.arange(N)))
    assert found.a.features == found.b.features == ("pt", "eta")
    assert found.notices == ("event, z left out: in one sample alone",)


def test_counters_are_left_out_in_both() -> None:
    found = two_given(columns(k=np.arange(N)), columns(k=RNG.integers(0, 5, N)))
    assert found.a.features == ("pt", "eta")
    assert found.notices == ("k left out: all 150 values are different integers, as of a counter",)


def test_a_column_of_weights_weighs_its_own_sample() -> None:
    weights = RNG.uniform(0.5, 1.5, size=N)
    found = two_given(columns(genWeight=weights, genWeightUp=weights), columns(genWeight=np.ones(N)))
    np.testing.assert_array_equal(found.a.event_weights, weights)
    assert np.all(found.b.event_weights == 1.0)
    assert found.notices == (
        "'genWeight' weighs the events of the first sample",
        "genWeightUp left out: named as weights are",
    )


def test_a_mass_is_no_weight() -> None:
    found = two_given(columns(W=RNG.normal(2.0, 0.1, size=N)), columns(W=RNG.normal(2.0, 0.1, size=N)))
    assert found.a.features == ("pt", "eta", "W") and not found.a.is_weighted and found.notices == ()


def test_several_weights_are_asked_about() -> None:
    weights = RNG.uniform(0.5, 1.5, size=(2, N))
    with pytest.raises(SampleError, match=r"weight='genWeight\*puWeight'"):
        two_given(columns(genWeight=weights[0], puWeight=weights[1]), columns())


def test_weights_can_be_set_aside() -> None:
    a, b = (contents_of_table(columns(w=RNG.uniform(size=N)), what="a") for _ in "ab")
    found = two_samples(a, b, uses_weights=False)
    assert np.all(found.a.event_weights == 1.0)
    assert found.a.features == ("pt", "eta")


GAP = np.where(np.arange(N) == 3, np.nan, 1.0)


@pytest.mark.parametrize("weights", [GAP, np.array(["1.0"] * N)])
def test_weights_without_numbers_are_refused_and_not_left_out(weights: np.ndarray) -> None:
    with pytest.raises(SampleError, match=r"of the second sample, whose weights these seem to be, .*'w'.*--no-weights"):
        two_given(columns(), columns(w=weights))
    set_aside = two_samples(*(contents_of_table(columns(w=weights), what="a") for _ in "ab"), uses_weights=False)
    assert set_aside.notices[0].startswith("the first sample has w left out")


def test_lists_and_variations_are_no_weights_that_are_lost() -> None:
    lists = np.ones((N, 2))
    found = two_given(columns(weights=lists), columns(w_up=GAP))
    assert found.b.features == ("pt", "eta")
    assert [sentence.partition(" left out")[0] for sentence in found.notices] == [
        "the first sample has weights",
        "the second sample has w_up",
    ]


def test_columns_without_numbers_are_left_out_with_the_reason() -> None:
    found = contents_of_table(columns(era=np.array(["A"] * N), mass=GAP), what="a")
    assert found.sample.features == ("pt", "eta")
    assert [name for name, _ in found.left_out] == ["era", "mass"]


def test_samples_and_arrays_are_taken_as_they_are() -> None:
    weighted = Sample(np.arange(20.0), np.full(20, 2.0))
    found = two_given(weighted, np.arange(30.0))
    assert found.a is weighted
    assert found.b.n_events == 30
    assert found.notices == ()


def test_a_sample_keeps_its_weights_beside_a_table() -> None:
    weighted = Sample(np.column_stack(list(columns().values())), RNG.uniform(1, 2, N), features=("pt", "eta"))
    found = two_given(weighted, columns())
    np.testing.assert_array_equal(found.a.event_weights, weighted.event_weights)


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(SampleError, match="must have a feature in common, but the columns are x and y"):
        two_given({"x": np.arange(9.5)}, {"y": np.arange(9.5)})


def test_files_of_any_kind(tmp_path: Path) -> None:
    values = columns()
    np.savez(tmp_path / "a.npz", **values)
    rows = np.column_stack(list(values.values()))
    np.savetxt(tmp_path / "b.csv", rows, delimiter=",", header="pt,eta", comments="", fmt="%.17g")
    found = two_samples(*(contents_of_files(tmp_path / name) for name in ("a.npz", "b.csv")))
    assert compare(found.a, found.b, n_permutations=9).t == 0.0


@pytest.mark.parametrize(("header", "word"), [("pt,weight", "none"), ("pt,eta", "1")])
def test_weights_that_some_files_lack_are_refused(tmp_path: Path, header: str, word: str) -> None:
    rows = "".join(f"{x},1\n" for x in RNG.normal(size=20))
    (tmp_path / "a1.csv").write_text(f"pt,weight\n{rows}")
    (tmp_path / "a2.csv").write_text(f"{header}\n0,{word}\n{rows}")
    files, plain = [str(tmp_path / "a*.csv")], contents_of_table({"pt": RNG.normal(size=20)}, what="b")
    with pytest.raises(SampleError, match=r"a2.csv.*--no-weights"):
        two_samples(contents_of_files(files), plain)
    assert two_samples(contents_of_files(files, Asked(weight="1")), plain).a.features == ("pt",)
    with pytest.raises(SampleError, match="of the first sample, whose weights these seem to be"):
        compare(wilks.stream(files), {"pt": RNG.normal(size=20)})


def test_a_selection_and_a_weight_of_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **columns())
    found = contents_of_files(tmp_path / "a.npz", Asked(where="pt > 1", weight="pt"))
    assert np.all(found.sample.event_weights > 1.0)
    assert found.has_weights


def test_frames_are_compared_as_they_are() -> None:
    pandas = pytest.importorskip("pandas")
    a, b = pandas.DataFrame(columns()), pandas.DataFrame(columns(run=np.full(N, 7)))
    result = wilks.compare(a, b, n_permutations=19)
    assert result.features == ("pt", "eta")
    assert result.warnings == ("run left out: in one sample alone",)

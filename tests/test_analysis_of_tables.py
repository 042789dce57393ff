"""Tables where a sample is taken: analyses, fits, hypotheses."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest

import wilks
from wilks.errors import InputError, SampleError
from wilks.hypotheses import as_source

from tests.lab.here import Here
from tests.samples.stand_ins import Frame

RNG = np.random.default_rng(7)
MODEL = wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)


def columns(n_events: int) -> dict[str, np.ndarray]:
    return {"pt": RNG.exponential(size=n_events), "run": np.ones(n_events, dtype=int), "eta": RNG.normal(size=n_events)}


REFERENCE, POOL, DATA = columns(2_000), columns(3_000), columns(210)
NAMES = ("pt", "eta")


def plain(table: dict[str, np.ndarray]) -> wilks.Sample:
    return wilks.Sample(np.stack([table[name] for name in NAMES], axis=1), features=NAMES)


def chosen(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: table[name] for name in NAMES}


def reverse(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return dict(reversed(table.items()))


@pytest.mark.parametrize("make", [dict, Frame, pa.table, ak.zip], ids=["dict", "frame", "arrow", "awkward"])
def test_an_analysis_of_tables_is_that_of_samples(make) -> None:
    expected = wilks.Analysis(reference=plain(REFERENCE), toy_source=plain(POOL), model=MODEL, expected_events=200)
    analysis = wilks.Analysis(
        reference=make(chosen(REFERENCE)), toy_source=make(reverse(POOL)), model=MODEL, expected_events=200
    )
    assert analysis.fingerprint() == expected.fingerprint() and analysis.features == NAMES
    t = wilks.fit(expected, plain(DATA)).t
    assert wilks.fit(analysis, make(reverse(DATA))).t == t
    assert wilks.goodness_of_fit(analysis, make(DATA)).t == t


def test_arrays_are_taken_by_place() -> None:
    analysis = wilks.Analysis(reference=plain(REFERENCE).events, model=MODEL, expected_events=200)
    assert analysis.features == ("x0", "x1")
    named = wilks.Analysis(reference=plain(REFERENCE), toy_source=plain(POOL).events, model=MODEL)
    assert named.nominal_pool is not None and named.nominal_pool.features == NAMES
    with pytest.raises(SampleError, match="reference has only names given by default"):
        wilks.fit(analysis, DATA)


def test_what_is_missing_is_named_and_who_is_to_blame() -> None:
    with pytest.raises(InputError, match="no column 'eta'; there are: pt, run") as caught:
        wilks.Analysis(
            reference=chosen(REFERENCE), toy_source={name: POOL[name] for name in ("pt", "run")}, model=MODEL
        )
    assert caught.value.role == "toy_source"
    with pytest.raises(InputError, match="integers of 'n'") as caught:
        wilks.Analysis(reference={"pt": np.ones(2), "n": np.full(2, 2**53 + 1)}, model=MODEL)
    assert caught.value.role == "reference"
    analysis = wilks.Analysis(reference=chosen(REFERENCE), model=MODEL)
    with pytest.raises(SampleError, match="'eta' is missing"):
        wilks.fit(analysis, {"pt": DATA["pt"]})


def test_signals_are_tables() -> None:
    signal = wilks.Alternative(signal=chosen(DATA), n_signal=5)
    assert isinstance(signal.signal, wilks.Sample) and signal.signal.features == NAMES
    assert signal.to_dict() == wilks.Alternative(signal=plain(DATA), n_signal=5).to_dict()
    analysis = wilks.Analysis(reference=chosen(REFERENCE), toy_source=POOL, model=MODEL, expected_events=200)
    toys = wilks.run_toys(analysis, signal, n_toys=2, seed=1, executor=Here())
    assert np.all(np.isfinite(toys.t))


def test_sources_that_are_none_are_functions_or_refused() -> None:
    source = as_source(DATA, features=["eta"])
    assert isinstance(source, wilks.Sample) and source.features == ("eta",)
    with pytest.raises(InputError, match="must be a function"):
        as_source(5)  # type: ignore[arg-type]

"""Columns that number events, runs or blocks."""

import numpy as np
import pytest

from wilks.samples import Sample
from wilks.samples.counters import bookkeeping, counter_notices, counting

RNG = np.random.default_rng(0)
CONTINUOUS = RNG.exponential(size=300)


@pytest.mark.parametrize(
    "name",
    [
        *("run", "RunNumber", "event", "eventNumber", "event_id", "evt", "luminosityBlock", "lumi_block", "lumi", "ls"),
        *("Unnamed: 0", "index", "entry", "rowid", "bunchCrossing", "orbitNumber", "timestamp", "mcChannelNumber"),
    ],
)
def test_names_of_bookkeeping_are_known(name: str) -> None:
    assert bookkeeping(name, CONTINUOUS) == "named as numbers of runs or events are"


@pytest.mark.parametrize("name", ["pt", "nMuon", "run_angle", "eventShape", "luminance", "evtpt"])
def test_other_names_are_not(name: str) -> None:
    assert bookkeeping(name, CONTINUOUS) is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.arange(200.0), "all 200 values are different integers"),
        (RNG.permutation(10**6)[:200].astype(float) * 1e9, "all 200 values are different integers"),
        (np.repeat([1.0, 2.0, 7.0], 70), "integers in order"),
        (np.repeat([7.0, 2.0, 1.0], 70), "integers in order"),
    ],
)
def test_counters_are_told_by_their_values(values, reason: str) -> None:
    assert reason in (counting(values) or "") and reason in (bookkeeping("x", values) or "")


@pytest.mark.parametrize(
    "values", [np.arange(99.0), np.arange(200.0) + 0.5, RNG.poisson(3.0, 200).astype(float), CONTINUOUS, np.empty(0)]
)
def test_others_are_no_counters(values) -> None:
    assert counting(values) is None


def test_a_column_that_never_varies_is_no_feature() -> None:
    assert bookkeeping("x", np.full(50, 3.0)) == "it is 3 in every event"


def test_features_that_count_are_named_once() -> None:
    sample = Sample(np.c_[CONTINUOUS, np.arange(300.0), np.ones(300)], features=["pt", "number", "one"])
    (notice,) = counter_notices(sample)
    assert notice.startswith("feature 'number': all 300 values are different integers") and "leave it out" in notice

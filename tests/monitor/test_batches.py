"""What the reference was selected by is applied to batches with named columns, too."""

import dataclasses
from typing import Any

import numpy as np
import pandas
import pyarrow
import pytest

import wilks
from wilks.monitor import Batch, Cause, MonitorReference
from wilks.monitor.batches import Judgeable, Refused, looked_at

from tests.monitor.conftest import draw

READING = {"where": "n_hits >= n_least", "define": {"n_least": "2 + 2", "y": "-log(u)"}}
EVENTS = draw(np.random.default_rng(3), 300)
HITS = np.arange(300) % 2 * 5
COLUMNS = {"x": EVENTS[:, 0], "u": np.exp(-EVENTS[:, 1]), "n_hits": HITS, "run": np.ones(300)}


@pytest.fixture
def selected(histogram: MonitorReference) -> MonitorReference:
    return dataclasses.replace(histogram, reading=READING)


def seen(events: Any, reference: MonitorReference) -> Judgeable | Refused:
    return looked_at(Batch(events), reference, now=None)


@pytest.mark.parametrize(
    "given",
    [
        COLUMNS,
        pandas.DataFrame(COLUMNS),
        pyarrow.table(COLUMNS),
        {**COLUMNS, "y": EVENTS[:, 1]},  # what is there already is taken
        wilks.Sample(EVENTS, features=("x", "y"), extras={"n_hits": HITS}),
        wilks.Sample(COLUMNS),
    ],
    ids=["columns", "frame", "arrow", "defined", "sample", "all columns"],
)
def test_events_with_names_are_defined_and_selected(given, selected) -> None:
    found = seen(given, selected)
    assert isinstance(found, Judgeable)
    np.testing.assert_allclose(found.events, EVENTS[HITS >= 4], rtol=1e-12)


def test_what_was_selected_is_taken_as_it_is(selected, tmp_path) -> None:
    np.savez(tmp_path / "a.npz", **COLUMNS)
    sample = wilks.read(tmp_path / "a.npz", features=("x", "y"), **READING)
    found = seen(sample, selected)
    assert isinstance(found, Judgeable) and len(found.events) == 150
    array = seen(EVENTS[:120], selected)
    assert isinstance(array, Judgeable) and len(array.events) == 120, "an array has no names"


@pytest.mark.parametrize(
    ("change", "cause", "text"),
    [
        ({"n_hits": None}, Cause.MISSING_COLUMN, "the batch has no column 'n_hits' (needed by where)"),
        ({"u": None}, Cause.MISSING_COLUMN, "no column 'u'"),
        ({"n_hits": HITS * 0}, Cause.TOO_FEW_EVENTS, "0 events, and 91 are needed"),
        ({"n_hits": HITS // 5 * 4 - (np.arange(300) > 170)}, Cause.TOO_FEW_EVENTS, "85 events"),
        ({"x": np.where(np.arange(300) == 7, np.inf, COLUMNS["x"])}, Cause.NOT_FINITE, "must be finite"),
        ({"x": EVENTS[:200, 0]}, Cause.UNREADABLE, "equally long"),
    ],
)
def test_what_cannot_be_selected_is_not_evaluated(change, cause, text, selected) -> None:
    given = {name: values for name, values in (COLUMNS | change).items() if values is not None}
    found = seen(given, selected)
    assert isinstance(found, Refused) and found.cause is cause and text in found.reason


def test_a_sample_without_the_column_of_the_selection_is_not_evaluated(selected) -> None:
    found = seen(wilks.Sample(EVENTS, features=("x", "y")), selected)
    assert isinstance(found, Refused) and found.cause is Cause.MISSING_COLUMN and "n_hits" in found.reason

"""Rows of several regions: where features stand, and what data may be."""

import numpy as np
import pytest

from wilks.errors import InputError, SampleError
from wilks.samples import RegionLayout, Sample

LAYOUT = RegionLayout(("signal", "control"), (("mass", "pt"), ("pt", "eta")))
SIGNAL, CONTROL = np.array([[91.0, 30.0], [125.0, 40.0]]), np.array([[20.0, -1.0]])


def test_rows_hold_region_and_features_by_name():
    joined = LAYOUT.joined([Sample(SIGNAL, features=("mass", "pt")), Sample(CONTROL, features=("pt", "eta"))])
    assert joined.features == ("region", "mass", "pt", "eta")
    assert joined.events.tolist() == [[0, 91, 30, 0], [0, 125, 40, 0], [1, 0, 20, -1]]


def test_a_joined_sample_is_split_again_with_its_weights():
    parts = Sample(SIGNAL, [2.0, 0.5], features=("mass", "pt")), Sample(CONTROL, features=("pt", "eta"))
    again = LAYOUT.split(LAYOUT.joined(parts))
    for one, other in zip(parts, again, strict=True):
        assert one.features == other.features and (one.events == other.events).all()
        assert (one.event_weights == other.event_weights).all()


def test_data_are_taken_by_name_in_order_or_joined():
    named = LAYOUT.data({"control": CONTROL, "signal": SIGNAL})
    assert (named.events == LAYOUT.data([SIGNAL, CONTROL]).events).all()
    assert LAYOUT.data(named) is named
    table = LAYOUT.data({"signal": {"pt": [30.0, 40.0], "mass": [91.0, 125.0]}, "control": CONTROL})
    assert (table.events == named.events).all()


def test_a_region_without_events_is_an_empty_list():
    assert LAYOUT.data({"signal": SIGNAL, "control": []}).n_events == 2
    assert LAYOUT.data([np.empty((0, 2)), CONTROL]).events[:, 0].tolist() == [1.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"signal": SIGNAL}, "regions signal, control"),
        ({"signal": SIGNAL, "sideband": CONTROL}, "signal, sideband came"),
        ([SIGNAL], "a list of 2 of them, but 1 of them came"),
        (Sample(SIGNAL, features=("mass", "pt")), "one sample with mass, pt came"),
        ({"signal": SIGNAL, "control": [[1.0]]}, "in region control"),
        (Sample([[2.0, 0.0, 0.0, 0.0]], features=LAYOUT.columns), "the number of a region, 0 to 1"),
    ],
)
def test_other_data_are_refused(given, message):
    with pytest.raises(SampleError, match=message):
        LAYOUT.data(given)


@pytest.mark.parametrize(
    ("names", "features", "message"),
    [
        (("one",), (("x",),), "at least two"),
        (("one", "one"), (("x",), ("x",)), "a name of its own"),
        (("one", "two"), (("x",), ("region",)), "called 'region'"),
    ],
)
def test_other_layouts_are_refused(names, features, message):
    with pytest.raises(InputError, match=message):
        RegionLayout(names, features)

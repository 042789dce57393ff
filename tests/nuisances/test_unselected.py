"""Events before the selection as a source of toys."""

import numpy as np
import pytest

from wilks.errors import InputError, SampleError
from wilks.nuisances import Nuisance, Unselected, normalization
from wilks.samples import Origin, Sample

EVENTS = Sample(np.arange(0.0, 100.0), np.full(100, 0.5), features=("x",), extras={"double": 2.0 * np.arange(100.0)})
NUISANCES = (
    Nuisance("shift", 1.0, transform=lambda columns, nu: {"x": columns["x"] + nu}),
    normalization("luminosity", sigma=0.1),
)


def test_events_and_yield_at_nu():
    source = Unselected(EVENTS, where="20 <= x < 60 and double < 1000", define={"double": "2*x"})
    assert source.features == ("x",) and source.nominal().n_events == 40
    varied = source.at(NUISANCES, {"shift": -30.0})
    assert varied.n_events == 40 and np.array_equal(varied.column("double"), 2 * varied.events[:, 0])
    assert source.yield_ratio(NUISANCES, {"shift": 50.0}) == pytest.approx(0.25)
    assert source.yield_ratio(NUISANCES, {"shift": 50.0, "luminosity": 0.1}) == pytest.approx(0.25 * np.exp(0.1))
    assert source.yield_ratio(NUISANCES, {}) == 1.0


def test_no_selection_keeps_all_events():
    assert Unselected(EVENTS).at(NUISANCES, {"shift": 3.0}).n_events == 100


def test_document_tells_what_defines_it():
    source = Unselected(EVENTS, where="x > 20", define={"double": "2*x"}, seed=3)
    again = Unselected.from_dict(source.to_dict(), EVENTS)
    assert again.to_dict() == source.to_dict()
    origin = Origin(("a.h5",), None, None, {"double": "2*x", "mass": "3*x"}, None, 100, 100)
    read = Sample(EVENTS.events, EVENTS.event_weights, features=("x",), extras=EVENTS.extras, origin=origin)
    others = [
        Unselected(EVENTS.without_extras(), where="x > 20", define={"double": "2*x"}, seed=3),
        Unselected(EVENTS, where="x > 21", define={"double": "2*x"}, seed=3),
        Unselected(EVENTS, where="x > 20", seed=3),
        Unselected(EVENTS, where="x > 20", define={"double": "2*x"}),
        Unselected(read, where="x > 20", define={"double": "2*x"}, seed=3),
    ]
    assert all(other.to_dict() != source.to_dict() for other in others)
    assert others[-1].to_dict()["definitions"] == {"double": "2*x"}
    with pytest.raises(InputError, match="not those that were described"):
        Unselected.from_dict(source.to_dict(), EVENTS.without_extras())


def test_what_cannot_be_used_is_refused_at_once():
    with pytest.raises(InputError, match=r"wilks.Sample with events, but \[1.0\] came"):
        Unselected([1.0])
    with pytest.raises(InputError, match="all 100 pass 'x >= 0'"):
        Unselected(EVENTS, where="x >= 0")
    with pytest.raises(SampleError, match="none of 100 does"):
        Unselected(EVENTS, where="x > 1000")
    with pytest.raises(SampleError, match="'mll'"):
        Unselected(EVENTS, where="mll > 60")
    with pytest.raises(InputError, match="seed must be"):
        Unselected(EVENTS, seed=-1)
    with pytest.raises(InputError, match="features pt, eta in this order, but they have x"):
        Unselected(EVENTS).require_features(("pt", "eta"))
    cancelled = Sample([1.0, 2.0, 3.0], [1.0, -1.0, 1.0], features=("x",))
    with pytest.raises(InputError, match="positive sum"):
        Unselected(cancelled, where="x < 3").yield_ratio((), {})
    Unselected(EVENTS).require_features(("x",))

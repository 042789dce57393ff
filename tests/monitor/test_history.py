"""What one more batch is among those before it."""

import dataclasses

import numpy as np

from wilks.monitor import Decisions, State
from wilks.monitor.history import CONFORMAL, History


def history_of(reference, **decisions: float) -> History:
    return History(dataclasses.replace(reference, decisions=Decisions(**decisions)))


def test_the_null_law_decides_until_there_are_enough_ranks(histogram) -> None:
    law, history = histogram.null.laws[0], history_of(histogram, bad=0.012, medium=0.1)
    t = float(np.median(law.t))
    found = [history.add(t, 100, index=i) for i in range(6)]
    assert [one.conformal["n_ranks"] for one in found] == [80, 81, 82, 83, 84, 85]
    assert [one.deciding.method for one in found] == ["empirical"] * 3 + [CONFORMAL] * 3
    assert found[0].deciding.p_value == law.p(t).p_value == found[0].null.p_value
    assert all(one.state is State.GOOD and one.is_ranked for one in found)


def test_a_batch_beyond_doubt_is_bad_and_no_other_is_ranked_among_it(histogram) -> None:
    history = history_of(histogram)
    far = 3.0 * float(histogram.null.laws[0].t[-1])
    found = [history.add(far, 100, index=i) for i in range(4)]
    assert all(one.state is State.BAD and not one.is_ranked for one in found)
    assert {one.conformal["n_ranks"] for one in found} == {80}


def test_batches_of_another_size_are_ranked_by_z_among_those_of_the_nearest(histogram) -> None:
    history = history_of(histogram)
    one, other = (history.add(float(np.median(law.t)), law.n_events, index=0) for law in histogram.null.laws)
    assert (one.conformal["n_calibration"], other.conformal["n_calibration"]) == (80, 40)
    assert other.conformal["n_ranks"] == 41, "the batch of the other size is among them"


def test_evidence_is_of_the_conformal_p(histogram) -> None:
    history = history_of(histogram, kappa=0.5, batches_between_alarms=1e9)
    t, total = float(np.median(histogram.null.laws[0].t)), 0.0
    for i in range(5):
        one = history.add(t, 100, index=i)
        total = 0.5 * one.conformal["p_value"] ** -0.5 * (1.0 + total)
        assert np.isclose(one.evidence["sum"], total) and one.evidence["limit"] == 5e8

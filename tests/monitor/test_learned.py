"""What is shown as learned is the log ratio of a fit, averaged over the reference."""

import numpy as np
import pytest

import wilks
from wilks.monitor import State
from wilks.monitor.learned import drawn_events, learned_ratios
from wilks.monitor.places import Profile
from wilks.monitor.scoring import LinearScorer, at_size, scorer_of

from tests.monitor.conftest import FEATURES, analysis_of, draw, shifted


@pytest.mark.parametrize("name", ["kernel", "set"])
def test_it_is_the_log_ratio_of_the_fit(name: str) -> None:
    """Of each member: sum_D f - (n/N) sum_R f is b^T (h n/N + 2 ridge)^-1 b, its t."""
    analysis, batch = analysis_of(name), shifted(np.random.default_rng(3), 150, 0.5)
    scorer, events = scorer_of(analysis), analysis.reference.events
    assert isinstance(scorer, LinearScorer)
    same = at_size(analysis, n_events=150)
    fit, sums = wilks.fit(same, batch), scorer.sums([batch])[0]
    if name == "kernel":
        f = scorer.log_ratio(sums, 150, member=0, events=events)
        np.testing.assert_allclose(f, same.log_ratio(events, fit.params), rtol=1e-6, atol=1e-9)
    for i, one in enumerate(fit.members if name == "set" else (fit,)):
        at_batch, at_reference = (scorer.log_ratio(sums, 150, member=i, events=x) for x in (batch, events))
        assert np.sum(at_batch) - 150 * np.mean(at_reference) == pytest.approx(one.t, rel=1e-6)


def test_ratios_are_means_in_intervals() -> None:
    reference = wilks.Sample(draw(np.random.default_rng(5), 2_000), features=FEATURES)
    profiles = [Profile.of(reference, feature) for feature in FEATURES]
    events = drawn_events(reference, rng=np.random.default_rng(0))
    assert events is reference.events
    f = 0.3 * events[:, 0] - 0.1 * events[:, 1]
    found = learned_ratios(f, events, profiles)
    for j, one in enumerate(profiles):
        here = one.intervals(events[:, j])
        expected = [1.0 + np.mean(f[here == k]) for k in range(one.shares.size)]
        np.testing.assert_allclose(found[one.feature], expected, atol=6e-5)
    few = learned_ratios(np.array([0.7]), events[:1], profiles)
    assert sorted(few["x"]) == [*[1.0] * 19, 1.7]


def test_the_reference_times_the_ratio_has_the_sums_of_the_batch() -> None:
    """But for the ridge: with none it would have them exactly."""
    model = wilks.Kernel(n_centers=20, width=1.0, ridge=1e-6, is_score=True)
    analysis, batch = analysis_of("kernel", model=model), shifted(np.random.default_rng(6), 2_000, 0.5)
    scorer, events = scorer_of(analysis), analysis.reference.events
    assert isinstance(scorer, LinearScorer)
    sums = scorer.sums([batch])[0]
    f = scorer.log_ratio(sums, 2_000, member=0, events=events)
    phi = scorer.groups[0].basis.values(scorer.standardization.apply(events))
    reweighted = 2_000 * np.mean((1.0 + f)[:, None] * phi, axis=0)
    np.testing.assert_allclose(reweighted, sums, rtol=1e-4, atol=1e-3 * np.max(np.abs(sums)))


def test_events_are_drawn_by_their_weights() -> None:
    values = np.arange(2.0).repeat(3_000)[:, None]
    sample = wilks.Sample(values, np.where(values[:, 0] > 0, 3.0, 1.0))
    drawn = drawn_events(sample, rng=np.random.default_rng(1))
    assert drawn.shape == (2_000, 1) and np.mean(drawn) == pytest.approx(0.75, abs=0.03)


def test_a_verdict_has_it_where_it_is_not_good(references) -> None:
    for name, reference in references.items():
        monitor, rng = wilks.Monitor(reference), np.random.default_rng(4)
        good, bad = monitor.update(draw(rng, 100)), monitor.update(shifted(rng, 100, 1.0))
        assert good.state is State.GOOD and good.learned == {} and bad.state is State.BAD
        if name == "histogram":
            assert bad.learned == {}
            continue
        assert list(bad.learned) == list(FEATURES) and bad.to_dict()["learned"]["x"] == list(bad.learned["x"])
        assert bad.learned["x"][0] < 0.7 and bad.learned["x"][-1] > 1.3, "x was moved to the right"

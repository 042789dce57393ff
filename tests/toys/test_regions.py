"""Toys of several regions: each from its own source, at the nuisances that it has."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Null, ShiftedNuisance
from wilks.nuisances import normalization
from wilks.toys import check_drawable, draw_auxiliaries, draw_toy, sample_notices


def part(name, *, seed, expected, nuisances=(), source="pool"):
    rng = np.random.default_rng(seed)
    pool = rng.exponential(size=4_000)
    generator = wilks.Generator("wilks.problems.exponential:background")
    return wilks.Analysis(
        reference=rng.exponential(size=600),
        model=wilks.Histogram(n_bins=4),
        expected_events=expected,
        nuisances=nuisances,
        toy_source={"pool": pool, "generator": generator, "none": None}[source],
        name=name,
    )


def both(**options):
    luminosity = normalization("luminosity", sigma=0.1)
    first = part("a", seed=1, expected=100.0, nuisances=[luminosity, normalization("own", sigma=0.2)])
    return first + part("b", seed=2, expected=300.0, nuisances=[luminosity], **options)


CASES = (("a", 1_000, 1.5), ("b", 2_000, 0.25))


def counts(analysis, hypothesis, n=40):
    toys = [draw_toy(analysis, hypothesis, seed=1, index=i) for i in range(n)]
    return np.mean([[np.sum(one[:, 0] == k) for k in (0, 1)] for one in toys], axis=0)


@pytest.mark.parametrize("source", ["pool", "generator"])
def test_every_region_has_its_own_source_and_yield(source):
    analysis = both(source=source)
    check_drawable(analysis, Null())
    found = counts(analysis, Null())
    assert np.all(np.abs(found - [100.0, 300.0]) < 5 * np.sqrt(np.array([100.0, 300.0]) / 40))
    assert (analysis.nominal_pool is None) == (source == "generator")


def test_a_nuisance_moves_the_regions_that_have_it():
    found = counts(both(), ShiftedNuisance({"luminosity": 0.3, "own": 0.4}))
    expected = np.array([100.0 * np.exp(0.7), 300.0 * np.exp(0.3)])
    assert np.all(np.abs(found - expected) < 5 * np.sqrt(expected / 40))


def test_auxiliary_measurements_are_drawn_once():
    analysis = both()
    drawn = [draw_auxiliaries(analysis, ShiftedNuisance({"own": 0.4}), seed=1, index=i) for i in range(200)]
    assert np.shape(drawn) == (200, 2)
    assert np.mean(drawn, axis=0) == pytest.approx([0.0, 0.4], abs=0.07)


def test_a_signal_is_a_joint_sample():
    analysis = both()
    signal = analysis.checked({"a": np.full(50, 3.0), "b": []})
    found = counts(analysis, Alternative(signal=signal, n_signal=20.0))
    assert np.all(np.abs(found - [120.0, 300.0]) < 5 * np.sqrt(np.array([120.0, 300.0]) / 40))


def test_weights_say_how_a_signal_is_divided():
    analysis = both()
    lines = {name: wilks.Sample(np.full(n, 3.0), np.full(n, w), features=["x0"]) for name, n, w in CASES}
    found = counts(analysis, Alternative(signal=analysis.joined(lines), n_signal=80.0))
    assert np.all(np.abs(found - [160.0, 320.0]) < 5 * np.sqrt(np.array([160.0, 320.0]) / 40))
    alone = analysis.joined({"b": lines["b"]})
    assert alone.n_events == 2_000 and alone.expected_events == pytest.approx(500.0)
    with pytest.raises(InputError, match="must be of the regions a, b, but 'c' came"):
        analysis.joined({"c": lines["b"]})
    with pytest.raises(InputError, match="give its sample itself"):
        analysis.regions["a"].joined(lines)


def test_the_pools_of_all_regions_have_the_yields_of_their_references():
    analysis = both()
    pool = analysis.nominal_pool
    assert pool is not None and pool.expected_events == pytest.approx(400.0)
    assert pool.event_weights[pool.events[:, 0] == 0].sum() == pytest.approx(100.0)
    assert not any("integers in order" in text for text in sample_notices(analysis))


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InputError, match="n_events=50 came"):
        check_drawable(both(), Null(n_events=50))
    with pytest.raises(InputError, match="b has none"):
        both(source="none")
    neither = part("a", seed=1, expected=100.0, source="none") + part("b", seed=2, expected=100.0, source="none")
    with pytest.raises(InputError, match="toys need a source"):
        check_drawable(neither, Null())

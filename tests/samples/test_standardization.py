import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import SampleError
from wilks.samples import Sample, Standardization, scale_notices

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=30)


@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_standardized_reference_has_mean_zero_and_unit_variance(values, seed):
    if np.ptp(values) < 1e-3:
        return
    sample = Sample(values, np.random.default_rng(seed).uniform(0.5, 2.0, len(values)))
    scaled = Standardization.of(sample).apply(sample.events)[:, 0]
    mean = np.average(scaled, weights=sample.event_weights)
    assert mean == pytest.approx(0.0, abs=1e-6)
    assert np.average(scaled**2, weights=sample.event_weights) == pytest.approx(1.0, rel=1e-6)


def test_unweighted_is_numpy_with_ddof_zero():
    events = np.random.default_rng(0).normal(3.0, 2.0, size=(100, 2))
    result = Standardization.of(Sample(events))
    np.testing.assert_allclose(result.shift, events.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(result.scale, events.std(axis=0), rtol=1e-14)


def test_a_weight_counts_like_repeated_events():
    weighted = Standardization.of(Sample([1.0, 4.0], [1.0, 3.0]))
    repeated = Standardization.of(Sample([1.0, 4.0, 4.0, 4.0]))
    assert weighted.to_dict() == repeated.to_dict()


def test_negative_weights_enter_as_they_are():
    result = Standardization.of(Sample([0.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, -0.5]))
    assert result.shift[0] == 1.0
    assert result.scale[0] == pytest.approx(np.sqrt(2.0 / 2.5))


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (Sample([[1.0, 2.0], [2.0, 2.0]], features=("a", "b")), "'b' must vary.*2.0"),
        (Sample([0.1] * 10), "'x0' must vary"),
        (Sample([1.0, 1.0, 5.0], [1.0, 1.0, 0.0]), "'x0' must vary"),
        (Sample([]), "0 events"),
        (Sample([1.0, 2.0], [0.0, 0.0]), "positive sum"),
        (Sample([0.0, 1.0, 2.0], [-0.9, 2.0, -0.9]), "variance"),
        (Sample([-1e200, 1e200]), "variance"),
    ],
)
def test_references_without_a_spread_are_refused(sample, message):
    with pytest.raises(SampleError, match=message):
        Standardization.of(sample)


def stretched(value, *, n_far, n=4_000, seed=3):
    """Exponential events with some at one value."""
    x = np.random.default_rng(seed).exponential(size=n)
    x[:n_far] = value
    return Sample(x, features=("pt",))


@pytest.mark.parametrize("value", [-9999.0, 99999.0, 1e30, 1.7e308])
@pytest.mark.parametrize("n_far", [1, 80, 1_200])
def test_far_values_do_not_set_the_scale(value, n_far):
    """The scale is that of the others, half the central 68 % interval: 0.829 of an exponential law."""
    result = Standardization.of(stretched(value, n_far=n_far))
    assert float(result.shift[0]) == pytest.approx(np.log(2.0), abs=0.06)
    assert float(result.scale[0]) == pytest.approx(0.829, abs=0.06)


@pytest.mark.parametrize(
    "law",
    [
        lambda rng, n: rng.exponential(size=n),
        lambda rng, n: np.exp(rng.normal(size=n)),
        lambda rng, n: 20.0 * (1.0 + rng.pareto(4.0, size=n)),
        lambda rng, n: rng.standard_t(3.0, size=n),
        lambda rng, n: 91.0 + 1.25 * np.tan(rng.uniform(-1.53, 1.53, size=n)),
        lambda rng, n: rng.poisson(3.0, size=n),
        lambda rng, n: rng.random(n) < 0.03,
    ],
)
def test_clean_references_keep_mean_and_standard_deviation_to_the_last_bit(law):
    rng = np.random.default_rng(0)
    for n in (300, 1_000, 10_000):
        for _ in range(20):
            x, w = law(rng, n).astype(float), rng.uniform(0.5, 1.5, size=n)
            mean = np.sum(w * x) / np.sum(w)
            result = Standardization.of(Sample(x, w))
            assert result.shift[0] == mean and result.scale[0] == np.sqrt(np.sum(w * (x - mean) ** 2) / np.sum(w))
            assert scale_notices(Sample(x, w), result) == ()


def test_a_handful_of_scattered_events_does_not_set_the_scale():
    """Garbage without a common value in 0.1 % of the events, which a standard deviation of 1e27 would hide all in."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=10_000)
    x[:10] = 1e30 * rng.normal(size=10)
    sample = Sample(x)
    assert float(Standardization.of(sample).scale[0]) == pytest.approx(1.0, abs=0.03)
    (text,) = scale_notices(sample, Standardization.of(sample))
    assert "in 10 of 10,000 reference events" in text


def test_a_peak_with_a_long_tail_keeps_its_scale_and_is_told():
    """An invariant mass: a peak of width 2.5 and a tail to some thousand, whose last 0.1 % are most of the variance."""
    rng = np.random.default_rng(1)
    mass = np.where(rng.random(50_000) < 0.95, rng.normal(91.0, 2.5, 50_000), 60.0 * (1.0 + rng.pareto(2.0, 50_000)))
    sample = Sample(mass, features=("mll",))
    result = Standardization.of(sample)
    assert result.shift[0] == mass.mean() and result.scale[0] == pytest.approx(mass.std(), rel=1e-14)
    (text,) = scale_notices(sample, result)
    assert text.startswith("mll from ") and "in 50 of 50,000 reference events, beside the others" in text
    assert f"and sets its scale, {mass.std():.4g}, where half the central 68 % interval is 2." in text
    assert "Take its logarithm" in text and 'a narrower selection, where="mll < ' in text


def test_what_is_said_names_column_value_count_and_remedy():
    sample = stretched(-9999.0, n_far=80)
    (text,) = scale_notices(sample, Standardization.of(sample))
    assert text.startswith("pt = -9999 in 80 of 4,000 reference events, far outside the others (from 0.000")
    assert "its scale is half the central 68 % interval" in text
    assert 'leave such events out of reference, data and toys, where="pt != -9999"' in text
    assert "standardize=wilks.Standardization(shift, scale)" in text
    assert scale_notices(sample, Standardization([0.0], [2.0])) == ()  # somebody has looked


def test_what_is_said_of_several_values_and_of_few_that_weigh_little():
    x = np.random.default_rng(2).normal(100.0, 30.0, size=100_000)
    x[:3], x[3], x[4] = -999.0, -9999.0, 99999.0
    sample = Sample(x, features=("pt [GeV]",))
    (text,) = scale_notices(sample, Standardization.of(sample))
    assert text.startswith("pt [GeV] = -9999 (1), -999 (3), 99999 (1) in 5 of 100,000 reference events")
    assert 'where="`pt [GeV]` > -999 and `pt [GeV]` < 99999"' in text
    (text,) = scale_notices(Sample(x, features=("pt ` GeV",)), Standardization.of(sample))
    assert "where" not in text
    for name, told in {"pt": "pt", "log(pt)": "log(pt)", "lambda": "`lambda`", "min": "`min`"}.items():
        (text,) = scale_notices(Sample(x, features=(name,)), Standardization.of(sample))
        assert f'where="{told} > -999 and {told} < 99999"' in text
    little = np.append(np.random.default_rng(2).normal(100.0, 30.0, size=100_000), -2_000.0)
    result = Standardization.of(Sample(little))
    assert float(result.scale[0]) == pytest.approx(little.std(), rel=1e-12)
    assert "its scale" not in scale_notices(Sample(little), result)[0]


def test_standardized_events_end_where_squares_and_sums_can_be_trusted():
    result = Standardization([0.0], [2.0])
    events = np.array([[4.0], [-1e300], [1.7e308]])
    assert result.apply(events).tolist() == [[2.0], [-1e6], [1e6]]
    assert Standardization.identity(1).apply(events).tolist() == events.tolist()


def test_identity_and_round_trip_through_json():
    events = np.array([[1.0, 2.0]])
    assert Standardization.identity(2).apply(events).tolist() == events.tolist()
    result = Standardization([0.1, 1 / 3], [1e-3, 7.0])
    again = Standardization.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.to_dict() == result.to_dict() and again.n_features == 2


@pytest.mark.parametrize(
    ("shift", "scale"),
    [([0.0], [0.0]), ([0.0], [-1.0]), ([np.nan], [1.0]), ([0.0], [np.inf]), ([0.0], [1.0, 1.0]), ([], [])],
)
def test_impossible_scales_are_refused(shift, scale):
    with pytest.raises(SampleError, match=r"shift and scale|every shift"):
        Standardization(shift, scale)


def test_wrong_shapes_and_documents_are_refused():
    with pytest.raises(SampleError, match=r"shape \(n, 2\)"):
        Standardization.identity(2).apply(np.ones((3, 1)))
    with pytest.raises(SampleError, match="exactly 'shift' and 'scale'"):
        Standardization.from_dict({"shift": [0.0]})

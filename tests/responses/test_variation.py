"""Varied samples, and what is wrong with some."""

import numpy as np
import pytest

from wilks.errors import InputError, SampleError, WilksWarning
from wilks.nuisances import Nuisance
from wilks.responses import Variation, bin_responses, study_responses, variations_from_weights
from wilks.responses.variation import check_variations, points_of, warn_if_one_sided
from wilks.samples import Origin, Sample, split

SCALE = [Nuisance("scale", 0.05)]
TOLD = Origin(("x.npz",), None, None, {}, None, 20_000, 20_000, expected_events=2_000.0)
SAMPLE = Sample([1.0, 2.0], [2.0, 4.0], features=("x",), extras={"nominal": [1.0, 2.0], "up": [1.5, 2.0]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "values must name nuisances"),
        ("scale", "values must name nuisances"),
        ({"scale": np.nan}, "the value of 'scale' must be a finite number, but nan came"),
        ({"scale": True}, "must be a finite number"),
        ({"scale": 0.0, "offset": 0.0}, "must move a nuisance, but all its values are 0"),
    ],
)
def test_bad_values(values, message):
    with pytest.raises(InputError, match=message):
        Variation(values, SAMPLE)


def test_bad_samples():
    with pytest.raises(InputError, match=r"sample at scale = 0.1 must have events .* but 0 events"):
        Variation({"scale": 0.1}, Sample(np.empty((0, 1)), features=("x",)))
    with pytest.raises(InputError, match="a sum of -1 came"):
        Variation({"scale": 0.1}, Sample([1.0, 2.0], [-2.0, 1.0]))
    with pytest.raises(InputError, match=r"must be a wilks\.Sample"):
        Variation({"scale": 0.1}, np.zeros(3))
    with pytest.raises(SampleError, match="must be finite"):
        Variation.reweighted({"scale": 0.1}, SAMPLE, event_weights=[np.nan, 1.0])


def test_values_cannot_be_changed():
    with pytest.raises(TypeError):
        Variation({"scale": 0.1}, SAMPLE).values["scale"] = 0.2


def test_weight_columns_are_weights_or_follow_the_nominal_one():
    (plain,) = variations_from_weights(SAMPLE, {"up": {"scale": 1.0}})
    assert plain.sample.event_weights.tolist() == [1.5, 2.0]
    (scaled,) = variations_from_weights(SAMPLE, {"up": {"scale": 1.0, "offset": -1.0}}, nominal="nominal")
    assert scaled.sample.event_weights.tolist() == [3.0, 4.0]
    assert scaled.describe() == "scale = 1, offset = -1" and "up" in scaled.sample.extras


def test_bad_weight_columns():
    with pytest.raises(SampleError, match="no column 'down'"):
        variations_from_weights(SAMPLE, {"down": {"scale": -1.0}})
    lost = Sample([1.0, 2.0], extras={"nominal": [0.0, 1.0], "up": [1.0, 1.0]})
    with pytest.raises(InputError, match="but 1 events have"):
        variations_from_weights(lost, {"up": {"scale": 1.0}}, nominal="nominal")
    both_zero = Sample([1.0, 2.0], extras={"nominal": [0.0, 1.0], "up": [0.0, 2.0]})
    (varied,) = variations_from_weights(both_zero, {"up": {"scale": 1.0}}, nominal="nominal")
    assert varied.sample.event_weights.tolist() == [0.0, 2.0]


def test_variations_belong_to_reference_and_nuisances():
    nuisances = [Nuisance("scale", 0.1)]
    with pytest.raises(InputError, match="there must be variations of scale, but none came"):
        check_variations(SAMPLE, nuisances, [])
    with pytest.raises(InputError, match=r"must be wilks\.Variation"):
        check_variations(SAMPLE, nuisances, [SAMPLE])
    with pytest.raises(InputError, match=r"features of the reference, x, in this order, but it has y"):
        check_variations(SAMPLE, nuisances, [Variation({"scale": 0.1}, Sample([1.0], features=("y",)))])
    with pytest.raises(InputError, match=r"to be learned \(scale\), but 'shift' came"):
        check_variations(SAMPLE, nuisances, [Variation({"shift": 0.1}, SAMPLE)])


def test_points_and_one_sided_points():
    both = [Variation({"a": 0.1}, SAMPLE), Variation({"b": -0.2, "a": -0.1}, SAMPLE)]
    points = points_of(["a", "b"], both)
    assert points.tolist() == [[0.1, 0.0], [-0.1, -0.2]]
    with pytest.warns(WilksWarning, match="all samples of 'b' lie below 0"):
        warn_if_one_sided(["a", "b"], points)


def test_yields_of_unlike_parts_are_warned_of(reference, make_variations):
    """Half of the reference beside whole variations: its systematic would be a factor of 2, and no shape."""
    half, _ = split(reference, n_first=reference.n_events // 2, seed=1)
    variations = make_variations(0.05, -0.05)
    options = {"order": 1, "variations": variations, "edges": {"x": 5}, "accept_poor": True}
    with pytest.warns(WilksWarning, match=r"the variation scale = -?0.05 has [12]\.\d+ times the yield"):
        bin_responses(half, SCALE, **options)
    bin_responses(half.rescaled(reference.expected_events), SCALE, **options)
    bin_responses(half, SCALE, yields_from_samples=False, **options)

    part = Sample(reference.events[:16_000], reference.event_weights[:16_000], features=("x",), origin=TOLD)
    with pytest.warns(WilksWarning, match=r"read with expected_events=2000, but its weights now sum to 1600"):
        bin_responses(part, SCALE, **options)


def test_a_carried_column_with_one_value_is_not_compared(reference, make_variations):
    def with_year(sample):
        extras = {"year": np.full(sample.n_events, 2018.0)}
        return Sample(sample.events, sample.event_weights, features=("x",), extras=extras)

    reference = with_year(reference)
    variations = [Variation(one.values, with_year(one.sample)) for one in make_variations(0.05, -0.05)]
    (found,) = study_responses(reference, SCALE, variations=variations).nuisances
    assert [one.name for one in found.columns] == ["x"]
    with pytest.raises(InputError, match="'year' must vary to be compared, but has one value"):
        study_responses(reference, SCALE, variations=variations, columns=["year"])

"""The model: its options, what it takes from a reference, what it says of it."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.statistics import family_of, known_nulls, statistic_from_dict


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"edges": np.linspace(0, 1, 5)}, r"one list of numbers for each feature.*edges=\(edges_x,\) for one feature"),
        ({"edges": ()}, "one list of numbers for each feature"),
        ({"edges": ("ab",)}, "one list of numbers for each feature"),
        ({"edges": ((0.0,),)}, "two or more ascending numbers"),
        ({"edges": ((0.0, 0.0),)}, "ascending"),
        ({"edges": ((0.0, float("nan"), 1.0),)}, "ascending"),
        ({"edges": ((-np.inf, np.inf, np.inf),)}, "ascending"),
        ({"edges": ((0.0, "1"),)}, "ascending"),
        ({"n_bins": 0}, "n_bins must be a whole number of at least 1"),
        ({"n_bins": 3, "edges": ((0.0, 1.0),)}, "but both came; leave one out"),
        ({"binning": "regular", "edges": ((0.0, 1.0),)}, "but both came"),
        ({"binning": "log"}, "binning must be one of quantiles, regular, but 'log' came"),
    ],
)
def test_options_outside_their_limits_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        wilks.Histogram(**options)


@pytest.mark.parametrize(
    "model",
    [
        wilks.Histogram(),
        wilks.Histogram(n_bins=7, binning="regular"),
        wilks.Histogram(edges=([-np.inf, 0, 1, np.inf], np.array([0.5, 2]))),
    ],
)
def test_a_model_is_its_document(model):
    assert statistic_from_dict(model.to_dict()) == model and hash(statistic_from_dict(model.to_dict())) == hash(model)
    assert family_of("histogram") is wilks.Histogram


def test_what_is_taken_from_the_reference(make_analysis):
    free = make_analysis(wilks.Histogram())
    assert free.n_parameters == 20 and free.model == wilks.Histogram() and not free.model.is_penalized
    assert free.model.describe() == "histogram of 20 bins of equal expected events"
    regular = make_analysis(wilks.Histogram(binning="regular"))
    assert regular.model.describe() == "histogram of 9 bins of equal size, joined where the reference is poor"
    given = make_analysis(wilks.Histogram(edges=((0.0, 1.0, np.inf),)))
    assert given.n_parameters == 2 and given.fingerprint() != free.fingerprint()
    with pytest.raises(InputError, match=r"belong to a reference: take the model of a wilks.Analysis"):
        wilks.Histogram().n_parameters(1)
    with pytest.raises(InputError, match="params must be 2 numbers"):
        given.log_ratio(np.array([[1.0]]), np.zeros(3))


def test_a_bin_without_reference_is_refused_by_name(make_analysis):
    words = (
        r"in 2 of 4 the sum of its weights is not positive \(-5 <= x < -4: 0; 50 <= x <= 60: 0\); give edges that join"
    )
    with pytest.raises(InputError, match=words):
        make_analysis(wilks.Histogram(edges=((-5.0, -4.0, 1.0, 50.0, 60.0),)))
    x = np.random.default_rng(0).exponential(size=600)
    negative = wilks.Sample(x, np.where(x > 3.0, -0.1, 1.0), features=["x"])
    with pytest.raises(InputError, match=r"3 <= x <= 9: -0.\d"):
        make_analysis(wilks.Histogram(edges=((0.0, 3.0, 9.0),)), reference=negative)


def test_what_must_be_known_is_said(make_analysis):
    analysis = make_analysis(wilks.Histogram(edges=((0.5, 1.0, 5.0, 6.0),)))
    data = wilks.Sample(np.array([0.1, 0.7, 2.0, 7.0]), features=["x"])
    few, outside = analysis.model.notices(analysis.problem, data)
    assert few.startswith(
        "1 of the 3 bins of the histogram rest on fewer than 10 effective events of the reference (5 <="
    )
    assert outside.startswith("2 of 4 data events, and ") and "where f = 0" in outside
    assert analysis.model.notices(analysis.problem, None)[1][0].isdigit()
    answer = wilks.goodness_of_fit(analysis, data, calibration=_calibration(analysis))
    assert few in answer.warnings and outside in answer.warnings
    everywhere = make_analysis(wilks.Histogram())
    assert everywhere.model.notices(everywhere.problem, data) == ()


def _calibration(analysis):
    return wilks.calibrate([1.0, 2.0, 3.0], degrees_of_freedom=3)


def test_messages_name_what_is_known_without_toys(make_analysis):
    nuisance = wilks.normalization("norm", sigma=0.1)
    analysis = make_analysis(wilks.Histogram(), nuisances=(nuisance,))
    assert not analysis.model.has_law(is_profiled=True) and analysis.model.has_law(is_profiled=False)
    with pytest.raises(wilks.CalibrationError, match=r"without toys for wilks\.Kernel"):
        wilks.goodness_of_fit(analysis, np.ones((50, 1)))
    assert known_nulls() == "wilks.Kernel(is_score=True) or wilks.Histogram() without nuisances"

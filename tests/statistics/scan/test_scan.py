"""The model: its options, what it takes from a reference, what it says of it."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.statistics import family_of, statistic_from_dict

from tests.statistics.scan.conftest import EDGES


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"features": ()}, r"one name or two that differ, such as features=\(\"mass\",\), but \(\) came"),
        ({"features": "x"}, "one name or two that differ"),
        ({"features": ("x", "x")}, "one name or two that differ"),
        ({"features": ("x", "y", "z")}, "one name or two"),
        ({"edges": np.linspace(0, 1, 5)}, "edges of a scan must be one list of numbers for each feature"),
        ({"edges": ((0.0, 0.0),)}, "ascending"),
        ({"n_bins": 3, "edges": ((0.0, 1.0),)}, "but both came; leave one out"),
        ({"binning": "quantiles", "edges": ((0.0, 1.0),)}, "but both came"),
        ({"binning": "log"}, "binning must be one of quantiles, regular, but 'log' came"),
        ({"deviations": "up"}, "deviations must be one of both, excesses, deficits, but 'up' came"),
        ({"narrowest": 3, "widest": 2}, "widest must be at least narrowest, 3, but 2 came"),
        ({"narrowest": 0}, "narrowest must be a whole number of at least 1"),
        ({"least_effective": 0.0}, "least_effective must be a positive number"),
    ],
)
def test_options_outside_their_limits_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        wilks.Scan(**options)


@pytest.mark.parametrize(
    "model",
    [
        wilks.Scan(),
        wilks.Scan(features=["x"], n_bins=7, binning="quantiles", widest=3, deviations="deficits"),
        wilks.Scan(edges=([-np.inf, 0, 1, np.inf], np.array([0.5, 2])), least_effective=25),
    ],
)
def test_a_model_is_its_document(model):
    assert statistic_from_dict(model.to_dict()) == model and hash(statistic_from_dict(model.to_dict())) == hash(model)
    assert family_of("scan") is wilks.Scan


def test_what_is_taken_from_the_reference(make_analysis):
    free = make_analysis(wilks.Scan())
    assert free.n_parameters == 40 and free.model == wilks.Scan() and free.model.regions.n_regions < 820
    assert free.model.describe() == f"scan for excesses and deficits, {free.model.regions.n_regions} regions of 40 bins"
    given = make_analysis(wilks.Scan(edges=((0.0, 1.0, np.inf),), features=("x",), deviations="excesses"))
    assert given.model.describe() == "scan of x for excesses, 3 regions of 2 bins"
    assert given.fingerprint() != free.fingerprint()
    few = make_analysis(wilks.Scan(edges=(EDGES,), narrowest=2, widest=3))
    assert few.model.regions.n_regions == 7 + 6
    for name in ("bins", "regions"):
        with pytest.raises(InputError, match=rf"the {name} of a scan belong to a reference"):
            getattr(wilks.Scan(), name)
    assert wilks.Scan(edges=((0.0, 1.0, 2.0),)).describe() == "scan for excesses and deficits, 2 bins"


def test_features_that_cannot_be_scanned_are_refused(make_analysis):
    reference = wilks.Sample(np.random.default_rng(0).normal(size=(300, 3)), features=["a", "b", "c"])
    with pytest.raises(InputError, match=r"one feature or two, but the analysis has 3: name them, as features=\('a'"):
        make_analysis(wilks.Scan(), reference=reference)
    with pytest.raises(InputError, match="must be among those of the analysis, a, b, c, but mass came"):
        make_analysis(wilks.Scan(features=("mass",)), reference=reference)
    with pytest.raises(InputError, match="one array for each scanned feature, a, c, but there are 1"):
        make_analysis(wilks.Scan(features=("a", "c"), edges=((0.0, 1.0),)), reference=reference)
    analysis = make_analysis(wilks.Scan(features=("c", "a"), n_bins=5), reference=reference)
    assert analysis.n_parameters == 25 and analysis.model.describe().startswith("scan of c, a for")


def test_regions_rest_on_enough_of_the_reference(make_analysis):
    """600 events: every run of bins with 100 of them, and no other."""
    analysis = make_analysis(wilks.Scan(edges=(EDGES,), least_effective=100.0))
    x = analysis.reference.events[:, 0]
    counts = np.histogram(x, EDGES)[0]
    regions = analysis.model.regions
    kept = {regions.ends(index)[0] for index in range(regions.n_regions)}
    expected = {(i, j) for i in range(8) for j in range(i + 1, 9) if counts[i:j].sum() >= 100}
    assert kept == expected
    with pytest.raises(InputError, match="some region must rest on 700 effective events of the reference, but of 36"):
        make_analysis(wilks.Scan(edges=(EDGES,), least_effective=700.0))


def test_what_lies_outside_is_said(make_analysis):
    analysis = make_analysis(wilks.Scan(edges=((0.5, 1.0, 5.0),)))
    (outside,) = analysis.model.notices(analysis.problem, wilks.Sample(np.array([0.1, 0.7, 7.0]), features=["x"]))
    assert outside.startswith("2 of 3 data events, and ") and "where f = 0" in outside
    everywhere = make_analysis(wilks.Scan())
    assert everywhere.model.notices(everywhere.problem, None) == ()


def test_there_is_no_law_without_toys_and_no_chi_square(make_analysis, make_data):
    source = wilks.Generator("wilks.problems.exponential:background")
    analysis = make_analysis(wilks.Scan(edges=(EDGES,)), toy_source=source)
    assert not analysis.model.has_law(is_profiled=False) and analysis.model.is_combined
    toys = wilks.campaign.toys_here(analysis, wilks.Null(), n_toys=300, seed=2)
    calibration = wilks.calibrate(toys)
    assert calibration.compatibility is None and toys.n_failed == 0
    answer = wilks.goodness_of_fit(analysis, make_data(2, n_peak=0), calibration=calibration)
    (region,) = answer.fit.regions
    assert answer.p_value > region.p_value, "the trials factor"
    document = answer.to_dict()
    assert document["over_local_p"] == pytest.approx(answer.p_value / region.p_value, rel=1e-9)
    assert f"{region.where} " in str(answer) and "the best of 36" in str(answer)
    with pytest.raises(wilks.CalibrationError, match="made of several statistics"):
        calibration.chi2(3.0, force=True)


@pytest.mark.nightly
def test_splitting_reaches_where_toys_do_not(make_analysis, make_data):
    source = wilks.Generator("wilks.problems.exponential:background")
    analysis = make_analysis(wilks.Scan(edges=(EDGES,)), toy_source=source)
    answer = wilks.goodness_of_fit(analysis, make_data(2, n_peak=30), reach=1e-7)
    assert answer.method == "splitting" and answer.p_value < 1e-3

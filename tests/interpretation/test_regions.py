import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import wilks
from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting import fit
from wilks.interpretation import ColumnRange, LearnedRatio, Region, most_discrepant_region
from wilks.nuisances import LogYield, Nuisance, Nuisances, normalization
from wilks.samples import Sample
from wilks.search import Search
from wilks.significance import on_off_z_score
from wilks.statistics.fits import FittedNuisance
from wilks.statistics.linear import Kernel, KernelSet
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

from tests.lab.responses import Slope


def observed(*, n=2000, signal=(), seed=3):
    x = np.concatenate([np.random.default_rng(seed).exponential(size=n), signal])
    return Sample(x, features=("x",), extras={"mass": 10.0 + x, "other": x})


@pytest.fixture(scope="module")
def data():
    """40 events at 6.4, where the reference expects 2."""
    return observed(signal=np.random.default_rng(4).normal(6.4, 0.16, size=40))


@pytest.fixture(scope="module")
def region(analysis, data):
    return most_discrepant_region(analysis, data, fit=fit(analysis, data))


def test_a_peak_is_found_where_it_is(region, data):
    assert region.is_excess and region.local_z_score > 8.0
    x = region.columns[0]
    assert x.name == "x" and 6.0 < x.inside[0] < x.inside[1] < 6.8
    assert x.at_extreme == pytest.approx(6.4, abs=0.3) and x.overall[1] < 2.5
    assert np.mean(region.contains(data)[-40:]) > 0.9


def test_the_numbers_are_those_of_the_events_inside(region, analysis, data):
    inside, reference = region.contains(data), analysis.reference
    weights = reference.event_weights[region.contains(reference)]
    assert region.n_observed == inside.sum()
    assert region.n_expected == pytest.approx(weights.sum())
    assert region.n_expected_error == pytest.approx(np.sqrt(np.sum(weights**2)))
    b, variance = weights.sum(), np.sum(weights**2)
    assert region.local_z_score == pytest.approx(on_off_z_score(region.n_observed, b**2 / variance, tau=b / variance))
    f = np.concatenate([region.learned.data[inside], region.learned.reference[region.contains(reference)]])
    assert region.log_ratio_range == (f.min(), f.max()) and region.threshold < f.min()
    assert region.columns[0].inside == tuple(np.quantile(data.column("x")[inside], [0.16, 0.84], method="inverted_cdf"))


def test_no_threshold_of_either_sign_has_a_larger_z(region):
    f, g, w = region.learned.data, region.learned.reference, region.learned.reference_weights
    for cut in np.quantile(np.concatenate([f, g]), np.linspace(0.001, 0.999, 300)):
        for sign in (1.0, -1.0):
            inside = w[sign * g >= sign * cut]
            n, b, variance = np.sum(sign * f >= sign * cut), inside.sum(), np.sum(inside**2)
            if b**2 > 10 * variance:
                z = on_off_z_score(n, b**2 / variance, tau=b / variance)
                best = region.excess if n >= b else region.deficit
                assert abs(z) <= abs(best.local_z_score) + 1e-9


def test_both_signs_are_at_hand(region):
    assert region.excess is region and region.deficit is region.opposite
    other = region.deficit
    assert not other.is_excess and other.local_z_score < 0 and other.n_observed < other.n_expected
    assert other.deficit is other and other.excess is None


def test_columns_are_those_that_both_samples_have(region):
    assert [one.name for one in region.columns] == ["x", "mass"]
    x, mass = region.columns
    assert mass.inside == pytest.approx(tuple(10.0 + value for value in x.inside))


def test_any_sample_with_the_features_can_be_asked(region, data):
    x = data.column("x")
    other = Sample(np.zeros((x.size, 1)), features=("y",), extras={"x": x})
    assert np.array_equal(region.contains(other), region.contains(data))
    parts = [region.contains(data.take(np.arange(x.size) % 7 == k)).sum() for k in range(7)]
    assert sum(parts) == region.n_observed
    assert region.contains(Sample(np.empty(0), features=("x",))).shape == (0,)
    with pytest.raises(InputError, match="no column 'x'"):
        region.contains(Sample([1.0], features=("y",)))


def test_a_hole_is_a_deficit_and_described_by_the_reference(analysis):
    full = observed(n=2200)
    x = full.column("x")
    data = full.take((x < 0.8) | (x > 1.4))
    region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    assert not region.is_excess and region.local_z_score < -8.0
    inside = region.columns[0].inside
    assert 0.7 < inside[0] < inside[1] < 1.5 and 0.8 < region.columns[0].at_extreme < 1.4


def test_a_peak_in_two_features_is_found():
    rng = np.random.default_rng(5)
    events = rng.normal(size=(20_000, 2))
    reference = Sample(events, np.full(20_000, 0.1), features=("a", "b"), extras={"radius": np.hypot(*events.T)})
    analysis = Analysis(reference=reference, model=Kernel(n_centers=100, width=0.6, ridge=3.0))
    events = np.concatenate([rng.normal(size=(2000, 2)), rng.normal((1.5, -1.2), 0.2, size=(80, 2))])
    data = Sample(events, features=("a", "b"), extras={"radius": np.hypot(*events.T)})
    region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    a, b, radius = region.columns
    assert region.local_z_score > 8.0 and np.mean(region.contains(data)[-80:]) > 0.6
    assert a.at_extreme == pytest.approx(1.5, abs=0.5) and b.at_extreme == pytest.approx(-1.2, abs=0.5)
    assert a.inside[0] > 0.5 and b.inside[1] < 0.0 and radius.name == "radius"


@pytest.mark.nightly  # every family in tests/contract/test_verbs.py
def test_a_small_network_finds_it_too(reference, data):
    search = Search(n_starts=4, n_kept=4, seed=0)
    model = MLP(hidden=(3,), weight_clip=9.0)
    analysis = Analysis(reference=reference, model=model, standardize=False, search=search)
    region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    assert region.is_excess and region.local_z_score > 5.0 and region.columns[0].inside[1] > 6.0
    assert np.mean(region.contains(data)[-40:]) > 0.8


def test_a_set_of_kernels_is_asked_for_its_mean_f(reference, data):
    analysis = Analysis(reference=reference, model=KernelSet(widths=(0.3, 1.0), n_centers=(40, 20)))
    fitted = fit(analysis, data)
    region = most_discrepant_region(analysis, data, fit=fitted)
    parts = [np.split(fitted.params, [40])[k] for k in range(2)]
    groups = [one[0] for one in analysis.model.groups]
    x = analysis.standardization.apply(data.events)
    mean = sum(one.map.values(x) @ part for one, part in zip(groups, parts, strict=True)) / 2
    assert np.allclose(region.learned.data, mean) and region.is_excess


def test_the_reference_is_moved_to_the_nuisances_of_tau(reference, data, make_fit):
    parameters = (Nuisance("slope", 0.1), normalization("norm", sigma=0.05))
    nuisances = Nuisances(parameters, Slope(), LogYield(("slope",), ((1,),), (0.0,)))
    analysis = Analysis(reference=reference, model=MLP(hidden=(1,), weight_clip=3.0), nuisances=nuisances)
    values = {"slope": 0.08, "norm": 0.03}
    fitted = tuple(FittedNuisance(name, value, 0.1, 0.0, 1.0) for name, value in values.items())
    params = np.array([2.0, -1.0, 1.5, -0.4])
    region = most_discrepant_region(
        analysis, data, fit=make_fit(analysis, params, n_events=data.n_events, nuisances=fitted)
    )
    w, x = reference.event_weights, reference.column("x")
    slope = np.exp(0.08 * x) * w.sum() / np.sum(w * np.exp(0.08 * x))
    moved = w * slope * np.exp(0.03)
    assert np.allclose(analysis.moved_weights(values), moved)
    assert region.learned.expected_events == pytest.approx(w.sum() * np.exp(0.03))
    assert region.n_expected == pytest.approx(moved[region.contains(reference)].sum())
    assert "of 2,060.91 at the nuisances of tau" in str(region)


def test_fitted_nuisances_are_those_of_the_fit(reference, data):
    nuisances = (normalization("norm", sigma=0.1),)
    analysis = Analysis(reference=reference, model=Kernel(n_centers=30, width=0.3, ridge=1.0), nuisances=nuisances)
    fitted = fit(analysis, data)
    region = most_discrepant_region(analysis, data, fit=fitted)
    assert region.learned.expected_events == pytest.approx(2000.0 * np.exp(fitted.nuisances[0].value))


def test_an_f_that_is_everywhere_the_same_leaves_everything(reference, make_fit):
    analysis = Analysis(reference=reference, model=MLP(hidden=(2,)))
    params = np.zeros(analysis.n_parameters)
    for n in (2100, 1900):
        region = most_discrepant_region(analysis, observed(n=n), fit=make_fit(analysis, params, n_events=n))
        assert region.is_excess == (n > 2000) and region.opposite is None
        assert region.n_observed == n and region.n_expected == pytest.approx(2000.0)
        assert np.sign(region.local_z_score) == (1 if region.is_excess else -1)
        assert json.dumps(region.to_dict(), allow_nan=False)


def test_an_f_that_is_everywhere_positive_works(analysis):
    data = observed(n=4000)
    region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    assert np.all(region.learned.data > 0) and region.is_excess and region.local_z_score > 25.0


def test_one_event_is_enough(analysis):
    data = observed(n=0, signal=(6.4,))
    region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    assert not region.is_excess and region.n_observed == 0 and region.local_z_score < -25.0
    assert region.excess.n_observed == 1 and region.excess.columns[0].inside == (6.4, 6.4)


def test_data_beyond_the_reference_have_a_finite_z(analysis, make_fit):
    """f of one Gaussian beyond all reference events, where b is 0."""
    x = analysis.reference.column("x")
    far = Analysis(reference=analysis.reference, model=MLP(hidden=(1,), weight_clip=9.0), standardize=False)
    data = Sample(np.append(x[:100], [30.0, 31.0]), features=("x",))
    params = np.array([1.0, -25.0, 3.0, 0.0])
    excess = most_discrepant_region(far, data, fit=make_fit(far, params, n_events=102)).excess
    assert excess.n_observed == 2 and excess.n_expected == 0.0 and excess.n_expected_error == 0.0
    assert excess.local_z_score == pytest.approx(np.sqrt(4.0 * np.log(11.0)))
    assert "  expected  0 of 2,000\n" in str(excess)


def test_negative_weights_are_counted_as_they_are(reference, make_fit, data):
    weights = np.where(np.arange(20_000) % 5 == 0, -0.1, 0.15)
    mixed = Sample(reference.events, weights, features=("x",))
    analysis = Analysis(reference=mixed, model=MLP(hidden=(1,)))
    fitted = make_fit(analysis, np.array([1.0, 0.0, 1.0, 0.0]), n_events=data.n_events)
    region = most_discrepant_region(analysis, data, fit=fitted)
    assert region.n_expected == pytest.approx(weights[region.contains(mixed)].sum()) and region.n_expected > 0


def test_what_cannot_be_used_is_named(analysis, data, make_fit):
    fitted = make_fit(analysis, np.zeros(60), n_events=data.n_events)
    failed = replace(fitted, status=FitStatus.NOT_CONVERGED, t=np.nan)
    for broken, message in (
        (failed, "needs the f of a converged fit, but this one failed: the best start"),
        (replace(fitted, fingerprint="abc"), "must be of this analysis, .* but it is of abc"),
        (replace(fitted, n_events=7), "those of the fit, which had 7 events, but 2,040 came"),
        (SimpleNamespace(fit=fitted), "fit must be what wilks.fit returns, but SimpleNamespace came"),
    ):
        with pytest.raises(InputError, match=message):
            most_discrepant_region(analysis, data, fit=broken)
    with pytest.raises(InputError, match="at least one event"):
        most_discrepant_region(analysis, Sample(np.empty(0), features=("x",)), fit=fitted)
    with pytest.raises(InputError, match="'x' is missing"):
        most_discrepant_region(analysis, Sample([1.0], features=("pt",)), fit=fitted)


def test_plain_values_survive_json(region):
    document = json.loads(json.dumps(region.to_dict(), allow_nan=False))
    assert document["n_observed"] == region.n_observed and document["n_data"] == 2040
    assert document["opposite"]["is_excess"] is False and document["opposite"]["opposite"] is None
    assert document["columns"][0] == region.columns[0].to_dict()


def test_the_front_door_has_it():
    assert wilks.most_discrepant_region is most_discrepant_region and wilks.Region is Region


def chosen_region(analysis, *, is_excess, opposite=None):
    learned = LearnedRatio(analysis, np.zeros(1), np.zeros(1991), np.zeros(2), np.array([1500.0, 500.0]))
    columns = (
        ColumnRange("pt1", (210.0, 480.0), (34.0, 121.5), 333.0),
        ColumnRange("invariant_mass", (881.0, 1204.0), (90.5, 301.0), 1012.0),
    )
    numbers = (1.04, 6, 0.7, 0.118, 3.8) if is_excess else (-0.0362, 1320, 1425.2, 2.93, -5.29)
    return Region(is_excess, *numbers, (1.05, 1.5), columns, learned, opposite)


def test_it_prints_as_tables_and_sentences(analysis):
    region = chosen_region(analysis, is_excess=True, opposite=chosen_region(analysis, is_excess=False))
    assert (
        str(region)
        == """\
Most discrepant region: excess, f >= 1.04
  observed        6 of 1,991 data events
  expected        0.70 +- 0.12 of 2,000
  local Z         3.80
  f               1.05 to 1.5

  column          largest f  data in the region  all data
  pt1             333        210 to 480          34 to 121.5
  invariant_mass  1012       881 to 1204         90.5 to 301

The ranges hold the central 68 % of the data events.
Z is local: f was fitted to these data and the region chosen among them, so that large values
come without any discrepancy. It describes; the p-value is that of t.
Largest deficit: f <= -0.0362, 1,320 observed, 1,425.2 +- 2.9 expected, local Z -5.29."""
    )
    deficit = str(region.deficit)
    assert "column          smallest f  reference in the region  all reference" in deficit
    assert "the central 68 % of the reference events, by weight." in deficit and "Largest" not in deficit

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.interpretation import bootstrap_fits, compare_fits, projected_ratio, region_stability, smallest_region
from wilks.interpretation.learned import reference_log_ratios
from wilks.interpretation.projection import with_bands
from wilks.interpretation.refits import Refits
from wilks.samples import Sample

EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def analysis():
    rng = np.random.default_rng(5)
    x = rng.uniform(size=4000)
    reference = Sample(x, features=["x"], extras={"y": x**2, "holes": np.where(x < 0.5, x, np.nan)})
    return wilks.Analysis(reference=reference, model=wilks.Histogram(edges=(EDGES,)), expected_events=400.0)


@pytest.fixture(scope="module")
def data():
    x = np.concatenate([np.random.default_rng(6).uniform(size=400), np.full(60, 0.6)])
    return Sample(x, features=["x"], extras={"y": x**2, "holes": np.where(x < 0.5, x, np.nan)})


@pytest.fixture(scope="module")
def refits(analysis, data):
    return bootstrap_fits(analysis, data, fit=wilks.fit(analysis, data), n_refits=400)


def test_the_scatter_of_counts_is_that_of_poisson(analysis, data, refits):
    """e^f = n/b in a bin, whose error is sqrt(n)/b."""
    fit = wilks.fit(analysis, data)
    n = np.histogram(data.events[:, 0], EDGES)[0]
    spread = np.std(np.exp([one.params for one in refits.fits]), axis=0)
    np.testing.assert_allclose(spread, np.sqrt(n) / analysis.engine.expected, rtol=0.15)
    found = projected_ratio(analysis, data, feature="x", fit=fit, refits=refits)
    low, high = found.tau_band
    inside = np.searchsorted(EDGES, found.binning.centers) - 1
    np.testing.assert_allclose(0.5 * (high - low), spread[inside], rtol=0.25)


def test_bands_stand_on_columns_that_are_no_inputs(analysis, data, refits):
    fit = wilks.fit(analysis, data)
    for name in ("y", "holes"):
        found = projected_ratio(analysis, data, feature=name, fit=fit, refits=refits)
        assert np.all(found.tau_band[1] > found.tau_band[0]) and found.columns()["tau_low"].size == found.binning.n_bins
    assert found.n_lacking[1] > 0
    with pytest.raises(InputError, match="not one of"):
        projected_ratio(analysis, data, feature="z", fit=fit)


def test_counts_are_those_of_the_set_of_events(analysis, data):
    plain = data.take(np.arange(400))  # no two of which are equal
    order = np.random.default_rng(7).permutation(400)
    turned = plain.take(order)
    first, second = (
        bootstrap_fits(analysis, one, fit=wilks.fit(analysis, one), n_refits=3, seed=2) for one in (plain, turned)
    )
    assert [one.t for one in first.fits] == pytest.approx([one.t for one in second.fits], rel=1e-12)
    assert np.array_equal(first.multiplicity[:, order], second.multiplicity)
    assert first.multiplicity.mean() == pytest.approx(1.0, abs=0.1)


def test_auxiliary_measurements_fluctuate_with_the_data(data):
    reference = Sample(np.random.default_rng(5).uniform(size=4000), features=["x"])
    counts = wilks.normalization("n", sigma=0.1)
    analysis = wilks.Analysis(
        reference=reference, model=wilks.Histogram(edges=(EDGES,)), expected_events=400.0, nuisances=[counts]
    )
    plain = data.without_extras()
    found = bootstrap_fits(analysis, plain, fit=wilks.fit(analysis, plain), n_refits=8)
    observed = np.array([one.observed[0] for one in found.fits])
    assert 0.03 < np.std(observed) < 0.2
    ratio = projected_ratio(analysis, plain, feature="x", fit=wilks.fit(analysis, plain), refits=found)
    assert ratio.delta is not None and np.ptp(ratio.delta) < 1e-12  # a normalization is the same everywhere
    assert np.all(ratio.delta_band[0] < ratio.delta) and np.all(ratio.delta < ratio.delta_band[1])


def test_a_region_that_all_refits_find_is_stable(analysis, data, refits):
    fit = wilks.fit(analysis, data)
    region = smallest_region(analysis, data, fit=fit)
    found = region_stability(region, data, refits=refits)
    assert region.rule.text == "x > 0.5 and x < 0.75" and np.median(found.overlap) > 0.5
    assert np.all(found.frequency[found.inside] > 0.9)


def test_refits_are_evaluated_on_the_reference_once(analysis, data, refits):
    first, second = (reference_log_ratios(analysis, fits=refits.fits) for _ in range(2))
    assert first is second and len(first) == refits.n_refits
    one = analysis.log_ratio(analysis.reference.events, refits.fits[1].params)
    np.testing.assert_allclose(first[1], one, rtol=1e-12, atol=1e-12)


def test_a_band_needs_two_refits(analysis, data, refits):
    one = Refits("Poisson bootstrap", refits.fits[:1], refits.multiplicity[:1], 3)
    with pytest.raises(InputError, match=r"at least two refits.*3 more failed"):
        with_bands(analysis, {}, refits=one)


def test_models_are_compared_on_one_reference(analysis, data):
    fit = wilks.fit(analysis, data)
    kernel = wilks.Kernel(n_centers=30, width=0.3)
    other = wilks.Analysis(reference=analysis.reference, model=kernel, expected_events=400.0)
    found = compare_fits((analysis, data, fit), (other, data, wilks.fit(other, data)))
    assert 0.2 < found.correlation < 1.0 and 0.0 < found.overlap < 1.0
    assert found.t_difference == pytest.approx(fit.t - wilks.fit(other, data).t)
    quiet = Sample(np.random.default_rng(8).uniform(size=400), features=["x"])
    unlike = compare_fits((analysis, data, fit), (analysis, quiet, wilks.fit(analysis, quiet)))
    assert unlike.correlation < found.correlation

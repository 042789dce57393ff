"""The null law of t: what it knows of nature, how often it raises a false alarm, how it travels. Keys are fixed."""

import math

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

import wilks
from wilks.laws import analytic_null, tilted_p_value
from wilks.significance import chi2_isf
from wilks.statistics.histogram.deviance import deviance
from wilks.statistics.histogram.law import HistogramLaw

LEVELS = np.array([0.1, 0.01, 0.001])


def reaching(law: HistogramLaw) -> np.ndarray:
    """t at which p is each level."""
    dof = law.degrees_of_freedom
    t = law.figures.mean / dof * np.array([chi2_isf(p, dof) for p in (0.25, 0.06, 0.01, 1e-3, 2e-5)])
    log_p = [law._sum.log_tail(float(one), is_rough=True).log_p for one in t]
    return PchipInterpolator(-np.array(log_p), t)(-np.log(LEVELS))


def rates(analysis: wilks.Analysis, places: np.ndarray, nature: np.ndarray, *, n: int, rng) -> np.ndarray:
    """How often t of n data sets of this nature, its expected events in the bins, reaches these places."""
    b = analysis.engine.expected
    t = deviance(rng.poisson(nature, size=(n, b.size)).astype(float), np.broadcast_to(b, (n, b.size))).sum(axis=1)
    return np.mean(t[:, None] >= places * (1 - 1e-9), axis=0)


def uniform(n: int, rng) -> wilks.Sample:
    return wilks.Sample(rng.uniform(size=n), features=["x"])


@pytest.mark.parametrize(
    ("ratio", "n_references"),
    [
        (2, 200),
        (50, 40),
        pytest.param(2, 600, marks=pytest.mark.nightly),
        pytest.param(5, 400, marks=pytest.mark.nightly),
    ],
)
def test_the_size_is_nominal_over_references_whose_bins_hold_equal_numbers(ratio, n_references):
    """The law is the same for all of them: contents are equal. Nature has what lies between the cuts."""
    rng, expected, found, places = np.random.default_rng(ratio), 100.0, [], None
    for _ in range(n_references):
        reference = uniform(100 * ratio, rng)
        analysis = wilks.Analysis(reference=reference, model=wilks.Histogram(n_bins=10), expected_events=expected)
        places = reaching(analytic_null(analysis)) if places is None else places
        tree, scale = analysis.model.bins, analysis.standardization
        cuts = np.sort(tree.cut) * scale.scale + scale.shift
        nature = expected * np.diff(np.concatenate([[0.0], cuts, [1.0]]))
        found.append(rates(analysis, places, nature, n=500, rng=rng))
    size, error = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(n_references)
    assert np.all(np.abs(size - LEVELS) < 4.0 * error + 0.04 * LEVELS), (size, error)


@pytest.mark.parametrize("n_references", [25, pytest.param(60, marks=pytest.mark.nightly)])
def test_the_size_is_nominal_over_references_with_given_edges(n_references):
    """Contents fluctuate, and with them b, by which t divides; 30 events of the reference in each bin."""
    rng, edges, found = np.random.default_rng(11), (np.linspace(0.0, 1.0, 11),), []
    for _ in range(n_references):
        analysis = wilks.Analysis(
            reference=uniform(300, rng), model=wilks.Histogram(edges=edges), expected_events=150.0
        )
        found.append(rates(analysis, reaching(analytic_null(analysis)), np.full(10, 15.0), n=4000, rng=rng))
    size, error = np.mean(found, axis=0), np.std(found, axis=0) / math.sqrt(n_references)
    assert np.all(np.abs(size - LEVELS) < 4.0 * error + 0.1 * LEVELS), (size, error)


def test_a_large_pool_tells_where_one_reference_is_off():
    """Given one reference far from nature, the law without a pool is wrong there; with a pool it is right."""
    rng, edges = np.random.default_rng(12), (np.linspace(0.0, 1.0, 9),)
    x = np.concatenate([rng.uniform(size=300), rng.uniform(0.0, 0.125, size=40)])  # nature is flat
    options = {"reference": wilks.Sample(x, features=["x"]), "model": wilks.Histogram(edges=edges)}
    nature = np.full(8, 25.0)
    known = wilks.Analysis(**options, expected_events=200.0, toy_source=uniform(60_000, rng))
    law = analytic_null(known)
    assert law.figures.known_share == pytest.approx(60_000 / 60_340)
    size = rates(known, reaching(law), nature, n=100_000, rng=rng)
    assert size == pytest.approx(LEVELS, rel=0.15)
    blind = wilks.Analysis(**options, expected_events=200.0)
    assert np.all(rates(blind, reaching(analytic_null(blind)), nature, n=20_000, rng=rng)[1:] > 1.5 * LEVELS[1:])


@pytest.mark.parametrize("n_toys", [800, pytest.param(2_000, marks=pytest.mark.nightly)])
def test_a_fixed_number_of_events_has_a_law_of_its_own(n_toys):
    rng = np.random.default_rng(13)
    pool = uniform(40_000, rng)
    analysis = wilks.Analysis(
        reference=uniform(2_000, rng), model=wilks.Histogram(n_bins=8), expected_events=200.0, toy_source=pool
    )
    law, free = analytic_null(analysis, n_events=200), analytic_null(analysis)
    assert (law.degrees_of_freedom, free.degrees_of_freedom) == (7, 8)
    assert law.figures.mean == pytest.approx(free.figures.mean - 1.0, abs=0.1)
    toys = wilks.campaign.toys_here(analysis, wilks.Null(n_events=200), n_toys=n_toys, seed=1)
    for level in (0.5, 0.1, 0.02):
        t = float(np.quantile(toys.t, 1.0 - level))
        assert law.p_value(t) == pytest.approx(level, abs=4.0 * math.sqrt(level / n_toys))
    assert "of 200 events" in " ".join(law.sentences(wilks.fit(analysis, rng.uniform(size=200)), law.answered(8.0)))


def test_weighted_references_enter_by_their_effective_numbers():
    rng = np.random.default_rng(14)
    weights = rng.lognormal(sigma=0.8, size=4_000)
    reference = wilks.Sample(rng.uniform(size=4_000), weights, features=["x"])
    analysis = wilks.Analysis(reference=reference, model=wilks.Histogram(n_bins=6), expected_events=300.0)
    law = analytic_null(analysis)
    effective = np.sum(weights) ** 2 / np.sum(weights**2)
    assert np.sum(law.shape) == pytest.approx(effective, rel=0.05)
    assert law.figures.mean == pytest.approx(6.0 + 5.0 * 300.0 / effective, rel=0.02)


def test_where_it_does_not_answer_it_says_why(make_analysis):
    few = make_analysis(wilks.Histogram(edges=((0.0, 1.0, 4.2, 5.0),)))
    refusal = analytic_null(few).probability(3.0)
    assert str(refusal).startswith(
        "it needs 10 effective events of reference and pool in every bin, but one bin rests on "
    )
    x = np.random.default_rng(0).exponential(size=600)
    negative = wilks.Sample(x, np.where(np.arange(600) % 10 == 0, -1.0, 1.0), features=["x"])
    open_law = analytic_null(make_analysis(wilks.Histogram(n_bins=4), reference=negative))
    assert "without negative weights" in str(open_law.probability(3.0)) and not open_law.is_usable_at(3.0)
    with pytest.raises(wilks.CalibrationError, match="choose fewer bins"):
        wilks.goodness_of_fit(few, x[:90])
    with pytest.raises(wilks.CalibrationError, match="NaN"):
        open_law.probability(float("nan"))
    with pytest.raises(wilks.CalibrationError, match="tilted toys are for score statistics"):
        tilted_p_value(few, 3.0)


def test_an_answer_without_toys(make_analysis, tmp_path):
    analysis = make_analysis(wilks.Histogram(n_bins=10))
    data = np.random.default_rng(1).exponential(size=(120, 1))
    answer = wilks.goodness_of_fit(analysis, data)
    law = analytic_null(analysis)
    assert answer.method == "analytic" and answer.p_value == law.p_value(answer.t)
    low, high = answer.interval
    assert 0.99 * answer.p_value < low < answer.p_value < high < 1.01 * answer.p_value
    assert "Law of the counts in the bins: mean " in str(answer) and "chi-square(10), gives p = " in str(answer)
    answer.save(tmp_path / "answer")
    loaded = wilks.load(tmp_path / "answer")
    assert isinstance(loaded.law, HistogramLaw) and str(loaded) == str(answer)
    assert loaded.law.unconfirmed_log_p_value(30.0) == law.unconfirmed_log_p_value(30.0)
    extreme = wilks.goodness_of_fit(analysis, np.full((400, 1), 0.01))
    assert extreme.method == "extrapolated" and extreme.log_p_value < -700.0


def test_its_curve_joins_points_of_it(make_analysis):
    law = analytic_null(make_analysis(wilks.Histogram(n_bins=10)))
    curve = law.curve(25.0)
    assert curve.unconfirmed_log_p_value(25.0) == law.unconfirmed_log_p_value(25.0)
    for t in (8.0, 18.0, 28.0):
        assert curve.unconfirmed_log_p_value(t) == pytest.approx(law.unconfirmed_log_p_value(t), abs=0.03)
    assert law.curve(math.nan).t.size == 9


def test_toys_of_another_nature_are_named(make_analysis):
    """The mean of t is known without toys, as for score statistics."""
    wider = wilks.Sample(np.random.default_rng(5).exponential(1.4, size=50_000), features=["x"])
    reference = wilks.Sample(np.random.default_rng(6).exponential(size=6_000), features=["x"])
    analysis = make_analysis(wilks.Histogram(n_bins=10), reference=reference, toy_source=wider)
    calibration = wilks.calibrate(wilks.campaign.toys_here(analysis, wilks.Null(), n_toys=50, seed=1))
    answer = wilks.goodness_of_fit(analysis, np.ones((100, 1)), calibration=calibration)
    assert any("toys are not drawn from what the reference describes" in text for text in answer.warnings)

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.interpretation import local_gains, smallest_region
from wilks.interpretation.gains import LocalGains
from wilks.interpretation.learned import LearnedRatio
from wilks.interpretation.rules import Cut, Place, cut_rule
from wilks.samples import Sample, parse_selection


@pytest.fixture(scope="module")
def histogram():
    """Four bins of 25 expected events; 50, 10, 25 and 25 are observed."""
    x = np.linspace(0.0005, 0.9995, 1000)
    analysis = wilks.Analysis(
        reference=Sample(x, features=["x"], extras={"twice": 2.0 * x}),
        model=wilks.Histogram(edges=([0.0, 0.25, 0.5, 0.75, 1.0],)),
        expected_events=100.0,
    )
    counts = (50, 10, 25, 25)
    data = np.concatenate([np.linspace(0.25 * k + 0.01, 0.25 * k + 0.24, n) for k, n in enumerate(counts)])
    return analysis, Sample(data, features=["x"], extras={"twice": 2.0 * data})


def test_each_bin_adds_its_deviance(histogram):
    """2 [n log(n/b) - n + b], and the expected part is h for each event of the reference."""
    analysis, data = histogram
    gains = local_gains(analysis, data, fit=wilks.fit(analysis, data))
    for k, (n, b) in enumerate(((50, 25.0), (10, 25.0))):
        of_data, of_reference = (
            (one >= 0.25 * k) & (one < 0.25 * (k + 1)) for one in (data.events[:, 0], analysis.reference.events[:, 0])
        )
        deviance = 2.0 * (n * np.log(n / b) - n + b)
        assert gains.of_data[of_data].sum() + gains.of_reference[of_reference].sum() == pytest.approx(deviance)
        density = gains.density(gains.reference[of_reference])
        assert np.sum(density * gains.weights[of_reference]) == pytest.approx(deviance)


def test_the_bin_that_adds_most_for_its_events_comes_first(histogram):
    analysis, data = histogram
    fit = wilks.fit(analysis, data)
    found = smallest_region(analysis, data, fit=fit, share=0.5)
    assert (found.n_observed, found.deficit.n_observed) == (50, 0) and found.n_expected == pytest.approx(25.0)
    assert found.rule.purity == pytest.approx(1.0) and found.rule.coverage == pytest.approx(1.0)
    both = smallest_region(analysis, data, fit=fit, share=0.9)
    assert (both.n_observed, both.deficit.n_observed) == (60, 10) and both.carried == pytest.approx(1.0)
    assert "deficit   10 observed, 25.0 +- 1.6 expected" in str(both)


def test_what_a_set_adds_is_not_taken_for_its_t():
    """t of a set is -2 log of a combined p, and what its mean f adds is another number: both are told."""
    rng = np.random.default_rng(3)
    kernels = wilks.KernelSet(widths=(0.3, 1.0), n_centers=20)
    analysis = wilks.Analysis(reference=Sample(rng.exponential(size=3000)), model=kernels, expected_events=300)
    data = Sample(np.append(rng.exponential(size=300), np.full(30, 2.0) + rng.normal(0.0, 0.02, size=30)))
    fit = wilks.fit(analysis, data)
    found = smallest_region(analysis, data, fit=fit)
    told = found.to_dict()
    assert told["t"] == fit.t and told["gain"] == found.gains.total and abs(told["gain"] / fit.t - 1.0) > 0.1
    first = str(found).splitlines()[0]
    assert first.startswith("Smallest region that carries 68% of what f adds: ") and f"(t is {fit.t:.4g})" in first
    with pytest.raises(InputError, match="other values came in these 330 events"):
        smallest_region(analysis, Sample(data.events + 1e-9), fit=fit)
    assert smallest_region(analysis, Sample(data.events[::-1]), fit=fit).n_observed == found.n_observed


def test_the_densest_of_all_regions_with_that_share_is_the_smallest(histogram):
    """Of all unions of bins whose expected part of t reaches the share, none expects fewer events."""
    analysis, data = histogram
    found = smallest_region(analysis, data, fit=wilks.fit(analysis, data), share=0.6)
    parts = np.array([2.0 * (n * np.log(n / 25.0) - n + 25.0) for n in (50, 10, 25, 25)])
    enough = [k for k in range(16) if parts[[k >> j & 1 == 1 for j in range(4)]].sum() >= 0.6 * parts.sum()]
    assert found.n_expected == pytest.approx(25.0 * min(k.bit_count() for k in enough))


@pytest.mark.parametrize("share", [0.0, 1.1, -0.5])
def test_a_share_is_a_share(histogram, share):
    analysis, data = histogram
    with pytest.raises(InputError, match="above 0 and at most 1"):
        smallest_region(analysis, data, fit=wilks.fit(analysis, data), share=share)


def test_nothing_found_has_no_region():
    x = np.linspace(0.0005, 0.9995, 1000)
    model = wilks.Scan(edges=([0.0, 0.5, 1.0],), deviations="excesses", widest=1)
    analysis = wilks.Analysis(reference=Sample(x, features=["x"]), model=model, expected_events=100.0)
    data = x[::20]
    with pytest.raises(InputError, match="found nothing"):
        smallest_region(analysis, data, fit=wilks.fit(analysis, data))


def test_an_expansion_adds_by_its_own_form():
    """Of a score statistic c sums to q plus its penalty, whatever e^f would say."""
    rng = np.random.default_rng(1)
    model = wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)
    analysis = wilks.Analysis(reference=rng.exponential(size=2000), model=model, expected_events=200.0)
    data = analysis.checked(np.append(rng.exponential(size=200), np.full(30, 3.0)))
    fit = wilks.fit(analysis, data)
    gains = local_gains(analysis, data, fit=fit)
    alpha = analysis.engine.groups[0].basis.coefficients(fit.params)
    assert gains.total == pytest.approx(fit.t + 2.0 * 3.0 * float(alpha @ alpha), rel=1e-9)
    assert gains.density(np.array([-0.5, 0.0, 2.0])).tolist() == [0.25, 0.0, 4.0]


def test_the_density_is_defined_where_no_data_can_lie(histogram):
    analysis, _ = histogram
    learned = LearnedRatio(analysis, np.zeros(4), np.zeros(1), np.zeros(1), np.ones(1))
    gains = LocalGains(learned, np.zeros(1), np.zeros(1), np.ones(1), np.ones(1))
    assert gains.density(np.array([-np.inf, 0.0])).tolist() == [2.0, 0.0]
    assert gains.factor(np.array([-np.inf, 0.0])).tolist() == [0.0, 1.0]


def rule_of(columns, inside, **changes):
    n = inside.size
    sample = Sample(np.stack(list(columns.values()), axis=1), features=list(columns))
    place = Place(inside, np.ones(n), np.ones(n), np.ones(n))
    return cut_rule(sample, sample, place=place, columns=tuple(columns), **changes)


def test_a_box_is_found_again_by_its_cuts():
    rng = np.random.default_rng(2)
    columns = {
        "pt": rng.exponential(50.0, 20_000),
        "eta": rng.normal(0.0, 1.5, 20_000),
        "phi": rng.uniform(size=20_000),
    }
    inside = (columns["pt"] > 140.0) & (np.abs(columns["eta"]) < 1.3)
    found = rule_of(columns, inside)
    assert [one.column for one in found.cuts] == ["pt", "eta"] and found.cuts[1].is_absolute
    assert found.text == "pt > 140 and abs(eta) < 1.3"
    assert found.purity > 0.97 and found.coverage > 0.97


def test_intervals_are_the_best_there_are():
    """Against all pairs of ends."""
    rng = np.random.default_rng(3)
    for seed in range(5):
        x = rng.normal(size=40)
        inside = rng.uniform(size=40) < np.where(np.abs(x) < 0.7, 0.8, 0.1)
        best = 0.0
        ends = np.concatenate([[-np.inf], np.sort(x) + 1e-9])
        for low in ends:
            for high in ends:
                held = (x > low) & (x < high)
                best = max(best, 2.0 * np.sum(held & inside) / (np.sum(inside) + np.sum(held)))
        found = rule_of({"x": x}, inside)
        held = found.contains(Sample(x, features=["x"]))
        reached = 2.0 * np.sum(held & inside) / (np.sum(inside) + np.sum(held))
        assert best - 0.03 < reached <= best + 1e-12, seed  # round ends may cost a little


def test_few_columns_are_cut_on():
    rng = np.random.default_rng(4)
    columns = {f"x{j}": rng.uniform(size=4000) for j in range(6)}
    inside = np.all([one < 0.7 for one in columns.values()], axis=0)
    assert len(rule_of(columns, inside, most_cuts=2).cuts) == 2


def test_names_that_are_no_plain_names_are_quoted():
    cut = Cut("jet pt", 30.0, np.inf)
    assert cut.text == "`jet pt` > 30"
    assert parse_selection(cut.text).evaluate({"jet pt": np.array([29.0, 31.0])}).tolist() == [False, True]
    assert cut.holds(np.array([np.nan, 31.0])).tolist() == [False, True]


@pytest.mark.parametrize("name", ["lambda", "is", "not", "min", "abs", "pi", "e"])
def test_names_that_mean_something_else_in_a_formula_are_quoted(name):
    selection = parse_selection(Cut(name, 0.5, np.inf).text)
    assert selection.evaluate({name: np.array([0.0, 1.0])}).tolist() == [False, True]


def test_an_empty_region_has_no_cuts():
    found = rule_of({"x": np.linspace(0.0, 1.0, 10)}, np.zeros(10, dtype=bool))
    assert found.cuts == () and found.text == "everything" and found.coverage == 0.0

"""Another unit is told from a fluctuation and from a slightly different law."""

import numpy as np
import pytest
from scipy import stats

from wilks.samples import Sample
from wilks.samples.likeness import differences

LAWS = {
    "exponential": lambda rng, n: rng.exponential(size=(n, 1)),
    "Cauchy": lambda rng, n: rng.standard_cauchy(size=(n, 1)),
    "counts": lambda rng, n: rng.geometric(0.4, size=(n, 1)),
    "mostly zero": lambda rng, n: np.where(rng.random((n, 1)) < 0.9, 0.0, rng.exponential(size=(n, 1))),
    "five features": lambda rng, n: rng.normal(size=(n, 5)),
    "with missing values": lambda rng, n: np.where(rng.random((n, 1)) < 0.005, -9999.0, rng.exponential(size=(n, 1))),
}
WEIGHTS = {
    "none": lambda rng, n: None,
    "log-normal": lambda rng, n: np.exp(rng.normal(size=n)),
    "a fifth negative": lambda rng, n: np.where(rng.random(n) < 0.2, -1.0, 1.0),
}


def pair(law, weights, rng, n=2_000, n_reference=300):
    return tuple(Sample(LAWS[law](rng, m), WEIGHTS[weights](rng, m)) for m in (n, n_reference))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_samples_of_one_law_are_alike(law, weights):
    """P(p < 0.1) is at most 0.1: more than 30 of 150 come with a probability of 1e-4; one notable of 2,700 with .24."""
    rng = np.random.default_rng([list(LAWS).index(law), list(WEIGHTS).index(weights)])
    found = [differences(*pair(law, weights, rng)) for _ in range(150)]
    assert not any(one.is_another_quantity for some in found for one in some)
    assert sum(one.is_notable(2_000.0) for some in found for one in some) <= 1
    assert sum(min(one.p_value for one in some) < 0.1 for some in found) <= 30


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=700), rng.normal(0.2, 1.0, size=400)
    (found,) = differences(Sample(x), Sample(y))
    expected = stats.ks_2samp(x, y, method="asymp")
    assert found.distance == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.2)
    repeated = np.repeat(y, 3)
    (weighted,) = differences(Sample(x), Sample(y, np.full(400, 3.0)))
    assert weighted.distance == pytest.approx(stats.ks_2samp(x, repeated).statistic, rel=1e-12)
    assert weighted.error == found.error


@pytest.mark.parametrize("law", [law for law in LAWS if law != "with missing values"])
@pytest.mark.parametrize("factor", [1000.0, 0.001, 10.0, 0.1, 180.0 / np.pi])
def test_another_unit_is_named(law, factor):
    sample, reference = pair(law, "none", np.random.default_rng(2), n=20_000, n_reference=20_000)
    found = differences(Sample(factor * sample.events), reference)
    size = f"{max(factor, 1.0 / factor):,.3g}".replace("1e+03", "1,000")
    for one in found:
        assert one.is_another_quantity
        assert one.ratio == pytest.approx(factor, rel=0.6 if law == "Cauchy" else 0.15)
        assert law == "Cauchy" or f"a factor of {size}" in str(one)


def test_a_close_law_is_no_other_quantity_but_notable_where_it_matters():
    rng = np.random.default_rng(3)
    sample, reference = Sample(1.1 * rng.exponential(size=50_000)), Sample(rng.exponential(size=50_000))
    (found,) = differences(sample, reference)
    assert not found.is_another_quantity and not found.unit
    assert found.is_notable(2_000.0) and not found.is_notable(50.0)
    assert "their distributions differ by 0.037, 6 errors" in str(found)


def test_a_shift_and_a_missing_selection_are_another_quantity():
    rng = np.random.default_rng(4)
    reference = Sample(rng.normal(91.0, 2.5, size=5_000), features=("mass",))
    for events in (rng.normal(125.0, 2.5, size=5_000), rng.uniform(20.0, 200.0, size=5_000)):
        (found,) = differences(Sample(events, features=("mass",)), reference)
        assert found.is_another_quantity and str(found).startswith("mass lies from ")


def test_large_samples_are_looked_at_in_part_and_empty_ones_not():
    x = np.random.default_rng(5).normal(size=150_000)
    (found,) = differences(Sample(x), Sample(x))
    assert found.error == pytest.approx(np.sqrt(2e-5), rel=0.01) and found.distance == 0.0
    assert differences(Sample(np.empty((0, 1))), Sample(x)) == ()

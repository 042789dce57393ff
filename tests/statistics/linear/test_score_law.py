"""The null law of the score statistic: exact moments, and toys. Keys are fixed."""

import math

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError
from wilks.laws import analytic_null
from wilks.significance import p_value, weighted_isf
from wilks.statistics.analytic import LARGEST_EXCESS
from wilks.statistics.linear.group import Group

N_EXPECTED, N_TOYS = 1000.0, 20_000


def analysis_of(
    ridge: float = 3.0, *, n_reference: int = 20_000, n_expected: float = N_EXPECTED, **options: object
) -> wilks.Analysis:
    events = np.random.Generator(np.random.Philox(0)).exponential(size=n_reference)
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, **({"is_score": True} | options))  # type: ignore[arg-type]
    return wilks.Analysis(reference=wilks.Sample(events), model=kernel, expected_events=n_expected)


def group_of(analysis: wilks.Analysis) -> Group:
    (group,) = analysis.engine.groups  # type: ignore[attr-defined]
    assert isinstance(group, Group)
    return group


def scores(analysis: wilks.Analysis, data_sets: list[np.ndarray]) -> np.ndarray:
    """q of raw data sets."""
    found: np.ndarray = analysis.engine.scores(data_sets)[:, 0]  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return analysis_of()


@pytest.fixture(scope="module")
def toys(analysis) -> np.ndarray:
    """q with data from the reference itself and its fluctuations added: the law that the null describes."""
    rng = np.random.Generator(np.random.Philox(11))
    draw = [[rng.exponential(size=(rng.poisson(N_EXPECTED), 1)) for _ in range(500)] for _ in range(N_TOYS // 500)]
    return np.concatenate([scores(analysis, portion) for portion in draw])


def test_moments_of_the_reference_alone_are_those_of_the_law(analysis):
    """The variance in the Gaussian limit; also for a fixed number of events."""
    for n_events in (None, 1000, 1100):
        law, (mean, variance) = analytic_null(analysis, n_events=n_events), null_moments(analysis, n_events)
        counts = float(np.sum(law.quartic) + 4.0 * law.shift @ np.sum(law.traced, axis=1))
        assert mean == pytest.approx(law.mean, rel=1e-7)
        assert variance == pytest.approx(law.variance - counts, rel=1e-7)


def null_moments(analysis: wilks.Analysis, n_events: int | None) -> tuple[float, float]:
    found = analysis.model.null_moments(analysis.engine, z=np.empty(0), n_events=n_events)
    assert found is not None
    return found


def test_mean_and_variance_are_sums_over_the_reference(analysis):
    """tr V and 2 tr V^2 + sum w |psi|^4 in plain coordinates, over all events."""
    group = group_of(analysis)
    psi = group.basis.values(analysis.standardization.apply(analysis.reference.events)) / np.sqrt(group.scales[0])
    w = analysis.reference.event_weights[:, None]
    away = psi - (w * psi).sum(0) / N_EXPECTED
    covariance = (w * psi).T @ psi + (w**2 * away).T @ away
    null = analytic_null(analysis)
    assert null.mean == pytest.approx(np.trace(covariance), rel=1e-5)
    fourth = float(np.sum(w[:, 0] * np.sum(psi**2, axis=1) ** 2))
    assert null.variance == pytest.approx(2 * np.sum(covariance**2) + fourth, rel=1e-5)
    assert null.excess == pytest.approx(fourth / (2 * np.sum(covariance**2)), rel=1e-5)


def test_correction_is_the_first_order_of_the_cumulants(analysis):
    """delta'''(0) = 12 sum w l psi V psi + 6 |sum w l psi|^2 + 4 sum_RR' w w' (psi.psi')^3."""
    group, null = group_of(analysis), analytic_null(analysis)
    psi, w = group.basis.values(group.points.points) / np.sqrt(group.scales[0]), group.points.weights
    lengths = np.sum(psi**2, axis=1)
    covariance = np.diag(group.basis.curvature / group.scales[0])
    products = psi @ psi.T
    expected = 12 * w @ (lengths * np.sum((psi @ covariance) * psi, axis=1)) + 6 * np.sum((w * lengths @ psi) ** 2)
    expected += 4 * w @ (products**3) @ w
    step = 1e-3
    at = null.correction(np.array([step, 2 * step, -step, -2 * step], dtype=complex)).real
    third = (at[1] - 2 * at[0] + 2 * at[2] - at[3]) / (2 * step**3)
    # V has the fluctuations of the reference, N(R_0)/N_R = 5 %, on top.
    assert third == pytest.approx(expected, rel=0.1)


def test_toys_have_the_mean_and_variance(analysis, toys):
    """Within 4 standard errors, and N(R_0)/N_R = 5 % for the one reference that they share."""
    null = analytic_null(analysis)
    assert toys.mean() == pytest.approx(null.mean, abs=4 * math.sqrt(null.variance / N_TOYS) + 0.05 * null.mean)
    assert toys.var() == pytest.approx(null.variance, rel=0.15)


@pytest.mark.parametrize("z", [1.0, 2.0, 3.0])
def test_toys_follow_the_corrected_law(analysis, toys, z):
    """Within 4 standard deviations and 15 % for their one reference."""
    null = analytic_null(analysis)
    q = weighted_isf(p_value(z), null.weights)
    expected = N_TOYS * null.p_value(q)
    assert abs(np.sum(toys >= q) - expected) < 4 * math.sqrt(expected) + 0.15 * expected


def test_correction_makes_large_values_likelier(analysis):
    null = analytic_null(analysis)
    q = weighted_isf(p_value(4.0), null.weights)
    assert null.gaussian_p_value(q) == pytest.approx(p_value(4.0), rel=1e-6)
    assert null.p_value(q) > null.gaussian_p_value(q)


def test_a_curve_has_no_two_points_in_one_place():
    """Points of the limit that fall on those of the law but for rounding are left out: no spline goes through both."""
    law = analytic_null(analysis_of(n_reference=2000))
    for t in np.linspace(40.0, 60.0, 12):
        curve = law.curve(t)
        between = np.linspace(*curve.ends, 5)[1:-1]
        assert np.all(np.diff(curve.limit_t) > 1e-6)
        assert all(curve.unconfirmed_log_p_value(float(one)) < 0 for one in between)


def test_correction_vanishes_with_many_events():
    """With n times the events and n times the ridge, the weights stay and the excess is an n-th."""
    few, many = (analytic_null(analysis_of(3.0 * n, n_expected=1000.0 * n, n_reference=20_000 * n)) for n in (1, 4))
    assert many.excess == pytest.approx(few.excess / 4, rel=0.15)


def test_the_law_answers_as_far_as_toys_confirmed_it():
    small, large = analytic_null(analysis_of(ridge=3.0)), analytic_null(analysis_of(ridge=0.1))
    assert small.excess < LARGEST_EXCESS < large.excess < 0.5
    near, far = (large.mean + k * math.sqrt(large.variance) for k in (0.5, 5.0))
    assert large.is_confirmed_at(near) and 0.1 < large.p_value(near) < 0.5
    assert not large.is_confirmed_at(far) and not large.is_usable_at(far)
    with pytest.raises(CalibrationError, match="excess variance of at most"):
        large.p_value(far)
    beyond = weighted_isf(p_value(12.0), small.weights)
    assert not small.is_confirmed_at(beyond) and small.is_usable_at(beyond)
    low, high = small.interval(beyond)
    assert high / small.p_value(beyond) == pytest.approx(math.sqrt(small.p_value(beyond) / p_value(12.0)), rel=1e-6)
    assert low * high == pytest.approx(small.p_value(beyond) ** 2)


def test_a_broken_law_answers_nowhere():
    null = analytic_null(analysis_of(ridge=0.003))
    assert null.excess > 0.5
    for q in (0.0, null.mean, math.nan):
        assert not null.is_usable_at(q)
    with pytest.raises(CalibrationError, match="choose a larger ridge or width"):
        null.p_value(null.mean)


def test_a_fixed_number_of_events_takes_its_fluctuation_from_the_law(analysis):
    """For multinomial counts, all sums over the events: V, and kappa_4 with its products of second moments."""
    n = 1100
    group, law = group_of(analysis), analytic_null(analysis, n_events=n)
    psi = group.basis.values(analysis.standardization.apply(analysis.reference.events)) / np.sqrt(group.scales[0])
    w = analysis.reference.event_weights[:, None]
    total, factor = (w * psi).sum(0), n / N_EXPECTED
    away = psi - total / N_EXPECTED
    data = factor * (w * away).T @ away
    covariance = data + factor**2 * (w**2 * away).T @ away
    shift = (factor - 1.0) * total
    lengths = np.sum(away**2, axis=1)
    fourth = factor * w[:, 0] @ lengths**2 - (np.trace(data) ** 2 + 2 * np.sum(data**2)) / n
    displaced = shift @ covariance @ shift + factor * (w[:, 0] * lengths) @ (away @ shift)
    assert law.mean == pytest.approx(np.trace(covariance) + shift @ shift, rel=1e-5)
    assert law.variance == pytest.approx(2 * np.sum(covariance**2) + fourth + 4 * displaced, rel=1e-5)


@pytest.mark.parametrize(
    ("n_events", "n_sets"),
    [(1060, 5_000), *(pytest.param(n, 10_000, marks=pytest.mark.nightly) for n in (1000, 1060))],
)
def test_toys_of_a_fixed_number_follow_their_law(n_events, n_sets):
    """4 standard errors, and 2 % for the one reference; the law of Poisson counts is far from them at 1,060."""
    analysis = analysis_of(n_reference=200_000)
    rng = np.random.Generator(np.random.Philox(5))
    q = np.concatenate([scores(analysis, list(rng.exponential(size=(250, n_events, 1)))) for _ in range(n_sets // 250)])
    law = analytic_null(analysis, n_events=n_events)
    assert q.mean() == pytest.approx(law.mean, abs=4 * math.sqrt(law.variance / q.size) + 0.02 * law.mean)
    assert q.var() == pytest.approx(law.variance, rel=0.1)
    for z in (1.0, 2.0):
        expected = q.size * law.unconfirmed_p_value(float(np.quantile(q, 1 - p_value(z))))
        assert abs(q.size * p_value(z) - expected) < 4 * math.sqrt(expected) + 0.05 * expected


def with_pool(n_pool: int, *, seed: int = 0, n_reference: int = 4000, ridge: float = 3.0) -> wilks.Analysis:
    """A reference so small that it matters which one came."""
    rng = np.random.Generator(np.random.Philox(seed))
    reference, pool = wilks.Sample(rng.exponential(size=n_reference)), wilks.Sample(rng.exponential(size=100_000))
    source = wilks.Sample(pool.events[:n_pool]) if n_pool else None
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, is_score=True)
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=source)


def toys_of_one_reference(analysis: wilks.Analysis, n_toys: int = 10_000) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(21))
    draw = [[rng.exponential(size=(rng.poisson(N_EXPECTED), 1)) for _ in range(500)] for _ in range(n_toys // 500)]
    return np.concatenate([scores(analysis, portion) for portion in draw])


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.nightly) for k in (1, 2))])
def test_a_pool_makes_the_law_that_of_one_reference(seed):
    """Within 4 standard errors and 5 %, where the law over references, N(R_0)/N_R = 25 %, may be far off."""
    analysis = with_pool(100_000, seed=seed)
    law, q = analytic_null(analysis), toys_of_one_reference(analysis)
    assert law.known_share == pytest.approx(100 / 104)
    assert q.mean() == pytest.approx(law.mean, abs=4 * math.sqrt(law.variance / q.size) + 0.05 * law.mean)
    assert q.var() == pytest.approx(law.variance, rel=0.15)
    beyond = float(np.quantile(q, 1 - p_value(2.0)))
    assert law.p_value(beyond) == pytest.approx(p_value(2.0), rel=0.25)


def exact_mean(analysis: wilks.Analysis) -> float:
    """E q of this reference for data from Exp(1), by integration."""
    group, x = group_of(analysis), np.linspace(0.0, 40.0, 100_001)[:, None]
    density = np.exp(-x[:, 0]) / np.sum(np.exp(-x[:, 0]))
    psi = group.basis.values(analysis.standardization.apply(x)) / np.sqrt(group.scales[0])
    shift = N_EXPECTED * density @ psi - group.basis.mean / np.sqrt(group.scales[0])
    return float(N_EXPECTED * density @ np.sum(psi**2, axis=1) + shift @ shift)


def test_references_differ_and_their_laws_know_by_how_much():
    """Over references E q scatters; the laws with a pool follow it, the law without one cannot."""
    pooled, blind = ([with_pool(n, seed=seed, n_reference=10_000) for seed in range(8)] for n in (100_000, 0))
    exact = np.array([exact_mean(one) for one in pooled])
    away, far = (np.array([analytic_null(one).mean for one in some]) - exact for some in (pooled, blind))
    assert np.sqrt(np.mean(away**2)) < 0.5 * np.sqrt(np.mean(far**2))


@pytest.mark.parametrize("share", [1e-6, 1e-3, 0.01, 0.1])
def test_small_values_have_a_p_near_one(share):
    """There the expansion in 1/N has poles beside the path of integration, and is left out."""
    law = analytic_null(with_pool(100_000))
    assert 0.999 < law.p_value(share * law.mean) <= 1.0


def test_a_pool_of_the_size_of_the_reference_tells_half():
    law = analytic_null(with_pool(4000))
    assert law.known_share == pytest.approx(0.5)
    assert law.scope == "given this reference, of whose fluctuations the pool tells 50 %"
    assert analytic_null(with_pool(0)).scope == "over data and references of this size"


@pytest.mark.parametrize("n_toys", [20, pytest.param(wilks.answer.AUTOMATIC_TOYS, marks=pytest.mark.nightly)])
def test_gaussians_on_lonely_events_are_left_to_toys(n_toys, monkeypatch):
    """Narrow Gaussians on far events of the reference hold their own event and few others: H is too large."""
    monkeypatch.setattr("wilks.answer.AUTOMATIC_TOYS", n_toys)
    rng = np.random.Generator(np.random.Philox(4))
    reference, pool = (wilks.Sample(rng.exponential(size=(n, 3))) for n in (4000, 6000))
    kernel = wilks.Kernel(n_centers=300, width=0.4, ridge=10.0, is_score=True)
    analysis = wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)
    law = analytic_null(analysis)
    assert law.disparity > 0.1 * math.sqrt(law.variance) and law.excess < 0.11
    assert not law.is_usable_at(law.mean)
    with pytest.raises(CalibrationError, match="like other events, but its Gaussians stand on events of its own"):
        law.p_value(law.mean)
    result = wilks.goodness_of_fit(analysis, rng.exponential(size=(1000, 3)))
    assert result.method == "empirical" and "its Gaussians stand on events of its own" in result.warnings[0]
    wide = wilks.Kernel(n_centers=50, width=2.0, ridge=10.0, is_score=True)
    calm = wilks.Analysis(reference=reference, model=wide, expected_events=N_EXPECTED, toy_source=pool)
    assert analytic_null(calm).is_confirmed_at(analytic_null(calm).mean)


def test_weights_of_a_pool_count():
    """Events of a wider law, weighted back: the same nature, and fewer effective events."""
    rng = np.random.Generator(np.random.Philox(9))
    x = rng.exponential(scale=1.25, size=200_000)
    plain = with_pool(100_000)
    pool = wilks.Sample(x, np.exp(-x + x / 1.25) * 1.25)
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=3.0, is_score=True)
    analysis = wilks.Analysis(reference=plain.reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)
    assert analytic_null(analysis).mean == pytest.approx(analytic_null(plain).mean, rel=0.05)
    assert 0.9 < analytic_null(analysis).known_share < 200 / 204

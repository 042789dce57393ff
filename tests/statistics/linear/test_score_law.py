"""The analytic null of the score statistic: exact moments, toys, and toys in the tail. Keys are fixed."""

import math

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError, InputError
from wilks.fitting import kernel_engine_of
from wilks.laws import score_null, tilted_p_value
from wilks.laws.tilted import _combined
from wilks.significance import p_value, weighted_isf
from wilks.statistics.analytic import LARGEST_EXCESS

N_EXPECTED, N_TOYS = 1000.0, 20_000


def analysis_of(
    ridge: float = 3.0, *, n_reference: int = 20_000, n_expected: float = N_EXPECTED, **options: object
) -> wilks.Analysis:
    events = np.random.Generator(np.random.Philox(0)).exponential(size=n_reference)
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, **({"is_score": True} | options))  # type: ignore[arg-type]
    return wilks.Analysis(reference=wilks.Sample(events), model=kernel, expected_events=n_expected)


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return analysis_of()


@pytest.fixture(scope="module")
def toys(analysis) -> np.ndarray:
    """q with data from the reference itself and its fluctuations added: the law that the null describes."""
    engine = kernel_engine_of(analysis)
    rng = np.random.Generator(np.random.Philox(11))
    draw = rng.exponential
    return np.concatenate(
        [engine.score([draw(size=(rng.poisson(N_EXPECTED), 1)) for _ in range(500)]) for _ in range(N_TOYS // 500)]
    )


def test_mean_and_variance_are_sums_over_the_reference(analysis):
    """tr V and 2 tr V^2 + sum w |psi|^4 in plain coordinates, over all events."""
    engine = kernel_engine_of(analysis)
    psi = engine.features.values(analysis.standardization.apply(analysis.reference.events)) / np.sqrt(engine.scale)
    w = analysis.reference.event_weights[:, None]
    away = psi - (w * psi).sum(0) / N_EXPECTED
    covariance = (w * psi).T @ psi + (w**2 * away).T @ away
    null = score_null(analysis)
    assert null.mean == pytest.approx(np.trace(covariance), rel=1e-5)
    fourth = float(np.sum(w[:, 0] * np.sum(psi**2, axis=1) ** 2))
    assert null.variance == pytest.approx(2 * np.sum(covariance**2) + fourth, rel=1e-5)
    assert null.excess == pytest.approx(fourth / (2 * np.sum(covariance**2)), rel=1e-5)


def test_correction_is_the_first_order_of_the_cumulants(analysis):
    """delta'''(0) = 12 sum w l psi V psi + 6 |sum w l psi|^2 + 4 sum_RR' w w' (psi.psi')^3."""
    engine, null = kernel_engine_of(analysis), score_null(analysis)
    psi, w = engine.features.values(engine.reference.points) / np.sqrt(engine.scale), engine.reference.weights
    lengths = np.sum(psi**2, axis=1)
    covariance = np.diag(engine.features.curvature / engine.scale)
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
    null = score_null(analysis)
    assert toys.mean() == pytest.approx(null.mean, abs=4 * math.sqrt(null.variance / N_TOYS) + 0.05 * null.mean)
    assert toys.var() == pytest.approx(null.variance, rel=0.15)


@pytest.mark.parametrize("z", [1.0, 2.0, 3.0])
def test_toys_follow_the_corrected_law(analysis, toys, z):
    """Within 4 standard deviations and 15 % for their one reference."""
    null = score_null(analysis)
    q = weighted_isf(p_value(z), null.weights)
    expected = N_TOYS * null.p_value(q)
    assert abs(np.sum(toys >= q) - expected) < 4 * math.sqrt(expected) + 0.15 * expected


@pytest.mark.parametrize("z", [2.0, 3.0, 4.0, 5.0])
def test_tilted_toys_follow_the_corrected_law(analysis, z):
    """Toys of the tail know nothing of the correction; 4 standard errors and what the interval allows."""
    null = score_null(analysis)
    q = weighted_isf(p_value(z), null.weights)
    found = tilted_p_value(analysis, q, n_toys=4000, seed=3)
    low, high = null.interval(q)
    assert found.n_effective > 30
    assert low - 4 * found.error < found.p_value < high + 4 * found.error


def test_tilted_toys_agree_with_plain_ones(analysis, toys):
    q = float(np.quantile(toys, 0.99))
    found = tilted_p_value(analysis, q, n_toys=4000, seed=4)
    assert found.p_value == pytest.approx(0.01, rel=0.15 + 4 * found.error / 0.01)


def test_the_error_of_tilted_toys_is_the_spread_between_runs(analysis):
    """12 runs: their spread has an error of 21 %, and the error of each one of 18 %; 4 errors of both together."""
    q = weighted_isf(p_value(3.0), score_null(analysis).weights)
    found = [tilted_p_value(analysis, q, n_toys=800, seed=seed) for seed in range(12)]
    assert len({one.p_value for one in found}) == 12
    assert tilted_p_value(analysis, q, n_toys=800, seed=11) == found[11]
    spread = np.std([one.p_value for one in found], ddof=1)
    assert spread == pytest.approx(
        np.mean([one.error for one in found]), rel=4 * math.hypot(0.21, 0.18 / math.sqrt(12))
    )
    assert all(1.0 / one.n_effective <= one.largest_share <= 0.1 for one in found)


def test_weights_of_which_one_decides_are_refused():
    """Few events, a small ridge and far in the tail: exp of a Gaussian's exponential has no variance."""
    rough = analysis_of(ridge=0.1)
    q = weighted_isf(p_value(5.0), score_null(rough).weights)
    with pytest.raises(CalibrationError, match=r"one of them has \d\d% of their sum: they estimate nothing; take ten"):
        tilted_p_value(rough, q, n_toys=400, seed=1)


def test_weights_are_judged_by_their_share_of_the_sum():
    """16 seeds of two toys, one of each beyond q, of weight 1 but for one: 1.6 of 16.6 passes, 1.8 of 16.8 not."""

    def seeds(largest: float) -> list[np.ndarray]:
        return [np.array([0.0, one]) for one in (largest, *[1.0] * 15)]

    found = _combined(seeds(1.6), q=1.0)
    assert found.p_value == pytest.approx(16.6 / 32) and found.largest_share == pytest.approx(1.6 / 16.6)
    assert found.n_effective == pytest.approx(16.6**2 / (15 + 1.6**2))
    # Means of seeds are 0.8 and fifteen times 0.5: s^2 = 0.3^2 / 16, and the mean of 16 has s / 4.
    assert found.error == pytest.approx(0.3 / 16)
    with pytest.raises(CalibrationError, match="11% of their sum"):
        _combined(seeds(1.8), q=1.0)
    with pytest.raises(CalibrationError, match="of 0 beyond q = 1, of 32 in all, none of them lies there"):
        _combined([np.zeros(2)] * 16, q=1.0)


def test_tilted_toys_must_be_enough_for_their_seeds(analysis):
    with pytest.raises(InputError, match="n_toys must be a whole number of at least 160"):
        tilted_p_value(analysis, 10.0, n_toys=159)


def test_correction_makes_large_values_likelier(analysis):
    null = score_null(analysis)
    q = weighted_isf(p_value(4.0), null.weights)
    assert null.gaussian_p_value(q) == pytest.approx(p_value(4.0), rel=1e-6)
    assert null.p_value(q) > null.gaussian_p_value(q)


def test_correction_vanishes_with_many_events():
    """With n times the events and n times the ridge, the weights stay and the excess is an n-th."""
    few, many = (score_null(analysis_of(3.0 * n, n_expected=1000.0 * n, n_reference=20_000 * n)) for n in (1, 4))
    assert many.excess == pytest.approx(few.excess / 4, rel=0.15)


def test_the_law_answers_as_far_as_toys_confirmed_it():
    small, large = score_null(analysis_of(ridge=3.0)), score_null(analysis_of(ridge=0.1))
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
    null = score_null(analysis_of(ridge=0.003))
    assert null.excess > 0.5
    for q in (0.0, null.mean, math.nan):
        assert not null.is_usable_at(q)
    with pytest.raises(CalibrationError, match="choose a larger ridge or width"):
        null.p_value(null.mean)


def test_a_fixed_number_of_events_takes_its_fluctuation_from_the_law(analysis):
    """For multinomial counts, all sums over the events: V, and kappa_4 with its products of second moments."""
    n = 1100
    engine, law = kernel_engine_of(analysis), score_null(analysis, n_events=n)
    psi = engine.features.values(analysis.standardization.apply(analysis.reference.events)) / np.sqrt(engine.scale)
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


@pytest.mark.parametrize("n_events", [1000, 1060])
def test_toys_of_a_fixed_number_follow_their_law(n_events):
    """4 standard errors, and 2 % for the one reference; the law of Poisson counts is far from them at 1,060."""
    analysis = analysis_of(n_reference=200_000)
    engine, rng = kernel_engine_of(analysis), np.random.Generator(np.random.Philox(5))
    q = np.concatenate([engine.score(list(rng.exponential(size=(250, n_events, 1)))) for _ in range(40)])
    law = score_null(analysis, n_events=n_events)
    assert q.mean() == pytest.approx(law.mean, abs=4 * math.sqrt(law.variance / q.size) + 0.02 * law.mean)
    assert q.var() == pytest.approx(law.variance, rel=0.1)
    for z in (1.0, 2.0):
        expected = q.size * law.unconfirmed_p_value(float(np.quantile(q, 1 - p_value(z))))
        assert abs(q.size * p_value(z) - expected) < 4 * math.sqrt(expected) + 0.05 * expected


def test_a_number_of_events_must_be_one(analysis):
    with pytest.raises(InputError, match="n_events must be a whole number of at least 2"):
        score_null(analysis, n_events=1)


def with_pool(n_pool: int, *, seed: int = 0, n_reference: int = 4000, ridge: float = 3.0) -> wilks.Analysis:
    """A reference so small that it matters which one came."""
    rng = np.random.Generator(np.random.Philox(seed))
    reference, pool = wilks.Sample(rng.exponential(size=n_reference)), wilks.Sample(rng.exponential(size=100_000))
    source = wilks.Sample(pool.events[:n_pool]) if n_pool else None
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=ridge, is_score=True)
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=source)


def toys_of_one_reference(analysis: wilks.Analysis, n_toys: int = 10_000) -> np.ndarray:
    engine, rng = kernel_engine_of(analysis), np.random.Generator(np.random.Philox(21))
    draw = [[rng.exponential(size=(rng.poisson(N_EXPECTED), 1)) for _ in range(500)] for _ in range(n_toys // 500)]
    return np.concatenate([engine.score(portion) for portion in draw])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_pool_makes_the_law_that_of_one_reference(seed):
    """Within 4 standard errors and 5 %, where the law over references, N(R_0)/N_R = 25 %, may be far off."""
    analysis = with_pool(100_000, seed=seed)
    law, q = score_null(analysis), toys_of_one_reference(analysis)
    assert law.known_share == pytest.approx(100 / 104)
    assert q.mean() == pytest.approx(law.mean, abs=4 * math.sqrt(law.variance / q.size) + 0.05 * law.mean)
    assert q.var() == pytest.approx(law.variance, rel=0.15)
    beyond = float(np.quantile(q, 1 - p_value(2.0)))
    assert law.p_value(beyond) == pytest.approx(p_value(2.0), rel=0.25)


def exact_mean(analysis: wilks.Analysis) -> float:
    """E q of this reference for data from Exp(1), by integration."""
    engine, x = kernel_engine_of(analysis), np.linspace(0.0, 40.0, 100_001)[:, None]
    density = np.exp(-x[:, 0]) / np.sum(np.exp(-x[:, 0]))
    psi = engine.features.values(analysis.standardization.apply(x)) / np.sqrt(engine.scale)
    shift = N_EXPECTED * density @ psi - engine.features.mean / np.sqrt(engine.scale)
    return float(N_EXPECTED * density @ np.sum(psi**2, axis=1) + shift @ shift)


def test_references_differ_and_their_laws_know_by_how_much():
    """Over references E q scatters; the laws with a pool follow it, the law without one cannot."""
    pooled, blind = ([with_pool(n, seed=seed, n_reference=10_000) for seed in range(8)] for n in (100_000, 0))
    exact = np.array([exact_mean(one) for one in pooled])
    away, far = (np.array([score_null(one).mean for one in some]) - exact for some in (pooled, blind))
    assert np.sqrt(np.mean(away**2)) < 0.5 * np.sqrt(np.mean(far**2))


@pytest.mark.parametrize("share", [1e-6, 1e-3, 0.01, 0.1])
def test_small_values_have_a_p_near_one(share):
    """There the expansion in 1/N has poles beside the path of integration, and is left out."""
    law = score_null(with_pool(100_000))
    assert 0.999 < law.p_value(share * law.mean) <= 1.0


def test_a_pool_of_the_size_of_the_reference_tells_half():
    law = score_null(with_pool(4000))
    assert law.known_share == pytest.approx(0.5)
    assert law.scope == "given this reference, of whose fluctuations the pool tells 50 %"
    assert score_null(with_pool(0)).scope == "over data and references of this size"


@pytest.mark.parametrize(("n_reference", "n_pool", "error"), [(4000, 0, "0.25"), (4000, 4000, "0.18")])
def test_an_answer_says_what_the_reference_may_move(n_reference, n_pool, error):
    data = np.random.default_rng(1).exponential(size=1000)
    result = wilks.goodness_of_fit(with_pool(n_pool, n_reference=n_reference), data)
    assert any(f"may differ by about {error}" in text for text in result.warnings)


def test_an_answer_is_silent_where_the_reference_moves_little():
    data = np.random.default_rng(1).exponential(size=1000)
    for n_reference, n_pool in ((40_000, 0), (10_000, 100_000)):
        result = wilks.goodness_of_fit(with_pool(n_pool, n_reference=n_reference), data)
        assert not any("may differ" in text for text in result.warnings)


def test_gaussians_on_lonely_events_are_left_to_toys():
    """Narrow Gaussians on far events of the reference hold their own event and few others: H is too large."""
    rng = np.random.Generator(np.random.Philox(4))
    reference, pool = (wilks.Sample(rng.exponential(size=(n, 3))) for n in (4000, 6000))
    kernel = wilks.Kernel(n_centers=300, width=0.4, ridge=10.0, is_score=True)
    analysis = wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)
    law = score_null(analysis)
    assert law.disparity > 0.1 * math.sqrt(law.variance) and law.excess < 0.11
    assert not law.is_usable_at(law.mean)
    with pytest.raises(CalibrationError, match="like other events, but its Gaussians stand on events of its own"):
        law.p_value(law.mean)
    result = wilks.goodness_of_fit(analysis, rng.exponential(size=(1000, 3)))
    assert result.method == "empirical" and "its Gaussians stand on events of its own" in result.warnings[0]
    wide = wilks.Kernel(n_centers=50, width=2.0, ridge=10.0, is_score=True)
    calm = wilks.Analysis(reference=reference, model=wide, expected_events=N_EXPECTED, toy_source=pool)
    assert score_null(calm).is_confirmed_at(score_null(calm).mean)


def test_weights_of_a_pool_count():
    """Events of a wider law, weighted back: the same nature, and fewer effective events."""
    rng = np.random.Generator(np.random.Philox(9))
    x = rng.exponential(scale=1.25, size=200_000)
    plain = with_pool(100_000)
    pool = wilks.Sample(x, np.exp(-x + x / 1.25) * 1.25)
    kernel = wilks.Kernel(n_centers=30, width=1.0, ridge=3.0, is_score=True)
    analysis = wilks.Analysis(reference=plain.reference, model=kernel, expected_events=N_EXPECTED, toy_source=pool)
    assert score_null(analysis).mean == pytest.approx(score_null(plain).mean, rel=0.05)
    assert 0.9 < score_null(analysis).known_share < 200 / 204


def test_tilted_toys_of_one_reference_follow_its_law():
    analysis = with_pool(100_000)
    law = score_null(analysis)
    q = law.mean + 5.0 * math.sqrt(law.variance)
    found = tilted_p_value(analysis, q, n_toys=4000, seed=3)
    low, high = law.interval(q)
    assert low - 4 * found.error < found.p_value < high + 4 * found.error


def test_converged_fits_have_no_analytic_null():
    with pytest.raises(CalibrationError, match="needs null toys"):
        score_null(analysis_of(is_score=False))


def test_answer_without_toys():
    analysis = analysis_of()
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.exponential(size=1000), rng.normal(6.0, 0.2, size=8)])
    result = wilks.goodness_of_fit(analysis, data)
    assert result.method == "analytic" and result.z_score > 2
    assert result.interval[0] < result.p_value < result.interval[1]
    assert result.t == wilks.fit(analysis, data).t
    assert result.to_dict()["method"] == "analytic"
    assert "Analytic null of the score statistic" in str(result)


def test_answer_beyond_five_sigma_is_labelled():
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.exponential(size=1000), rng.normal(6.0, 0.2, size=200)])
    result = wilks.goodness_of_fit(analysis_of(), data)
    assert result.z_score > 5 and result.method == "extrapolated"

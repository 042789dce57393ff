"""Tails of weighted sums of chi-squares against cases that are known exactly."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wilks.errors import CalibrationError, InputError
from wilks.significance import chi2_log_sf, weighted_isf, weighted_log_sf, weighted_sf
from wilks.significance.contours import Contour
from wilks.significance.weighted import Correction, WeightedTail


def hypoexponential_sf(x: float, rates: list[float]) -> float:
    """P(sum of exponentials of different rates >= x), in rational arithmetic where doubles would cancel."""
    total = 0.0
    for rate in rates:
        factors = [other / (other - rate) for other in rates if other != rate]
        total += math.prod(factors) * math.exp(-rate * x)
    return total


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 200), scale=st.floats(1e-6, 1e6), stretch=st.floats(0.05, 40.0))
def test_equal_weights_give_the_chi_square(n, scale, stretch):
    x = stretch * n
    exact = chi2_log_sf(x, n)
    found = weighted_log_sf(scale * x, [scale] * n)
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("x", [0.1, 1.0, 5.0, 20.0, 60.0, 200.0])
@pytest.mark.parametrize("weights", [[1.0, 0.4], [1.0, 0.9, 0.2], [3.0, 2.0, 0.01]])
def test_pairs_of_equal_weights_are_sums_of_exponentials(x, weights):
    exact = hypoexponential_sf(x, [0.5 / weight for weight in weights])
    assert weighted_sf(x, np.repeat(weights, 2)) == pytest.approx(exact, rel=1e-8)


def test_one_chi_square_is_the_error_function():
    for x in (1e-3, 1.0, 30.0, 400.0):
        assert weighted_sf(x, [2.0]) == pytest.approx(math.erfc(math.sqrt(x / 4.0)), rel=1e-9)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("x", [1e-300, 1e-27, 1e-12, 1e-9, 9e-8, 2e-7])
def test_next_to_zero_p_is_next_to_1(n, x):
    """Exact for equal weights, where the chi-square is known; one term alone bounds what is below x."""
    assert weighted_log_sf(x, [1.0] * n) == pytest.approx(chi2_log_sf(x, n), abs=1e-15, rel=1e-6)
    falling = weighted_log_sf(x, 10.0 ** -np.arange(n))
    assert chi2_log_sf(x, 1) - 1e-15 <= falling <= 0.0


def test_tail_agrees_with_the_density_convolved_numerically():
    """Weights 1 and 0.3: the exact tail is an integral of erfc over one normal variable."""
    u = (np.arange(400_000) + 0.5) * 1e-4
    density = 2.0 * np.exp(-0.5 * u**2) / math.sqrt(2.0 * math.pi) * 1e-4
    for x in (2.0, 15.0, 40.0):
        rest = np.maximum(x - u**2, 0.0)
        exact = sum(d * math.erfc(math.sqrt(r / 0.6)) for d, r in zip(density[::10], rest[::10], strict=True)) * 10
        assert weighted_sf(x, [1.0, 0.3]) == pytest.approx(exact, rel=1e-3)


def test_falling_weights_reach_any_p_and_come_back():
    weights = 1.0 / (1.0 + 2.0 ** (np.arange(40) / 2 - 5))
    for p in (0.999, 0.5, 1e-3, 1e-8, 1e-30, 1e-200):
        assert weighted_sf(weighted_isf(p, weights), weights) == pytest.approx(p, rel=1e-7)


def test_simulated_fraction_agrees():
    """False alarm in 1 of 15,000: four standard deviations of a binomial with a fixed key."""
    weights = np.array([1.0, 0.7, 0.2, 0.2, 0.01])
    q = np.random.Generator(np.random.Philox(7)).normal(size=(200_000, 5)) ** 2 @ weights
    x = weighted_isf(0.01, weights)
    assert abs(np.sum(q >= x) - 2000) < 4 * math.sqrt(2000)


def test_correction_of_one_more_chi_square_is_that_sum():
    """delta(s) = -1/2 log(1 - 2 lambda s) adds a chi-square of weight lambda."""
    weights = [1.0, 1.0, 0.5]
    found = weighted_log_sf(30.0, weights, correction=lambda s: -0.5 * np.log(1 - 0.6 * s))
    assert found == pytest.approx(weighted_log_sf(30.0, [*weights, 0.3]), rel=1e-9)


def test_nothing_lies_below_zero():
    assert weighted_sf(0.0, [1.0]) == 1.0 and weighted_sf(-3.0, [1.0]) == 1.0


@pytest.mark.parametrize("weights", [[], [0.0], [-1.0, 2.0], [float("nan")], [float("inf")]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(InputError, match="weights of chi-squares must be finite"):
        weighted_sf(1.0, weights)


def test_x_and_p_must_be_numbers_in_range():
    with pytest.raises(InputError, match="x must be a finite number"):
        weighted_sf(float("nan"), [1.0])
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        weighted_isf(0.0, [1.0])


def test_a_correction_that_is_not_small_is_refused():
    """It grows without limit beside the real axis: no number comes out."""
    with pytest.raises(CalibrationError, match="the correction to a weighted sum of chi-squares must be small"):
        weighted_log_sf(0.5, [1.0] * 4, correction=lambda s: np.cos(8.0 * s))


def slowly(x: float, weights: np.ndarray, correction: Correction = lambda s: 0.0 * s, *, shift: float = 1.0) -> float:
    """log P(Q >= x) by thousands of steps along another path, through ``shift`` times the saddle point without delta.

    To the left of 0, where it gives P(Q < x), for x below the mean.
    """
    is_upper = x >= np.sum(weights)
    end = 0.5 / np.max(weights)
    ends = (1e-12 * end, (1.0 - 1e-12) * end) if is_upper else (-(len(weights) + 2.0) / x, -0.5 / x)
    saddle = shift * float(scipy.optimize.brentq(lambda s: np.sum(weights / (1 - 2 * s * weights)) - x - 1 / s, *ends))
    width = 0.5 * min(abs(saddle), end - saddle)
    v = np.arange(0.0, 60.0, 1 / 64)
    s = saddle + 2.0 * width * (1j * np.sinh(v / 2) + 0.35 * (np.cosh(v / 2) - 1.0))
    steps = width * (np.cosh(v / 2) - 0.35j * np.sinh(v / 2)) / 64 / math.pi
    steps[0] *= 0.5
    exponents = -0.5 * np.sum(np.log(1.0 - 2.0 * np.outer(s, weights)), axis=1) + correction(s) - s * x
    scale = float(np.max(exponents.real))
    total = float(np.sum((np.exp(exponents - scale) * steps / (s if is_upper else -s)).real))
    return scale + math.log(total) if is_upper else math.log1p(-math.exp(scale) * total)


def spectrum(kind: str, n: int, seed: int) -> np.ndarray:
    """Weights of kinds that kernels have, and of worse ones."""
    rng = np.random.default_rng(seed)
    if kind == "wide":
        return np.asarray(10.0 ** rng.uniform(-8.0, 0.0, size=n))
    if kind == "falling":
        return np.asarray(1.0 / (1.0 + 2.0 ** np.linspace(-5.0, 30.0, n)))
    return np.asarray(rng.exponential(size=n))


of_every_spectrum = given(
    kind=st.sampled_from(["random", "wide", "falling"]),
    n=st.one_of(st.integers(1, 6), st.integers(7, 300)),
    seed=st.integers(0, 1000),
    z=st.floats(-8.0, 60.0),
)


@settings(max_examples=60, deadline=None)
@of_every_spectrum
def test_every_spectrum_agrees_with_a_slow_integral(kind, n, seed, z):
    agrees_with_a_slow_integral(kind, n, seed, z)


@pytest.mark.nightly
@settings(max_examples=150, deadline=None)
@of_every_spectrum
def test_more_spectra_agree_with_a_slow_integral(kind, n, seed, z):
    agrees_with_a_slow_integral(kind, n, seed, z)


def agrees_with_a_slow_integral(kind, n, seed, z):
    """From p next to 1 to 1e-500: a thousandth of what is promised of p is asked of log p."""
    weights = spectrum(kind, n, seed)
    mean, deviation = np.sum(weights), math.sqrt(2.0 * np.sum(weights**2))
    x = float(mean + z * deviation if z > 0 else mean * math.exp(z * deviation / mean))
    if x > 2e-7 * np.max(weights):
        assert weighted_log_sf(x, weights) == pytest.approx(slowly(x, weights), rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 1000), size=st.floats(0.0, 3.0), z=st.floats(0.0, 20.0))
@example(n=9, seed=254, size=3.0, z=19.0)
@example(n=18, seed=2, size=3.0, z=18.0)
def test_corrections_of_every_size_agree_with_a_slow_integral(n, seed, size, z):
    """delta(s) with the singularities of K: a displacement, and poles of second and third order.

    Far from these poles: nearer to them the steps of the slow integral do not do.
    """
    weights = spectrum("random", n, seed)

    def correction(s: np.ndarray) -> np.ndarray:
        e = 1.0 / (1.0 - 2.0 * np.outer(s, weights)) - 1.0
        return np.asarray(size * np.sum(0.1 * e + 0.03 * e**2 + 0.01 * e**3, axis=1))

    x = float(np.sum(weights) * (1.0 + 0.2 * size) + z * math.sqrt(2.0 * np.sum(weights**2)))
    expected = slowly(x, weights, correction, shift=0.7)
    assert weighted_log_sf(x, weights, correction=correction) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many numbers s each evaluation of a K was for, from now on."""
    sizes: list[int] = []
    make = Contour.__init__

    def counting(self: Contour, path: object, exponent: Callable[[np.ndarray], np.ndarray], *, x: float) -> None:
        def count(s: np.ndarray) -> np.ndarray:
            sizes.append(s.size)
            return exponent(s)

        make(self, path, count, x=x)  # type: ignore[arg-type]

    monkeypatch.setattr(Contour, "__init__", counting)
    return sizes


def test_a_second_x_nearby_computes_no_cumulants(monkeypatch):
    sizes = counted(monkeypatch)
    tail = WeightedTail(spectrum("random", 40, 1), correction=lambda s: 0.01 * s**2)
    tail.log_sf(60.0)
    assert 0 < sum(sizes) < 100
    before = len(sizes)
    assert tail.log_sf(60.5) < tail.log_sf(60.0) and len(sizes) == before


def test_a_value_does_not_depend_on_what_was_asked_before():
    weights = spectrum("falling", 30, 0)
    forward, backward = WeightedTail(weights), WeightedTail(weights)
    x = np.geomspace(0.01, 300.0, 60)
    assert [forward.log_sf(one) for one in x] == [backward.log_sf(one) for one in x[::-1]][::-1]


def test_p_falls_across_the_places_where_paths_change():
    """Neighbors on a grid finer than that of the paths; at the mean P(Q < x) gives way to P(Q >= x)."""
    tail = WeightedTail(spectrum("random", 12, 3))
    x = np.geomspace(1e-3, 300.0, 4000)
    log_p = np.array([tail.log_sf(one) for one in x])
    steps = np.diff(log_p) / np.diff(x)
    assert np.all(np.diff(log_p) < 0.0)
    assert np.max(np.abs(np.diff(steps[x[1:] > 1.0]))) < 0.02


def test_x_out_of_all_proportion_is_refused():
    assert weighted_log_sf(1e15, [1.0, 1.0]) == pytest.approx(-5e14)
    for x in (2e15, 1e300):
        with pytest.raises(CalibrationError, match="at most 1e\\+15 times the largest weight"):
            weighted_log_sf(x, [1.0, 1.0])

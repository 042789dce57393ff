"""The tail of the analytic null: what an answer computes, its values by slow integrals, and where it refuses."""

import functools
import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

import wilks
from wilks.laws import analytic_null
from wilks.problems import exponential
from wilks.significance.weighted import WeightedTail
from wilks.statistics.linear.score_law import ScoreNull, law_of
from wilks.typing import FloatArray

KERNEL = wilks.Kernel(n_centers=30, width=1.0, ridge=3.0, is_score=True)
CROSSINGS = (0.05, 0.15, 0.3, 0.5, 0.65, 0.8, 0.9, 0.96, 0.98, 0.99, 0.995)
TRUSTED = 1e6  # the largest sum of sizes over the size of a sum that leaves nine digits


def sample(n: int, *, seed: int) -> wilks.Sample:
    return wilks.Sample(np.random.default_rng(seed).exponential(size=n), features=["x"])


def analysis_of(**options: object) -> wilks.Analysis:
    shared = {"reference": sample(4000, seed=0), "model": KERNEL, "expected_events": 500}
    return wilks.Analysis(**(shared | options))  # type: ignore[arg-type]


class Path:
    """Thousands of steps of an integral, which crosses the axis at a share ``crossing`` of the way to the first
    singularity; a negative one is left of 0. What does not depend on q is computed once.
    """

    def __init__(self, law: ScoreNull, crossing: float, *, is_corrected: bool) -> None:
        end = 0.5 / law.weights[-1]
        v, width = np.arange(0.0, 24.0, 1 / 32), 0.2 * end * min(abs(crossing), abs(1.0 - crossing))
        s = crossing * end + width * (1j * np.sinh(v) + 0.36 * (np.cosh(v) - 1.0))
        steps = width * (np.cosh(v) - 0.36j * np.sinh(v)) / 32 / (math.copysign(math.pi, crossing) * s)
        steps[0] *= 0.5
        correction = law.correction(s) if is_corrected else law._displacement(s)
        self._exponents = -0.5 * np.sum(np.log(1.0 - 2.0 * np.outer(s, law.weights)), axis=1) + correction
        self._s, self._steps, self._floor, self._crossing = s, steps, law.floor, crossing

    def log_p(self, q: float) -> tuple[float, float]:
        """log P(Q >= q), and the sum of the sizes of the terms over that of the terms."""
        exponents = self._exponents - self._s * (q - self._floor)
        scale = float(np.max(exponents.real))
        terms = (np.exp(exponents - scale) * self._steps).real
        total = float(np.sum(terms))
        is_left = self._crossing < 0.0
        if not total > 0.0 or (is_left and math.exp(min(scale, 700.0)) * total >= 1.0):
            return math.nan, math.inf
        log_p = math.log1p(-math.exp(scale) * total) if is_left else scale + math.log(total)
        return log_p, float(np.sum(np.abs(terms))) / total


@functools.lru_cache(maxsize=2)
def paths(law: ScoreNull, *, is_corrected: bool) -> list[Path]:
    return [Path(law, one, is_corrected=is_corrected) for one in CROSSINGS]


def slowly(law: ScoreNull, q: float, *, is_corrected: bool = True) -> float:
    """log P(Q >= q) that two paths agree on, of which no digits are lost; NaN where there are no two."""
    with np.errstate(all="ignore"):
        found = [path.log_p(q) for path in paths(law, is_corrected=is_corrected)]
    good = [log_p for log_p, lost in sorted(found, key=lambda one: one[1]) if lost < TRUSTED]
    agreeing = [one for k, one in enumerate(good) if any(abs(one - other) < 1e-8 for other in good[:k])]
    return min(0.0, agreeing[0]) if agreeing else math.nan


def places(law: ScoreNull, *, last: float) -> Iterator[float]:
    """t from p = .99 on, to so many standard deviations above the mean."""
    mean, deviation = law.mean - law.floor, math.sqrt(max(law.variance, 1e-9))
    for z in (-2.0, -1.0, -0.3, 0.0, 0.5, 1.5, 3.0, 5.0, 8.0, 13.0, 21.0, 45.0, 65.0, 130.0):
        if z <= last:
            yield law.floor + (mean + z * deviation if z > 0 else mean * math.exp(z * deviation / mean))


def profiled() -> ScoreNull:
    analysis = analysis_of(nuisances=exponential.nuisances(0.1, 0.1), standardize=False)
    return analytic_null(analysis, wilks.fit(analysis, sample(500, seed=5)))


LAWS = {
    "over references": lambda: analytic_null(analysis_of()),
    "small ridge": lambda: analytic_null(
        analysis_of(model=wilks.Kernel(n_centers=80, width=0.3, ridge=0.3, is_score=True))
    ),
    "given a pool": lambda: analytic_null(analysis_of(toy_source=sample(6000, seed=1))),
    "fixed number": lambda: analytic_null(analysis_of(), n_events=500),
    "another number": lambda: analytic_null(analysis_of(toy_source=sample(6000, seed=1)), n_events=600),
    "nuisances": profiled,
}


@pytest.mark.parametrize("name", LAWS)
def test_values_are_those_of_slow_integrals(name):
    """A thousandth of the millionth of p that is promised, from p of .99 to 1e-60 and less."""
    law, found = LAWS[name](), 0.0
    for t in places(law, last=130.0):
        if found > math.log(1e-60):
            limit, found = law.gaussian_log_p_value(t), law.unconfirmed_log_p_value(t)
            assert limit == pytest.approx(slowly(law, t, is_corrected=False), rel=1e-9, abs=1e-9)
            assert found == pytest.approx(slowly(law, t), rel=1e-9, abs=1e-9)
    assert found < math.log(1e-55)


def rough_law(seed: int) -> ScoreNull:
    """Few terms of few, heavy-tailed events: with Poisson counts, displaced, or of a small fixed number."""
    rng = np.random.default_rng([1, seed])
    r = int(rng.integers(1, 9))
    n = int(rng.integers(r + 1, 60))
    psi = rng.standard_t(3, size=(n, r)) * 10.0 ** rng.uniform(-1.5, 0.0, size=r)
    weights, mean, n_events = rng.exponential(size=n) * 10.0 ** rng.uniform(-1.5, 2.0), None, None
    if seed % 3 == 1:
        n_events = max(2, int(np.sum(weights)))
        weights *= n_events / np.sum(weights)
        psi -= weights @ psi / n_events
    covariance = (weights[:, None] * psi).T @ psi
    if seed % 4 == 2:
        mean = rng.normal(size=r) * np.sqrt(np.diag(covariance)) * rng.choice([0.3, 1.5, 5.0])
    return law_of([(psi, weights)], covariance, mean=mean, n_events=n_events)


@pytest.mark.parametrize(("n_laws", "fewest"), [(20, 125), pytest.param(40, 250, marks=pytest.mark.nightly)])
def test_rough_laws_are_right_or_refused(n_laws, fewest):
    """Where two slow integrals agree the law has their value; where it has none there is no p: NaN."""
    n_refused = n_compared = 0
    for law in map(rough_law, range(n_laws)):
        for t in places(law, last=13.0):
            expected, found = slowly(law, t), law.unconfirmed_log_p_value(t)
            n_refused += math.isnan(found)
            if not math.isnan(expected) and law.gaussian_log_p_value(t) < -1e-3:
                assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
                n_compared += 1
    assert n_compared > fewest and n_refused > 0


def test_a_correction_that_makes_p_smaller_is_no_singularity():
    """50 uniform events: bounded features, whose fourth cumulant is negative. 200,000 toys say .1222, .0483 and .0203.

    A path through the saddle point next to the singularity gives exp(-10080).
    """
    uniform = wilks.Sample(np.random.default_rng(1).random(20_000))
    kernel = wilks.Kernel(n_centers=30, width=3.0, ridge=0.3, is_score=True)
    law = analytic_null(wilks.Analysis(reference=uniform, model=kernel, expected_events=50), n_events=50)
    found = [law.p_value(law.mean + z * math.sqrt(law.variance)) for z in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert found[:3] == pytest.approx([0.1222, 0.0483, 0.0203], rel=0.03)
    assert law.excess < 0.0 and all(later < 0.5 * before for before, later in itertools.pairwise(found))


@pytest.fixture
def inversions(monkeypatch: pytest.MonkeyPatch) -> list[WeightedTail]:
    """The tails that were asked, once for each inversion, from now on."""
    asked: list[WeightedTail] = []
    log_sf = WeightedTail.log_sf

    def counting(self: WeightedTail, x: float) -> float:
        asked.append(self)
        return log_sf(self, x)

    monkeypatch.setattr(WeightedTail, "log_sf", counting)
    return asked


@pytest.mark.parametrize("has_nuisances", [False, True])
def test_an_answer_inverts_each_law_once(inversions, has_nuisances):
    """That of the correction and its Gaussian limit; p, interval, method, text and dictionary share them."""
    analysis = analysis_of(nuisances=exponential.nuisances(0.1, 0.1) if has_nuisances else ())
    for seed in range(3):
        inversions.clear()
        result = wilks.goodness_of_fit(analysis, sample(500, seed=10 + seed))
        assert result.method == "analytic" and str(result) and result.to_dict()
        assert result.interval[0] < result.p_value < result.interval[1] and result.law.p_value(result.t) > 0.0
        assert len(inversions) == 2 and len(set(inversions)) == 2


def test_a_later_answer_computes_no_correction(monkeypatch):
    """After some data sets the paths are there: p is a sum along them."""
    analysis = analysis_of()
    law, rng = analytic_null(analysis), np.random.default_rng(3)
    spread = math.sqrt(law.variance)
    for t in np.arange(0.5, law.mean + 8.0 * spread, 0.2 * spread):
        law.probability(float(t))

    def refuse(s: FloatArray) -> FloatArray:
        raise AssertionError(f"the correction was computed at {s.size} points")

    monkeypatch.setattr(ScoreNull, "correction", lambda self, s: refuse(s))
    for _ in range(5):
        assert wilks.goodness_of_fit(analysis, wilks.Sample(rng.exponential(size=500), features=["x"])).is_answered

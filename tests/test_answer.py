import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import wilks.answer
import wilks.laws.beyond
from wilks.analysis import Analysis
from wilks.answer import answer_of, goodness_of_fit
from wilks.campaign import toys_here
from wilks.errors import CalibrationError, InputError
from wilks.fitting import fit
from wilks.hypotheses import Alternative, Null, ShiftedNuisance
from wilks.laws import Calibration, GoodnessOfFit, calibrate
from wilks.nuisances import Nuisance, Nuisances, normalization
from wilks.problems import exponential
from wilks.samples import Sample, Standardization, check_data
from wilks.statistics.fits import Attempt, FitResult, FittedNuisance
from wilks.statistics.histogram import Histogram
from wilks.statistics.law import Refusal
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

Make = Callable[..., Any]
REFERENCE = Sample(np.random.default_rng(0).exponential(size=3000), features=("x",))


class Bare(SimpleNamespace):
    """Compared by identity, as an analysis is, and taken for one."""

    __hash__ = object.__hash__
    __class__ = property(lambda self: Analysis)  # type: ignore[assignment]


def bare_analysis(reference: Sample) -> Any:
    """What an answer asks of an analysis without nuisances."""
    return Bare(
        fingerprint=lambda: "aaaa",
        features=("x",),
        reference=reference,
        standardization=Standardization.of(reference),
        nuisances=Nuisances(),
        toy_source=None,
        nominal_pool=None,
        problem=None,  # networks have nothing to say of it
        model=MLP(hidden=(4,)),
        regions={},
        checked=lambda data: check_data(data, features=("x",)),
    )


ANALYSIS = bare_analysis(REFERENCE)


@pytest.fixture
def calibration(toys_of: Make) -> Make:
    """Of 400 toys of a chi-square(13)."""

    def make(fingerprint: str = "aaaa", **options: Any) -> Calibration:
        t = np.random.default_rng(1).chisquare(13, size=400)
        return calibrate(toys_of(t, fingerprint=fingerprint, **options))

    return make


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch, fit_of: Make) -> list[tuple[Any, Any]]:
    """Calls of a fit that always returns t = 30."""
    calls: list[tuple[Any, Any]] = []

    def fit(analysis: Any, data: Any, *, auxiliaries: Any) -> FitResult:
        calls.append((analysis, data))
        result: FitResult = fit_of(30.0, fingerprint="aaaa")
        return result

    monkeypatch.setattr(wilks.answer, "fit", fit)
    return calls


def test_data_are_fitted_once_and_looked_up(fitted: list[tuple[Any, Any]], calibration: Make) -> None:
    null, data = calibration(), np.random.default_rng(1).exponential(size=(2000, 1))
    result = goodness_of_fit(ANALYSIS, data, calibration=null)
    ((analysis, sample),) = fitted
    assert analysis is ANALYSIS
    np.testing.assert_array_equal(sample.events, data)
    assert (result.p_value, result.interval) == (null.p_value(30.0), null.interval(30.0))
    assert result.calibration is null
    assert result.warnings == ()


def test_negative_weights_and_shared_events_are_told(fitted: list[tuple[Any, Any]], calibration: Make) -> None:
    weights = np.where(np.arange(3000) < 7, -1.0, 1.0)
    reference = Sample(REFERENCE.events, weights, features=("x",))
    analysis = bare_analysis(reference)
    data = np.concatenate([REFERENCE.events[:40], np.random.default_rng(1).exponential(size=(1960, 1))])
    warnings = goodness_of_fit(analysis, data, calibration=calibration()).warnings
    assert warnings[0].startswith("7 reference events have negative weights")
    assert warnings[1].startswith("40 of 2,000 data events are in the reference too")


def test_no_calibration_says_what_to_run(fitted: list[tuple[Any, Any]], calibration: Make) -> None:
    with pytest.raises(CalibrationError, match=re.escape("toys = run_toys(analysis, Null()")):
        goodness_of_fit(ANALYSIS, np.zeros((5, 1)))
    assert fitted == []


@pytest.mark.parametrize("nuisances", [(), (normalization("normalization", sigma=0.1),)])
def test_toys_answer_where_the_analytic_null_is_not_confirmed(
    nuisances: tuple[Nuisance, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wilks.answer, "AUTOMATIC_TOYS", 30)
    kernel = Kernel(n_centers=60, width=0.3, ridge=0.003, is_score=True)
    options = {"model": kernel, "expected_events": 300, "nuisances": nuisances}
    analysis = Analysis(reference=REFERENCE, toy_source=exponential.BACKGROUND, **options)
    data = np.random.default_rng(2).exponential(size=320)
    result = goodness_of_fit(analysis, data)
    assert isinstance(result, GoodnessOfFit) and result.method == "empirical"
    at = {one.name: one.value for one in result.fit.delta_nuisances}
    toys = toys_here(analysis, ShiftedNuisance(at) if at else Null(), n_toys=30, seed=0)
    assert result.p_value == calibrate(toys).p_value(result.t)
    assert result.warnings[0].startswith("The analytic null is too rough there: its excess variance is")
    assert not any("from the nuisances of the toys" in text for text in result.warnings)
    with pytest.raises(CalibrationError, match="excess variance of at most"):
        goodness_of_fit(Analysis(reference=REFERENCE, **options), data)


@pytest.mark.parametrize("model", [Kernel(n_centers=10, width=0.5), Histogram(n_bins=4)])
def test_splitting_without_a_calibration_goes_on_at_the_nuisances_of_the_data(
    model: Kernel | Histogram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """t of a kernel depends on them, and a histogram with nuisances has no law that could answer."""
    seen: list[Any] = []

    def refuse(analysis: Analysis, hypothesis: Any, **options: Any) -> Refusal:
        seen.append(hypothesis)
        return Refusal("needs nothing", "this is a test")

    monkeypatch.setattr(wilks.laws.beyond, "split_toys", refuse)
    rate = normalization("rate", sigma=0.5)
    analysis = Analysis(
        reference=REFERENCE, model=model, expected_events=300, nuisances=[rate], toy_source=exponential.BACKGROUND
    )
    with pytest.raises(CalibrationError, match="multilevel splitting needs nothing, but this is a test"):
        goodness_of_fit(analysis, np.random.default_rng(2).exponential(size=400), reach=1e-5)
    assert seen[0].nuisances["rate"] == pytest.approx(np.log(400 / 300), abs=0.06)


def test_a_count_that_is_far_off_is_told_beside_an_analytic_p() -> None:
    kernel = Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)
    data = np.random.default_rng(2).exponential(size=520)
    told = "The data have 520 events for 300 expected, +12.7 standard deviations"
    for nuisances, is_told in (((), True), ((normalization("rate", sigma=1.0),), False)):
        analysis = Analysis(reference=REFERENCE, model=kernel, expected_events=300, nuisances=nuisances)
        assert any(text.startswith(told) for text in goodness_of_fit(analysis, data).warnings) == is_told
    with pytest.raises(InputError, match="store keeps what splitting has done, which reach asks for"):
        goodness_of_fit(analysis, data, store="folder")


@pytest.mark.parametrize("nuisances", [(), (normalization("normalization", sigma=0.1),)])
def test_a_failed_fit_of_a_score_statistic_has_no_p(nuisances: tuple[Nuisance, ...]) -> None:
    kernel = Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)
    analysis = Analysis(reference=REFERENCE, model=kernel, expected_events=300, nuisances=nuisances)
    data = Sample(np.random.default_rng(2).exponential(size=(320, 1)), features=("x",))
    failed = replace(fit(analysis, data), t=np.nan, tau=np.nan, status=FitStatus.NON_FINITE)
    result = answer_of(analysis, failed, data=data)
    assert not result.is_answered and result.warnings[0].startswith("The fit of the data failed")


def test_unusable_toys_are_refused_before_the_fit(fitted: list[tuple[Any, Any]], calibration: Make) -> None:
    for null in (calibration("bbbb"), calibration(hypothesis=Alternative(signal=exponential.BACKGROUND, n_signal=1))):
        with pytest.raises(CalibrationError):
            goodness_of_fit(ANALYSIS, np.zeros((5, 1)), calibration=null)
    assert fitted == []


def profiled_fit(scale: float, normalization: float, *, fingerprint: str) -> FitResult:
    """A fit whose Delta lies at these values, its tau half as far out."""
    fits = {}
    for name, factor in (("nuisances", 0.5), ("delta_nuisances", 1.0)):
        values = {"scale": (factor * scale, 0.1), "normalization": (factor * normalization, 0.15)}
        fits[name] = tuple(FittedNuisance(key, x, 0.02, x / sigma, 0.2) for key, (x, sigma) in values.items())
    return FitResult(
        t=12.0,
        tau=20.0,
        delta=8.0,
        params=np.zeros(13),
        status=FitStatus.CONVERGED,
        newton_decrement=1e-9,
        least_curvature=0.1,
        kkt_residual=1e-6,
        share_at_bound=0.0,
        n_starts=2,
        start_gap=0.1,
        start_t=np.array([12.0, 11.9]),
        attempts=(Attempt(FitStatus.CONVERGED, 12.0),),
        n_iterations=10,
        n_events=2000,
        fingerprint=fingerprint,
        observed=(0.0, 0.0),
        **fits,
    )


@pytest.fixture(scope="module")
def with_nuisances() -> Analysis:
    nuisances = exponential.nuisances(0.1, 0.15)
    return Analysis(reference=exponential.reference(3000), model=MLP(hidden=(4,)), nuisances=nuisances)


@pytest.fixture
def answered(with_nuisances: Analysis, calibration: Make) -> Make:
    """The answer for a fit whose Delta lies at these values."""

    def make(scale: float, normalization: float, **options: Any) -> GoodnessOfFit:
        fingerprint = with_nuisances.fingerprint()
        fitted = replace(profiled_fit(scale, normalization, fingerprint=fingerprint), **options)
        data = Sample(np.random.default_rng(1).exponential(size=(2000, 1)), features=("x",))
        return answer_of(with_nuisances, fitted, data=data, calibration=calibration(fingerprint))

    return make


def test_an_answer_shows_tau_delta_and_the_nuisances(answered: Make) -> None:
    result = answered(0.05, -0.15)
    assert result.warnings == ()
    assert str(result).splitlines()[:4] == [
        "Goodness of fit",
        "  t        12.00",
        "  tau      20.00",
        "  Delta    8.00",
    ]
    assert str(result).splitlines()[-3:] == [
        "  nuisance       at tau, with f  pull   at Delta, f = 0  pull",
        "  scale          0.025 +- 0.02   +0.25  0.05 +- 0.02     +0.50",
        "  normalization  -0.075 +- 0.02  -0.50  -0.15 +- 0.02    -1.00",
    ]
    plain: Any = result.to_dict()
    assert (plain["tau"], plain["delta"]) == (20.0, 8.0)
    assert plain["delta_nuisances"][0]["pull"] == 0.5


def test_a_large_pull_is_told(answered: Make) -> None:
    (warning,) = answered(0.0, -0.6).warnings
    assert warning == (
        "The data disagree with the auxiliary measurement of normalization by 4.0 sigma (pull -4.00 at Delta); this "
        "disagreement is part of Delta, not of t"
    )


def test_the_edge_of_the_range_and_a_small_effective_reference_are_told(answered: Make) -> None:
    warnings = answered(1.0, 0.0).warnings
    assert warnings[0].startswith("The nuisance scale of Delta lies at the edge of its range")
    assert warnings[1].startswith("The data disagree with the auxiliary measurement of scale by 10.0 sigma")
    assert re.match(r"At the nuisances of Delta the reference counts as \d+ events, \d+% of those at 0", warnings[2])


def test_a_failed_fit_says_nothing_of_its_nuisances(answered: Make) -> None:
    result = answered(1.0, 0.0, t=np.nan, status=FitStatus.NOT_CONVERGED)
    assert len(result.warnings) == 1 and "nuisance" not in str(result)


def test_events_outside_the_reference_are_named(fitted: list[tuple[Any, Any]], calibration: Make) -> None:
    data = np.append(np.random.default_rng(1).exponential(size=1999), 30.0)
    (warning,) = goodness_of_fit(ANALYSIS, data, calibration=calibration()).warnings
    assert warning.startswith("1 of 2,000 data events lies where the reference has none")
    assert "event 1,999: x = 30" in warning and "restrict data, reference and toys" in warning
    assert "enrich" in warning

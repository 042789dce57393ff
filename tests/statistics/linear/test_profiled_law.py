"""The null of the score statistic with nuisances: its moments in plain sums, and against toys. Keys are fixed."""

import math

import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError
from wilks.fitting import fit_together
from wilks.laws import analytic_null, tilted_p_value
from wilks.nuisances import LogYield, Nuisance, Nuisances, Polynomial
from wilks.problems import exponential
from wilks.statistics.linear.profiled_engine import ProfiledLinearEngine
from wilks.statistics.linear.profiled_group import ProfiledGroup
from wilks.statistics.linear.profiled_law import profiled_law
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FloatArray

SIGMA, N_TOYS = 0.15, 400


def analysis_of(*, nuisances: object = None, **options: object) -> wilks.Analysis:
    kernel = {"n_centers": 8, "width": 1.0, "ridge": 3.0, "is_score": True} | options
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=wilks.Kernel(**kernel),  # type: ignore[arg-type]
        expected_events=500,
        standardize=False,
        nuisances=exponential.nuisances(SIGMA, SIGMA) if nuisances is None else nuisances,  # type: ignore[arg-type]
        toy_source=lambda rng, n, nuisances: exponential.background(rng, n, nuisances),  # stays in this process
        search=wilks.Search(n_starts=3),
    )


ANALYSIS = analysis_of()
DATA = np.random.default_rng(1).exponential(np.exp(SIGMA), size=(520, 1))


def engine_of(analysis: wilks.Analysis) -> ProfiledLinearEngine:
    assert isinstance(analysis.engine, ProfiledLinearEngine)
    return analysis.engine


class Given(Polynomial):
    """The scale to second order, with a yield that is a little wrong."""

    kind, names, terms = "given", ("scale",), ((1,), (2,))

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.stack([events[:, 0] - 0.9, -events[:, 0] + 0.1], axis=1)

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind}


SHIFTED = analysis_of(
    nuisances=Nuisances(
        (Nuisance("scale", SIGMA), wilks.normalization("normalization", sigma=SIGMA)),
        Given(),
        LogYield(("scale",), ((1,), (2,)), (0.1, 0.3)),
    )
)


@pytest.mark.parametrize("analysis", [ANALYSIS, SHIFTED], ids=["formulas", "known yield"])
def test_mean_and_variance_are_sums_over_the_reference(analysis):
    """Of effective features at nu, with the influence of every event of the reference, in plain coordinates."""
    group, z = engine_of(analysis).profiled[0], np.array([1.0, -0.4])
    events, w = analysis.reference.events, analysis.reference.event_weights
    response, step = analysis.nuisances.on(events), 1e-5

    def s(at: FloatArray) -> FloatArray:
        return response.shifted_log_ratio(at, w)

    d = np.stack([(s(z + step * e) - s(z - step * e)) / (2 * step) for e in np.eye(2)], axis=1)
    moved, phi = w * np.exp(s(z)), group.basis.values(events)
    cross, p = (moved[:, None] * phi).T @ d, np.linalg.inv((moved[:, None] * d).T @ d + np.eye(2))
    psi = phi - d @ p @ cross.T
    inverse = np.linalg.inv((moved[:, None] * phi).T @ phi - cross @ p @ cross.T + 6.0 * np.eye(phi.shape[1]))
    # What one event of the reference adds to sum w r psi; the learned part of r sums to the known yield.
    formula = np.exp(SIGMA * z[1]) if analysis is SHIFTED else np.exp(s(z))
    base = moved / formula
    influence = base[:, None] * (np.broadcast_to(formula, w.shape)[:, None] * psi - (moved @ psi) / base.sum())
    covariance = (moved[:, None] * psi).T @ psi + cross @ p @ p @ cross.T + influence.T @ influence
    form = engine_of(analysis).form(z, np.zeros(2))
    null, product = profiled_law(group, form), inverse @ covariance
    limit = form.limit_moments()
    assert null.mean == pytest.approx(np.trace(product), rel=1e-5)
    fourth = float(moved @ np.sum((psi @ inverse) * psi, axis=1) ** 2)
    assert null.variance == pytest.approx(2 * np.trace(product @ product) + fourth, rel=1e-5)
    moments = analysis.model.null_moments(analysis.engine, z=z)
    assert moments == pytest.approx((null.mean, null.variance), rel=1e-7)
    hessian = np.linalg.inv(inverse) - 6.0 * np.eye(phi.shape[1])
    assert limit == pytest.approx([np.trace(inverse @ hessian), 2 * np.trace(inverse @ hessian @ inverse @ hessian)])


def test_poisson_and_auxiliary_parts_are_the_hessian(monkeypatch):
    """Without the fluctuations of the reference Cov b = H - C P C^T, and E q = tr(A^-1 (A - 2 ridge))."""
    monkeypatch.setattr(ProfiledGroup, "_fluctuations", lambda *_: 0.0)
    engine = engine_of(ANALYSIS)
    form = engine.form(np.array([2.1, 0.2]), np.zeros(2))  # where sums are made, and not taken from nodes
    matrix = form.root @ form.root.T
    expected = matrix.shape[0] - 6.0 * np.trace(np.linalg.inv(matrix))
    assert profiled_law(engine.profiled[0], form).mean == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n_toys", [100, *(pytest.param(n, marks=pytest.mark.nightly) for n in (200, N_TOYS))])
def test_toys_have_the_mean_variance_and_p_values(n_toys, monkeypatch):
    """Data drawn from the reference events weighted with r(nu*), so that the law given this reference is exact.

    Mean within 4 standard errors, variance within 4 of sqrt((kurtosis - 1)/n) with a kurtosis of 9, p < 0.1 within 4
    binomial deviations: an error rate of 1e-3 in all, and 3 % for what is not linear in nu.
    """
    monkeypatch.setattr(ProfiledGroup, "_fluctuations", lambda *_: 0.0)
    rng = np.random.Generator(np.random.Philox(7))
    events, w = ANALYSIS.reference.events, ANALYSIS.reference.event_weights
    moved = w * np.exp(ANALYSIS.nuisances.log_ratio(events, {"scale": SIGMA}))
    sizes = rng.poisson(moved.sum(), size=n_toys)
    sets = [events[rng.choice(w.size, size, p=moved / moved.sum())] for size in sizes]
    fits = fit_together(ANALYSIS, sets, list(np.array([SIGMA, 0.0]) + SIGMA * rng.normal(size=(n_toys, 2))))
    assert all(fit.converged for fit in fits)
    nulls = [analytic_null(ANALYSIS, fit) for fit in fits[: n_toys // 10]]
    mean, variance = (float(np.mean([getattr(null, name) for null in nulls])) for name in ("mean", "variance"))
    q = np.array([fit.t for fit in fits])
    assert q.mean() == pytest.approx(mean, abs=4 * math.sqrt(variance / n_toys) + 0.03 * mean)
    assert q.var() == pytest.approx(variance, rel=4 * math.sqrt(8 / n_toys) + 0.03)
    grid = np.linspace(0.5 * mean, 3.0 * mean, 16)
    threshold = np.interp(-0.1, [-nulls[0].p_value(x) for x in grid], grid)
    assert np.mean(q > threshold) == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / n_toys) + 0.003)


def test_answer_without_toys_is_at_the_nuisances_of_delta():
    result = wilks.goodness_of_fit(ANALYSIS, DATA, auxiliaries={"scale": 0.1})
    fit = wilks.fit(ANALYSIS, DATA, auxiliaries={"scale": 0.1})
    null = analytic_null(ANALYSIS, fit)
    assert isinstance(null, ScoreNull) and result.t == fit.t and result.p_value == null.p_value(fit.t)
    assert result.method == "analytic"
    lines = str(result).splitlines()
    assert lines[2].split() == ["tau", f"{fit.tau:.2f}"] and lines[3].split() == ["Delta", f"{fit.delta:.2f}"]
    assert "Analytic null of the score statistic at the nuisances of Delta" in lines[6]
    assert lines[8].startswith("  scale ") and lines[9].startswith("  normalization ")
    assert result.to_dict()["delta_nuisances"][0]["name"] == "scale"  # type: ignore[index]


def test_answer_names_what_the_nuisances_say():
    result = wilks.goodness_of_fit(ANALYSIS, DATA, auxiliaries={"scale": 1.0})
    assert any("disagree with the auxiliary measurement of scale" in text for text in result.warnings)


def test_toys_at_the_nuisances_of_the_data_answer():
    at = {one.name: one.value for one in wilks.fit(ANALYSIS, DATA).delta_nuisances}
    toys = wilks.campaign.toys_here(ANALYSIS, wilks.ShiftedNuisance(at), n_toys=40, seed=1)
    assert toys.n_failed == 0 and toys.nuisances.shape == (40, 2)
    result = wilks.goodness_of_fit(ANALYSIS, DATA, calibration=wilks.calibrate(toys))
    assert result.is_answered and not any("from the nuisances of the toys" in text for text in result.warnings)


def test_a_law_of_the_analysis_alone_is_refused():
    with pytest.raises(CalibrationError, match="depends on where they are"):
        analytic_null(ANALYSIS)
    with pytest.raises(CalibrationError, match="tilted toys need an analysis without nuisances"):
        tilted_p_value(ANALYSIS, 10.0)
    with pytest.raises(CalibrationError, match="needs null toys"):
        wilks.goodness_of_fit(analysis_of(is_score=False), DATA)
    with pytest.raises(CalibrationError, match="the analysis has none"):
        analytic_null(analysis_of(nuisances=()), wilks.fit(ANALYSIS, DATA))


def test_a_failed_fit_has_no_law_and_no_p(monkeypatch):
    delta = engine_of(ANALYSIS).delta
    fit = delta.fit
    monkeypatch.setattr(delta, "fit", lambda own: fit(own)._replace(is_certified=False))
    reason = "the fit of the nuisances alone met no tolerance"
    with pytest.raises(CalibrationError, match=reason):
        analytic_null(ANALYSIS, wilks.fit(ANALYSIS, DATA))
    result = wilks.goodness_of_fit(ANALYSIS, DATA)
    assert not result.is_answered and reason in result.warnings[0]

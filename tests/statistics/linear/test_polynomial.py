"""A family of its own needs a feature map alone: it is fitted, makes toys, has a null law, takes nuisances, travels."""

import functools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from polynomial import Legendre, Polynomial

import wilks
from wilks.campaign import toys_here
from wilks.errors import InputError
from wilks.fitting import evaluate
from wilks.laws import analytic_null
from wilks.problems import exponential
from wilks.statistics import family_of, statistic_from_dict
from wilks.typing import FloatArray

RIDGE, N_TOYS = 0.3, 400
both_statistics = pytest.mark.parametrize("is_score", [True, False], ids=["score", "converged"])

FRESH = """
import sys
import wilks
analysis = wilks.Analysis.load(sys.argv[1])
fit, stored = wilks.fit(analysis, wilks.load(sys.argv[2])), wilks.load(sys.argv[3])
print(analysis.model.describe(), analysis.fingerprint(), fit.t.hex(), stored.t.hex(), sep="\\n")
"""


@functools.cache
def analysis_of(*, is_score: bool = True, is_profiled: bool = False) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=40_000), features=["x"]),
        model=Polynomial(ridge=RIDGE, is_score=is_score),
        expected_events=400,
        nuisances=exponential.nuisances(0.15, 0.1)[:1] if is_profiled else (),
        toy_source=exponential.BACKGROUND,
    )


@functools.cache
def data() -> wilks.Sample:
    """380 events of the reference and 20 of a peak."""
    rng = np.random.default_rng(1)
    return wilks.Sample(np.concatenate([rng.exponential(size=380), rng.normal(4.0, 0.3, size=20)]), features=["x"])


def features(analysis: wilks.Analysis, events: FloatArray) -> FloatArray:
    """1, x, and P_2, P_3 written out."""
    reach = np.max(np.abs(analysis.problem.standardized))
    x = analysis.standardization.apply(events)[:, 0] / reach
    return np.column_stack([np.ones(x.size), x, 0.5 * (3 * x**2 - 1), 0.5 * (5 * x**3 - 3 * x)])


def test_the_score_statistic_is_the_linear_solve():
    analysis = analysis_of()
    k, w = features(analysis, analysis.reference.events), analysis.reference.event_weights
    b = features(analysis, data().events).sum(axis=0) - w @ k
    matrix = (k * w[:, None]).T @ k + 2 * RIDGE * np.eye(4)
    fit = wilks.fit(analysis, data())
    assert fit.converged and fit.t == pytest.approx(b @ np.linalg.solve(matrix, b), rel=1e-9)
    np.testing.assert_allclose(fit.params, np.linalg.solve(matrix, b), rtol=1e-7)


def test_the_converged_statistic_is_the_least_penalized_loss():
    analysis = analysis_of(is_score=False)
    k, w, sums = features(analysis, analysis.reference.events), analysis.reference.event_weights, 0.0
    sums = features(analysis, data().events).sum(axis=0)

    def loss(a: FloatArray) -> tuple[float, FloatArray]:
        f = k @ a
        return float(w @ np.expm1(f) - sums @ a + RIDGE * a @ a), (w * np.exp(f)) @ k - sums + 2 * RIDGE * a

    found = scipy.optimize.minimize(loss, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-9})
    fit = wilks.fit(analysis, data())
    assert fit.converged and fit.newton_decrement < 1e-6
    assert fit.t == pytest.approx(-2.0 * found.fun, abs=1e-7)
    np.testing.assert_allclose(fit.params, found.x, atol=1e-5)
    expected = features(analysis, data().events[:20]) @ fit.params
    np.testing.assert_allclose(analysis.log_ratio(data().events[:20], fit.params), expected, rtol=1e-9, atol=1e-12)


@both_statistics
@pytest.mark.parametrize("is_profiled", [False, True], ids=["alone", "with a nuisance"])
def test_t_follows_from_what_a_fit_keeps(is_score, is_profiled):
    analysis = analysis_of(is_score=is_score, is_profiled=is_profiled)
    fit = wilks.fit(analysis, data())
    assert fit.converged and fit.t > 0.0 and len(fit.nuisances) == is_profiled
    again = evaluate(analysis, data().events, fit)
    assert again.t == pytest.approx(fit.t, rel=1e-8) and again.delta == pytest.approx(fit.delta, rel=1e-12)


def test_a_nuisance_explains_what_it_can():
    """A scale off by two sigma: most of t goes to Delta, and the fit of the scale is near its true value."""
    wider = np.random.default_rng(2).exponential(scale=math.exp(0.3), size=(400, 1))
    plain, profiled = (wilks.fit(analysis_of(is_profiled=flag), wider) for flag in (False, True))
    assert profiled.t < 0.5 * plain.t and profiled.delta > profiled.t
    (scale,) = profiled.delta_nuisances
    assert abs(scale.value - 0.3) < 4 * scale.error
    result = wilks.goodness_of_fit(analysis_of(is_profiled=True), wider)
    assert result.method == "analytic" and result.t == profiled.t


@pytest.fixture(scope="module")
def toys() -> FloatArray:
    made = toys_here(analysis_of(), wilks.Null(), n_toys=N_TOYS, seed=1)
    assert made.n_failed == 0 and made.degrees_of_freedom is None
    return made.t


def test_toys_have_the_mean_of_the_law(toys):
    """Within 4 standard errors, a false alarm in 16,000, and N(R_0)/N_R = 1 % for their one reference."""
    law = analytic_null(analysis_of()).figures
    assert np.mean(toys) == pytest.approx(law.mean, abs=4 * math.sqrt(law.variance / N_TOYS) + 0.01 * law.mean)
    assert 2.0 < law.mean < 4.0, "less than a degree of freedom for each of four parameters"


@pytest.mark.parametrize("p_value", [0.5, 0.1, 0.02])
def test_toys_follow_the_law(toys, p_value):
    """4 standard deviations of the binomial law, a false alarm in 16,000, and 3 % of p for the one reference."""
    law = analytic_null(analysis_of())
    q = scipy.optimize.brentq(lambda t: law.p_value(t) - p_value, 0.2, 20.0)
    error = math.sqrt(p_value * (1 - p_value) / N_TOYS)
    assert np.mean(toys >= q) == pytest.approx(p_value, abs=4 * error + 0.03 * p_value)


def test_an_answer_needs_no_toys(toys):
    result = wilks.goodness_of_fit(analysis_of(), data())
    assert result.method == "analytic" and result.t == wilks.fit(analysis_of(), data()).t
    counted = wilks.goodness_of_fit(analysis_of(), data(), calibration=wilks.calibrate(toys.tolist()))
    assert result.p_value == pytest.approx(counted.p_value, abs=4 * math.sqrt(0.25 / N_TOYS))
    with pytest.raises(wilks.CalibrationError, match="needs null toys"):
        wilks.goodness_of_fit(analysis_of(is_score=False), data())


def test_the_class_is_found_by_its_kind():
    model = Polynomial(degree=2, ridge=1.0)
    assert family_of("polynomial:Polynomial") is Polynomial
    assert statistic_from_dict(model.to_dict()) == model
    with pytest.raises(InputError, match="the class of a model must be a"):
        family_of("polynomial:Legendre")
    assert isinstance(analysis_of().model.members[0].map, Legendre)  # type: ignore[attr-defined]


def run(code: str, *arguments: Path, paths: list[str]) -> subprocess.CompletedProcess[str]:
    """A fresh process that finds modules in these folders."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_another_process_loads_and_fits_it(tmp_path):
    """To the last bit, where the module lies on its path; elsewhere it is told what to do."""
    analysis, fit = analysis_of(is_score=False), wilks.fit(analysis_of(is_score=False), data())
    for one, name in ((analysis, "analysis"), (data(), "data"), (fit, "fit")):
        one.save(tmp_path / name)
    source, here = str(Path(wilks.__file__).parents[1]), str(Path(__file__).parent)
    arguments = [tmp_path / name for name in ("analysis", "data", "fit")]
    done = run(FRESH, *arguments, paths=[source, here])
    assert done.returncode == 0, done.stderr
    expected = [analysis.model.describe(), analysis.fingerprint(), fit.t.hex(), fit.t.hex()]
    assert done.stdout.splitlines() == expected
    lost = run(FRESH, *arguments, paths=[source])
    assert lost.returncode != 0
    assert "'polynomial:Polynomial' must be importable" in lost.stderr and "PYTHONPATH" in lost.stderr


@pytest.mark.nightly  # a process finds the model in the test above
def test_a_spawned_worker_makes_its_toys(tmp_path, toys):
    with wilks.LocalProcesses(1) as executor:
        made = wilks.run_toys(analysis_of(), wilks.Null(), n_toys=6, seed=1, store=tmp_path / "toys", executor=executor)
    assert made.t.tolist() == toys[:6].tolist()

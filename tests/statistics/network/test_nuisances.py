"""fit with nuisances: t = tau - Delta, from certified minima of one loss."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.nuisances import Nuisance, Nuisances, Unconstrained, normalization
from wilks.statistics.fits import Data, FitResult
from wilks.statistics.network.attempts import Attempts
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.network.finish import Finish
from wilks.statistics.network.programs import Programs
from wilks.typing import FitStatus, FloatArray

SIGMA = 0.15


def scale(events: jax.Array, nu: jax.Array) -> jax.Array:
    return -nu + events[:, 0] * (1 - jnp.exp(-nu))


def make(*nuisances: Nuisance, n_starts: int = 6) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=20_000)),
        model=wilks.MLP(hidden=(2,), weight_clip=5.0),
        expected_events=500,
        standardize=False,
        nuisances=nuisances,
        search=wilks.Search(n_starts=n_starts, n_kept=n_starts),
    )


NUISANCES = (normalization("normalization", sigma=SIGMA), Nuisance("scale", SIGMA, log_ratio=scale))


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return make(*NUISANCES)


def toy(seed: int, *, nu: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.exponential(np.exp(nu), size=(rng.poisson(500), 1))


@pytest.fixture(scope="module")
def results(analysis: wilks.Analysis) -> list[tuple[FloatArray, FloatArray, FitResult]]:
    """Toys at different true nuisances, with their auxiliary measurements."""
    rng, found = np.random.default_rng(9), []
    for seed, nu in enumerate((0.0, 0.15, -0.15, 0.3, -0.3, 0.0)):
        observed = np.array([0.0, nu]) + SIGMA * rng.normal(size=2)
        found.append((toy(seed, nu=nu), observed, fit_events(analysis, toy(seed, nu=nu), observed)))
    return found


def values(fitted) -> FloatArray:
    return np.array([one.value for one in fitted])


def test_every_t_is_certified_and_not_negative(results) -> None:
    for _, _, result in results:
        assert result.converged and result.t >= -1e-6
        assert result.t == result.tau - result.delta
        assert result.kkt_residual < 1e-3 and result.delta_kkt_residual < 1e-8
        assert result.delta_newton_decrement < 1e-12


def test_tau_and_delta_follow_from_the_saved_parameters(analysis, results) -> None:
    for data, observed, result in results:
        again = evaluate(analysis, data, result)
        assert result.observed == tuple(observed)
        assert again.t == pytest.approx(result.t, abs=1e-9) and again.tau == pytest.approx(result.tau, abs=1e-9)


def test_delta_finds_the_true_nuisance_within_its_error(results) -> None:
    # Six toys of about 500 events: the sum of the squared pulls to the truth against chi-square(6) at 1e-4.
    truths = (0.0, 0.15, -0.15, 0.3, -0.3, 0.0)
    fitted = [result.delta_nuisances[1] for _, _, result in results]
    assert sum(((one.value - nu) / one.error) ** 2 for one, nu in zip(fitted, truths, strict=True)) < 27.9
    assert all(0 < one.error < SIGMA and one.constraint == pytest.approx(one.error / SIGMA) for one in fitted)


def test_t_hardly_moves_with_the_true_nuisance(analysis) -> None:
    # The same exponential numbers, scaled by 0.2: without nuisances t would rise by tens.
    plain = fit_events(analysis, toy(3), np.zeros(2))
    moved = fit_events(analysis, toy(3) * np.exp(0.2), np.array([0.0, 0.2]))
    assert moved.delta - plain.delta > 5
    assert moved.t == pytest.approx(plain.t, abs=2.0)


def test_t_is_a_function_of_analysis_data_and_auxiliaries(analysis, results) -> None:
    data, observed, result = results[1]
    again = fit_events(make(*NUISANCES), data, observed)
    assert (again.t, again.params.tolist()) == (result.t, result.params.tolist())
    assert fit_events(analysis, data, observed + 0.05).t != result.t


@pytest.mark.nightly
def test_several_lanes_give_the_same(analysis, results) -> None:
    wide = make(*NUISANCES)
    vars(wide)["engine"] = NetworkEngine(wide.problem, wide.model, width=2)
    sets, observed = [data for data, _, _ in results[:3]], [centre for _, centre, _ in results[:3]]
    for found, (_, _, alone) in zip(fit_together(wide, sets, observed), results, strict=False):
        assert found.t == pytest.approx(alone.t, abs=0.02)


def test_the_auxiliary_measurement_of_the_real_data_is_the_default(analysis) -> None:
    data = toy(1)
    assert wilks.fit(analysis, data).observed == (0.0, 0.0)
    told = wilks.fit(analysis, data, auxiliaries={"scale": 0.1})
    assert told.observed == (0.0, 0.1)
    assert told.nuisances[1].pull == pytest.approx((told.nuisances[1].value - 0.1) / SIGMA)
    with pytest.raises(InputError, match="but 'sacle' came"):
        wilks.fit(analysis, data, auxiliaries={"sacle": 0.1})


def test_f_equal_to_0_at_delta_is_one_of_the_starts(analysis) -> None:
    data = toy(1)
    one = Data(data, np.zeros(2))
    delta = analysis.engine.programs.delta.fit(analysis.engine.programs.own(one))
    starts = Attempts(analysis.problem, analysis.model, *one, delta).next_starts()
    assert starts.shape == (7, analysis.n_parameters + 2)
    assert np.all(starts[:, -2:] == delta.z)
    events = np.linspace(0, 8, 5)[:, None]
    assert np.all(analysis.log_ratio(events, starts[-1, :-2]) == 0)
    assert np.any(analysis.log_ratio(events, starts[0, :-2]) != 0)


def test_a_search_that_ends_above_delta_goes_on_from_delta(analysis, monkeypatch) -> None:
    data, polish, calls = toy(2), Programs.polish, []

    def spoiled(engine: Programs, starts, owners, sets) -> Finish:
        finish = polish(engine, starts, owners, sets)
        calls.append(starts)
        return finish if len(calls) > 1 else finish._replace(value=finish.value + 1e4)

    monkeypatch.setattr(Programs, "polish", spoiled)
    result = fit_events(analysis, data)
    assert len(calls) == 2 and np.all(analysis.log_ratio(data, calls[1][0][:-2]) == 0)
    assert result.converged and result.began_at_delta and result.t >= -1e-6


def test_a_delta_that_does_not_converge_is_a_failure_with_its_reason(analysis, monkeypatch) -> None:
    alone = analysis.engine.programs.delta
    fit = alone.fit
    monkeypatch.setattr(alone, "fit", lambda own: fit(own)._replace(is_certified=False))
    result = fit_events(analysis, toy(1))
    assert result.status is FitStatus.DELTA_NOT_CONVERGED and np.isnan(result.t)
    assert "nuisances alone" in result.status.message


def test_data_where_the_response_is_not_finite_are_named() -> None:
    analysis = make(Nuisance("edge", 0.1, log_ratio=lambda events, nu: nu * jnp.log(20.0 - events[:, 0])))
    with pytest.raises(InputError, match=r"every event of the data, but at edge = -0.1 it is nan for 1 of 3 events"):
        wilks.fit(analysis, [1.0, 2.0, 30.0])


@pytest.mark.nightly  # of other models: tests/statistics/histogram/test_profiled.py, tests/statistics/linear
def test_an_unconstrained_nuisance_is_fitted_without_a_pull() -> None:
    analysis = make(Nuisance("scale", SIGMA, log_ratio=scale, auxiliary=Unconstrained()), n_starts=2)
    result = wilks.fit(analysis, toy(1, nu=0.5))
    (delta,) = result.delta_nuisances
    assert delta.value == pytest.approx(0.5, abs=5 * delta.error)
    assert np.isnan(delta.pull) and result.to_dict()["delta_nuisances"][0]["pull"] is None


def test_no_events_at_all_are_a_data_set(analysis) -> None:
    result = fit_events(analysis, np.empty((0, 1)))
    assert result.converged and result.t >= -1e-6


def test_a_result_prints_its_nuisances(results) -> None:
    result = dataclasses.replace(results[0][2], t=12.3, tau=14.5, delta=2.2)
    lines = str(result).splitlines()
    assert lines[6].startswith("  tau, Delta        14.5000, 2.2000")
    assert lines[7].startswith("  normalization     ") and " with f; " in lines[7] and "pull" in lines[8]
    document = result.to_dict()
    assert document["nuisances"][1]["name"] == "scale" and document["began_at_delta"] in (True, False)


def test_nuisances_are_part_of_the_fingerprint(analysis, tmp_path) -> None:
    other = make(NUISANCES[0], Nuisance("scale", 0.1, log_ratio=scale))
    assert analysis.fingerprint() != other.fingerprint() != make().fingerprint()
    assert isinstance(analysis.nuisances, Nuisances)
    analysis.save(tmp_path / "analysis")
    assert wilks.Analysis.load(tmp_path / "analysis").fingerprint() == analysis.fingerprint()

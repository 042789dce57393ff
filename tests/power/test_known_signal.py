"""q_0 of a known signal: against another minimiser, and its law under the null."""

import jax.numpy as jnp
import numpy as np
import pytest
from iminuit import Minuit
from scipy import stats

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Null
from wilks.nuisances import Nuisance, normalization
from wilks.power import KnownSignal, SignalTest, signal_fit, signal_test
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.statistics.network import MLP

N_EVENTS, N_SIGNAL = 400.0, 20.0
SCALE = Nuisance("scale", 0.1, log_ratio=lambda events, nu: -nu + events[:, 0] * (1 - jnp.exp(-nu)))
REFERENCE = Sample(np.random.default_rng(0).exponential(size=5000))


def ratio(events: np.ndarray) -> np.ndarray:
    x = events[:, 0]
    return N_SIGNAL * stats.norm.pdf(x, 3.0, 0.2) / (N_EVENTS * np.exp(-x))


SIGNAL = KnownSignal(ratio, N_SIGNAL)
UNITS = (1.0, 1e-9, 2e-4, 1e5)


def make(*nuisances: Nuisance) -> Analysis:
    return Analysis(
        reference=REFERENCE,
        model=MLP(hidden=(2,)),
        expected_events=N_EVENTS,
        nuisances=nuisances,
        toy_source=exponential.BACKGROUND,
    )


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return make(normalization("normalization", sigma=0.1), SCALE)


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.concatenate([rng.exponential(1.05, size=420), rng.normal(3.0, 0.2, size=20)])[:, None]


def test_it_agrees_with_another_minimiser(analysis, data) -> None:
    observed = {"normalization": 0.05, "scale": 0.02}

    def minus_log_likelihood(strength: float, norm: float, scale: float) -> float:
        def log_r(x: np.ndarray) -> np.ndarray:
            return norm - scale + x * (1 - np.exp(-scale))

        reference, x = analysis.reference, data[:, 0]
        total = np.sum(reference.event_weights * np.expm1(log_r(reference.events[:, 0]))) + strength * N_SIGNAL
        total -= np.sum(np.log(np.exp(log_r(x)) + strength * ratio(data)))
        auxiliary = [((centre - at) / 0.1) ** 2 - (centre / 0.1) ** 2 for centre, at in ((0.05, norm), (0.02, scale))]
        return float(total + 0.5 * sum(auxiliary))

    fits = {}
    for is_fixed in (True, False):
        minuit = Minuit(minus_log_likelihood, strength=0.0 if is_fixed else 1.0, norm=0.0, scale=0.0)
        minuit.limits["strength"], minuit.fixed["strength"], minuit.errordef = (0, None), is_fixed, Minuit.LIKELIHOOD
        minuit.strategy, minuit.tol = 2, 1e-6
        fits[is_fixed] = minuit.migrad()
    found = signal_fit(analysis, data, signal=SIGNAL, auxiliaries=observed)
    assert found.is_certified
    assert found.q0 == pytest.approx(2 * (fits[True].fval - fits[False].fval), abs=2e-6)
    assert found.strength == pytest.approx(fits[False].values["strength"], abs=1e-3)
    assert found.z_score == pytest.approx(np.sqrt(found.q0))
    assert found.nuisances["scale"] == pytest.approx(fits[False].values["scale"], abs=1e-3)


def test_a_deficit_has_no_significance(analysis) -> None:
    x = np.random.default_rng(1).exponential(size=400)
    found = signal_fit(analysis, x[abs(x - 3.0) > 0.5], signal=SIGNAL)
    assert (found.q0, found.strength, found.is_certified) == (pytest.approx(0.0, abs=1e-9), 0.0, True)


@pytest.mark.parametrize("n_toys", [100, pytest.param(200, marks=pytest.mark.nightly)])
def test_half_of_the_null_is_0_and_the_rest_chi_square(n_toys: int) -> None:
    # False-alarm rate 1e-3 each.
    analysis = make(normalization("normalization", sigma=0.1))
    test = signal_test(analysis, Null(), signal=SIGNAL, n_toys=n_toys, seed=1)
    positive = test.q0[test.q0 > 1e-9]
    assert test.n_failed == 0
    assert 0.001 < stats.binom(n_toys, 0.5).cdf(positive.size) < 0.999
    assert stats.kstest(positive, "chi2", (1,)).pvalue > 1e-3


def test_without_nuisances_it_is_the_test_of_the_strength_alone() -> None:
    data = np.random.default_rng(3).exponential(size=(400, 1))
    found = signal_fit(make(), np.concatenate([data, [[3.0]] * 9]), signal=SIGNAL)
    at = np.linspace(0, 3, 30_001)
    rho = ratio(np.concatenate([data, [[3.0]] * 9]))
    values = at * N_SIGNAL - np.sum(np.log1p(at[:, None] * rho), axis=1)
    assert found.q0 == pytest.approx(-2 * values.min(), abs=1e-6)
    assert found.strength == pytest.approx(at[values.argmin()], abs=1e-4) and dict(found.nuisances) == {}


def test_q0_does_not_depend_on_how_many_events_strength_1_stands_for(analysis, data) -> None:
    found = {
        n: signal_fit(analysis, data, signal=KnownSignal(lambda x, n=n: n * ratio(x), n * N_SIGNAL)) for n in UNITS
    }
    for n, one in found.items():
        assert one.is_certified and one.q0 == pytest.approx(found[1.0].q0, abs=1e-8)
        assert n * one.strength == pytest.approx(found[1.0].strength, rel=1e-6)


def test_a_test_prints_its_median_with_its_interval() -> None:
    test = SignalTest(np.append(np.arange(1.0, 41.0), np.nan))
    low, high = test.interval
    assert low < test.median_z_score < high
    assert str(test).startswith("median sqrt(q_0) = 4.53 [") and str(test).endswith("from 41 toys; 1 fits failed")
    assert str(SignalTest(np.array([4.0, 9.0]))) == "median sqrt(q_0) = 2.55 [-inf, inf] from 2 toys"


@pytest.mark.parametrize("n_signal", [0, -1.0, float("nan"), "10"])
def test_a_signal_must_have_events(n_signal) -> None:
    with pytest.raises(InputError, match="n_signal must be a positive number"):
        KnownSignal(ratio, n_signal)


@pytest.mark.parametrize(
    ("density_ratio", "message"),
    [(lambda e: e, r"gave an array of shape \(3, 1\)"), (lambda e: -e[:, 0], "negative or infinite")],
)
def test_a_ratio_must_be_one_number_for_each_event(analysis, density_ratio, message) -> None:
    with pytest.raises(InputError, match=message):
        signal_fit(analysis, [1.0, 2.0, 3.0], signal=KnownSignal(density_ratio, 1.0))

"""The smeared exponential problem: the density is that of the events, and stays exact far out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from wilks.errors import InputError
from wilks.nuisances import Nuisances, vary
from wilks.problems import smeared

from tests.lab.compilations import quick_jit

POINTS = [
    {},
    {"scale": 0.3},
    {"offset": -0.4},
    {"resolution": 0.5},
    {"scale": -0.2, "offset": 0.3, "resolution": -0.3},
]


log_density, log_ratio = quick_jit(smeared.log_density), quick_jit(smeared.log_ratio)


def density_at(x, nu):
    return np.exp(np.asarray(log_density(jnp.asarray(x), **nu)))


@pytest.mark.parametrize("nu", POINTS)
def test_density_has_unit_integral_and_is_that_of_the_generator(nu):
    x = np.linspace(-8.0, 60.0, 68_001)
    density = density_at(x, nu)
    assert integrate.simpson(density, x=x) == pytest.approx(1.0, abs=1e-10)
    cumulative = integrate.cumulative_simpson(density, x=x, initial=0.0)
    events = smeared.background(np.random.default_rng(5), 20_000, nu)
    assert events.shape == (20_000, 1)
    assert stats.kstest(events[:, 0], lambda at: np.interp(at, x, cumulative)).pvalue > 1e-3


@pytest.mark.parametrize("nu", POINTS)
def test_density_is_that_of_scipy(nu):
    x = np.linspace(-3.0, 40.0, 200)
    deviation, mean_life = 0.3 * np.exp(nu.get("resolution", 0.0)), np.exp(nu.get("scale", 0.0))
    law = stats.exponnorm(mean_life / deviation, loc=nu.get("offset", 0.0), scale=deviation)
    assert np.asarray(log_density(jnp.asarray(x), **nu)) == pytest.approx(law.logpdf(x), rel=1e-8, abs=1e-8)


def test_both_tails_are_those_of_the_two_laws():
    """Far below, that of the Gaussian, far above, that of the exponential; no step where the series begins."""
    x = np.array([-60.0, -40.0])
    below = np.asarray(log_density(jnp.asarray(x)))
    u = -(x / 0.3 - 0.3)
    gaussian = stats.norm.logpdf(x, scale=0.3) + np.log(0.3) - np.log(u)  # the leading term: 1 / u^2 is left out
    assert below == pytest.approx(gaussian, abs=1e-4)
    assert float(log_density(jnp.asarray(60.0))) == pytest.approx(0.045 - 60.0, abs=1e-12)
    edge = 0.3 * (0.3 - 20.0)
    step = np.diff(np.asarray(log_density(jnp.array([edge - 1e-9, edge, edge + 1e-9]))))
    assert step[0] == pytest.approx(step[1], abs=1e-11)


@pytest.mark.parametrize("size", [0.0, 0.3, 1.0, -1.0])
def test_log_ratio_and_its_derivatives_are_finite_far_out(size):
    for values in far_out(jnp.full(3, size)):
        assert np.all(np.isfinite(values))


@quick_jit
def far_out(nu):
    """log r from -60 to 60, with its derivatives."""
    x = jnp.linspace(-60.0, 60.0, 241)[:, None]

    def joint(nu):
        return smeared.log_ratio(x, scale=nu[0], offset=nu[1], resolution=nu[2])

    return joint(nu), jax.jacfwd(joint)(nu), jax.jacfwd(jax.jacrev(joint))(nu)


@pytest.mark.parametrize("name", list(smeared.SIGMAS))
def test_derivatives_are_those_of_finite_differences(name):
    x = jnp.array([-5.0, -1.0, 0.1, 2.0, 9.0, 30.0])[:, None]
    formula = getattr(smeared, f"{name}_log_ratio")
    response, exact = quick_jit(formula), quick_jit(jax.jacfwd(lambda nu: formula(x, nu)))(0.2)
    step = (response(x, 0.2 + 1e-5) - response(x, 0.2 - 1e-5)) / 2e-5
    assert np.asarray(exact) == pytest.approx(np.asarray(step), rel=1e-5, abs=1e-7)
    assert np.all(np.asarray(response(x, 0.0)) == 0.0)


def test_joint_log_ratio_reweights_the_reference_to_the_varied_events():
    nu = {"scale": 0.1, "offset": 0.1, "resolution": -0.15}
    reference = smeared.reference(100_000, seed=3)
    ratio = np.exp(np.asarray(log_ratio(jnp.asarray(reference.events), **nu)))
    varied = vary(reference, smeared.nuisances(), nu)
    edges = np.linspace(-1.0, 6.0, 15)
    reweighted = np.histogram(reference.events[:, 0], edges, weights=reference.event_weights * ratio)[0]
    moved = np.histogram(varied.events[:, 0], edges, weights=varied.event_weights)[0]
    error = np.sqrt(0.02 * (moved + reweighted))
    assert np.all(abs(reweighted - moved) < 5 * error + 0.02)


def test_nuisances_can_be_used_together():
    nuisances = Nuisances(smeared.nuisances())
    assert nuisances.names == ("scale", "offset", "resolution")
    x = np.array([[0.5], [3.0]])
    alone = sum(np.asarray(getattr(smeared, f"{name}_log_ratio")(jnp.asarray(x), 0.1)) for name in nuisances.names)
    assert nuisances.log_ratio(x, dict.fromkeys(nuisances.names, 0.1)) == pytest.approx(alone)
    assert all(one.log_ratio is None for one in smeared.nuisances(is_exact=False))


def test_samples_are_apart_and_names_are_checked():
    reference, data = smeared.reference(10_000, seed=1), smeared.data(seed=1)
    assert reference.expected_events == pytest.approx(2_000.0) and not data.is_weighted and not data.extras
    assert not np.isin(data.events, reference.events).any()
    with pytest.raises(InputError, match="momentum"):
        smeared.background(np.random.default_rng(7), 10, {"momentum": 0.1})
    assert smeared.background(np.random.default_rng(7), 10, {"normalization": 0.1}).shape == (10, 1)

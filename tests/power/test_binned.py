"""The binned search: against iminuit on the same likelihood, pyhf for a normalization, and its law on toys."""

import jax.numpy as jnp
import numpy as np
import pyhf
import pytest
from iminuit import Minuit
from scipy import optimize, special, stats

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Null, as_source
from wilks.nuisances import LogNormal, Nuisance, PoissonCount, Unconstrained, normalization
from wilks.power import BinnedSearch, Binning
from wilks.power.binned import goodness_z_score
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.significance import on_off_z_score
from wilks.statistics.linear import Kernel
from wilks.toys import draw_auxiliaries, draw_toy

N_EVENTS, N_REFERENCE = 400.0, 100_000
SCALE = Nuisance("scale", 0.1, log_ratio=lambda events, nu: -nu + events[:, 0] * (1 - jnp.exp(-nu)))
NORM = normalization("normalization", sigma=0.1)
REFERENCE = Sample(np.random.default_rng(0).exponential(size=N_REFERENCE), features=["x"])
SIGNAL = Sample(np.random.default_rng(2).normal(3.0, 0.2, size=4000), features=["x"])
BINNING = Binning("x", bins=(0.0, 0.3, 0.6, 1.0, 1.5, 2.2, 2.7, 3.3, np.inf))


def make(*nuisances: Nuisance, expected_events: float = N_EVENTS) -> Analysis:
    return Analysis(
        reference=REFERENCE,
        model=Kernel(n_centers=5, width=1.0),
        expected_events=expected_events,
        nuisances=nuisances,
        toy_source=exponential.BACKGROUND,
    )


@pytest.fixture(scope="module")
def search() -> BinnedSearch:
    return BinnedSearch(make(NORM, SCALE), BINNING, signal=SIGNAL)


def test_templates_are_those_of_the_reweighted_reference(search) -> None:
    templates, x = search.templates, REFERENCE.events[:, 0]
    assert templates.signal.sum() == pytest.approx(1.0) and templates.background.sum() == pytest.approx(N_EVENTS)
    for z, atol in (((0, 0), 1e-9), ((0, 1), 1e-9), ((1, -1), 1e-9), ((1, 1), 1e-9), ((-0.5, 0.6), 0.02)):
        nu = 0.1 * np.array(z)
        ratio = np.exp(nu[0] - nu[1] + x * (1 - np.exp(-nu[1])))
        exact = np.histogram(x, templates.edges, weights=N_EVENTS / N_REFERENCE * ratio)[0]
        assert templates.expected(np.array(z, dtype=float)) == pytest.approx(exact, abs=atol)


def test_it_agrees_with_iminuit_on_the_same_likelihood(search) -> None:
    rng = np.random.default_rng(4)
    data = np.concatenate([rng.exponential(1.05, size=420), rng.normal(3.0, 0.2, size=20)])[:, None]
    counts, templates = search.counts(data), search.templates

    def twice_minus_log(strength: float, norm: float, scale: float) -> float:
        expected = templates.expected(np.array([norm, scale]), strength)
        auxiliary = (norm - 0.5) ** 2 + (scale - 0.2) ** 2
        return float(2 * np.sum(expected - counts - counts * np.log(expected / counts)) + auxiliary)

    fits = {}
    for is_fixed in (True, False):
        minuit = Minuit(twice_minus_log, strength=0.0 if is_fixed else 10.0, norm=0.0, scale=0.0)
        minuit.limits["strength"], minuit.fixed["strength"], minuit.errordef = (0, None), is_fixed, 1.0
        minuit.strategy, minuit.tol = 2, 1e-6
        fits[is_fixed] = minuit.migrad()
    found = search.fit(data, auxiliaries={"normalization": 0.05, "scale": 0.02})
    assert found.is_certified
    assert found.q0 == pytest.approx(fits[True].fval - fits[False].fval, abs=2e-6)
    assert found.z_score == pytest.approx(np.sqrt(found.q0))
    assert found.strength == pytest.approx(fits[False].values["strength"], abs=0.01)
    assert found.nuisances["scale"] == pytest.approx(0.1 * fits[False].values["scale"], abs=1e-3)
    assert found.goodness == pytest.approx(fits[True].fval, abs=2e-6) and found.goodness_dof == 8
    assert found.goodness_z_score == pytest.approx(stats.norm.isf(stats.chi2.sf(fits[True].fval, 8)), abs=1e-5)


def test_z_of_a_goodness_neither_ends_where_p_underflows_nor_needs_a_fit_that_succeeded() -> None:
    assert goodness_z_score(2_000.0, 20) == pytest.approx(43.50, abs=0.01)
    assert np.isnan(goodness_z_score(float("nan"), 5))


def test_a_normalization_agrees_with_pyhf() -> None:
    """Its ``normsys`` with exponential interpolation is exp(nu), with the same Gaussian measurement."""
    search = BinnedSearch(make(NORM), BINNING, signal=SIGNAL)
    data = np.concatenate([np.random.default_rng(5).exponential(size=410), np.full(40, 3.0)])[:, None]
    templates, sides = search.templates, {"hi": float(np.exp(0.1)), "lo": float(np.exp(-0.1))}
    background = {"name": "norm", "type": "normsys", "data": sides}
    samples = [
        {"name": "background", "data": templates.background.tolist(), "modifiers": [background]},
        {
            "name": "signal",
            "data": (10.0 * templates.signal).tolist(),
            "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
        },
    ]
    model = pyhf.Model(
        {"channels": [{"name": "bins", "samples": samples}]},
        poi_name="mu",
        validate=False,
        modifier_settings={"normsys": {"interpcode": "code1"}, "histosys": {"interpcode": "code0"}},
    )
    starts = [1.0, 0.0] if model.config.par_order[0] == "mu" else [0.0, 1.0]
    bounds = [(0, 100) if one else (-5, 5) for one in starts]
    observed = [*search.counts(data).tolist(), 0.3]
    q0 = pyhf.infer.test_statistics.q0(0.0, observed, model, starts, bounds, [False, False])
    found = search.fit(data, auxiliaries={"normalization": 0.03})
    assert found.is_certified and found.q0 == pytest.approx(float(q0), rel=1e-4) and found.q0 > 2.0


def test_a_counted_and_a_free_nuisance_agree_with_iminuit() -> None:
    count = normalization("normalization", sigma=0.1, auxiliary=PoissonCount(100.0))
    tilt = Nuisance("tilt", 0.1, log_ratio=lambda x, nu: nu * (x[:, 0] - 1.0), auxiliary=Unconstrained())
    search = BinnedSearch(make(count, tilt), BINNING, signal=SIGNAL)
    data = np.concatenate([np.random.default_rng(5).exponential(size=410), np.full(40, 3.0)])[:, None]
    counts, templates = search.counts(data), search.templates

    def twice_minus_log(strength: float, norm: float, tilt: float) -> float:
        expected = templates.expected(np.array([norm, tilt]), strength)
        of_count = 100.0 * (1 + 0.1 * norm) - 104.0 * np.log1p(0.1 * norm)
        return float(2 * (np.sum(expected - counts * np.log(expected)) + of_count))

    values = []
    for is_fixed in (True, False):
        minuit = Minuit(twice_minus_log, strength=0.0 if is_fixed else 10.0, norm=0.0, tilt=0.0)
        minuit.limits["strength"], minuit.fixed["strength"], minuit.errordef = (0, None), is_fixed, 1.0
        minuit.limits["norm"], minuit.limits["tilt"] = (-9, 9), (-9, 9)
        minuit.strategy, minuit.tol = 2, 1e-6
        values.append(minuit.migrad().fval)
    found = search.fit(data, auxiliaries={"normalization": 104.0})
    assert found.is_certified and found.q0 == pytest.approx(values[0] - values[1], abs=2e-6)
    assert found.goodness_dof == 7


def test_one_bin_with_a_counted_normalization_is_on_off() -> None:
    whole = Binning("x", bins=(0.0, np.inf))
    for off, n_signal in ((25, 100.0), (100, 300.0)):
        count = normalization("normalization", sigma=1 / np.sqrt(off), auxiliary=PoissonCount(off))
        search = BinnedSearch(make(count), whole, signal=SIGNAL)
        wanted = on_off_z_score(N_EVENTS + n_signal, off, tau=off / N_EVENTS)
        assert search.asimov(n_signal).z_score == pytest.approx(wanted, abs=1e-6)
        assert search.templates.expected(np.array([2.0])) == pytest.approx(N_EVENTS * (1 + 2 / np.sqrt(off)))
        balanced = search.fit(REFERENCE.events[: 2 * int(N_EVENTS)], auxiliaries={"normalization": 2 * off})
        assert balanced.goodness == pytest.approx(0.0, abs=1e-9) and balanced.q0 == pytest.approx(0.0, abs=1e-9)


def test_one_bin_with_a_log_normal_normalization_agrees_with_scipy() -> None:
    known = normalization("normalization", sigma=0.2, auxiliary=LogNormal())
    search, n = BinnedSearch(make(known), Binning("x", bins=(0.0, np.inf)), signal=SIGNAL), N_EVENTS + 300.0

    def minus_log(u: float) -> float:  # of log(1 + nu), beside the saturated model
        return N_EVENTS * np.exp(u) - n - n * (u + np.log(N_EVENTS / n)) + 0.5 * (u / 0.2) ** 2

    least = optimize.minimize_scalar(minus_log, bounds=(-3, 5), method="bounded", options={"xatol": 1e-12}).fun
    assert search.asimov(300.0).z_score == pytest.approx(np.sqrt(2 * least), abs=1e-6)


def test_asimov_is_the_median_and_the_null_is_half_a_chi_square(search) -> None:
    """300 toys each: medians within 4 errors, about 1.25 / sqrt(300) each; false-alarm rate of others 1e-3."""
    found = {}
    for name, hypothesis in (("null", Null()), ("signal", Alternative(signal=SIGNAL, n_signal=12))):
        toys = [search.counts(draw_toy(search.analysis, hypothesis, seed=3, index=i)) for i in range(300)]
        observed = [draw_auxiliaries(search.analysis, hypothesis, seed=3, index=i) for i in range(300)]
        found[name] = search.fits(np.array(toys), np.array(observed))
        assert np.all(found[name].is_certified)
    null, wanted = found["null"], search.asimov(12.0)
    assert wanted.is_certified and wanted.strength == pytest.approx(12.0, abs=1e-3)
    assert wanted.goodness == pytest.approx(wanted.q0) and wanted.z_score > 2.0  # signal explains all that is there
    assert np.median(np.sqrt(found["signal"].q0)) == pytest.approx(wanted.z_score, abs=0.35)
    positive = null.q0[null.q0 > 0]
    assert 0.001 < stats.binom(300, 0.5).cdf(positive.size) < 0.999
    assert stats.kstest(positive, "chi2", (1,)).pvalue > 1e-3
    assert stats.kstest(null.goodness, "chi2", (8,)).pvalue > 1e-3
    assert np.median(found["signal"].goodness) > np.median(null.goodness)


def test_a_strength_has_no_bound_that_data_can_reach() -> None:
    """Expected: sum_b of n_b log(n_b / B_b) - n_b + B_b, where the counts are background and signal to a last event."""
    templates = BinnedSearch(make(), BINNING, signal=SIGNAL).templates
    for expected in (1.0, 1e-4):
        search, n_signal = BinnedSearch(make(expected_events=expected), BINNING, signal=SIGNAL), 20_000.0
        background = templates.background * expected / N_EVENTS
        counts = background + n_signal * templates.signal
        found = search.asimov(n_signal)
        assert found.is_certified and found.strength == pytest.approx(n_signal, rel=1e-6)
        assert found.q0 == pytest.approx(2 * np.sum(special.kl_div(counts, background)), rel=1e-9)


def test_asimov_of_an_alternative_is_what_its_toys_expect(search) -> None:
    elsewhere = Sample(np.random.default_rng(3).normal(2.4, 0.2, size=4000), features=["x"])
    given = {"n_signal": 30.0, "nuisances": {"scale": 0.05}, "auxiliary_offsets": {"normalization": 0.1}}
    for signal, more in ((SIGNAL, {}), (elsewhere, given | {"expected_background": 500.0})):
        alternative = Alternative(signal=signal, **{"n_signal": 30.0} | more)
        toys = [search.counts(draw_toy(search.analysis, alternative, seed=1, index=i)) for i in range(300)]
        observed = [draw_auxiliaries(search.analysis, alternative, seed=1, index=i) for i in range(300)]
        ours, of_means = (
            search.asimov(alternative),
            search.fits(np.mean(toys, axis=0)[None], np.mean(observed, 0)[None]),
        )
        assert ours.is_certified and ours.strength == pytest.approx(float(of_means.strength[0]), abs=2.0)
        assert ours.z_score == pytest.approx(float(np.sqrt(of_means.q0[0])), abs=0.25)
    assert search.asimov(30.0) == search.asimov(Alternative(signal=SIGNAL, n_signal=30.0))
    assert search.asimov(Alternative(auxiliary_offsets={"normalization": -0.2})).z_score > 0.0
    with pytest.raises(InputError, match="must add a signal"):
        search.asimov(Alternative(source=REFERENCE, expected_events=400.0))
    with pytest.raises(InputError, match="nuisance values must name nuisances of the analysis"):
        search.asimov(Alternative(signal=SIGNAL, n_signal=30.0, auxiliary_offsets={"other": 0.1}))


def test_a_deficit_has_no_significance(search) -> None:
    x = np.random.default_rng(1).exponential(size=400)
    found = search.fit(x[abs(x - 3.0) > 1.0])
    assert (found.q0, found.strength, found.is_certified) == (0.0, 0.0, True)


def test_a_variable_need_be_no_feature_and_a_signal_may_be_a_generator() -> None:
    signal = exponential.SIGNALS[0].draw
    analysis = make()
    search = BinnedSearch(analysis, Binning("log(x + 1)", bins=(0, 0.7, 1.4, 3)), signal=as_source(signal))
    assert search.templates.signal.sum() <= 1.0 and search.asimov(20.0).strength == pytest.approx(20.0, rel=1e-4)
    assert search.counts(np.array([[0.0], [1e3]])).tolist() == [1.0, 0.0, 0.0]


def test_what_cannot_be_used_is_said() -> None:
    with pytest.raises(InputError, match="positive sums of weights"):
        BinnedSearch(make(), Binning("x", bins=(0, 1, 2)), signal=SIGNAL)
    with pytest.raises(InputError, match="must have the features x in this order"):
        BinnedSearch(make(), BINNING, signal=Sample([1.0], features=["y"]))

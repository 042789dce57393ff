"""Several regions in one fit: t of the joint fit, the sum where they share nothing, in every family."""

import iminuit
import numpy as np
import pytest

import wilks
from wilks.errors import CalibrationError, InputError
from wilks.fitting import evaluate, fit_events
from wilks.nuisances import normalization
from wilks.problems.exponential import scale_log_ratio
from wilks.statistics.regions import Fixed

SIGMA = 0.1


def analysis(model, *, seed, nuisances=(), name="", n=600, search=None):
    events = np.random.default_rng(seed).exponential(size=n)
    return wilks.Analysis(
        reference=wilks.Sample(events, features=["x"]),
        model=model,
        expected_events=100.0,
        nuisances=nuisances,
        search=search or wilks.Search(n_starts=2),
        name=name,
    )


def shared(log_ratio=scale_log_ratio):
    return wilks.Nuisance("scale", SIGMA, log_ratio=log_ratio)


def two(model, other=None):
    """A region that the nuisance changes in shape, and one that it changes in yield."""
    first = analysis(model, seed=0, nuisances=[shared()], name="signal")
    yields = shared("wilks.nuisances.nuisance:yield_log_ratio")
    return first, analysis(model if other is None else other, seed=1, nuisances=[yields], name="control")


DATA = {
    "signal": np.random.default_rng(2).exponential(1.2, size=130),
    "control": np.random.default_rng(3).exponential(size=95),
}


def joint_loss(parts, log_ratios, *, n_free):
    """L of both regions written anew, and f per bin of the first ``n_free`` regions, as a function of (nu, f)."""
    terms = []
    for one, data, log_ratio in zip(parts, DATA.values(), log_ratios, strict=True):
        x, w = one.reference.events[:, 0], one.reference.event_weights
        shift, scale = one.standardization.shift[0], one.standardization.scale[0]
        bins = getattr(one.model, "bins", None)
        of_x, of_data = (
            (bins.find((some[:, None] - shift) / scale) if bins else np.zeros(some.size, int)) for some in (x, data)
        )
        terms.append((x, w, data, of_x, of_data, log_ratio))

    def loss(theta):
        nu, first, total = theta[0], 1, 0.5 * (theta[0] / SIGMA) ** 2
        for k, (x, w, data, of_x, of_data, log_ratio) in enumerate(terms):
            n = of_x.max() + 1 if k < n_free else 0
            f = theta[first : first + n] if n else np.zeros(of_x.max() + 1)
            first += n
            total += np.sum(w * np.expm1(f[of_x] + log_ratio(x, nu))) - np.sum(f[of_data] + log_ratio(data, nu))
        return total

    sizes = [int(one[3].max()) + 1 for one in terms[:n_free]]
    return loss, 1 + sum(sizes)


def minimum(loss, n):
    minuit = iminuit.Minuit(loss, np.zeros(n))
    minuit.errordef, minuit.strategy, minuit.tol = 0.5, 2, 1e-6
    minuit.migrad(ncall=100_000)
    assert minuit.valid
    return minuit.fval, minuit.values[0]


def by_shape(x, nu):
    return -x * np.expm1(-nu) - nu


def by_yield(x, nu):
    return np.full(x.size, nu)


@pytest.mark.parametrize("second", [wilks.Histogram(n_bins=4), Fixed()], ids=["two histograms", "control region"])
def test_two_regions_that_share_a_nuisance_give_t_of_the_joint_fit_of_iminuit(second):
    parts = two(wilks.Histogram(n_bins=4), second)
    found = wilks.fit(parts[0] + parts[1], DATA)
    n_free = 2 if isinstance(second, wilks.Histogram) else 1
    tau, nu = minimum(*joint_loss(parts, (by_shape, by_yield), n_free=n_free))
    delta, nu_delta = minimum(*joint_loss(parts, (by_shape, by_yield), n_free=0))
    assert found.converged
    assert found.t == pytest.approx(2 * (delta - tau), abs=1e-4)
    assert (found.tau, found.delta) == pytest.approx((-2 * tau, -2 * delta), abs=1e-4)
    assert found.nuisances[0].value == pytest.approx(nu, abs=1e-4)
    assert found.delta_nuisances[0].value == pytest.approx(nu_delta, abs=1e-4)


MODELS = {
    "histogram": wilks.Histogram(n_bins=4),
    "kernel, score": wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True),
    "kernel, converged": wilks.Kernel(n_centers=10, width=1.0, ridge=3.0),
    "network": wilks.MLP(hidden=(2,), weight_clip=4.0),
}
QUICK = {name: model for name, model in MODELS.items() if name != "network"}


CASES = [
    *((model, flag) for model in QUICK.values() for flag in (False, True)),
    (MODELS["network"], False),
    pytest.param(MODELS["network"], True, marks=pytest.mark.nightly),
]


@pytest.mark.parametrize(("model", "is_profiled"), CASES)
def test_regions_that_share_nothing_add_their_t(model, is_profiled):
    own = [[normalization(f"yield_{k}", sigma=SIGMA)] if is_profiled else [] for k in range(2)]
    parts = [analysis(model, seed=k, nuisances=own[k], name=name) for k, name in enumerate(DATA)]
    found, alone = wilks.fit(parts[0] + parts[1], DATA), [wilks.fit(one, DATA[one.name]) for one in parts]
    assert found.converged
    assert found.t == pytest.approx(sum(one.t for one in alone), abs=1e-4)
    assert found.delta == pytest.approx(sum(one.delta for one in alone), abs=1e-6)
    assert found.params.size == sum(one.params.size for one in alone)
    events = (parts[0] + parts[1]).checked(DATA).events
    again = evaluate(parts[0] + parts[1], events, found)
    assert (again.tau, again.delta) == pytest.approx((found.tau, found.delta), abs=1e-6)
    for one, fitted in zip(found.nuisances, [fitted for each in alone for fitted in each.nuisances], strict=True):
        assert (one.name, one.value) == (fitted.name, pytest.approx(fitted.value, abs=1e-3))


@pytest.mark.parametrize("model", QUICK.values(), ids=list(QUICK))
def test_t_and_f_of_a_joint_fit_are_found_again(model):
    parts = two(model)
    whole = parts[0] + parts[1]
    data = whole.checked(DATA)
    found = fit_events(whole, data.events)
    again = evaluate(whole, data.events, found)
    assert (again.tau, again.delta) == pytest.approx((found.tau, found.delta), abs=1e-6)
    f = whole.log_ratio(data.events, found.params)
    assert f.shape == (225,) and np.all(np.isfinite(f))
    if not isinstance(model, wilks.Kernel):
        split = np.split(found.params, [parts[0].n_parameters])
        own = [one.log_ratio(DATA[one.name][:, None], w) for one, w in zip(parts, split, strict=True)]
        assert f == pytest.approx(np.concatenate(own))


def test_sets_of_kernels_join_their_members():
    parts = two(wilks.KernelSet(widths=(0.5, 1.5), n_centers=10))
    found = wilks.fit(parts[0] + parts[1], DATA)
    singles = two(wilks.Kernel(n_centers=10, width=0.5, ridge=0.3, is_score=True))
    assert [one.name for one in found.members] == ["width 0.5", "width 1.5"]
    assert found.members[0].t == pytest.approx(wilks.fit(singles[0] + singles[1], DATA).t)


def test_ridges_of_regions_stay_their_own():
    models = [wilks.Kernel(n_centers=10, width=1.0, ridge=ridge) for ridge in (3.0, 0.3)]
    parts = [analysis(model, seed=k, name=name) for k, (model, name) in enumerate(zip(models, DATA, strict=True))]
    alone = sum(wilks.fit(one, DATA[one.name]).t for one in parts)
    assert wilks.fit(parts[0] + parts[1], DATA).t == pytest.approx(alone, abs=1e-4)


def test_t_of_histograms_follows_the_chi_square_of_all_bins():
    parts = two(wilks.Histogram(n_bins=4))
    whole, rng = parts[0] + parts[1], np.random.default_rng(5)
    t = []
    for _ in range(60):
        drawn = [one.reference.events[rng.choice(600, rng.poisson(100.0))] for one in parts]
        t.append(fit_events(whole, whole.checked(drawn).events, SIGMA * rng.standard_normal(1)).t)
    assert abs(np.mean(t) - 8.0) < 4 * 4.0 / np.sqrt(60)


def test_a_known_difference_of_two_flavours_is_profiled():
    """Imperfect symmetry: one sample has fewer events by its efficiency, which is known to 10 %."""
    rng = np.random.default_rng(7)
    data = {"electrons": rng.exponential(size=75), "muons": rng.exponential(size=102)}
    efficiency = normalization("electron_efficiency", sigma=0.1)
    t = {}
    for told in ((), (efficiency,)):
        first = analysis(wilks.Histogram(n_bins=4), seed=0, nuisances=told, name="electrons")
        t[len(told)] = wilks.fit(first + analysis(wilks.Histogram(n_bins=4), seed=0, name="muons"), data).t
    assert t[1] < t[0] - 2.0


def test_what_cannot_be_joined_is_said():
    first = analysis(wilks.Histogram(n_bins=4), seed=0, name="a")
    network = analysis(wilks.MLP(hidden=(2,)), seed=1, name="b")
    other = analysis(wilks.Histogram(n_bins=4), seed=1, name="b", search=wilks.Search(n_starts=3))
    with pytest.raises(InputError, match=r"of one family.* histogram, mlp came; give all of them"):
        first + network
    with pytest.raises(InputError, match="different ones"):
        first + other
    with pytest.raises(InputError, match="names of their own"):
        first + first
    with pytest.raises(InputError, match="at least one region must have an f"):
        analysis(Fixed(), seed=0, name="a") + analysis(Fixed(), seed=1, name="b")
    with pytest.raises(InputError, match="must have an f to be tested"):
        wilks.fit(analysis(Fixed(), seed=0), [1.0, 2.0])
    with pytest.raises(TypeError):
        first + 1
    kernels = [wilks.Kernel(n_centers=5, is_score=flag) for flag in (True, False)]
    with pytest.raises(InputError, match="one is_score"):
        analysis(kernels[0], seed=0, name="a") + analysis(kernels[1], seed=1, name="b")


def test_what_looks_at_one_region_says_so():
    whole = analysis(wilks.Histogram(n_bins=4), seed=0, name="a") + analysis(
        wilks.Histogram(n_bins=4), seed=1, name="b"
    )
    data = [[1.0, 2.0], [3.0]]
    for verb in (
        lambda: wilks.parts_test(whole, data, n_parts=2),
        lambda: wilks.halves_test(whole, data),
        lambda: wilks.select_weight_clip(whole),
    ):
        with pytest.raises(InputError, match="this analysis has several"):
            verb()
    with pytest.raises(CalibrationError, match=r"run toys = run_toys\(.* known without toys for .*, of one region"):
        wilks.goodness_of_fit(whole, data)
    with pytest.raises(CalibrationError, match="one for each of its regions"):
        wilks.goodness_of_fit(whole, data, reach=1e-5)


def test_a_joint_fit_is_seen_by_each_region():
    parts = two(wilks.KernelSet(widths=(0.5, 1.5), n_centers=10))
    whole = parts[0] + parts[1]
    found = wilks.fit(whole, DATA)
    for name, own in whole.region_fits(found).items():
        rows = whole.checked({key: DATA[key] if key == name else [] for key in DATA}).events
        one = whole.regions[name]
        assert one.log_ratio(DATA[name][:, None], own.params) == pytest.approx(whole.log_ratio(rows, found.params))
        assert [fitted.name for fitted in own.nuisances] == ["scale"]


def test_the_default_set_is_joined():
    parts = [analysis(None, seed=k, name=name) for k, name in enumerate(DATA)]
    whole = parts[0] + parts[1]
    found = wilks.fit(whole, DATA)
    assert found.converged and len(found.members) == max(one.model.n_members for one in parts)
    assert whole.model.is_combined and whole.model.combination == "half_cauchy"
    assert [one.fingerprint() for one in whole.regions.values()] == [one.fingerprint() for one in parts]

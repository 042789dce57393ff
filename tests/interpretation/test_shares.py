"""What each region adds to t of a joint fit."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.interpretation import region_shares, smallest_region

SIGMA = 0.1


def part(name, *, seed, model=None):
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(seed).exponential(size=600), features=["x"]),
        model=model or wilks.Histogram(n_bins=4),
        expected_events=100.0,
        nuisances=() if model else [wilks.normalization("yield", sigma=SIGMA)],
        name=name,
    )


def test_gains_sum_to_t_but_for_the_auxiliary_measurement():
    both = part("a", seed=0) + part("b", seed=1)
    rng = np.random.default_rng(2)
    data = {"a": rng.exponential(1.3, size=140), "b": rng.exponential(size=95)}
    fit = wilks.fit(both, data)
    first, second = region_shares(both, data, fit=fit)
    assert (first.name, first.n_observed, second.n_observed) == ("a", 140, 95)
    assert first.n_expected == pytest.approx(100.0 * np.exp(fit.delta_nuisances[0].value))
    z = [one[0].value / SIGMA for one in (fit.nuisances, fit.delta_nuisances)]
    assert first.gain + second.gain - (z[0] ** 2 - z[1] ** 2) == pytest.approx(fit.t, abs=1e-6)
    assert first.gain > second.gain


def test_a_region_without_data_has_a_share():
    both = part("a", seed=0) + part("b", seed=1)
    data = {"a": np.random.default_rng(2).exponential(size=100), "b": []}
    assert [one.n_observed for one in region_shares(both, data, fit=wilks.fit(both, data))] == [100, 0]


def test_gains_of_a_score_statistic_sum_to_its_t():
    model = wilks.Kernel(n_centers=3, width=1.0, ridge=1e-9, is_score=True)
    both, rng = part("a", seed=0, model=model) + part("b", seed=1, model=model), np.random.default_rng(2)
    data = {"a": rng.exponential(1.3, size=140), "b": rng.exponential(size=95)}
    fit = wilks.fit(both, data)
    assert sum(one.gain for one in region_shares(both, data, fit=fit)) == pytest.approx(fit.t, rel=1e-5)


def test_each_region_of_a_joint_fit_is_looked_at_and_has_no_p():
    both, rng = part("a", seed=0) + part("b", seed=1), np.random.default_rng(2)
    data = {"a": rng.exponential(1.3, size=140), "b": rng.exponential(size=95)}
    fit = wilks.fit(both, data)
    shares = {one.name: one for one in region_shares(both, data, fit=fit)}
    for name, own in both.region_fits(fit, data=data).items():
        found = smallest_region(both.regions[name], data[name], fit=own, share=1.0)
        assert found.excess.n_observed + found.deficit.n_observed == shares[name].n_observed
        assert own.t == fit.t and own.joint == both.fingerprint()
        with pytest.raises(wilks.CalibrationError, match="is the part of a joint fit in one region"):
            wilks.calibrate([9.0, 12.0, 15.0]).evaluate(own)
    with pytest.raises(InputError, match="which had 235 events, but 140 came"):
        smallest_region(both.regions["a"], data["a"], fit=both.region_fits(fit)["a"])


def test_one_region_has_no_shares():
    one = part("a", seed=0)
    with pytest.raises(InputError, match="has one region"):
        region_shares(one, [1.0, 2.0], fit=wilks.fit(one, [1.0, 2.0]))

"""Toys of a kernel, through the same campaign as those of a network."""

import numpy as np
import pytest

import wilks
from wilks.campaign.shard import make_toys
from wilks.problems import exponential


def analysis_of(*, is_score: bool) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(5000, seed=0),
        model=wilks.Kernel(n_centers=20, width=1.0, ridge=1.0, is_score=is_score),
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )


@pytest.mark.parametrize("is_score", [True, False])
def test_toys_are_the_same_in_any_batch(is_score):
    analysis, null = analysis_of(is_score=is_score), wilks.Null()
    together = make_toys(analysis, null, seed=1, indices=range(6))
    alone = [make_toys(analysis, null, seed=1, indices=[index])[0] for index in range(6)]
    assert [row.n_events for row in together] == [row.n_events for row in alone]
    assert [row.t for row in together] == [row.t for row in alone], "to the last bit"
    assert all(row.n_starts == 1 and np.isnan(row.start_gap) and len(row.params) == 20 for row in together)


@pytest.mark.usefixtures("cheap_figures")
def test_kernel_answers_with_toys_and_says_that_the_mean_is_theirs(tmp_path):
    analysis = analysis_of(is_score=False)
    with_lambda = wilks.Analysis(
        reference=analysis.reference,
        model=analysis.model,
        toy_source=lambda rng, n, nuisances: exponential.background(rng, n, nuisances),
        standardize=False,
    )
    toys = wilks.run_toys(with_lambda, wilks.Null(), n_toys=300, seed=1)
    assert toys.n_failed == 0 and toys.degrees_of_freedom is None
    calibration = wilks.calibrate(toys)
    assert calibration.is_estimated_dof and calibration.degrees_of_freedom == pytest.approx(toys.t.mean())
    result = wilks.goodness_of_fit(with_lambda, exponential.data(exponential.NP3, seed=2), calibration=calibration)
    assert 1 / 301 <= result.p_value < 0.1
    wilks.write_report(result, tmp_path / "report.html", analysis=with_lambda)


@pytest.mark.usefixtures("cheap_figures")
@pytest.mark.parametrize("is_score", [True, False])
def test_toys_of_a_set_calibrate_it(tmp_path, is_score):
    analysis = wilks.Analysis(
        reference=exponential.reference(5000, seed=0),
        model=wilks.KernelSet((0.4, 1.5), (0.3, 3.0), n_centers=(30, 10), is_score=is_score),
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )
    together = make_toys(analysis, wilks.Null(), seed=1, indices=range(6))
    alone = [make_toys(analysis, wilks.Null(), seed=1, indices=[index])[0] for index in range(6)]
    assert [row.t for row in together] == [row.t for row in alone], "to the last bit"
    assert len(together[0].params) == analysis.n_parameters == 80
    data = exponential.data(exponential.NP3, seed=2)
    calibration = wilks.calibrate([row.t for row in make_toys(analysis, wilks.Null(), seed=1, indices=range(200))])
    result = wilks.goodness_of_fit(analysis, data, calibration=calibration)
    assert 1 / 201 <= result.p_value < 0.1
    assert "times the smallest of 4 local p-values" in str(result)
    wilks.write_report(result, tmp_path / "report.html", analysis=analysis)
    assert "Members of the set of kernels" in (tmp_path / "report.html").read_text()

"""A set of kernels whose widths follow from the reference alone."""

from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.samples import Sample
from wilks.statistics.linear.widths import width_of_dof

RNG = np.random.default_rng(5)
REFERENCE = Sample(RNG.normal(size=(3_000, 2)))


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=REFERENCE, expected_events=600, toy_source=wilks.Sample(RNG.normal(size=(5_000, 2)))
    )


def dof_of(analysis: wilks.Analysis, member: int) -> float:
    """tr H (H + 2 ridge)^-1 of a member, on all of the reference, without the number of events."""
    group = analysis.engine.groups[member]  # type: ignore[attr-defined]
    basis, total = group.basis, analysis.expected_events
    hessian = np.diag(basis.curvature) - np.outer(basis.mean, basis.mean) / total
    return float(np.trace(np.linalg.solve(hessian + 0.6 * np.eye(basis.rank), hessian)))


def test_an_analysis_without_a_model_has_kernels_by_degrees_of_freedom(analysis: wilks.Analysis) -> None:
    model = analysis.model
    assert isinstance(model, wilks.KernelSet)
    assert (len(model.groups), model.is_score, model.combination) == (6, True, "half_cauchy")
    found = [dof_of(analysis, j) for j in range(6)]
    np.testing.assert_allclose(found, [80.0, 45.0, 25.0, 14.0, 8.0, 5.0], rtol=0.15)


def test_the_choice_is_the_same_for_any_order_of_events_and_is_kept(analysis: wilks.Analysis, tmp_path: Path) -> None:
    shuffled = Sample(REFERENCE.events[RNG.permutation(3_000)])
    other = wilks.Analysis(reference=shuffled, expected_events=600)
    assert other.model.to_dict() == analysis.model.to_dict()
    analysis.save(tmp_path / "analysis")
    loaded = wilks.load(tmp_path / "analysis")
    assert loaded.fingerprint() == analysis.fingerprint()
    assert None not in loaded.model.to_dict().values()


def test_it_answers_with_toys_and_sees_what_differs(analysis: wilks.Analysis) -> None:
    calibration = wilks.calibrate(wilks.campaign.toys_here(analysis, wilks.Null(), n_toys=99, seed=1))
    bump = np.concatenate([RNG.normal(size=(600, 2)), [1.0, -1.0] + 0.2 * RNG.normal(size=(60, 2))])
    result = wilks.goodness_of_fit(analysis, bump, calibration=calibration)
    assert result.p_value == 1 / 100
    assert len(result.fit.members) == 6


def test_a_small_reference_has_fewer_centers() -> None:
    model = wilks.Analysis(reference=Sample(RNG.normal(size=40))).model
    assert isinstance(model, wilks.KernelSet)
    assert max(model.centers) <= 20
    assert model.n_parameters(1) == sum(model.centers)


def test_a_width_that_no_degrees_of_freedom_reach_is_the_one_that_has_most() -> None:
    events, centers = RNG.normal(size=(200, 1)), np.linspace(-2.0, 2.0, 8)[:, None]
    width = width_of_dof(500.0, events, np.ones(200), centers=centers, ridge=0.3)
    assert 0.01 < width < 2.0


def test_options_that_need_given_widths_are_refused() -> None:
    with pytest.raises(InputError, match="one number where its widths are chosen"):
        wilks.KernelSet(n_centers=(100, 50))
    with pytest.raises(InputError, match="take the model of an Analysis"):
        wilks.KernelSet().n_parameters(2)
    with pytest.raises(InputError, match="must be given to compare"):
        wilks.compare(RNG.normal(size=40), RNG.normal(size=40), model=wilks.KernelSet())

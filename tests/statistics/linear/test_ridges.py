"""The ridge that nobody chose."""

import numpy as np
import pytest

import wilks
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.ridges import ridge_for

RNG = np.random.default_rng(6)
REFERENCE = wilks.Sample(RNG.exponential(size=(3_000, 2)))
CENTERS = np.array([[0.0, 0.0], [1.0, 0.5], [3.0, 3.0], [5.0, 0.0]])


def problem(expected_events: float) -> wilks.Analysis:
    kernel = wilks.Kernel(n_centers=5, width=1.0)
    return wilks.Analysis(reference=REFERENCE, model=kernel, expected_events=expected_events)


def share(analysis: wilks.Analysis, gaussians: Gaussians) -> float:
    """The variance of single events over the rest, with every matrix written out."""
    k, w = gaussians.values(analysis.problem.standardized), analysis.reference.event_weights
    hessian = (k * w[:, None]).T @ k
    inverse = np.linalg.inv(hessian + 0.06 * gaussians.penalty())
    single = np.sum(w * np.einsum("im,mn,in->i", k, inverse, k) ** 2)
    return float(single / (2.0 * np.trace(inverse @ hessian @ inverse @ hessian)))


@pytest.mark.parametrize("expected_events", [30.0, 100.0, 300.0, 1_000.0, 100_000.0])
def test_it_is_small_where_single_events_allow_it(expected_events: float) -> None:
    analysis, gaussians = problem(expected_events), Gaussians(CENTERS, 0.7)
    assert ridge_for(analysis.problem, gaussians) == (0.03 if share(analysis, gaussians) <= 0.4 else 0.3)


def test_it_falls_as_events_become_many() -> None:
    found = [ridge_for(problem(n).problem, Gaussians(CENTERS, 0.7)) for n in (30.0, 300.0, 100_000.0)]
    assert found == sorted(found, reverse=True) and found[0] == 0.3 and found[-1] == 0.03


def test_a_set_that_is_placed_has_it() -> None:
    model = wilks.Analysis(reference=REFERENCE, expected_events=50.0).model
    assert model.ridges == (0.3,)
    given = wilks.Analysis(reference=REFERENCE, model=wilks.KernelSet(ridges=(0.1,)), expected_events=50.0).model
    assert given.ridges == (0.1,)
    with pytest.raises(wilks.InputError, match="take the model of a"):
        wilks.KernelSet().strengths  # noqa: B018

"""The ridge that nobody chose."""

import numpy as np
import pytest

import wilks
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.ridges import ridges_for

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


STRONG, WEAK = ((0.3,),) * 3, ((0.1,), (0.1,), (0.03,))


@pytest.mark.parametrize("expected_events", [30.0, 100.0, 300.0, 1_000.0, 100_000.0])
def test_they_are_small_where_single_events_allow_it(expected_events: float) -> None:
    analysis, gaussians = problem(expected_events), Gaussians(CENTERS, 0.7)
    expected = WEAK if share(analysis, gaussians) <= 0.4 else STRONG
    assert ridges_for(analysis.problem, gaussians, n_widths=3) == expected


def test_they_fall_as_events_become_many() -> None:
    found = [ridges_for(problem(n).problem, Gaussians(CENTERS, 0.7), n_widths=3) for n in (30.0, 300.0, 100_000.0)]
    assert found == sorted(found, reverse=True) and found[0] == STRONG and found[-1] == WEAK


def test_a_set_that_is_placed_has_them() -> None:
    few, many = (wilks.Analysis(reference=REFERENCE, expected_events=n).model for n in (50.0, 100_000.0))
    assert few.ridges == (0.3,)
    assert many.ridges == ((0.1,),) * 5 + ((0.03,),) and [len(group) for group in many.groups] == [1] * 6
    assert wilks.KernelSet(**{k: v for k, v in many.to_dict().items() if k != "kind"}) == many
    given = wilks.Analysis(reference=REFERENCE, model=wilks.KernelSet(ridges=(0.1,)), expected_events=50.0).model
    assert given.ridges == (0.1,)
    with pytest.raises(wilks.InputError, match="take the model of a"):
        wilks.KernelSet().strengths  # noqa: B018

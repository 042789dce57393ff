"""Sets of kernels: their members, where they stand, and what they refuse."""

import numpy as np
import pytest

import wilks
from wilks.errors import InputError
from wilks.models import Kernel, KernelSet

EVENTS = np.random.default_rng(0).exponential(size=(3000, 1))
WEIGHTS = np.full(3000, 0.1)


def analysis_of(model: KernelSet, **options: object) -> wilks.Analysis:
    return wilks.Analysis(reference=wilks.Sample(EVENTS), model=model, expected_events=300, **options)  # type: ignore[arg-type]


def test_members_are_all_pairs_by_width_and_then_by_ridge():
    groups = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=7).placed(EVENTS, WEIGHTS).groups
    pairs = [(kernel.width, kernel.ridge) for kernels in groups for kernel in kernels]
    assert pairs == [(1.0, 3.0), (1.0, 0.1), (0.2, 3.0), (0.2, 0.1)]


def test_members_stand_where_a_kernel_alone_stands():
    groups = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=(7, 30), seed=3).placed(EVENTS, WEIGHTS).groups
    for kernels, width, n_centers in zip(groups, (1.0, 0.2), (7, 30), strict=True):
        alone = Kernel(n_centers=n_centers, width=width, seed=3).placed(EVENTS, WEIGHTS).placement
        for kernel in kernels:
            assert kernel.placement.width == width
            np.testing.assert_array_equal(kernel.placement.centers, alone.centers)


def test_f_is_the_mean_of_the_members():
    model = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=(4, 6)).placed(EVENTS, WEIGHTS)
    params = np.random.default_rng(1).normal(size=model.n_parameters(1))
    parts = [row for part in model.split(params) for row in part]
    kernels = [kernel for group in model.groups for kernel in group]
    each = [kernel.log_ratio(part, EVENTS[:50]) for kernel, part in zip(kernels, parts, strict=True)]
    np.testing.assert_allclose(model.log_ratio(params, EVENTS[:50]), np.mean(each, axis=0), atol=1e-12)


def test_arrays_and_lists_are_accepted():
    model = KernelSet(np.array([0.5, 1.0]), [0.3], n_centers=np.array([20, 10]))  # type: ignore[arg-type]
    assert model == KernelSet((0.5, 1.0), (0.3,), n_centers=(20, 10))


def test_a_loaded_analysis_has_the_same_centers(tmp_path):
    analysis = analysis_of(KernelSet((0.3, 1.0), n_centers=(20, 8), combination="min_p"))
    analysis.save(tmp_path / "a")
    again = wilks.Analysis.load(tmp_path / "a")
    assert again.model == analysis.model and again.fingerprint() == analysis.fingerprint()
    for one, other in zip(again.model.groups, analysis.model.groups, strict=True):  # type: ignore[attr-defined]
        np.testing.assert_array_equal(one[0].placement.centers, other[0].placement.centers)


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": (0.3, 1.1)},
        {"ridges": (0.3, 1.0)},
        {"n_centers": 21},
        {"n_centers": (20, 21)},
        {"combination": "average"},
        {"is_score": False},
        {"seed": 2},
    ],
)
def test_every_option_is_part_of_the_fingerprint(changed):
    options = {"widths": (0.3, 1.0), "n_centers": 20}
    assert (
        analysis_of(KernelSet(**(options | changed))).fingerprint() != analysis_of(KernelSet(**options)).fingerprint()
    )


def test_a_set_outside_an_analysis_has_no_centers():
    with pytest.raises(InputError, match=r"take the model of a wilks\.Analysis"):
        _ = KernelSet((1.0,)).groups


def test_converged_members_with_nuisances_are_refused():
    with pytest.raises(InputError, match="a set of kernels must have score statistics, but is_score=False came with l"):
        analysis_of(KernelSet((1.0,), n_centers=5, is_score=False), nuisances=[wilks.normalization("lumi", sigma=0.1)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": ()}, "widths of a set of kernels must be a list of at least one number"),
        ({"widths": 1.0}, "widths of a set of kernels must be a list"),
        ({"widths": "12"}, "widths of a set of kernels must be a list"),
        ({"widths": (1.0, 1.0)}, "widths of a set of kernels must differ"),
        ({"widths": (1.0, 0.0)}, "each of the widths of a kernel must be a positive number"),
        ({"widths": (None,)}, "each of the widths of a kernel must be a positive number"),
        ({"ridges": (0.3, -1.0)}, "each of the ridges of a kernel must be a positive number"),
        ({"ridges": ()}, "ridges of a set of kernels must be a list"),
        ({"n_centers": (10, 20)}, "one for each of the 1 widths"),
        ({"n_centers": 0}, "n_centers must be a whole number"),
        ({"n_centers": (2.5,)}, "n_centers must be a whole number"),
        ({"combination": "sum"}, "combination must be one of product, min_p, average"),
        ({"is_score": 1}, "is_score must be True or False"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_options_outside_their_limits_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        KernelSet(**({"widths": (1.0,)} | options))

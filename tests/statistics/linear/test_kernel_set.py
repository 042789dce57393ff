"""Sets of kernels: their members, where they stand, and what they refuse."""

import numpy as np
import pytest

import wilks
from wilks import Kernel, KernelSet
from wilks.errors import InputError

EVENTS = np.random.default_rng(0).exponential(size=(3000, 1))


def analysis_of(model: KernelSet, **options: object) -> wilks.Analysis:
    return wilks.Analysis(reference=wilks.Sample(EVENTS), model=model, expected_events=300, **options)  # type: ignore[arg-type]


def test_members_are_all_pairs_by_width_and_then_by_ridge(problem_of):
    model = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=7).placed(problem_of(EVENTS))
    pairs = [(member.width, member.ridge, member.name) for member in model.members]
    names = ("width 1", "width 1", "width 0.2", "width 0.2")
    assert pairs == list(zip((1.0, 1.0, 0.2, 0.2), (3.0, 0.1) * 2, names, strict=True))
    assert [len(group) for group in model.groups] == [2, 2] and model.n_members == 4
    assert all(group[0].map is group[1].map for group in model.groups), "the ridges of a width share a map"


def test_members_stand_where_a_kernel_alone_stands(problem_of):
    problem = problem_of(EVENTS)
    groups = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=(7, 30), seed=3).placed(problem).groups
    for members, width, n_centers in zip(groups, (1.0, 0.2), (7, 30), strict=True):
        alone = Kernel(n_centers=n_centers, width=width, seed=3).placed(problem).gaussians
        for member in members:
            assert member.map.width == width and member.map.digest() == alone.digest()
            np.testing.assert_array_equal(member.map.centers, alone.centers)


def test_f_is_the_mean_of_the_members(problem_of):
    model = KernelSet((1.0, 0.2), (3.0, 0.1), n_centers=(4, 6)).placed(problem_of(EVENTS))
    params = np.random.default_rng(1).normal(size=model.n_parameters(1))
    parts = [row for part in model.split(params) for row in part]
    each = [member.map.values(EVENTS[:50]) @ part for member, part in zip(model.members, parts, strict=True)]
    assert [part.size for part in parts] == [4, 4, 6, 6]
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
        np.testing.assert_array_equal(one[0].map.centers, other[0].map.centers)


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": (0.3, 1.1)},
        {"ridges": (0.3, 1.0)},
        {"ridges": ((0.3,), (0.1,))},
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
        ({"ridges": ((0.3,), (0.1,))}, "one list for each width that is given"),
        ({"ridges": ((0.3, 0.0),)}, "each of the ridges of a kernel must be a positive number"),
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

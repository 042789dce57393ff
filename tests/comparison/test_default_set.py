"""The default set sees what its members see, and needs neither scale nor shape."""

import numpy as np
import pytest

from wilks.comparison import compare
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.kernels import KernelBlock
from wilks.comparison.nulls import Relabelling
from wilks.samples import Sample

RNG = np.random.default_rng(4)


def null_of(n: int, d: int) -> Relabelling:
    return Relabelling.of(Sample(RNG.normal(size=(n, d))), Sample(RNG.normal(size=(n, d))))


@pytest.mark.parametrize("d", [1, 2])
def test_widths_have_the_degrees_of_freedom_that_are_asked_for(d: int) -> None:
    blocks = [one for one in DefaultSet().blocks(null_of(700, d), seed=0) if isinstance(one, KernelBlock)]
    dofs = np.array([one.traces[0].trace for one in blocks if one.members[0].kind == "kernels"])
    np.testing.assert_allclose(dofs[-1], DefaultSet().dof_least, rtol=0.2)
    assert np.all(dofs[:-1] / dofs[1:] > 1.3)


def test_kinds_of_members() -> None:
    kinds = {member.kind for block in DefaultSet().blocks(null_of(300, 3), seed=0) for member in block.members}
    assert kinds == {"features", "marginals", "pairs", "kernels", "kernels on ranks", "scan"}
    one = {member.kind for block in DefaultSet().blocks(null_of(300, 1), seed=0) for member in block.members}
    assert one == {"features", "kernels", "kernels on ranks", "scan"}


def pairs_of(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Two samples that differ in one way, plainly."""
    a, b = RNG.normal(size=(600, 3)), RNG.normal(size=(500, 3))
    if kind == "correlation":
        b[:, 1] = 0.5 * b[:, 0] + 0.75**0.5 * b[:, 1]
    if kind == "feature":
        b[:, 2] += 0.4
    if kind == "region":
        b[:40] = [2.0, 2.0, -2.0] + 0.2 * b[:40]
    if kind == "heavy tail":
        a, b = np.exp(3.0 * a), np.exp(3.0 * b * 1.3)
    if kind == "levels":
        a, b = np.floor(np.abs(a)), np.floor(np.abs(b) * 1.4)
    return a, b


@pytest.mark.parametrize("kind", ["correlation", "feature", "region", "heavy tail", "levels"])
def test_deviations_of_every_kind_are_seen(kind: str) -> None:
    a, b = pairs_of(kind)
    assert compare(Sample(a), Sample(b), n_permutations=99).p_value == 1 / 100


def test_a_value_that_stands_for_a_missing_one_blinds_nothing() -> None:
    a, b = pairs_of("feature")
    a[:5, 0] = b[:5, 0] = -9999.0
    assert compare(Sample(a), Sample(b), n_permutations=99).p_value == 1 / 100

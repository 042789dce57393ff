"""Kernels of several widths and ridges, tested together."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.significance import COMBINATIONS
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.kernel import gaussian_member, gaussians_of
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.words import kernel_set_words
from wilks.statistics.words import Words
from wilks.typing import Count, Positive, Seed, check_options, is_number, whole_number


@dataclass(frozen=True)
class KernelSet(LinearModel):
    """A `Kernel` for each pair of a width and a ridge, whose p-values are combined in one t.

    Each member has its own fit and its own t_j, the score statistic or, with ``is_score=False``, that of the converged
    fit. A gamma law with the mean and the variance that the score statistic has under the null, both exact
    (`ScoreNull`), puts them on one scale, p_j = P(gamma >= t_j), and

        product: t = -2 sum_j log p_j     min_p: t = -2 log min_j p_j     average: t = -2 log mean_j p_j .

    The p_j are approximate, and correlated. Toys of all members together (`run_toys`, then `calibrate`) give the null
    of t: the accuracy of the gamma law changes what the test sees, never how often it raises a false alarm.

    The parameters are those of the members one after the other, each width with all of its ridges; the learned f is
    the mean of the members' f.

    Args:
        widths: of the Gaussians, in standardized features.
        ridges: strengths of the penalty; every width has every one.
        n_centers: how many Gaussians each member has: one number, or one for each width. Narrow Gaussians reach the
            whole range only if there are more of them.
        combination: ``product`` gains where several widths see something, ``min_p`` where one does; ``average`` is
            decided by the largest p: close to ``product`` where all see something, blind where one does alone.
        is_score: whether the members have score statistics.
        seed: of the choice of centers.

    Raises:
        InputError: an option outside these limits.

    >>> KernelSet(widths=(0.1, 1.0), ridges=(0.3, 3.0), n_centers=(200, 50)).describe()
    'set of 4 kernels, widths 0.1, 1, ridges 0.3, 3, 200, 50 Gaussians, product of p-values, score statistics'
    """

    widths: tuple[Positive, ...]
    ridges: tuple[Positive, ...] = (0.3,)
    n_centers: Count | tuple[Count, ...] = 300
    combination: str = "product"
    is_score: bool = True
    seed: Seed = 0
    _gaussians: tuple[Gaussians, ...] = field(default=(), init=False, repr=False, compare=False)
    kind: ClassVar[str] = "kernel_set"
    summary: ClassVar[str] = "Kernels of several widths and ridges, tested together."

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", _distinct(self.widths, "widths", positive_option))
        object.__setattr__(self, "ridges", _distinct(self.ridges, "ridges", positive_option))
        object.__setattr__(self, "n_centers", _counts(self.n_centers, len(self.widths)))
        check_options(self)
        if self.combination not in COMBINATIONS:
            raise InputError(f"combination must be one of {', '.join(COMBINATIONS)}, but {self.combination!r} came")

    @property
    def n_members(self) -> int:
        """Pairs of a width and a ridge."""
        return len(self.widths) * len(self.ridges)

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        """The members of each width: they share their Gaussians and differ in their ridge.

        Raises:
            InputError: the set is not part of an analysis yet.
        """
        if not self._gaussians:
            raise InputError("the centers of kernels come from the reference: take the model of a wilks.Analysis")
        return tuple(tuple(gaussian_member(one, ridge) for ridge in self.ridges) for one in self._gaussians)

    def placed(self, problem: Problem) -> "KernelSet":
        placed, pairs = dataclasses.replace(self), zip(self.widths, self._n_centers, strict=True)
        found = tuple(gaussians_of(problem, n_centers=n, width=width, seed=self.seed) for width, n in pairs)
        object.__setattr__(placed, "_gaussians", found)
        return placed

    def n_parameters(self, n_features: int) -> int:
        return len(self.ridges) * sum(self._n_centers)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "kernel_set",
            "widths": list(self.widths),
            "ridges": list(self.ridges),
            "n_centers": list(self.n_centers) if isinstance(self.n_centers, tuple) else self.n_centers,
            "combination": self.combination,
            "is_score": self.is_score,
            "seed": self.seed,
        }

    def describe(self) -> str:
        widths, ridges = (", ".join(f"{one:g}" for one in many) for many in (self.widths, self.ridges))
        counts = ", ".join(map(str, self.n_centers if isinstance(self.n_centers, tuple) else [self.n_centers]))
        score = ", score statistics" if self.is_score else ""
        return (
            f"set of {self.n_members} kernels, widths {widths}, ridges {ridges}, {counts} Gaussians, "
            f"{_COMBINED[self.combination]}{score}"
        )

    def words(self, *, is_profiled: bool) -> Words:
        return kernel_set_words(
            self.n_members, combination=self.combination, is_score=self.is_score, is_profiled=is_profiled
        )

    @property
    def _n_centers(self) -> tuple[int, ...]:
        """Of each width."""
        return self.n_centers if isinstance(self.n_centers, tuple) else (self.n_centers,) * len(self.widths)


_COMBINED = {"product": "product of p-values", "min_p": "smallest p-value", "average": "average of p-values"}


def _distinct(values: object, name: str, check: Callable[[object, str], float]) -> tuple[float, ...]:
    if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str) or len(values) == 0:
        raise InputError(f"{name} of a set of kernels must be a list of at least one number, but {values!r} came")
    checked = tuple(check(value, f"each of the {name}") for value in values)
    if len(set(checked)) < len(checked):
        raise InputError(f"{name} of a set of kernels must differ from each other, but {values!r} came")
    return checked


def _counts(n_centers: object, n_widths: int) -> int | tuple[int, ...]:
    if is_number(n_centers):
        return whole_number(n_centers, name="n_centers", least=1)
    if not isinstance(n_centers, Sequence | np.ndarray) or isinstance(n_centers, str) or len(n_centers) != n_widths:
        raise InputError(
            f"n_centers of a set of kernels must be one number or one for each of the {n_widths} widths, "
            f"but {n_centers!r} came"
        )
    return tuple(whole_number(one, name="n_centers", least=1) for one in n_centers)


def positive_option(value: object, name: str) -> float:
    """An option of a kernel as a plain float.

    Raises:
        InputError: it is no positive, finite number.
    """
    if not (is_number(value) and np.isfinite(value) and value > 0):
        raise InputError(f"{name} of a kernel must be a positive number, but {value!r} came")
    return float(value)

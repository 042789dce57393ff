"""Kernels of several widths and ridges, tested together."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.significance import COMBINATIONS
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.kernel import gaussian_member, gaussians_of
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.ridges import STRONG, ridges_for
from wilks.statistics.linear.widths import width_of_dof
from wilks.statistics.linear.words import kernel_set_words
from wilks.statistics.words import Words
from wilks.typing import Count, Positive, Seed, check_options, is_number, whole_number

# Of the widths that are chosen, on signals drawn at random (docs/decisions/default-set.md).
_DOFS, _CENTERS_PER_DOF, _FEWEST_CENTERS = (80.0, 45.0, 25.0, 14.0, 8.0, 5.0), 3.3, 200
_WIDTH_ROWS, _N_CENTERS = 1_000, 300


@dataclass(frozen=True)
class KernelSet(LinearModel):
    """A `Kernel` for each width and each of its ridges, whose p-values are combined in one t.

    Each member has its own fit and its own t_j, the score statistic or, with ``is_score=False``, that of the converged
    fit. A gamma law with the mean and the variance that the score statistic has under the null, both exact
    (`ScoreNull`), puts them on one scale, p_j = P(gamma >= t_j), and

        product: t = -2 sum_j log p_j     min_p: t = -2 log min_j p_j     average: t = -2 log mean_j p_j
        half_cauchy: t = -2 log h with 1/tan(pi h/2) = mean_j 1/tan(pi p_j/2) .

    The p_j are approximate, and correlated. Toys of all members together (`run_toys`, then `calibrate`) give the null
    of t: the accuracy of the gamma law changes what the test sees, never how often it raises a false alarm.

    The parameters are those of the members one after the other, each width with all of its ridges; the learned f is
    the mean of the members' f.

    Args:
        widths: of the Gaussians, in standardized features; None: such as have 80, 45, 25, 14, 8 and 5 effective degrees
            of freedom (`wilks.statistics.linear.widths`), from the reference alone, as soon as the set is part of an
            analysis.
        ridges: strengths of the penalty; every width has every one, or, for widths that are given, one list of them for
            each. None: 0.3 for widths that are given; for widths that are chosen from the reference alone
            (`wilks.statistics.linear.ridges`).
        n_centers: how many Gaussians each member has: one number, or one for each width that is given. Narrow Gaussians
            reach the whole range only if there are more of them. None: 300; for widths that are chosen 3.3 for each
            degree of freedom, at least 200.
        combination: ``product`` gains where several widths see something, ``min_p`` where one does, ``half_cauchy`` in
            both cases, less in each; ``average`` is decided by the largest p: close to ``product`` where all see
            something, blind where one does alone. None: ``product`` for widths that are given, ``half_cauchy`` for
            widths that are chosen.
        is_score: whether the members have score statistics.
        seed: of the choice of centers.

    Raises:
        InputError: an option outside these limits.

    >>> KernelSet(widths=(0.1, 1.0), ridges=(0.3, 3.0), n_centers=(200, 50)).describe()
    'set of 4 kernels, widths 0.1, 1, ridges 0.3, 3, 200, 50 Gaussians, product of p-values, score statistics'
    >>> KernelSet(is_score=False).describe()
    'set of 6 kernels, widths by degrees of freedom, ridges by single events, half-Cauchy combination of p-values'
    >>> KernelSet(widths=(0.1, 1.0), ridges=((0.3,), (0.03, 0.1)), n_centers=50).describe()
    'set of 3 kernels, widths 0.1 (ridge 0.3), 1 (0.03, 0.1), 50 Gaussians, product of p-values, score statistics'
    """

    widths: tuple[Positive, ...] | None = None
    ridges: tuple[Positive, ...] | tuple[tuple[Positive, ...], ...] | None = None
    n_centers: Count | tuple[Count, ...] | None = None
    combination: str | None = None
    is_score: bool = True
    seed: Seed = 0
    _gaussians: tuple[Gaussians, ...] = field(default=(), init=False, repr=False, compare=False)
    kind: ClassVar[str] = "kernel_set"
    summary: ClassVar[str] = "Kernels of several widths and ridges, tested together."
    without_clip: ClassVar[str] = (
        "Its penalty bounds it, and its null follows no chi-square that a choice could aim at. Nothing is to "
        "be selected: widths=None takes widths and ridge from the reference alone"
    )

    def __post_init__(self) -> None:
        if self.widths is not None:
            object.__setattr__(self, "widths", _distinct(self.widths, "widths", positive_option))
            if self.ridges is None:
                object.__setattr__(self, "ridges", (STRONG,))
        if self.ridges is not None:
            object.__setattr__(self, "ridges", self._checked_ridges())
        object.__setattr__(self, "n_centers", self._checked_centers())
        check_options(self)
        if self.combination is None:
            object.__setattr__(self, "combination", "half_cauchy" if self.widths is None else "product")
        if self.combination not in COMBINATIONS:
            raise InputError(f"combination must be one of {', '.join(COMBINATIONS)}, but {self.combination!r} came")

    def _checked_ridges(self) -> tuple[float, ...] | tuple[tuple[float, ...], ...]:
        given: Any = self.ridges
        is_nested = isinstance(given, Sequence | np.ndarray) and any(not is_number(one) for one in given)
        if isinstance(given, str) or not is_nested:
            return _distinct(given, "ridges", positive_option)
        if self.widths is None or len(given) != len(self.widths):
            raise InputError(
                "ridges of a set of kernels must be numbers for all of its widths, or one list for each width that is "
                f"given, but {given!r} came for widths {self.widths!r}"
            )
        checked = tuple(_distinct(one, "ridges", positive_option) for one in given)
        return checked[0] if len(set(checked)) == 1 else checked

    def _checked_centers(self) -> int | tuple[int, ...] | None:
        if self.widths is None and isinstance(self.n_centers, Sequence):
            raise InputError(
                "n_centers of a set of kernels must be one number where its widths are chosen, but "
                f"{self.n_centers!r} came"
            )
        return None if self.n_centers is None else _counts(self.n_centers, self.n_widths)

    @property
    def n_widths(self) -> int:
        """How many widths are given, or will be chosen."""
        return len(_DOFS if self.widths is None else self.widths)

    @property
    def n_members(self) -> int:
        """Pairs of a width and a ridge."""
        return self.n_widths if self.ridges is None else sum(map(len, self.strengths))

    @property
    def strengths(self) -> tuple[tuple[float, ...], ...]:
        """The ridges of each width, once they are known.

        Raises:
            InputError: they are not chosen yet.
        """
        if self.ridges is None:
            raise InputError("the ridges of these kernels come from the reference: take the model of a wilks.Analysis")
        nested: Any = self.ridges if isinstance(self.ridges[0], tuple) else (self.ridges,) * self.n_widths
        return tuple(nested)

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        """The members of each width: they share their Gaussians and differ in their ridge.

        Raises:
            InputError: the set is not part of an analysis yet.
        """
        if not self._gaussians:
            raise InputError("the centers of kernels come from the reference: take the model of a wilks.Analysis")
        pairs = zip(self._gaussians, self.strengths, strict=True)
        return tuple(tuple(gaussian_member(one, ridge) for ridge in ridges) for one, ridges in pairs)

    def placed(self, problem: Problem) -> "KernelSet":
        candidates = Candidates.of(problem)
        placed = self._chosen(problem, candidates) if self.widths is None else dataclasses.replace(self)
        pairs = zip(placed._given_widths, placed.centers, strict=True)
        found = tuple(gaussians_of(candidates, n_centers=n, width=width, seed=self.seed) for width, n in pairs)
        object.__setattr__(placed, "_gaussians", found)
        return placed

    def _chosen(self, problem: Problem, candidates: Candidates) -> "KernelSet":
        """The same with widths by degrees of freedom and numbers of centers, from the reference alone.

        At most one center for two distinct events, and one degree of freedom for three centers.
        """
        sizes, ridge = candidates.sizes, max(self.strengths[0] if self.ridges else (STRONG,))
        rows = self._rng().choice(sizes.size, min(_WIDTH_ROWS, sizes.size), replace=False)
        some, masses = candidates.events[rows], sizes[rows] * (np.sum(sizes) / np.sum(sizes[rows]))
        chosen = {}
        for dof in _DOFS:
            n_centers = max(1, min(self._wanted_centers(dof), len(candidates.places) // 2))
            centers = candidates.centers(self._rng(), n_centers)
            target = min(dof, n_centers / _CENTERS_PER_DOF)
            chosen[width_of_dof(target, some, masses, centers=centers, ridge=ridge)] = n_centers
        width, n_centers = next(iter(chosen.items()))
        narrowest = gaussians_of(candidates, n_centers=n_centers, width=width, seed=self.seed)
        ridges = self.ridges or ridges_for(problem.representative, narrowest, n_widths=len(chosen))
        return dataclasses.replace(self, widths=tuple(chosen), ridges=ridges, n_centers=tuple(chosen.values()))

    def _rng(self) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(self.seed))

    def _wanted_centers(self, dof: float) -> int:
        by_dof = max(_FEWEST_CENTERS, int(_CENTERS_PER_DOF * dof))
        return self.n_centers if isinstance(self.n_centers, int) else by_dof

    def n_parameters(self, n_features: int) -> int:
        """That of a set whose widths are chosen is known in an analysis alone.

        Raises:
            InputError: the widths are not chosen yet.
        """
        if self.widths is None:
            raise InputError("how many parameters kernels have whose widths are chosen: take the model of an Analysis")
        return sum(len(ridges) * n for ridges, n in zip(self.strengths, self.centers, strict=True))

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "kernel_set",
            "widths": None if self.widths is None else list(self.widths),
            "ridges": None if self.ridges is None else [list(x) if isinstance(x, tuple) else x for x in self.ridges],
            "n_centers": list(self.n_centers) if isinstance(self.n_centers, tuple) else self.n_centers,
            "combination": self.combination,
            "is_score": self.is_score,
            "seed": self.seed,
        }

    def describe(self) -> str:
        score = ", score statistics" if self.is_score else ""
        combined = f"{_COMBINED[str(self.combination)]}{score}"
        counts = ", ".join(map(str, self.centers if isinstance(self.n_centers, tuple) else self.centers[:1]))
        gaussians = "" if self.widths is None else f", {counts} Gaussians"
        return f"set of {self.n_members} kernels, {self._widths_and_ridges()}{gaussians}, {combined}"

    def _widths_and_ridges(self) -> str:
        if self.widths is None:
            return f"widths by degrees of freedom, ridges {_listed(self.ridges) if self.ridges else 'by single events'}"
        if len(set(self.strengths)) == 1:
            return f"widths {_listed(self.widths)}, ridges {_listed(self.strengths[0])}"
        first, *others = zip(self.widths, self.strengths, strict=True)
        told = [f"{first[0]:g} (ridge {_listed(first[1])})", *(f"{width:g} ({_listed(own)})" for width, own in others)]
        return f"widths {', '.join(told)}"

    def words(self, *, is_profiled: bool) -> Words:
        return kernel_set_words(
            self.n_members, combination=str(self.combination), is_score=self.is_score, is_profiled=is_profiled
        )

    @property
    def _given_widths(self) -> tuple[float, ...]:
        assert self.widths is not None
        return self.widths

    @property
    def centers(self) -> tuple[int, ...]:
        """How many Gaussians each width has, if it is given."""
        if isinstance(self.n_centers, tuple):
            return self.n_centers
        return (_N_CENTERS if self.n_centers is None else self.n_centers,) * self.n_widths


def _listed(numbers: Sequence[Any]) -> str:
    return ", ".join(f"{one:g}" for one in numbers)


_COMBINED = {
    "product": "product of p-values",
    "min_p": "smallest p-value",
    "average": "average of p-values",
    "half_cauchy": "half-Cauchy combination of p-values",
}


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

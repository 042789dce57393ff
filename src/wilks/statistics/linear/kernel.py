"""Sums of Gaussians: linear in their parameters, hence a convex fit with one optimum."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.words import kernel_words
from wilks.statistics.words import Words
from wilks.typing import Count, Positive, Seed, check_options


@dataclass(frozen=True)
class Kernel(LinearModel):
    """f(x) = sum_m a_m k(x, z_m) with Gaussians k and a ridge penalty; the parameters are a, of length m.

    With the loss L of the analysis and K_mn = k(z_m, z_n)

        t = -2 min_a { L[f] + ridge a^T K a },

    penalty included, which is convex: no starts, no box, one optimum. ``is_score`` replaces the braces by their
    second-order expansion at f = 0, whose minimum is one linear solve; t is then the score statistic

        q = b^T (H + 2 ridge)^-1 b,   b = sum_D phi - sum_R w phi,   H = sum_R w phi phi^T,   phi = K^-1/2 k(x, .)

    (kernel logistic regression with Gaussians as a model of f: "Learning new physics efficiently with nonparametric
    methods", Eur. Phys. J. C 82 (2022) 879; there with another loss). Data enter q through the sum of their features
    alone, so that many thousand toys take a second, and its null distribution is known beyond the reach of toys.

    With nuisances L is that of both together and t what f adds to Delta, the fit of the nuisances alone; the score
    statistic is expanded at f = 0 and the nuisances of Delta.

    Args:
        n_centers: how many Gaussians, half of them where events of the reference are and half spread over their range;
            chosen as soon as the kernel is part of an analysis.
        width: their standard deviation, in standardized features; None: the 90th percentile of the distances between
            events of the reference, as published.
        ridge: strength of the penalty, positive. Events move f where they are more than about ridge.
        is_score: whether t is the score statistic, the first step of the fit, whose null needs no toys.
        seed: of the choice of centers.

    Raises:
        InputError: an option outside these limits.

    >>> Kernel(n_centers=100, width=0.5, ridge=0.1).describe()
    'kernel of 100 Gaussians of width 0.5, ridge 0.1'
    """

    n_centers: Count = 300
    width: Positive | None = None
    ridge: Positive = 0.3
    is_score: bool = False
    seed: Seed = 0
    _gaussians: Gaussians | None = field(default=None, init=False, repr=False, compare=False)
    kind: ClassVar[str] = "kernel"
    summary: ClassVar[str] = "A sum of Gaussians with a ridge penalty."
    known_null: ClassVar[str] = "wilks.Kernel(is_score=True)"
    without_clip: ClassVar[str] = (
        "Its penalty bounds it, and its null follows no chi-square that a choice could aim at: with "
        "is_score=True it is known. Nothing is to be selected: wilks.KernelSet(widths=None) takes widths and "
        "ridge from the reference alone"
    )
    combination: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def gaussians(self) -> Gaussians:
        """The Gaussians, where they stand.

        Raises:
            InputError: the kernel is not part of an analysis yet.
        """
        if self._gaussians is None:
            raise InputError("the centers of a kernel come from the reference: take the model of a wilks.Analysis")
        return self._gaussians

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        return ((gaussian_member(self.gaussians, self.ridge),),)

    def placed(self, problem: Problem) -> "Kernel":
        placed = dataclasses.replace(self)
        found = gaussians_of(Candidates.of(problem), n_centers=self.n_centers, width=self.width, seed=self.seed)
        object.__setattr__(placed, "_gaussians", found)
        return placed

    def n_parameters(self, n_features: int) -> int:
        return self.n_centers

    def to_dict(self) -> dict[str, Any]:
        options = ("n_centers", "width", "ridge", "is_score", "seed")
        return {"kind": self.kind, **{name: getattr(self, name) for name in options}}

    def describe(self) -> str:
        width = self._gaussians.width if self._gaussians else self.width
        wide = "the 90th percentile of distances" if width is None else f"{width:.4g}"
        score = ", score statistic" if self.is_score else ""
        return f"kernel of {self.n_centers} Gaussians of width {wide}, ridge {self.ridge:g}{score}"

    def words(self, *, is_profiled: bool) -> Words:
        return kernel_words(is_score=self.is_score, is_profiled=is_profiled)


def gaussians_of(candidates: Candidates, *, n_centers: int, width: float | None, seed: int) -> Gaussians:
    """Gaussians of these candidates, a function of the set of their events; ``width`` None: by the published rule.

    Raises:
        InputError: the reference has too few distinct events.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    centers = candidates.centers(rng, n_centers)
    return Gaussians(centers, candidates.percentile_width(rng) if width is None else width)


def gaussian_member(gaussians: Gaussians, ridge: float) -> Member:
    """The member of these Gaussians."""
    return Member(gaussians, ridge, f"width {gaussians.width:.4g}", gaussians.width)

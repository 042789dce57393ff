"""Toys made up: t of toy i at a clip is a chi-square number of its own times a power of the clip."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.problems import exponential
from wilks.search import Search
from wilks.selection.trials import weight_clip_of
from wilks.statistics.network import MLP

ROOT, POWER = 9.0, 0.5


@dataclass
class MadeUp:
    """t = g (clip/9)^0.5 with g chi-square(13), the same for toy i at every clip, and less noise with more starts."""

    toys_of: Callable[..., Toys]
    noise: float = 0.0
    calls: list[tuple[float, int, int, int]] = field(default_factory=list)

    def __call__(self, analysis: Analysis, hypothesis: Any, *, n_toys: int, seed: int) -> Toys:
        clip, search = weight_clip_of(analysis.model), analysis.search
        self.calls.append((clip, search.n_starts, seed, n_toys))
        g = np.random.default_rng(seed).chisquare(13, size=2000)[:n_toys]
        searched = np.random.default_rng([search.seed, search.n_starts]).exponential(size=2000)[:n_toys]
        toys = self.toys_of(g * (clip / ROOT) ** POWER - self.noise * searched / search.n_starts)
        table = toys.table.append_column("seconds", [np.full(n_toys, 0.01 * search.n_starts)])
        return Toys(**vars(toys) | {"table": table, "seed": seed})


@pytest.fixture
def made_up(toys_of: Callable[..., Toys]) -> Callable[..., MadeUp]:
    return lambda **options: MadeUp(toys_of, **options)


@pytest.fixture(scope="session")
def exponential_analysis() -> Callable[..., Analysis]:
    """The (1,4,1) network, never fitted."""

    def make(clip: float, *, n_starts: int = 24) -> Analysis:
        return Analysis(
            reference=exponential.reference(2000),
            model=MLP(hidden=(4,), weight_clip=clip),
            toy_source=exponential.BACKGROUND,
            standardize=False,
            search=Search(n_starts=n_starts),
        )

    return make

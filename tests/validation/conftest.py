"""Toys made up by the study of the page, and analyses whose toys are quickly made."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.nuisances import Nuisance
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.statistics.histogram import Histogram


@pytest.fixture(scope="session")
def histogram() -> Callable[..., Analysis]:
    """Eight bins, 300 expected events; with ``factor`` toys are moved by so many times what the response says."""

    def make(*, factor: float | None = None, n_reference: int = 20_000, **options: Any) -> Analysis:
        def draw(rng: np.random.Generator, n: int, nuisances: dict[str, float]) -> np.ndarray:
            return exponential.background(rng, n, {name: (factor or 1.0) * nu for name, nu in nuisances.items()})

        scale = Nuisance("scale", 0.15, log_ratio="wilks.problems.exponential:scale_log_ratio")
        settings = {
            "reference": Sample(np.random.default_rng(0).exponential(size=n_reference), features=("x",)),
            "model": Histogram(n_bins=8),
            "expected_events": 300,
            "standardize": False,
            "nuisances": () if factor is None else [scale],
            "toy_source": draw,
        }
        return Analysis(**settings | options)

    return make

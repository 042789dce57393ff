"""Two small references, made once: a kernel and a histogram of two features."""

import numpy as np
import pytest

import wilks
from wilks.monitor import BuildOptions
from wilks.statistics import Statistic
from wilks.typing import FloatArray

SIZES, FEATURES = (100, 200), ("x", "y")
MODELS = {
    "kernel": wilks.Kernel(n_centers=20, width=1.0, ridge=0.5, is_score=True),
    "set": wilks.KernelSet(widths=(0.5, 2.0), ridges=(0.3, 1.0), n_centers=20),
    "histogram": wilks.Histogram(n_bins=12),
}


def draw(rng: np.random.Generator, n: int) -> FloatArray:
    return np.column_stack([rng.normal(size=n), rng.exponential(size=n)])


def shifted(rng: np.random.Generator, n: int, by: float) -> FloatArray:
    """With x moved."""
    return draw(rng, n) + np.array([by, 0.0])


def analysis_of(name: str, *, n_events: int = 100, seed: int = 0, model: Statistic | None = None) -> wilks.Analysis:
    rng = np.random.default_rng(seed)
    first, second = (wilks.Sample(draw(rng, n), features=FEATURES) for n in (2_000, 8_000))
    return wilks.Analysis(reference=first, toy_source=second, model=model or MODELS[name], expected_events=n_events)


def built(name: str, **more: object) -> wilks.MonitorReference:
    options = BuildOptions(batch_sizes=SIZES, n_toys=400, n_power=10)
    return wilks.build_reference(analysis_of(name), options=options, **more)


@pytest.fixture(scope="session")
def references() -> dict[str, wilks.MonitorReference]:
    """Nothing of them may be changed."""
    return {name: built(name) for name in MODELS}


@pytest.fixture(params=list(MODELS))
def reference(request: pytest.FixtureRequest, references: dict[str, wilks.MonitorReference]) -> wilks.MonitorReference:
    return references[request.param]


@pytest.fixture
def histogram(references: dict[str, wilks.MonitorReference]) -> wilks.MonitorReference:
    return references["histogram"]

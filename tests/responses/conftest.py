"""Samples of the exponential problem, whose log r is known, and varied event weights without noise."""

from collections.abc import Callable

import numpy as np
import pytest

from wilks.responses import Variation
from wilks.samples import Sample

EXPECTED = 2000.0


def exponential(nu: float, *, n: int = 20_000, seed: int = 0) -> Sample:
    """x ~ Exp(exp(nu)), an independent sample for every nu; N(nu) = 2000 exp(nu / 2)."""
    rng = np.random.default_rng([seed, round(1e4 * (nu + 5.0))])
    weights = np.full(n, EXPECTED * np.exp(0.5 * nu) / n)
    return Sample(rng.exponential(np.exp(nu), n), weights, features=("x",))


def exact(x: np.ndarray, nu: float) -> np.ndarray:
    """log r of ``exponential``: eq. 30 with the yield."""
    return 0.5 * nu - nu + x * -np.expm1(-nu)


@pytest.fixture(scope="session")
def make_variations() -> Callable[..., list[Variation]]:
    def make(*points: float, **options: int) -> list[Variation]:
        return [Variation({"scale": nu}, exponential(nu, **options)) for nu in points]

    return make


@pytest.fixture(scope="session")
def reference() -> Sample:
    return exponential(0.0)


@pytest.fixture(scope="session")
def plane() -> Sample:
    """Two features of events with different weights."""
    rng = np.random.default_rng(3)
    return Sample(rng.normal(size=(3000, 2)), rng.uniform(0.5, 1.5, 3000), features=("a", "b"))


@pytest.fixture(scope="session")
def reweighted(plane: Sample) -> Callable[..., Variation]:
    """The events of ``plane`` with weights times exp(log r): variations without any noise."""

    def make(log_r: np.ndarray, **values: float) -> Variation:
        return Variation.reweighted(values, plane, event_weights=plane.event_weights * np.exp(log_r))

    return make

"""Problems that tests of scans share."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest

import wilks

EDGES = (0.0, 0.2, 0.5, 0.9, 1.4, 2.0, 2.7, 3.5, 5.0)


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., wilks.Analysis]:
    """600 events of density exp(-x) for 100 expected, unless options say otherwise."""

    def make(model, **options) -> wilks.Analysis:
        reference = wilks.Sample(np.random.default_rng(0).exponential(size=600), features=["x"])
        return wilks.Analysis(**{"reference": reference, "model": model, "expected_events": 100.0} | options)

    return make


@pytest.fixture(scope="session")
def make_data() -> Callable[..., np.ndarray]:
    """Events of density exp(-x) with some at a peak."""

    def make(seed: int, *, n_peak: int = 12) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.concatenate([rng.exponential(size=(95, 1)), rng.normal(2.4, 0.2, size=(n_peak, 1))])

    return make


def bent(events, nu):
    """log r of the scale e^nu of an exponential: it bends in nu."""
    return -nu + events[:, 0] * (1.0 - jnp.exp(-nu))


@pytest.fixture(scope="session")
def make_nuisances() -> Callable[..., tuple[wilks.Nuisance, ...]]:
    """A scale and a normalization with these sigmas."""

    def make(scale: float, norm: float) -> tuple[wilks.Nuisance, ...]:
        return wilks.Nuisance("scale", scale, log_ratio=bent), wilks.normalization("norm", sigma=norm)

    return make

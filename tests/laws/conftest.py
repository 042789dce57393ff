"""Toys and fits made up, as a calibration reads them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wilks.campaign import Toys
from wilks.statistics.fits import FitResult


@pytest.fixture
def make_toys(toys_of: Callable[..., Toys]) -> Callable[..., Toys]:
    """Toys of a chi-square(13), the last ``n_failed`` of them failed."""

    def make(n: int, *, n_failed: int = 0, **options: Any) -> Toys:
        t = np.random.default_rng(1).chisquare(13, size=n)
        t[n - n_failed :] = np.nan
        return toys_of(t, **options)

    return make


@pytest.fixture
def make_fit(fit_of: Callable[..., FitResult]) -> Callable[..., FitResult]:
    """A fit like those of toys."""

    def make(t: float, **options: Any) -> FitResult:
        return fit_of(t, **{"share_at_bound": 0.2, "n_starts": 10, "n_events": 2010} | options)

    return make

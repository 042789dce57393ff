"""Problems that tests of histograms share."""

from collections.abc import Callable

import numpy as np
import pytest

import wilks
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import Standardization


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., Problem]:
    """A problem of these events, their weights as they are."""

    def make(events, weights=None, *, expected_events=None, standardization=None) -> Problem:
        sample = wilks.Sample(events, weights)
        if expected_events is not None:
            sample = sample.rescaled(expected_events)
        return Problem(sample, standardization or Standardization.of(sample), Nuisances(), wilks.Search())

    return make


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., wilks.Analysis]:
    """600 events of density exp(-x) for 100 expected, unless options say otherwise."""

    def make(model, **options) -> wilks.Analysis:
        reference = wilks.Sample(np.random.default_rng(0).exponential(size=600), features=["x"])
        return wilks.Analysis(**{"reference": reference, "model": model, "expected_events": 100.0} | options)

    return make

"""What the tests of linear models share: problems, and the folder from which their own family is imported."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.nuisances import Nuisances
from wilks.problem import Problem

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)  # for `polynomial` and `maps`, families as a user would write them


@pytest.fixture(scope="session")
def problem_of() -> Callable[..., Problem]:
    """A problem without nuisances of these events (n, d), as they are; with a weight of 1 each unless given."""

    def make(events: np.ndarray, weights: np.ndarray | None = None) -> Problem:
        reference = wilks.Sample(events, weights)
        as_it_is = wilks.Standardization(np.zeros(reference.n_features), np.ones(reference.n_features))
        return Problem(reference, as_it_is, Nuisances(), wilks.Search())

    return make

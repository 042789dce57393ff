"""fit: t of one data set does not depend, to the last bit, on what is fitted beside it."""

import numpy as np
import pytest

import wilks
from wilks.fitting import fit_events, fit_together
from wilks.typing import FloatArray

pytestmark = [pytest.mark.exact, pytest.mark.nightly]


def exponential(n: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).exponential(size=(n, 1))


def test_fits_side_by_side_are_those_alone_to_the_last_bit() -> None:
    """With one lane, on the code of users; on that of tests: tests/contract/test_fits.py."""
    analysis = wilks.Analysis(
        reference=wilks.Sample(exponential(2_000, 0)),
        model=wilks.MLP(hidden=(1,), weight_clip=2.0),
        expected_events=100,
        search=wilks.Search(n_starts=2),
    )
    sets = [exponential(110, 12), exponential(80, 7), exponential(105, 8)]
    alone = [fit_events(analysis, events) for events in sets]
    for one, found in zip(alone, fit_together(analysis, sets), strict=True):
        assert found.converged and found.t == one.t
        assert found.n_starts == one.n_starts == 2 and found.n_events == one.n_events
        np.testing.assert_array_equal(found.params, one.params)
        np.testing.assert_array_equal(found.start_t, one.start_t)

"""Honest samples that look unlike each other by how they are stored or weighted."""

import numpy as np

from wilks.samples import Sample
from wilks.samples.likeness import differences


def test_steps_in_single_precision_are_those_in_double() -> None:
    rng = np.random.default_rng(1)
    steps = rng.choice([0.1, 0.2, 0.3], size=(2, 5_000))
    pool, reference = Sample(steps[0].astype(np.float32)), Sample(steps[1])
    (found,) = differences(pool, reference)
    assert found.distance < 4 * found.error and not found.is_another_quantity
    (found,) = differences(Sample(1e3 * steps[0]), reference)
    assert found.is_another_quantity and "1,000" in found.unit


def test_few_heavy_events_of_many_are_all_looked_at() -> None:
    """Half of the yield in a hundred events: a choice without regard to weights loses most of them."""
    rng = np.random.default_rng(2)
    for _ in range(10):
        pool, reference = (
            Sample(rng.exponential(size=300_000), np.where(np.arange(300_000) < 100, 3_000.0, 1.0)) for _ in range(2)
        )
        (found,) = differences(pool, reference)
        assert not found.is_another_quantity

"""What is refused, and what is said, of samples that are not independent."""

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import (
    KnownEvents,
    Sample,
    Standardization,
    check_data_once,
    check_pool,
    data_notices,
    reference_notices,
    unit_notices,
)

RNG = np.random.default_rng(0)
REFERENCE, POOL, DATA = (Sample(RNG.normal(50.0, 10.0, size=(n, 2)), features=("pt", "y")) for n in (2_000, 3_000, 500))


def with_events(events) -> Sample:
    return Sample(np.asarray(events), features=("pt", "y"))


def notices(data: Sample, **samples) -> list[str]:
    known = {role: KnownEvents(one) for role, one in ({"reference": REFERENCE, "pool": POOL} | samples).items()}
    return list(data_notices(data, **known))


def test_independent_samples_are_nothing_to_speak_of():
    check_pool(POOL, reference=REFERENCE)
    check_data_once(DATA, reference=REFERENCE)
    assert notices(DATA) == [] == list(unit_notices(DATA, reference=REFERENCE))
    assert list(reference_notices(REFERENCE, Standardization.of(REFERENCE))) == []


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_every_pair_of_roles_is_compared_at_either_precision(kind):
    of_reference, of_pool = (with_events(one.events[:300].astype(kind)) for one in (REFERENCE, POOL))
    assert notices(of_reference)[0].startswith("300 of 300 data events are in the reference too")
    assert notices(of_pool)[0].startswith("300 of 300 data events are in the pool of toy events too")
    with pytest.raises(SampleError, match=r"share no event with the reference, but 300 of its 3,300 events"):
        check_pool(with_events(np.vstack([POOL.events, of_reference.events])), reference=REFERENCE)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_events_that_come_twice_in_one_sample(kind):
    def twice(sample: Sample) -> Sample:
        return with_events(np.vstack([sample.events, sample.events.astype(kind)]))

    with pytest.raises(SampleError, match=r"must come once, but 500 of 1,000 events repeat another one"):
        check_data_once(twice(DATA), reference=REFERENCE)
    assert notices(twice(DATA))[0].startswith("In the data 500 of 1,000 events repeat another one")
    (text,) = reference_notices(twice(REFERENCE), Standardization.of(twice(REFERENCE)))
    assert text.startswith("In the reference 2,000 of 4,000 events repeat another one")
    with pytest.raises(SampleError, match=r"hold each event once, but 3,000 of its 6,000 events"):
        check_pool(twice(POOL), reference=REFERENCE)


def test_a_reference_and_a_pool_that_both_come_twice():
    """Neither shows that the other repeats."""
    reference, pool = (with_events(np.vstack([one.events, one.events])) for one in (REFERENCE, POOL))
    with pytest.raises(SampleError, match=r"hold each event once, but 3,000 of its 6,000 events"):
        check_pool(pool, reference=reference)


def test_another_unit_of_the_data_is_named_once():
    (text,) = unit_notices(with_events(DATA.events * [1000.0, 1.0]), reference=REFERENCE)
    assert text.startswith("In the data pt lies from ") and "a factor of 1,000, as between MeV and GeV" in text

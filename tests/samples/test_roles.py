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
from wilks.samples.roles import pair_notices, part_notices

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


def pairs(first: np.ndarray, second: np.ndarray, *, share: float = 1.0) -> list[str]:
    """By the samples, or by a random share of their different rows alone."""
    if share == 1.0:
        return list(pair_notices(with_events(first), with_events(second)))
    both = np.vstack([first, second])
    rows, which = np.unique(both, axis=0, return_inverse=True)
    sides = np.arange(len(both)) >= len(first)
    counts = np.stack([np.bincount(which.ravel()[sides == side], minlength=len(rows)) for side in (0, 1)], axis=1)
    some = np.random.default_rng(4).random(len(rows)) < share
    return list(part_notices(rows[some], counts[some], n_events=(len(first), len(second))))


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_two_samples_on_equal_terms_that_repeat_events_or_share_some(share):
    one, other = REFERENCE.events, POOL.events
    assert pairs(one, other, share=share) == []
    about = "" if share == 1.0 else "about "
    (text,) = pairs(np.vstack([other, other]), one, share=share)
    assert text.startswith(f"in the first sample {about}3,000 of 6,000 events repeat another one: what they fluctuate")
    (text,) = pairs(one, np.vstack([one, other]), share=share)
    n_shared = int(text.removeprefix("about ").split()[0].replace(",", ""))
    assert text.endswith("of 5,000 events of the second sample are in the first too: the two look too much alike")
    assert n_shared == 2_000 if share == 1.0 else abs(n_shared - 2_000) < 150


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_samples_of_which_one_alone_has_ties_are_not_accused(share):
    """Half of one sample lacks what the features are about, a fiftieth of the other; one is rounded."""
    rng = np.random.default_rng(9)
    zeros = [np.where(rng.random((1_000, 1)) < part, 0.0, rng.normal(size=(1_000, 2))) for part in (0.5, 0.02)]
    assert pairs(zeros[0], zeros[1], share=share) == []
    assert pairs(np.round(zeros[1] + 9.0, 1), rng.normal(9.0, 1.0, size=(1_000, 2)), share=share) == []


def test_another_unit_of_the_data_is_named_once():
    (text,) = unit_notices(with_events(DATA.events * [1000.0, 1.0]), reference=REFERENCE)
    assert text.startswith("In the data pt lies from ") and "a factor of 1,000, as between MeV and GeV" in text

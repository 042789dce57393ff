"""A source of toys that is not the reference is refused before a toy is made; one that is close is told."""

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import plan_toys, run_toys
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Null
from wilks.laws import analytic_null
from wilks.nuisances import Unselected
from wilks.samples import Sample
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP
from wilks.toys import check_drawable, draw_toy, sample_notices

KERNEL = Kernel(n_centers=20, width=1.0, is_score=True)
FEATURES = ("pt", "eta")


def events(n, *, seed, unit=1.0, scale=1.0):
    rng = np.random.default_rng(seed)
    return Sample(
        np.column_stack([unit * scale * rng.exponential(30.0, size=n), rng.normal(size=n)]), features=FEATURES
    )


REFERENCE = events(4_000, seed=1)


def in_mev(rng, n, nuisances):
    return np.column_stack([rng.exponential(30_000.0, size=n), rng.normal(size=n)])


def in_gev(rng, n, nuisances):
    return np.column_stack([rng.exponential(30.0, size=n), rng.normal(size=n)])


def make(toy_source, *, model=KERNEL, **options) -> Analysis:
    return Analysis(reference=REFERENCE, model=model, toy_source=toy_source, expected_events=400, **options)


WRONG = {
    "a pool": lambda: events(6_000, seed=2, unit=1000.0),
    "a generator": lambda: in_mev,
    "events before the selection": lambda: Unselected(events(6_000, seed=2, unit=1000.0), where="eta > -2.5"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_toys_in_another_unit_are_refused_by_every_way_to_make_them(kind, tmp_path) -> None:
    analysis = make(WRONG[kind]())
    message = r"source of toys must be like the reference.*pt lies from .*a factor of 1,000, as between MeV and GeV"
    with pytest.raises(InputError, match=message) as caught:
        check_drawable(analysis, Null())
    assert "eta" not in str(caught.value)
    with pytest.raises(InputError, match=message):
        run_toys(analysis, Null(), n_toys=2, seed=1)
    with pytest.raises(InputError, match=message):
        plan_toys(analysis, Null(), n_toys=2, seed=1, folder=tmp_path / "toys")
    with pytest.raises(InputError, match=message):
        check_drawable(analysis, Alternative(signal=in_gev, n_signal=5))
    assert not (tmp_path / "toys").exists()


@pytest.mark.parametrize("kind", ["a pool", "events before the selection"])
def test_the_analytic_null_does_not_take_another_unit_for_the_law(kind) -> None:
    with pytest.raises(InputError, match=r"source of toys must be like the reference.*pt lies from"):
        analytic_null(make(WRONG[kind]()))


def test_the_reference_in_the_right_unit_is_accepted_with_weights_and_fluctuations() -> None:
    weights = np.random.default_rng(3).exponential(size=6_000)
    tail = events(6_000, seed=4)
    weighted = Sample(tail.events * [2.0, 1.0], np.exp(-tail.events[:, 0] / 30.0), features=FEATURES)
    for source in (events(6_000, seed=2), Sample(tail.events, weights, features=FEATURES), weighted, in_gev):
        analysis = make(source)
        check_drawable(analysis, Null())
        assert sample_notices(analysis) == ()


def test_a_close_source_is_told_and_not_refused() -> None:
    analysis = make(events(20_000, seed=5, scale=1.2))
    check_drawable(analysis, Null())
    (text,) = sample_notices(analysis)
    assert text.startswith("The source of toys is not quite like the reference: in the pool pt lies from")


def test_an_alternative_with_a_source_of_its_own_may_be_anything() -> None:
    check_drawable(make(None), Alternative(source=in_mev, expected_events=50))


def test_the_look_at_a_generator_moves_no_toy() -> None:
    """Toys are those of an analysis that was never looked at, and the look is the same each time."""
    looked, fresh = (make(Generator(in_gev), model=MLP((1,))) for _ in range(2))
    check_drawable(looked, Null())
    for index in range(3):
        toys = [draw_toy(one, Null(), seed=1, index=index) for one in (looked, fresh)]
        np.testing.assert_array_equal(*toys)
    assert sample_notices(looked) == sample_notices(fresh)

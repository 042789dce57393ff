"""A reference with some of the signal: what it holds, what its toys are, and the loss in leading order."""

import functools

import numpy as np
import pytest

import wilks
from wilks.campaign.run import toys_here
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator
from wilks.nuisances import normalization
from wilks.power import contaminated, count_excess_left, excess_left
from wilks.toys import draw_toy

N, N_REFERENCE = 100.0, 2_000
RNG = np.random.default_rng(1)
SIGNAL = wilks.Sample(RNG.normal(4.0, 0.1, size=600), RNG.uniform(0.5, 1.0, size=600), features=["x"])
REFERENCE = wilks.Sample(RNG.exponential(size=N_REFERENCE), features=["x"])
MODEL = wilks.Kernel(n_centers=15, width=1.0, ridge=1.0, is_score=True)
POOL = wilks.Sample(RNG.exponential(size=20_000), features=["x"])


@functools.cache
def analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=REFERENCE,
        model=MODEL,
        toy_source=POOL,
        expected_events=N,
        nuisances=(normalization("yield", sigma=0.1),),
    )


def test_the_reference_holds_its_share_with_its_density() -> None:
    made = contaminated(analysis(), signal=SIGNAL, n_signal=5.0)
    reference = made.analysis.reference
    assert reference.n_events == N_REFERENCE + 100 and reference.expected_events == pytest.approx(N + 5.0)
    assert reference.event_weights[-100:].sum() == pytest.approx(5.0)
    assert reference.event_weights[:N_REFERENCE].tolist() == analysis().reference.event_weights.tolist()
    assert made.analysis.nuisances.names == ("yield",)
    assert made.analysis.standardization is analysis().standardization
    assert isinstance(made.signal, wilks.Sample) and made.signal.n_events == 500
    assert not set(made.signal.events.ravel()) & set(reference.events.ravel())
    few = contaminated(analysis(), signal=SIGNAL.take(np.arange(10)), n_signal=5.0).analysis.reference
    assert few.n_events == N_REFERENCE + 5 and few.event_weights[-5:].sum() == pytest.approx(5.0)


def test_toys_of_its_null_are_those_of_its_reference() -> None:
    """Numbers of 200 toys: means of Poisson 105 and 120, within 4 errors; of the signal among them 5 and 20."""
    made = contaminated(analysis(), signal=SIGNAL, n_signal=5.0)
    data = made.data_of(Alternative(signal=SIGNAL, n_signal=20.0, nuisances={"yield": 0.0}))
    for hypothesis, n_signal in ((made.null, 5.0), (data, 20.0)):
        toys = [draw_toy(made.analysis, hypothesis, seed=2, index=i) for i in range(200)]
        counts = [toy.shape[0] for toy in toys]
        inside = [np.count_nonzero(np.isin(toy, made.signal.events)) for toy in toys]
        assert np.mean(counts) == pytest.approx(N + n_signal, abs=4 * np.sqrt((N + n_signal) / 200))
        assert np.mean(inside) == pytest.approx(n_signal, abs=4 * np.sqrt(n_signal / 200))


def test_the_excess_of_t_falls_as_the_square() -> None:
    """Means of the score statistic of a broad signal: 300 toys each, within 4 of the errors of the ratio, about .03."""
    signal = wilks.Sample(RNG.normal(1.2, 0.4, size=20_000), features=["x"])
    analysis = wilks.Analysis(
        reference=REFERENCE,
        model=MODEL,
        toy_source=wilks.Sample(RNG.exponential(size=50_000), features=["x"]),
        expected_events=1_000.0,
    )
    excess = []
    for share in (1e-6, 0.3):
        made = contaminated(analysis, signal=signal, n_signal=share * 120.0)
        data = made.data_of(Alternative(signal=signal, n_signal=120.0))
        t = [toys_here(made.analysis, one, n_toys=300, seed=3).t for one in (made.null, data)]
        excess.append(t[1].mean() - t[0].mean())
    assert excess[1] / excess[0] == pytest.approx(excess_left(0.3), abs=0.12)


def test_known_values_of_the_leading_order() -> None:
    assert excess_left(1.0) == 0.0 and excess_left(0.0) == 1.0
    assert excess_left(0.5, n_reference_per_data=3.0) == pytest.approx(0.25 * 0.75)
    assert count_excess_left(0.5) == 0.25


def test_a_generator_gives_as_many_as_are_wanted() -> None:
    made = contaminated(analysis(), signal=Generator("tests.power.test_contamination:peak"), n_signal=5.0)
    assert made.analysis.reference.n_events == N_REFERENCE + 100 and isinstance(made.signal, Generator)


def peak(rng: np.random.Generator, n: int, nuisances: dict[str, float]) -> np.ndarray:
    return rng.normal(4.0, 0.1, size=(n, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: contaminated(analysis(), signal=SIGNAL, n_signal=0.0), "n_signal must be positive"),
        (lambda: contaminated(analysis(), signal=SIGNAL.take([0]), n_signal=1.0), "at least two events"),
        (lambda: excess_left(-0.1), "0 or more"),
        (lambda: excess_left(0.1, n_reference_per_data=0.0), "must be positive"),
        (lambda: Alternative(source=SIGNAL, expected_events=1.0, expected_background=1.0), "beside a signal"),
        (lambda: Alternative(signal=SIGNAL, n_signal=1.0, expected_background=-1.0), "not negative"),
    ],
)
def test_what_cannot_be_used_is_said(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()

"""Toys at true nuisances: where the events come from, how many, and what the auxiliary measurements say."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Hypothesis, Null, ShiftedNuisance, hypothesis_from_dict
from wilks.nuisances import (
    BinnedPolynomial,
    LogNormal,
    LogYield,
    Nuisance,
    Nuisances,
    PoissonCount,
    Unselected,
    normalization,
)
from wilks.samples import Sample
from wilks.statistics.network import MLP
from wilks.toys import check_drawable, draw_auxiliaries, draw_toy
from wilks.toys.supplies import supplies

BACKGROUND = Generator("wilks.problems.exponential:background")
SCALE = Nuisance(
    "scale",
    0.15,
    log_ratio=lambda events, nu: -nu + events[:, 0] * (1 - jnp.exp(-nu)),
    transform=lambda columns, nu: {"x": columns["x"] * np.exp(nu)},
)
NORMALIZATION = normalization("normalization", sigma=0.1)
KNOWN_YIELD = LogYield(("scale",), ((1,),), (3.0,))


def sample(n: int, seed: int) -> Sample:
    return Sample(np.random.default_rng(seed).exponential(size=n), features=("x",))


def make(
    toy_source, *nuisances: Nuisance, collection: Nuisances | None = None, reference: Sample | None = None
) -> Analysis:
    return Analysis(
        reference=reference or sample(4000, 0),
        model=MLP((1,)),
        expected_events=400,
        toy_source=toy_source,
        nuisances=collection or nuisances or (NORMALIZATION, SCALE),
    )


def means(analysis: Analysis, hypothesis: Hypothesis) -> list[float]:
    return [supply.mean for supply in supplies(analysis, hypothesis)]


def test_a_generator_is_told_the_nuisances_and_counts_follow_the_normalization() -> None:
    analysis = make(BACKGROUND)
    hypothesis = ShiftedNuisance({"scale": 0.3, "normalization": 0.2})
    assert means(analysis, hypothesis) == pytest.approx([400 * np.exp(0.2)])
    events = np.concatenate([draw_toy(analysis, hypothesis, seed=1, index=i) for i in range(20)])
    # 9,800 events; false-alarm rate 1e-3 each.
    assert stats.poisson(20 * 400 * np.exp(0.2)).cdf(len(events)) == pytest.approx(0.5, abs=0.4995)
    assert stats.kstest(events[:, 0], "expon", (0, np.exp(0.3))).pvalue > 1e-3


def test_a_generator_may_say_how_its_yield_changes() -> None:
    analysis = make(Generator("wilks.problems.exponential:background", yield_ratio=lambda nu: 1 + nu.get("scale", 0)))
    assert means(analysis, ShiftedNuisance({"scale": 0.5})) == pytest.approx([600.0])
    assert means(analysis, Null()) == pytest.approx([400.0])
    bad = make(Generator("wilks.problems.exponential:background", yield_ratio=lambda nu: -1))
    with pytest.raises(InputError, match="must give a positive number, but it gave -1"):
        means(bad, Null())


def test_events_before_the_selection_migrate_across_it() -> None:
    loose = sample(60_000, 1)
    reference = Sample(sample(4000, 0).events[sample(4000, 0).events[:, 0] > 0.5], features=("x",))
    analysis = make(Unselected(loose, where="x > 0.5"), reference=reference)
    hypothesis = ShiftedNuisance({"scale": 0.3})
    values = loose.events[:, 0]
    ratio = np.sum(values * np.exp(0.3) > 0.5) / np.sum(values > 0.5)
    assert ratio > 1.1
    assert means(analysis, hypothesis) == pytest.approx([400 * ratio])
    both = ShiftedNuisance({"scale": 0.3, "normalization": 0.1})
    assert means(analysis, both) == pytest.approx([400 * ratio * np.exp(0.1)])
    events = np.concatenate([draw_toy(analysis, hypothesis, seed=1, index=i) for i in range(10)])[:, 0]
    assert events.min() > 0.5
    # 4,600 events, memoryless beyond the cut; false-alarm rate 1e-3.
    assert stats.kstest(events, "expon", (0.5, np.exp(0.3))).pvalue > 1e-3
    check_drawable(analysis, hypothesis)


def test_a_pool_at_0_gives_no_other_shape_unless_it_is_told_to_reweight() -> None:
    analysis = make(sample(40_000, 2))
    assert means(analysis, ShiftedNuisance({"normalization": 0.2})) == pytest.approx([400 * np.exp(0.2)])
    with pytest.raises(InputError, match=r"at another value of scale cannot be drawn.*wilks\.Unselected"):
        check_drawable(analysis, ShiftedNuisance({"scale": 0.1}))
    hypothesis = ShiftedNuisance({"scale": 0.1}, is_reweighted=True)
    assert "reweighted with the response" in hypothesis.describe()
    check_drawable(analysis, hypothesis)
    events = np.concatenate([draw_toy(analysis, hypothesis, seed=1, index=i) for i in range(10)])[:, 0]
    assert stats.kstest(events, "expon", (0, np.exp(0.1))).pvalue > 1e-3  # false-alarm rate 1e-3
    with pytest.raises(InputError, match="only a pool of events can be reweighted"):
        check_drawable(make(BACKGROUND), hypothesis)


def test_reweighted_toys_have_the_yield_of_the_fit() -> None:
    response = BinnedPolynomial(("scale",), ((1,),), (0,), ([0.0, 1.0],), [[0.5]])
    own, shifted = (Nuisances((Nuisance("scale", 0.15),), response, log_yield) for log_yield in (None, KNOWN_YIELD))
    hypothesis = ShiftedNuisance({"scale": 0.2}, is_reweighted=True)
    assert means(make(sample(4000, 2), collection=own), hypothesis) == pytest.approx([400 * np.exp(0.1)])
    assert means(make(sample(4000, 2), collection=shifted), hypothesis) == pytest.approx([400 * np.exp(0.6)])


@pytest.mark.parametrize("auxiliary", [LogNormal(), PoissonCount(25.0)])
def test_a_truth_that_no_factor_can_have_is_refused_before_any_toy(auxiliary) -> None:
    rate = normalization("rate", sigma=0.2, auxiliary=auxiliary)
    with pytest.raises(InputError, match="the true rate must be above -1, for its measurement is about the factor"):
        list(supplies(make(BACKGROUND, rate), ShiftedNuisance({"rate": -1.0})))


@pytest.mark.parametrize(
    "hypothesis",
    [
        ShiftedNuisance({"sclae": 0.1}),
        Alternative(signal=BACKGROUND, n_signal=5, nuisances={"sclae": 0.1}),
        Alternative(auxiliary_offsets={"sclae": 0.1}),
    ],
)
def test_a_nuisance_that_the_analysis_does_not_have_is_refused(hypothesis) -> None:
    with pytest.raises(InputError, match="but 'sclae' came"):
        check_drawable(make(BACKGROUND), hypothesis)


def test_a_signal_stands_on_the_shifted_reference_and_has_no_nuisances_itself() -> None:
    hypothesis = Alternative(signal=BACKGROUND, n_signal=50, nuisances={"scale": 0.3, "normalization": 0.1})
    background, signal = supplies(make(BACKGROUND), hypothesis)
    assert (dict(background.nuisances), dict(signal.nuisances)) == ({"scale": 0.3, "normalization": 0.1}, {})
    assert (background.mean, signal.mean) == (pytest.approx(400 * np.exp(0.1)), 50)


class TestAuxiliaries:
    def draws(self, hypothesis: Hypothesis, *nuisances: Nuisance, n: int = 400) -> np.ndarray:
        analysis = make(BACKGROUND, *nuisances)
        return np.array([draw_auxiliaries(analysis, hypothesis, seed=1, index=i) for i in range(n)])

    @pytest.mark.parametrize(
        ("hypothesis", "centre"),
        [
            (Null(), (0.0, 0.0)),
            (ShiftedNuisance({"scale": 0.3}), (0.0, 0.3)),
            (Alternative(signal=BACKGROUND, n_signal=1, nuisances={"normalization": -0.1}), (-0.1, 0.0)),
            (Alternative(auxiliary_offsets={"scale": 0.75}, nuisances={"scale": 0.1}), (0.0, 0.85)),
        ],
    )
    def test_they_scatter_around_the_truth_and_the_offset(self, hypothesis, centre) -> None:
        pulls = (self.draws(hypothesis) - centre) / [0.1, 0.15]
        # 400 toys, two nuisances; false-alarm rate 1e-3 each.
        assert all(stats.kstest(column, "norm").pvalue > 1e-3 for column in pulls.T)

    def test_counts_are_counts(self) -> None:
        counted = Nuisance("control", log_ratio=NORMALIZATION.log_ratio, auxiliary=PoissonCount(25.0))
        found = self.draws(ShiftedNuisance({"control": 0.2}), counted)
        assert np.all(found == np.round(found))
        assert found.mean() == pytest.approx(30.0, abs=5 * np.sqrt(30 / 400))

    def test_they_do_not_depend_on_the_events(self) -> None:
        first = draw_auxiliaries(make(BACKGROUND), Null(), seed=1, index=3)
        assert draw_auxiliaries(make(sample(4000, 5)), Null(), seed=1, index=3).tolist() == first.tolist()
        assert draw_auxiliaries(make(BACKGROUND), Null(), seed=1, index=4).tolist() != first.tolist()


def test_without_nuisances_toys_are_what_they_always_were() -> None:
    plain = Alternative(signal=BACKGROUND, n_signal=5)
    assert "nuisances" not in plain.to_dict() and "auxiliary_offsets" not in plain.to_dict()


@pytest.mark.parametrize(
    "hypothesis",
    [
        ShiftedNuisance({"scale": 0.1, "normalization": -0.2}),
        ShiftedNuisance({"scale": 0.1}, is_reweighted=True),
        Alternative(signal=BACKGROUND, n_signal=5, nuisances={"scale": 0.1}, auxiliary_offsets={"scale": 0.75}),
        Alternative(auxiliary_offsets={"scale": 0.75}),
    ],
)
def test_hypotheses_with_nuisances_come_back_from_their_dictionaries(hypothesis) -> None:
    back = hypothesis_from_dict(hypothesis.to_dict(), {})
    assert back.to_dict() == hypothesis.to_dict() and back.describe() == hypothesis.describe()


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: ShiftedNuisance({}), "at least one value"),
        (lambda: ShiftedNuisance({"scale": float("nan")}), "'scale' in nuisances must be a finite number"),
        (lambda: ShiftedNuisance(0.1), "must be values by name"),
        (lambda: Alternative(auxiliary_offsets={"scale": None}), "'scale' in auxiliary_offsets"),
        (lambda: Alternative(nuisances={"scale": 0.1}), "either signal and n_signal"),
    ],
)
def test_values_that_cannot_be_are_refused(make_it, message) -> None:
    with pytest.raises(InputError, match=message):
        make_it()

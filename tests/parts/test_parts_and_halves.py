"""parts_test and halves_test on data, and the study of them in small."""

import argparse
import json

import numpy as np
import pytest
from scipy.stats import kstest

import wilks
from wilks.errors import InputError
from wilks.fitting import fit
from wilks.hypotheses import Null
from wilks.parts.dividing import part_analysis
from wilks.parts.halves import FixedRatio
from wilks.parts.testing import toy_parts
from wilks.problems import exponential
from wilks.toys import draw_toy

from studies.parts import run as study

DATA = exponential.data(exponential.NP2, seed=1)


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(20_000),
        model=wilks.Histogram(n_bins=8),
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )


def test_one_part_is_the_usual_test(analysis) -> None:
    found = wilks.parts_test(analysis, DATA, n_parts=1, n_toys=30, seed=5)
    toys = wilks.campaign.toys_here(analysis, Null(), n_toys=30, seed=5)
    expected = wilks.goodness_of_fit(analysis, DATA, calibration=wilks.calibrate(toys))
    assert found.t[0] == pytest.approx(expected.t) and found.p_value == pytest.approx(expected.p_value)


def test_the_order_of_the_data_plays_no_part(analysis) -> None:
    order = np.random.default_rng(1).permutation(DATA.n_events)
    for verb, options in ((wilks.parts_test, {"n_parts": 3}), (wilks.halves_test, {})):
        first, second = (verb(analysis, one, n_toys=20, **options) for one in (DATA, DATA.take(order)))
        assert first.p_value == second.p_value and str(first) == str(second)
        json.dumps(first.to_dict(), allow_nan=False)


def test_data_that_come_twice_are_told(analysis) -> None:
    twice = np.repeat(DATA.events[::2], 2, axis=0)
    for found in (
        wilks.parts_test(analysis, twice, n_parts=2, n_toys=20),
        wilks.halves_test(analysis, twice, n_toys=20),
    ):
        (told,) = (text for text in found.warnings if "repeat another one" in text)
        assert told in found.to_dict()["warnings"] and f"Warning: {told}." in str(found)


def test_toys_of_a_penalized_model_are_at_the_nuisances_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,300 events for 1,000 of them, within 50 %: t of a kernel depends on where that is."""
    seen = []

    def spied(analysis, hypothesis, part, **options):
        seen.append(hypothesis)
        return toy_parts(analysis, hypothesis, part, **options)

    monkeypatch.setattr("wilks.parts.testing.toy_parts", spied)
    options = {"nuisances": [wilks.normalization("normalization", sigma=0.5)], "toy_source": exponential.BACKGROUND}
    data = np.random.default_rng(2).exponential(size=1_300)
    for model, is_moved in ((wilks.Kernel(n_centers=10, width=0.5), True), (wilks.Histogram(n_bins=4), False)):
        reference = exponential.reference(5_000, seed=1).rescaled(1_000.0)
        wilks.parts_test(wilks.Analysis(reference=reference, model=model, **options), data, n_parts=2, n_toys=2)
        assert seen[-1].nuisances["normalization"] == pytest.approx(0.3, abs=0.05) if is_moved else seen[-1] == Null()


def test_options_are_checked(analysis) -> None:
    for wrong, text in (({"n_parts": 0}, "n_parts"), ({"n_parts": 2, "combination": "x"}, "one of fisher")):
        with pytest.raises(InputError, match=text):
            wilks.parts_test(analysis, DATA, **wrong)
    with pytest.raises(InputError, match="3 parts came for 2 events"):
        wilks.parts_test(analysis, [1.0, 2.0], n_parts=3)


def test_f_is_that_of_one_half_and_the_ratio_is_written_down(analysis) -> None:
    half = part_analysis(analysis, 2)
    trained = draw_toy(half, Null(), seed=8, index=0)
    ratio = FixedRatio(half, fit(half, trained).params)
    x = np.array([[0.01], [0.7], [30.0]])
    n, b = (
        np.histogram(events, bins=np.append(half_edges(half), np.inf), weights=weights)[0]
        for events, weights in ((trained[:, 0], None), (half.reference.events[:, 0], half.reference.event_weights))
    )
    expected = np.log(n / b)[[0, np.searchsorted(half_edges(half), 0.7) - 1, -1]]
    np.testing.assert_allclose(ratio(x), expected, rtol=1e-9)
    assert ratio.expected == pytest.approx(np.sum(n - b))


def half_edges(half: wilks.Analysis) -> np.ndarray:
    """Lower edges of the bins, found from where f of a staircase jumps."""
    x = np.sort(half.reference.events[:, 0])
    numbers = half.log_ratio(x[:, None], np.arange(float(half.n_parameters)))
    return np.append(-np.inf, 0.5 * (x[1:] + x[:-1])[np.diff(numbers) != 0])


@pytest.mark.parametrize("n", [30, pytest.param(60, marks=pytest.mark.nightly)])
def test_p_of_a_half_is_uniform_whatever_trained(analysis, n) -> None:
    toys = (draw_toy(analysis, Null(), seed=11, index=index) for index in range(n))
    p = [wilks.halves_test(analysis, one, n_toys=60, seed=index).p_value for index, one in enumerate(toys)]
    assert kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("n_null", [40, pytest.param(60, marks=pytest.mark.nightly)])
def test_the_study_in_small(n_null) -> None:
    names = {"n_null": n_null, "n_toys": 10, "n_reference": 5_000, "family": "histogram", "kept": []}
    first, *rows = study.power(argparse.Namespace(**names))
    assert set(first["correlation"]) == {"k = 2", "k = 4", "crossed"} and len(rows) == 27
    seen = {(row["signal"], row["test"]): row["power"]["0.05"][0] for row in rows}
    assert seen["NP2", "k = 1"] >= 0.8 and seen["NP2", "k = 4, stouffer"] >= 0.5
    null, *signals = study.choice(argparse.Namespace(n_null=30, n_toys=5, kept=[]))
    assert null["rates"]["smallest p of all data"] >= null["rates"]["20 bins, all data"] and len(signals) == 3
    options = {"ratios": (5,), "n_references": 2, "n_data": 3, "n_calibration": 20, "kept": []}
    (row,) = study.reference(argparse.Namespace(**options))
    assert row["n"] == 6 and "k = 4, toys of the whole procedure, fisher" in row["rates"]

"""Toys until enough of them reach t: the same p however they are made, and what is said of it."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import wilks
from wilks.campaign import load_toys
from wilks.laws.inputs import toy_summary
from wilks.laws.sequential import Stopping
from wilks.laws.sequential_law import SequentialLaw
from wilks.laws.sequential_toys import next_number
from wilks.significance import clopper_pearson
from wilks.typing import FitStatus

GENERATOR = "wilks.problems.exponential:background"
KERNEL = wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)


def analysis(source: object = None) -> wilks.Analysis:
    reference = wilks.Sample(np.random.default_rng(0).exponential(size=600))
    source = wilks.Generator(GENERATOR) if source is None else source
    return wilks.Analysis(reference=reference, model=KERNEL, expected_events=100.0, toy_source=source)


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return np.random.default_rng(7).exponential(size=104)


def answer(data: np.ndarray, *, source: object = None, **options: object) -> wilks.GoodnessOfFit:
    toys = wilks.SequentialToys(**{"until_exceeding": 5, "n_toys": 200, "seed": 3, **options})
    return wilks.goodness_of_fit(analysis(source), data, toys=toys)


def test_p_is_counted_by_index_up_to_the_stop(data: np.ndarray) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = answer(data, executor=pool)
        toys = wilks.run_toys(analysis(), wilks.Null(), n_toys=200, seed=3, executor=pool)
    hits = np.flatnonzero(toys.t >= found.t * (1 - 1e-9))
    n_used = hits[4] + 1
    assert found.p_value == 5 / n_used and found.method == "empirical"
    assert found.p_text == f"p = 5/{n_used} (stopped at the 5th toy that reaches t)"
    assert np.array_equal(found.law.t, toys.t[:n_used]) and "not unbiased" in str(found)


def test_p_does_not_depend_on_how_the_toys_are_made(data: np.ndarray, tmp_path: Path) -> None:
    """Many at once, in portions of a folder that others began, or one after the other in this process."""
    with ThreadPoolExecutor(2) as pool:
        first = answer(data, executor=pool)
        wilks.run_toys(analysis(), wilks.Null(), n_toys=9, seed=3, store=tmp_path / "toys", executor=pool)
        gone_on = answer(data, store=tmp_path / "toys", executor=pool)
    n_made = load_toys(tmp_path / "toys").n_toys
    again = answer(data, store=tmp_path / "toys")
    assert load_toys(tmp_path / "toys").n_toys == n_made, "all that are needed are there: nothing is made"
    generator = wilks.Generator(lambda rng, n, nuisances: rng.exponential(size=(n, 1)))
    here = [answer(data, source=generator) for _ in range(2)]
    assert first.to_dict() == gone_on.to_dict() == again.to_dict()
    assert here[0].p_value == here[1].p_value


def test_at_the_cap_it_is_the_p_of_all_toys() -> None:
    far = np.concatenate([np.random.default_rng(1).exponential(size=95), np.full(30, 3.0)])
    with ThreadPoolExecutor(1) as pool:
        found = answer(far, n_toys=40, executor=pool)
    assert found.p_value == 1 / 41 and found.p_text.startswith("p = 1/41 (0 of 40 toys; below")
    assert found.law.facts(found.t)["sequential"]["is_stopped_early"] is False


def law_of(toys_of, t: np.ndarray, *, observed: float, n_hits: int = 3, n_most: int = 50) -> SequentialLaw:
    return SequentialLaw(observed, t, Stopping(n_hits, n_most), toy_summary(toys_of(t)))


def test_failed_toys_are_hits(toys_of, fit_of) -> None:
    t = np.array([1.0, np.nan, 9.0, 2.0, np.nan])
    found = wilks.laws.evaluate(fit_of(5.0), law_of(toys_of, t, observed=5.0))
    assert found.p_value == 3 / 5
    assert any(
        "2 of 5 toys failed and count as reaching t; the interval covers both outcomes" in text
        for text in found.warnings
    )
    assert found.interval[0] == pytest.approx(clopper_pearson(1, 5)[0], rel=1e-9)
    assert found.p_text.endswith("reaches t or failed, 2 failed)")


def test_it_answers_for_its_own_t_alone(toys_of, fit_of) -> None:
    law = law_of(toys_of, np.arange(10.0), observed=5.0)
    with pytest.raises(wilks.CalibrationError, match="they stopped by t = 5"):
        wilks.laws.evaluate(fit_of(6.0), law)
    with pytest.raises(wilks.CalibrationError, match="share one analysis"):
        wilks.laws.evaluate(fit_of(5.0, fingerprint="ffff"), law)


@pytest.mark.parametrize("t", [math.nan, math.inf, -1.0])
def test_a_t_of_a_failed_fit_has_no_p(toys_of, t: float) -> None:
    with pytest.raises(wilks.CalibrationError, match="finite and not negative"):
        law_of(toys_of, np.arange(10.0), observed=5.0).probability(t)


def test_a_t_of_zero_is_reached_by_all(toys_of, fit_of) -> None:
    law = law_of(toys_of, np.array([0.0, -1e-12, 1e-15]), observed=1e-14)
    assert wilks.laws.evaluate(fit_of(1e-14), law).p_value == 1.0


def test_a_failed_fit_takes_no_toys(fit_of) -> None:
    failed = fit_of(math.nan, status=FitStatus.NON_FINITE)
    with pytest.raises(wilks.CalibrationError, match="but it failed"):
        wilks.SequentialToys().law(analysis(), failed)


@pytest.mark.usefixtures("cheap_figures")
def test_it_is_saved_loaded_and_drawn(toys_of, fit_of, tmp_path: Path) -> None:
    found = wilks.laws.evaluate(fit_of(5.0), law_of(toys_of, np.arange(9.0), observed=5.0))
    found.save(tmp_path / "answer")
    again = wilks.load(tmp_path / "answer")
    assert str(again) == str(found) and again.to_dict() == json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(wilks.plots.null_distribution(again).axes) == 1
    with pytest.raises(wilks.InputError, match="toys stopped"):
        wilks.plots.qq(again)
    page = wilks.write_report(again, tmp_path / "report.html").read_text(encoding="utf-8")
    assert found.p_text in page and "Do the toys follow" not in page


@pytest.mark.parametrize(
    ("options", "message"),
    [({"until_exceeding": 0}, "until_exceeding"), ({"n_toys": 0}, "n_toys"), ({"seed": -1}, "seed")],
)
def test_wrong_options_are_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(wilks.InputError, match=message):
        wilks.SequentialToys(**options)


def test_p_comes_from_one_source(data: np.ndarray) -> None:
    toys = wilks.SequentialToys()
    with pytest.raises(wilks.InputError, match="toys and reach are given"):
        wilks.goodness_of_fit(analysis(), data, toys=toys, reach=1e-5)
    with pytest.raises(wilks.InputError, match="toys and calibration are given"):
        wilks.goodness_of_fit(analysis(), data, toys=toys, calibration=wilks.calibrate([1.0, 2.0]))


def test_portions_end() -> None:
    """From any values: each portion is larger, until the hits are complete or all toys are made."""
    rng, stopping = np.random.default_rng(2), Stopping(7, 500)
    for observed in (0.001, 0.5, 0.97, 0.9999, 2.0):
        values, n = rng.uniform(size=500), 0
        while (wanted := next_number(values[:n], observed_t=observed, stopping=stopping)) > n:
            n = wanted
        hits = np.flatnonzero(values >= observed)
        assert (hits[6] + 1 <= n) if hits.size >= 7 else n == 500

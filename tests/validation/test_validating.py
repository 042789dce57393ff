"""validate: every check on one page, its false alarms, what it catches, and its way on after an interruption."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import wilks
from wilks.campaign import toys_here
from wilks.errors import InputError
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.problems import exponential
from wilks.responses import Variation, check_responses
from wilks.samples import Sample
from wilks.validation import Verdict, validate
from wilks.validation.validating import Options, validation_of

from studies.validation.run import alarms_of, made_up, perfect, rates

FEW = Options(n_toys=20, n_null=40, n_references=2, seed=0)
NOT, PASS, FAIL = Verdict.NOT_EVALUATED, Verdict.PASS, Verdict.FAIL


@pytest.mark.parametrize(("n_pages", "n_failed"), [(20, 6), pytest.param(40, 8, marks=pytest.mark.nightly)])
def test_a_perfect_analysis_rarely_fails(n_pages: int, n_failed: int) -> None:
    # 5 % of the pages at most may fail: so many or more do with chances of 3e-4 and 1e-3; `studies/validation` has 600.
    failed = alarms_of(perfect(1), Options(n_toys=40, n_null=80, n_references=2, seed=0), n_pages=n_pages)
    assert sum(bool(one) for one in failed) < n_failed, rates(failed)


def test_t_that_moves_fails_both_t_and_p() -> None:
    found = validation_of(perfect(1), made_up(1, shift=0.8), Options(100, 400, 0, seed=1))
    names = [one.name for one in found.failed]
    assert {"t at other nuisances", "p at other nuisances"} <= set(names) and not found.is_passed
    assert "Look at the response" in str(found) and "5 of 9" not in found.headline


@pytest.mark.parametrize("factor", [0.5, pytest.param(2.0, marks=pytest.mark.nightly)])
def test_a_response_that_is_off_by_two_is_caught(histogram, factor) -> None:
    """By the nuisances that Delta finds, and by its closure; t hardly moves, as r is right at another nu."""
    analysis = histogram(factor=factor, n_reference=6_000)
    closure = check_responses(analysis.reference, analysis.nuisances, variations=varied(factor))
    found = validation_of(analysis, toys_here, FEW, closure=closure)
    assert {one.name for one in found.failed} >= {"nuisances found back", "closure of responses"}
    assert "The response is not what moves the toys" in str(found)
    biases = np.array(found.check("nuisances found back").numbers["biases"])
    assert abs(biases[0, 0]) < 0.5 and np.all(np.abs(biases[1:]) > 0.5), "off where nu is shifted alone"


def test_the_right_response_passes(histogram) -> None:
    analysis = histogram(factor=1.0, n_reference=6_000)
    closure = check_responses(analysis.reference, analysis.nuisances, variations=varied(1.0))
    found = validation_of(analysis, toys_here, FEW, closure=closure)
    assert found.is_passed, str(found)
    verdicts = {one.name: one.verdict for one in found.checks}
    assert verdicts["closure of responses"] is verdicts["nuisances found back"] is PASS
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["is_passed"] is True


def varied(factor: float) -> list[Variation]:
    rng = np.random.default_rng(8)
    weights = np.full(40_000, 300 / 40_000)
    samples = {nu: exponential.background(rng, 40_000, {"scale": factor * nu}) for nu in (-0.15, 0.15)}
    return [Variation({"scale": nu}, Sample(x, weights, features=("x",))) for nu, x in samples.items()]


def test_without_nuisances_the_analytic_null_is_looked_at(histogram) -> None:
    found = validate(histogram(), n_toys=20, n_references=0)
    verdicts = [one.verdict for one in found.checks]
    assert verdicts == [PASS, NOT, NOT, PASS, NOT, NOT, PASS, NOT, PASS]
    assert "no nuisances" in found.check("t at other nuisances").text and "analytic null" in found.law
    assert [one.name for one in found.points] == ["all 0"] and found.points[0].p.size == 20


def test_given_toys_calibrate_it(histogram) -> None:
    analysis = histogram(factor=1.0, n_reference=6_000)
    null = toys_here(analysis, Null(), n_toys=60, seed=9)
    found = validate(analysis, n_toys=20, n_references=0, null=null)
    assert found.points[0].t.tolist() == null.t.tolist() and "counted among 60 toys" in found.law
    assert "none at 0.01, out of reach" in found.check("p at other nuisances").text
    other = toys_here(analysis, ShiftedNuisance({"scale": 0.1}), n_toys=20, seed=1)
    for wrong, of in ((other, analysis), (null, histogram())):
        with pytest.raises(InputError, match="toys of this analysis at nu = 0"):
            validate(of, null=wrong)


def test_it_goes_on_where_it_stopped(tmp_path) -> None:
    """The second run makes no toy, which a generator that is gone would show; and gives the same page."""
    analysis = wilks.Analysis(
        reference=exponential.reference(4_000),
        model=wilks.KernelSet(widths=(0.5, 1.5), n_centers=10),
        toy_source=exponential.BACKGROUND,
    )
    options = {"n_toys": 20, "n_null": 20, "n_references": 2, "store": tmp_path / "store"}

    class Counting(ThreadPoolExecutor):
        n_submitted = 0

        def submit(self, *args, **kwargs):
            type(self).n_submitted += 1
            return super().submit(*args, **kwargs)

    with Counting(1) as executor:
        first = validate(analysis, executor=executor, **options)
        n_first = Counting.n_submitted
        second = validate(analysis, executor=executor, **options)
    assert n_first > 0 and Counting.n_submitted == n_first
    assert str(second) == str(first) and second.to_dict() == first.to_dict()
    first.save(tmp_path / "saved")
    loaded = wilks.load(tmp_path / "saved")
    assert str(loaded) == str(first) and loaded.to_dict() == first.to_dict()


def test_wrong_numbers_and_points_are_refused_before_anything_is_made(histogram) -> None:
    with pytest.raises(InputError, match="n_references must be 2"):
        validate(histogram(), n_references=1)
    with pytest.raises(InputError, match="n_toys"):
        validate(histogram(), n_toys=5)
    pool = Sample(np.random.default_rng(1).exponential(size=3_000), features=("x",))
    with pytest.raises(InputError, match="toys need a source of events"):
        validate(histogram(toy_source=None))
    with pytest.raises(InputError, match="cannot be drawn from a pool"):
        validate(histogram(factor=1.0, toy_source=pool))


def with_t(toys: wilks.Toys, t: np.ndarray) -> wilks.Toys:
    table = toys.table.set_column(toys.table.column_names.index("t"), "t", [t])
    return dataclasses.replace(toys, table=table)


def test_a_network_is_fitted_with_another_seed() -> None:
    found = validation_of(perfect(0), made_up(3), Options(40, 60, 0, seed=3))
    assert found.check("seeds of the search").numbers["within_tenth"] == 1.0

    def shaky(analysis, hypothesis, *, n_toys, seed):
        toys = made_up(3)(analysis, hypothesis, n_toys=n_toys, seed=seed)
        return with_t(toys, toys.t + analysis.search.seed * (np.arange(n_toys) % 3))

    failed = validation_of(perfect(0), shaky, Options(40, 60, 0, seed=3)).check("seeds of the search")
    assert failed.verdict is FAIL and "more starts" in failed.advice


def test_failed_toys_are_a_check(histogram) -> None:
    def failing(analysis, hypothesis, *, n_toys, seed):
        toys = made_up(3)(analysis, hypothesis, n_toys=n_toys, seed=seed)
        t = np.where(np.arange(n_toys) % 10 == 0, np.nan, toys.t) if hypothesis.nuisances else toys.t
        return with_t(toys, t)

    found = validation_of(perfect(1), failing, Options(40, 60, 0, seed=3)).check("fits")
    assert found.verdict is FAIL and "10.0% at nuisance_0" in found.text


def test_toys_whose_t_is_zero_fail_no_p() -> None:
    """As in a scan for excesses: p of them is 1, which the page shows, and the check puts them in a random order."""
    options = Options(200, 600, 0, seed=3)

    def excesses(analysis, hypothesis, *, n_toys, seed):
        toys = made_up(3)(analysis, hypothesis, n_toys=n_toys, seed=seed)
        return with_t(toys, np.maximum(toys.t - 10.0, 0.0))

    found = validation_of(perfect(1), excesses, options)
    check, p = found.check("p at other nuisances"), found.points[1].p
    assert check.verdict is PASS and "those of equal t in a random order" in check.text
    assert 0.2 < np.mean(p == 1.0) < 0.6 and np.mean(p == 1.0) == np.mean(found.points[1].t == 0.0)
    without = validation_of(perfect(1), made_up(3), options).check("p at other nuisances")
    assert without.verdict is PASS and "order" not in without.text

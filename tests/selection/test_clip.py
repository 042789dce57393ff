"""The steps of a selection, on toys that are made up."""

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.problems import exponential
from wilks.search import Search
from wilks.selection.clip import ClipOptions, ClipSearch
from wilks.selection.trials import measured_spread, with_starts
from wilks.statistics.network import MLP
from wilks.toys import toy_rng

OPTIONS = {"bracket": None, "n_toys": (40, 100, 400), "tolerance": 0.1, "n_spread": 40, "most_starts": 96, "seed": 3}


def searched(analysis, make, **options) -> ClipSearch:
    return ClipSearch(analysis, make, ClipOptions(**OPTIONS | options))


@pytest.mark.parametrize("begin", [0.7, 9.0, 80.0])
def test_the_bracket_is_found_from_anywhere(exponential_analysis, made_up, begin) -> None:
    search = searched(exponential_analysis(begin), made_up())
    rough = search.bracketed()
    clips = sorted(trial.weight_clip for trial in search.trials)
    assert clips[0] <= rough.clip <= clips[-1] and begin in clips
    # 10 toys know the mean to 1.6, and log clip to 1.6/(13 * 0.5).
    assert abs(np.log(rough.clip / 9.0)) < 3 * 1.6 / 6.5


def test_a_given_bracket_is_where_it_begins(exponential_analysis, made_up) -> None:
    search = searched(exponential_analysis(2.0), made_up(), bracket=(5.0, 20.0))
    search.bracketed()
    assert [trial.weight_clip for trial in search.trials[:2]] == [5.0, 20.0]


def test_no_root_is_an_error_that_says_what_was_seen(exponential_analysis, toys_of) -> None:
    def flat(analysis, hypothesis, *, n_toys, seed):
        toys = toys_of(np.random.default_rng(seed).chisquare(5, size=n_toys))
        return type(toys)(**vars(toys) | {"table": toys.table.append_column("seconds", [np.ones(n_toys)])})

    with pytest.raises(CalibrationError, match=r"must meet the number of parameters, 13, .* take fewer neurons"):
        searched(exponential_analysis(9.0), flat).bracketed()


def test_starts_are_doubled_until_the_seed_hardly_matters(exponential_analysis, made_up) -> None:
    make = made_up(noise=18.0)
    search = searched(exponential_analysis(9.0), make)
    efforts = search.efforts(search.bracketed())
    assert [one.n_starts for one in efforts.tried] == [24, 48, 96] and efforts.is_reached
    assert efforts.search == Search(n_starts=96) and not efforts.tried[1].is_small
    assert efforts.tried[0].n_toys < 40 == efforts.tried[-1].n_toys, "five toys that are far apart are enough to know"
    assert {n_starts for _, n_starts, _, _ in make.calls[-2:]} == {96}
    assert search.judged(9.0, n_toys=40).trial.n_starts == 96


def test_a_search_that_nothing_helps_stays_as_it_is(exponential_analysis, made_up) -> None:
    search = searched(exponential_analysis(9.0), made_up(noise=500.0))
    efforts = search.efforts(search.bracketed())
    assert not efforts.is_reached and efforts.search == Search(n_starts=24) and len(efforts.tried) == 3


def test_a_search_without_a_race_stays_without() -> None:
    assert with_starts(Search(n_starts=4, n_kept=4), 8) == Search(n_starts=8, n_kept=8)
    assert with_starts(Search(n_starts=24, n_kept=3), 48) == Search(n_starts=48, n_kept=3)


def test_windows_shrink_and_hold_the_root(exponential_analysis, made_up) -> None:
    search = searched(exponential_analysis(9.0), made_up(), tolerance=0.0)
    stages = search.narrowed(search.bracketed())
    assert [one.n_toys for one in stages] == [40, 100, 400]
    errors = [one.root.error for one in stages]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(np.sqrt(26 / 400) / 6.5, rel=0.15)
    assert abs(np.log(stages[-1].root.clip / 9.0)) < 3 * errors[-1]


def test_it_stops_where_the_mean_is_known_well_enough(exponential_analysis, made_up) -> None:
    ends = {}
    for tolerance in (0.2, 0.12, 0.0):
        search = searched(exponential_analysis(9.0), made_up(), tolerance=tolerance)
        ends[tolerance] = search.narrowed(search.bracketed())[-1].n_toys
    assert ends == {0.2: 40, 0.12: 100, 0.0: 400}


def test_other_toys_judge_than_those_that_chose(exponential_analysis, made_up) -> None:
    make = made_up()
    search = searched(exponential_analysis(9.0), make)
    search.narrowed(search.bracketed())
    (choosing,) = {seed for *_, seed, _ in make.calls}
    n_before = len(make.calls)
    judged = search.judged(9.0, n_toys=100)
    (judging,) = {seed for *_, seed, _ in make.calls[n_before:]}
    assert len({choosing, judging, OPTIONS["seed"]}) == 3
    first = [toy_rng(Null(), seed=seed, index=0).random() for seed in (choosing, judging, OPTIONS["seed"])]
    assert len(set(first)) == 3
    assert judged.trial.compatibility.n_toys == 100 and judged.trial.compatibility.is_compatible


def test_the_spread_is_that_of_two_seeds_of_the_search(exponential_analysis, made_up) -> None:
    make, analysis = made_up(noise=18.0), exponential_analysis(9.0)
    found = measured_spread(analysis, make, Null(), n_toys=40, seed=1)
    other = type(analysis)(
        reference=analysis.reference,
        model=analysis.model,
        toy_source=analysis.toy_source,
        standardize=False,
        search=Search(seed=1),
    )
    t, again = (make(one, Null(), n_toys=40, seed=1).t for one in (analysis, other))
    assert found.within_half == np.mean(np.abs(t - again) <= 0.5) and 0 < found.within_half < 1


def test_a_clip_is_chosen_without_nuisances_and_the_effort_with_them(made_up) -> None:
    analysis = Analysis(
        reference=exponential.reference(2000),
        model=MLP(hidden=(4,), weight_clip=9.0),
        nuisances=exponential.nuisances(0.1, 0.1),
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )
    made, seen = made_up(), []

    def make(one, hypothesis, *, n_toys, seed):
        seen.append(bool(one.nuisances))
        return made(one, hypothesis, n_toys=n_toys, seed=seed)

    search = searched(analysis, make)
    rough = search.bracketed()
    assert not any(seen)
    n_before = len(seen)
    search.efforts(rough)
    assert all(seen[n_before:])
    n_before = len(seen)
    search.narrowed(rough)
    assert not any(seen[n_before:])
    n_before = len(seen)
    search.judged(9.0, n_toys=40)
    assert seen[n_before:] == [False, True, True]

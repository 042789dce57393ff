"""Networks of several shapes, on toys that are made up: budget, power, and which is recommended."""

import contextlib
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import wilks
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.hypotheses import Null
from wilks.selection import ArchitectureScan, scanning, select_architecture
from wilks.selection.budget import Budget, OutOfBudgetError
from wilks.selection.scanning import is_seen

OPTIONS = {"n_toys": (40,), "n_spread": 10, "most_starts": 24, "n_signals": 3, "n_signal_toys": 5, "seed": 1}


class MadeUp:
    """t of k parameters is chi-square(k) at clip 9 and grows with its root; a signal adds 15, or 60 in two layers.

    The network (3,) follows no chi-square: its t scatters by twice as much. Its toys take 0.01 s for each parameter.
    """

    def __init__(self, toys_of) -> None:
        self.toys_of, self.n_calls = toys_of, 0

    def __call__(self, analysis, hypothesis, *, n_toys, seed) -> Toys:
        self.n_calls += 1
        hidden, k = getattr(analysis.model, "hidden", ()), analysis.n_parameters
        t = np.random.default_rng(seed).chisquare(13, size=2000)[:n_toys] * k / 13
        if hidden:
            t = (t - k) * math.sqrt(13 / k) * (3.0 if hidden == (3,) else 1.0) + k
            t = t * (analysis.model.weight_clip / 9.0) ** 0.5
        if not isinstance(hypothesis, Null):
            t = t + (60.0 if len(hidden) == 2 else 15.0)
        toys = self.toys_of(t, degrees_of_freedom=k)
        seconds = np.full(n_toys, 0.01 * k if hidden else 0.001)
        return Toys(**vars(toys) | {"table": toys.table.append_column("seconds", [seconds])})


@pytest.fixture
def make(toys_of, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    made_up = MadeUp(toys_of)
    monkeypatch.setattr(scanning, "kept_toys", lambda *a, **k: contextlib.nullcontext(made_up))
    return made_up


def scanned(analysis, *shapes: tuple[int, ...], seconds: float = 1e4, **options) -> ArchitectureScan:
    with ThreadPoolExecutor(1) as one:  # its seconds are those of the wall
        return select_architecture(analysis, shapes, budget_seconds=seconds, executor=one, **OPTIONS | options)


@pytest.fixture(scope="module")
def scan(exponential_analysis, toys_of) -> ArchitectureScan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "kept_toys", lambda *a, **k: contextlib.nullcontext(MadeUp(toys_of)))
        return scanned(exponential_analysis(9.0), (2,), (3,), (4,), (2, 2))


def test_each_network_has_its_clip_and_power(scan) -> None:
    assert [one.name for one in scan.candidates] == ["2", "3", "4", "2x2"]
    assert [one.n_parameters for one in scan.candidates] == [7, 10, 13, 13]
    assert [one.is_compatible for one in scan.candidates] == [True, False, True, True]
    for one in scan.candidates:
        assert one.selection is not None and len(one.powers) == (3 if one.is_compatible else 0)
        assert not one.is_compatible or 6.0 < one.selection.weight_clip < 13.0
    assert "do not follow the chi-square" in scan.candidates[1].reason
    assert scan.candidates[3].power == 1.0 > scan.candidates[2].power and len(scan.default_powers) == 3


def test_the_largest_compatible_of_each_depth(scan) -> None:
    assert {depth: one.name for depth, one in scan.largest.items()} == {1: "4", 2: "2x2"}


def test_it_recommends_power_then_stability_then_size(scan) -> None:
    assert scan.recommended is scan.candidates[3] and scan.analysis is not None
    assert scan.analysis.model == wilks.MLP(hidden=(2, 2), weight_clip=scan.candidates[3].selection.weight_clip)
    equal = [replace(one, powers=(0.5, 0.6, 0.7)) for one in scan.candidates]
    equal[3] = replace(equal[3], powers=(0.52, 0.58, 0.7))
    shaky = replace(equal[3].selection, spread=replace(equal[3].selection.spread, within_limit=0.5))
    assert replace(scan, candidates=(*equal[:3], replace(equal[3], selection=shaky))).recommended is equal[2]


def test_without_a_stable_network_it_says_so(scan) -> None:
    selection = scan.candidates[3].selection
    shaky = replace(selection, spread=replace(selection.spread, within_limit=0.5))
    only = replace(scan, candidates=(replace(scan.candidates[3], selection=shaky),))
    assert "no network is stable" in str(only) and "second opinion" in str(only)


def test_it_is_said_in_words_and_saved(scan, tmp_path) -> None:
    text = str(scan)
    for phrase in ("2x2", "default set", "Largest compatible network of each depth: 4 (13), 2x2 (13)", "Z = 5"):
        assert phrase in text
    scan.save(tmp_path / "scan")
    read = wilks.load(tmp_path / "scan")
    assert str(read) == text and read.to_dict() == scan.to_dict() and read.analysis is None


def test_what_the_time_does_not_suffice_for_is_left_out_and_said(exponential_analysis, make) -> None:
    scan = scanned(exponential_analysis(9.0), (2,), (30, 30), (4,), seconds=60.0)
    assert scan.candidates[0].selection is not None and scan.candidates[1].selection is None
    assert "more toys of 10 s would take longer than what was left" in scan.candidates[1].reason
    assert scan.spent_core_seconds < 60.0 * 1.7 and scan.budget_core_seconds == 60.0
    assert scan.candidates[1].reason in str(scan)
    none = replace(scan, candidates=scan.candidates[1:2])
    assert none.recommended is None and "take the default set" in str(none) and none.largest == {}


def test_a_budget_counts_each_toy_once(exponential_analysis, make) -> None:
    analysis, budget = exponential_analysis(9.0), Budget(make, 2.0)
    for n_toys, spent in ((4, 0.52), (10, 1.3), (10, 1.3), (5, 1.3)):
        budget(analysis, Null(), n_toys=n_toys, seed=1)
        assert budget.spent == pytest.approx(spent)
    with pytest.raises(OutOfBudgetError, match=r"6 more toys of 0\.13 s"):
        budget(analysis, Null(), n_toys=16, seed=1)
    budget(analysis, Null(), n_toys=5, seed=2)
    assert budget.spent == pytest.approx(1.95)


def test_seen_is_a_p_of_five_percent() -> None:
    null = np.arange(39.0)
    assert is_seen(np.array([38.0, 37.1, 37.0, 37.0 * (1 + 1e-12)]), null).tolist() == [True, True, False, False]
    assert not is_seen(np.array([100.0]), np.append(null[:-2], [np.nan, np.nan])).any(), "failed toys exceed"


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ([], {}, "architectures must be a list"),
        ((4, 5), {}, "architectures must be a list"),
        ([(0,)], {}, "1 or more neurons"),
        ([(4,)], {"budget_seconds": 0.0}, "budget_seconds must be positive"),
        ([(4,)], {"n_signals": 1}, "n_signals must be a whole number of at least 2"),
    ],
)
def test_arguments_outside_their_limits_are_refused(exponential_analysis, make, shapes, options, message) -> None:
    with pytest.raises(InputError, match=message):
        select_architecture(exponential_analysis(9.0), shapes, **{"budget_seconds": 1.0, **options})
    assert make.n_calls == 0

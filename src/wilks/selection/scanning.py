"""select_architecture: depth and width within a time that the user gives."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign.processes import n_cores
from wilks.errors import CalibrationError, InputError
from wilks.hypotheses import Null
from wilks.selection.budget import Budget, OutOfBudgetError
from wilks.selection.clip import ClipOptions
from wilks.selection.result import WeightClipSelection
from wilks.selection.scan import ArchitectureScan, Candidate, with_shape
from wilks.selection.selecting import Progress, checked_options, choose_clip, kept_toys
from wilks.selection.signals import RandomSignal, random_signals
from wilks.selection.trials import JUDGING, toy_seed, weight_clip_of, with_choice, with_model
from wilks.statistics import default_statistic
from wilks.toys import check_drawable
from wilks.typing import FloatArray, finite_number, is_number, require_kind, whole_number

N_TOYS = (40, 100)
_SIZE = 0.05
_POWER = "power"


@dataclass(frozen=True)
class _Signals:
    """What power is measured with."""

    signals: tuple[RandomSignal, ...]
    n_toys: int
    seed: int


def select_architecture(
    analysis: Analysis,
    architectures: Sequence[Sequence[int]],
    *,
    budget_seconds: float,
    n_toys: Sequence[int] = N_TOYS,
    tolerance: float = 0.05,
    n_spread: int = 40,
    most_starts: int | None = None,
    n_signals: int = 10,
    n_signal_toys: int = 10,
    seed: int = 0,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ArchitectureScan:
    """Choose the layers of a network: the clip, spread, cost and power of each shape, within a given time.

    Section 4.1 of "Learning New Physics from an Imperfect Machine", Table 3: for each depth the largest network whose t
    follows the chi-square at some clip. Each shape goes through `select_weight_clip`, beginning at the clip of the one
    before. A compatible one is then tried on random signals (`wilks.selection.signals.random_signals`), local excesses
    that are drawn with the seed and are the same for all; nobody's signal chooses. Beside them stands the default set
    of kernels.

    Args:
        analysis: whose network gets other layers; its clip and search are where the first one begins.
        architectures: neurons of the hidden layers, such as ``[(4,), (5, 5), (5, 5, 5)]``, tried in this order.
        budget_seconds: of wall time, as far as toys take it: the seconds of all toys may be this times the processes.
            What would take longer is left out, and said. Starting processes comes on top.
        n_toys, tolerance, n_spread, most_starts: as for `select_weight_clip`.
        n_signals: random signals.
        n_signal_toys: toys of each.
        seed: of toys and signals.
        store, executor, progress: as for `select_weight_clip`. Of an executor of your own ``n_processes`` is asked for,
            1 where it has none.

    Raises:
        InputError: a model without layers or clip, a shape without neurons, options outside their limits.
    """
    require_kind(analysis, Analysis, name="analysis")
    analysis.require_one_region("select_architecture")
    options = checked_options(analysis, None, n_toys, tolerance=tolerance, seed=seed, spread=(n_spread, most_starts))
    shapes = _checked_shapes(analysis, architectures)
    if finite_number(budget_seconds, name="budget_seconds") <= 0:
        raise InputError(f"budget_seconds must be positive, but {budget_seconds!r} came")
    check_drawable(analysis, Null())
    found = random_signals(analysis, whole_number(n_signals, name="n_signals", least=2), seed=seed)
    signals = _Signals(found, whole_number(n_signal_toys, name="n_signal_toys", least=2), options.seed)
    with kept_toys(analysis, store=store, executor=executor, progress=progress) as make:
        budget = Budget(make, budget_seconds * _n_processes(analysis, executor))
        return _scan(analysis, shapes, budget, options=options, signals=signals)


def _scan(
    analysis: Analysis, shapes: list[Analysis], budget: Budget, *, options: ClipOptions, signals: _Signals
) -> ArchitectureScan:
    default = _default_powers(analysis, budget, signals, n_null=max(options.n_toys))
    candidates, clip = list[Candidate](), weight_clip_of(analysis.model)
    for shape in shapes:
        candidates.append(_candidate(with_choice(shape, weight_clip=clip), budget, options=options, signals=signals))
        if (found := candidates[-1].selection) is not None:
            clip = found.weight_clip
    scan = ArchitectureScan(
        candidates=tuple(candidates),
        default_powers=default,
        size=_SIZE,
        n_signal_toys=signals.n_toys,
        budget_core_seconds=budget.seconds,
        spent_core_seconds=budget.spent,
        seed=signals.seed,
    )
    return replace(scan, analysis=scan.applied_to(analysis))


def _candidate(analysis: Analysis, budget: Budget, *, options: ClipOptions, signals: _Signals) -> Candidate:
    """One network; what the time does not suffice for, or has no clip, is left out and said."""
    before, found, reason = budget.spent, None, ""
    powers: tuple[float, ...] = ()
    try:
        found = choose_clip(analysis, budget, options)
        if found.is_compatible:
            powers = _powers(found, budget, signals)
        else:
            reason = "fresh toys at its clip do not follow the chi-square, and its power was not measured"
    except OutOfBudgetError as error:
        reason = f"not finished, {error}"
    except CalibrationError as error:
        reason = str(error)
    hidden: tuple[int, ...] = analysis.model.hidden  # type: ignore[attr-defined]
    return Candidate(hidden, analysis.n_parameters, found, powers, budget.spent - before, reason)


def _powers(found: WeightClipSelection, budget: Budget, signals: _Signals) -> tuple[float, ...]:
    assert found.analysis is not None
    n_null = found.fresh.compatibility.n_toys
    return _seen(found.analysis, budget, signals, n_null=n_null)


def _default_powers(analysis: Analysis, budget: Budget, signals: _Signals, *, n_null: int) -> tuple[float, ...]:
    try:
        return _seen(with_model(analysis, default_statistic()), budget, signals, n_null=n_null)
    except OutOfBudgetError:
        return ()


def _seen(analysis: Analysis, budget: Budget, signals: _Signals, *, n_null: int) -> tuple[float, ...]:
    """For each signal the share of toys with p = (k + 1)/(n + 1) of at most 5 % among toys that chose nothing."""
    null = budget(analysis, Null(), n_toys=n_null, seed=toy_seed(signals.seed, JUDGING)).t
    seed, n_toys = toy_seed(signals.seed, _POWER), signals.n_toys
    toys = [budget(analysis, one.hypothesis, n_toys=n_toys, seed=seed) for one in signals.signals]
    return tuple(float(np.mean(is_seen(one.t, null))) for one in toys)


def is_seen(t: FloatArray, null: FloatArray) -> FloatArray:
    """Which of t (k,) have p <= 5 % among toys of the null (n,); a failed one is not seen, a failed null toy exceeds.

    >>> is_seen(np.array([98.5, 90.0, np.nan]), np.arange(100.0)).tolist()
    [True, False, False]
    """
    valid = np.sort(null[np.isfinite(null)])
    n_reached = valid.size - np.searchsorted(valid, t * (1.0 - 1e-9), side="left") + (null.size - valid.size)
    return np.asarray(np.isfinite(t) & ((n_reached + 1.0) / (null.size + 1.0) <= _SIZE))


def _checked_shapes(analysis: Analysis, architectures: Sequence[Sequence[int]]) -> list[Analysis]:
    weight_clip_of(analysis.model)
    if not hasattr(analysis.model, "hidden"):
        raise InputError(
            f"layers are chosen for a wilks.MLP, but the model is {analysis.model.describe()}, which has no `hidden`; "
            "choose its clip alone, with wilks.select_weight_clip"
        )
    given: object = architectures
    if not isinstance(given, list | tuple) or not given or any(map(is_number, given)):
        raise InputError(
            f"architectures must be a list of hidden layers, such as [(4,), (5, 5)], but {architectures!r} came"
        )
    return [with_shape(analysis, hidden) for hidden in architectures]


def _n_processes(analysis: Analysis, executor: Executor | None) -> int:
    if executor is not None:
        return int(getattr(executor, "n_processes", 1))
    return 1 if analysis.local_functions or analysis.model.is_accelerated else n_cores()

"""select_weight_clip: toys made by whatever executor, kept and taken up again, and the clip that they choose."""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from wilks.analysis import Analysis
from wilks.campaign import LocalProcesses, Toys, run_toys
from wilks.documents import canonical_json
from wilks.errors import InputError
from wilks.hypotheses import Hypothesis, Null
from wilks.selection.clip import ClipOptions, ClipSearch, Efforts, Judged, Narrowed
from wilks.selection.result import Stage, WeightClipSelection
from wilks.selection.roots import rounded
from wilks.selection.trials import MakeToys, weight_clip_of, with_choice
from wilks.storage import as_path
from wilks.toys import check_drawable
from wilks.typing import finite_number, require_kind, whole_number

Progress = Callable[[int, int], None]
N_TOYS = (40, 100, 400)
_FEWEST_TOYS = 20
_MOST_TIMES = 8


def select_weight_clip(
    analysis: Analysis,
    *,
    bracket: tuple[float, float] | None = None,
    n_toys: Sequence[int] = N_TOYS,
    tolerance: float = 0.05,
    n_spread: int = 40,
    most_starts: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> WeightClipSelection:
    """Choose the weight clip of a network at which t has the mean of its chi-square, on toys of the reference alone.

    Section 3.1 of "Learning New Physics from an Imperfect Machine": the largest clip at which t of toys is compatible
    with the chi-square of as many degrees of freedom as parameters. As there, nuisances are left out of the choice.

    1. *Bracket*: ten toys at clips on both sides of the root of (mean t - number of parameters).
    2. *Effort*: at that rough clip the starts of the search are doubled until two of its seeds give t within a tenth of
       the standard deviation of t on 90 % of toys, here with the nuisances.
    3. *Narrowing*: 40 toys at the clips one error below and above that root, then 100 and 400 at one clip near the root
       so far. A toy has the same events at every clip, so that the slope between two clips is known well. It stops
       where the mean of t is known to ``tolerance`` standard deviations of the chi-square: more toys would move the
       clip by so little that Z would change by less.
    4. *Judgement*: as many fresh toys at the chosen clip, fitted as every data set is, and the spread of their t
       between two seeds of the search.

    Everything depends on (analysis, options, seed) alone; ``store`` keeps every toy, and the same call goes on.

    Args:
        analysis: with a `MLP` or another model that has a ``weight_clip``, and a source of toys. Its clip and its
            search are where the selection begins.
        bracket: two clips to begin with; None: the clip of the model and what its toys ask for.
        n_toys: of the stages, ascending.
        tolerance: where the stages end; 0: all of them.
        n_spread: toys that are fitted with two seeds of the search.
        most_starts: that are tried; None: eight times those of the search. Those of the search itself: they stay.
        seed: of the toys: some choose, others judge, and none of them is one of `run_toys` with this seed.
        store: a folder, which gets a campaign of toys for each clip; None keeps nothing.
        executor: as for `run_toys`.
        progress: called with the number of finished toys of a campaign, and how many it has, for one after the other.

    Raises:
        InputError: a model without a clip, and what to do with it instead; options outside their limits.
        CalibrationError: no clip has a root, or toys fail.

    >>> from wilks.problems import exponential
    >>> from wilks.statistics.histogram import Histogram
    >>> analysis = Analysis(reference=exponential.reference(1000), model=Histogram(n_bins=8))
    >>> select_weight_clip(analysis)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    wilks.errors.InputError: a weight clip is chosen for a network, such as wilks.MLP, but the model is ...
    """
    require_kind(analysis, Analysis, name="analysis")
    analysis.require_one_region("select_weight_clip")
    weight_clip_of(analysis.model)
    options = checked_options(analysis, bracket, n_toys, tolerance=tolerance, seed=seed, spread=(n_spread, most_starts))
    check_drawable(analysis, Null())
    with kept_toys(analysis, store=store, executor=executor, progress=progress) as make:
        return choose_clip(analysis, make, options)


def choose_clip(analysis: Analysis, make: MakeToys, options: ClipOptions) -> WeightClipSelection:
    """All steps of `select_weight_clip`, with toys from anywhere."""
    search = ClipSearch(analysis, make, options)
    rough = search.bracketed()
    efforts = search.efforts(rough)
    stages = search.narrowed(rough)
    judged = search.judged(rounded(stages[-1].root.clip), n_toys=stages[-1].n_toys)
    return _result(search, efforts, stages, judged)


@dataclass(frozen=True)
class ToyMaker:
    """Makes toys of one analysis after the other, each in a campaign of its own in ``folder``."""

    folder: Path
    executor: Executor | None
    progress: Progress | None

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        what = {"analysis": analysis.fingerprint(), "hypothesis": hypothesis.to_dict(), "seed": seed}
        own = None
        if not analysis.local_functions:
            own = self.folder / hashlib.sha256(canonical_json(what).encode()).hexdigest()[:16]
        return run_toys(
            analysis,
            hypothesis,
            n_toys=n_toys,
            seed=seed,
            store=own,
            executor=self.executor,
            progress=self.progress or _silent,
        )


@contextlib.contextmanager
def kept_toys(
    analysis: Analysis, *, store: str | Path | None, executor: Executor | None, progress: Progress | None
) -> Iterator[ToyMaker]:
    """A maker of toys whose processes keep what they compiled from clip to clip."""
    with contextlib.ExitStack() as stack:
        if executor is None and not analysis.local_functions and not analysis.model.is_accelerated:
            executor = stack.enter_context(LocalProcesses())
        own = stack.enter_context(tempfile.TemporaryDirectory(prefix="wilks-selection-")) if store is None else store
        yield ToyMaker(as_path(own), executor, progress)


def _silent(n_done: int, n_total: int) -> None:
    """Many short campaigns would each draw a line of their own."""


def _result(search: ClipSearch, efforts: Efforts, stages: list[Narrowed], judged: Judged) -> WeightClipSelection:
    deviation = sqrt(2.0 * search.target)
    chosen = with_choice(search.analysis, weight_clip=judged.trial.weight_clip, search=efforts.search)
    return WeightClipSelection(
        model=chosen.model.to_dict(),
        n_parameters=round(search.target),
        stages=tuple(_stage(one, deviation) for one in stages),
        trials=tuple(search.trials),
        fresh=judged.trial,
        efforts=efforts.tried,
        effort_clip=efforts.weight_clip,
        spread=judged.spread,
        search=efforts.search,
        tolerance=search.options.tolerance,
        seed=search.options.seed,
        fingerprint=chosen.fingerprint(),
        overlap_z_error=chosen.overlap_z_error,
        analysis=chosen,
    )


def _stage(one: Narrowed, deviation: float) -> Stage:
    return Stage(
        n_toys=one.n_toys,
        weight_clip=rounded(one.root.clip),
        interval=one.root.window(narrowest=0.0, widest=float("inf")),
        window=one.window,
        mean_error=one.root.mean_error / deviation,
    )


def checked_options(
    analysis: Analysis,
    bracket: tuple[float, float] | None,
    n_toys: Sequence[int],
    *,
    tolerance: float,
    seed: int,
    spread: tuple[int, int | None],
) -> ClipOptions:
    """The arguments of a selection within their limits."""
    counts = tuple(whole_number(n, name="n_toys", least=_FEWEST_TOYS) for n in n_toys)
    if not counts or list(counts) != sorted(set(counts)):
        raise InputError(f"n_toys must be ascending numbers, such as {N_TOYS}, but {n_toys!r} came")
    if finite_number(tolerance, name="tolerance") < 0:
        raise InputError(f"tolerance must not be negative, but {tolerance!r} came")
    n_starts = analysis.search.n_starts
    return ClipOptions(
        bracket=None if bracket is None else _checked_bracket(bracket),
        n_toys=counts,
        tolerance=float(tolerance),
        n_spread=whole_number(spread[0], name="n_spread", least=2),
        most_starts=_MOST_TIMES * n_starts
        if spread[1] is None
        else whole_number(spread[1], name="most_starts", least=n_starts),
        seed=whole_number(seed, name="seed", least=0),
    )


def _checked_bracket(bracket: tuple[float, float]) -> tuple[float, float]:
    ends = tuple(finite_number(end, name="bracket") for end in bracket)
    if len(ends) != 2 or not 0 < ends[0] < ends[1]:
        raise InputError(f"bracket must be two positive clips, low < high, but {bracket!r} came")
    return ends[0], ends[1]

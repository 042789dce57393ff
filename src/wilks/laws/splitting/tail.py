"""Multilevel splitting: p of an observed t far beyond the reach of plain draws, for any statistic and without weights.

Many draws of the null are *particles*. Those with the larger t go on and are copied; copies move by a chain that keeps
the null law and never goes below that level; and so on, level by level, up to the observed t. p is the product of the
shares that went on (Kahn and Harris 1951; Au and Beck, Prob. Eng. Mech. 16 (2001) 263; Cerou, Del Moral, Furon and
Guyader, Stat. Comput. 22 (2012) 795).

A pilot sets the levels. Independent runs follow along levels and moves that are then fixed, so that the p of each is
right on average, whatever the number of particles, the levels or the moves are; these decide how far runs scatter. p is
their mean, and its error comes from their spread: with r runs the interval is

    log p +- t_{r-1} s / (p sqrt r),   s^2 = sum (p_i - p)^2 / (r - 1),   t_{r-1} the 84 % point of Student's t.

Unlike a share of relabellings this is an estimate, with an error to both sides. Draws that do not mix make runs that
scatter without showing it; such runs are refused (`Tail.shortcoming`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
import scipy.special

from wilks.errors import InputError
from wilks.laws.splitting.particles import Population
from wilks.laws.splitting.route import Level, Route, explored
from wilks.laws.splitting.runs import Run, run_along
from wilks.significance.text import probability, probability_from_log
from wilks.statistics.law import Probability, Refusal
from wilks.storage import Folder, Storable, load, save, saved_kinds
from wilks.typing import Count, Positive, Seed, check_options

METHOD = "splitting"
FEWEST_FAMILIES, LEAST_MOVED, MOST_ERROR = 20.0, 0.2, 0.5
LEAST_REACH, FEWEST_RUNS, FEWEST_PARTICLES = 1e-12, 4, 50
_STREAM, _TAIL = 0x5B117, 0.84
Together = Callable[[Sequence[Callable[[], Run]]], list[Run]]
Kept = Callable[["Tail"], None]
Report = Callable[[int, int, str], None]
MakePopulation = Callable[[np.random.Generator], Population]


@dataclass(frozen=True)
class SplittingOptions:
    """How much is done.

    Attributes:
        reach: the least p that is wanted; of a smaller one it is said that it is smaller.
        n_particles: of a run. p of one run scatters by about sqrt(1.6 log(1/p) / n) of itself, or more.
        n_runs: independent ones, after the pilot.
        seed: of all random numbers.
    """

    reach: Positive = 1e-7
    n_particles: Count = 1000
    n_runs: Count = 8
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_options(self)
        if not LEAST_REACH <= self.reach < 1.0:
            raise InputError(f"reach must be a p from {LEAST_REACH:g} to below 1, but {self.reach!r} came")
        if self.n_runs < FEWEST_RUNS or self.n_particles < FEWEST_PARTICLES:
            raise InputError(
                f"splitting needs at least {FEWEST_RUNS} runs of {FEWEST_PARTICLES} particles, but {self.n_runs} of "
                f"{self.n_particles} came"
            )


@dataclass(frozen=True)
class Tail(Storable):
    """Runs of multilevel splitting towards one t, as far as they are made: what is saved, and gone on with.

    Args:
        identity: of the null and its statistic, so that runs of another one are not gone on with.
        t: observed.
        options: of all runs.
        route: from the pilot.
        runs: in their order.
    """

    identity: str
    t: float
    options: SplittingOptions
    route: Route
    runs: tuple[Run, ...] = ()
    stored_as: ClassVar[str] = "splitting"

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to do."""
        return not self.route.is_complete or len(self.runs) >= self.options.n_runs

    @cached_property
    def log_p(self) -> float:
        """log of the mean p of the runs; that of ``reach`` where t lies beyond it."""
        if not self.route.is_complete:
            return math.log(self.options.reach)
        logs = np.array([one.log_p for one in self.runs])
        largest = float(np.max(logs))
        return largest + math.log(float(np.mean(np.exp(logs - largest)))) if math.isfinite(largest) else -math.inf

    @property
    def relative_error(self) -> float:
        """The standard error of p over p, from the spread between runs."""
        shares = np.exp(np.array([one.log_p for one in self.runs]) - self.log_p)
        return float(np.std(shares, ddof=1)) / math.sqrt(shares.size)

    @property
    def shortcoming(self) -> str:
        """Why these runs say nothing of p; empty where they do."""
        if not self.route.is_complete:
            return ""
        families, moved = sum(one.n_families for one in self.runs), min(one.least_moved for one in self.runs)
        if not all(math.isfinite(one.log_p) for one in self.runs):
            return f"no particle of a run came as far as t = {self.t:.6g}"
        if moved < LEAST_MOVED:
            return f"at one level {moved:.1%} of the particles moved, where at least {LEAST_MOVED:.0%} must"
        if families < FEWEST_FAMILIES:
            return (
                f"what reached t in {len(self.runs)} runs descends from {families:.1f} draws, where it must from at "
                f"least {FEWEST_FAMILIES:g}: the chain does not mix"
            )
        if self.relative_error > MOST_ERROR:
            return f"runs differ by so much that the error of p would be {self.relative_error:.0%}"
        return ""

    @property
    def answer(self) -> Probability | Refusal:
        """p, with its error; or why there is none."""
        if self.shortcoming:
            return Refusal("needs particles that mix (more of them, or more moves)", self.shortcoming)
        if not self.route.is_complete:
            return Probability.of_log(self.log_p, (-math.inf, self.log_p), method=METHOD)
        half = float(scipy.special.stdtrit(len(self.runs) - 1, _TAIL)) * self.relative_error
        return Probability.of_log(self.log_p, (self.log_p - half, min(self.log_p + half, 0.0)), method=METHOD)

    def text(self, what: str) -> str:
        """p with where it comes from."""
        n = self.options.n_particles
        if not self.route.is_complete:
            return (
                f"p is below {probability(self.options.reach)}, the reach that was asked for (multilevel splitting of "
                f"{n:,} {what})"
            )
        return (
            f"p = {probability_from_log(self.log_p)} +- {self.relative_error:.0%}, estimated by multilevel splitting: "
            f"{len(self.runs)} runs of {n:,} {what} over {len(self.route.levels)} levels"
        )

    def to_dict(self) -> dict[str, object]:
        """Figures of the runs, ready for JSON."""
        return {
            "n_runs": len(self.runs),
            "n_particles": self.options.n_particles,
            "n_levels": len(self.route.levels),
            "reach": self.options.reach,
            "is_within_reach": self.route.is_complete,
            "relative_error": self.relative_error if self.route.is_complete else None,
            "runs": [dict(vars(one)) for one in self.runs],
        }

    def to_document(self) -> dict[str, Any]:
        return {
            "identity": self.identity,
            "t": self.t,
            "options": dict(vars(self.options)),
            "levels": [list(level) for level in self.route.levels],
            "pilot_log_p": self.route.log_p,
            "reaches_t": self.route.is_complete,
            "runs": [one.to_document() for one in self.runs],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Tail":
        levels = tuple(Level(least, size, int(n)) for least, size, n in document["levels"])
        return cls(
            document["identity"],
            document["t"],
            SplittingOptions(**document["options"]),
            Route(levels, document["pilot_log_p"], document["reaches_t"]),
            tuple(Run.from_document(one) for one in document["runs"]),
        )


def one_by_one(jobs: Sequence[Callable[[], Run]]) -> list[Run]:
    """Runs one after the other."""
    return [job() for job in jobs]


def kept_runs(folder: Folder) -> Tail | None:
    """The runs that a folder keeps; None where there are none, or something else."""
    found: Any = load(folder) if saved_kinds(folder) else None
    return found if isinstance(found, Tail) else None


def keep_runs(tail: Tail, *, store: Folder | None, report: Report) -> None:
    """Save runs, where there is a folder for them, and say how many there are."""
    report(len(tail.runs), tail.options.n_runs, "runs of multilevel splitting")
    if store is not None:
        save(tail, store, is_replacing=True)


def split_tail(
    make: MakePopulation,
    t: float,
    *,
    options: SplittingOptions,
    identity: str = "",
    so_far: Tail | None = None,
    keep: Kept = lambda tail: None,
    together: Together = one_by_one,
    n_together: int = 1,
) -> Tail | Refusal:
    """Runs of multilevel splitting towards t; see the text of this module.

    Args:
        make: the population of a run, from random numbers of its own: of one that stands for nature by a finite set of
            events that is drawn anew for each run, p is right on average over these sets.
        t: observed.
        options: how much is done.
        identity: of the null and its statistic.
        so_far: what was kept of these runs before; runs of another identity, t or options are made anew.
        keep: called after each ``n_together`` runs with all so far.
        together: makes runs, side by side or not; their numbers depend on seed and place alone.
        n_together: how many it is given at once.

    Returns:
        the runs, complete; or why the pilot found no way.

    >>> from wilks.laws.splitting.gaussian import GaussianSums
    >>> tail = split_tail(lambda rng: GaussianSums(3), 25.0, options=SplittingOptions(n_particles=300, n_runs=4))
    >>> round(tail.answer.z_score, 1), tail.answer.method
    (4.2, 'splitting')
    """
    if so_far is not None and (so_far.identity, so_far.t, so_far.options) == (identity, t, options):
        tail = so_far
    else:
        rng = _rng(options.seed, 0)
        route = explored(make(rng), t, n_particles=options.n_particles, reach=options.reach, rng=rng)
        if isinstance(route, Refusal):
            return route
        tail = Tail(identity, t, options, route)
        keep(tail)
    while not tail.is_complete:
        first = len(tail.runs)
        numbers = range(first, min(first + n_together, options.n_runs))
        runs = together([partial(_run, make, tail, number=number) for number in numbers])
        tail = replace(tail, runs=(*tail.runs, *runs))
        keep(tail)
    return tail


def _run(make: MakePopulation, tail: Tail, *, number: int) -> Run:
    rng = _rng(tail.options.seed, number + 1)
    return run_along(make(rng), tail.route, tail.t, n_particles=tail.options.n_particles, rng=rng)


def _rng(seed: int, number: int) -> np.random.Generator:
    """Random numbers of the pilot, 0, and of each run."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, _STREAM, number))))

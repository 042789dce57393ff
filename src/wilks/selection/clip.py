"""The steps of choosing a weight clip: bracket, effort of the search, narrowing, judgement by fresh toys."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite, log, sqrt
from typing import NamedTuple

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.search import Search
from wilks.selection.roots import Point, Root, neighbors, root_from, root_of, rounded
from wilks.selection.spread import LEAST_SHARE, Spread
from wilks.selection.trials import (
    CHOOSING,
    JUDGING,
    MakeToys,
    Trial,
    measured_spread,
    toy_seed,
    trial_of,
    weight_clip_of,
    with_choice,
    with_starts,
    without_nuisances,
)

BRACKET, FRESH = "bracket", "fresh"
_N_BRACKET, _N_PROBED = 10, 10
_LEAST_STEP, _LARGEST_STEP, _GROWTH = 1.3, 4.0, 0.8
_MOST_BRACKETED, _MOST_NARROWED = 10, 6
_WIDE = 1.5
_NARROWEST, _WIDEST, _NEAR = 0.02, 0.25, 0.15
_ROUNDING = 1e-9


@dataclass(frozen=True)
class ClipOptions:
    """How a clip is chosen; the arguments of `wilks.select_weight_clip`.

    Attributes:
        bracket: clips to begin with; None: the clip of the model.
        n_toys: of the stages.
        tolerance: error of the mean of t, in standard deviations of the chi-square, at which no further stage follows.
        n_spread: toys whose search is repeated with another seed.
        most_starts: that are tried.
        seed: of the toys.
    """

    bracket: tuple[float, float] | None
    n_toys: tuple[int, ...]
    tolerance: float
    n_spread: int
    most_starts: int
    seed: int


class Narrowed(NamedTuple):
    """What a stage left: the root with its error, and the clips between which the next one looks."""

    n_toys: int
    root: Root
    window: tuple[float, float]


class Efforts(NamedTuple):
    """The search that was chosen, and the spread of every one that was tried, at one clip."""

    search: Search
    weight_clip: float
    tried: tuple[Spread, ...]

    @property
    def is_reached(self) -> bool:
        """Whether the last one that was tried is stable enough."""
        return self.tried[-1].is_small


class Judged(NamedTuple):
    """Fresh toys at the chosen clip, and how far their t depends on the seed of the search."""

    trial: Trial
    spread: Spread


@dataclass
class ClipSearch:
    """Toys at one clip after the other; toy i has the same events at every clip.

    Args:
        analysis: with the clip and search to begin with.
        make: makes toys, or finds them.
        options: of the selection.
    """

    analysis: Analysis
    make: MakeToys
    options: ClipOptions
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._plain = without_nuisances(self.analysis)
        self._search = self.analysis.search
        self.target = float(self._plain.n_parameters)

    def bracketed(self) -> Root:
        """Few toys at clips around the root, then a root between the nearest two that are not far apart.

        Raises:
            CalibrationError: the mean of t is on one side of the number of parameters at every clip.
        """
        points = [self._point(clip, _N_BRACKET, stage=BRACKET) for clip in self._first_clips()]
        while not _is_bracketed(points, self.target):
            if len(points) >= _MOST_BRACKETED:
                raise CalibrationError(self._without_root(points))
            points.append(self._point(self._next_clip(points), _N_BRACKET, stage=BRACKET))
        for _ in range(_MOST_NARROWED):
            low, high = neighbors(points, target=self.target)
            root = root_of(low, high, target=self.target)
            if high.clip / low.clip <= _WIDE:
                break
            points.append(self._point(_inside(root.clip, low.clip, high.clip), _N_BRACKET, stage=BRACKET))
        return root

    def efforts(self, root: Root) -> Efforts:
        """Twice as many starts again and again until t hardly depends on the seed; at most as many as the options say.

        If nothing is enough, the search of the analysis stays.
        """
        clip, tried = rounded(root.clip), list[Spread]()
        for n_starts in self._numbers_of_starts():
            search = with_starts(self._search, n_starts)
            tried.append(self._effort(search, clip))
            if tried[-1].is_small:
                self._search = search
                break
        return Efforts(self._search, clip, tuple(tried))

    def narrowed(self, root: Root) -> list[Narrowed]:
        """The root from more and more toys, until the mean is known to the tolerance.

        The first stage has toys at both ends of a window; later ones at one clip near the root, with the slope so far.
        """
        stages, clip = list[Narrowed](), None
        for n_toys in self.options.n_toys:
            if not stages or not isfinite(root.error):
                root = self._narrowed(root, n_toys)
            else:
                clip = _near(root.clip, clip)
                root = root_from(self._point(clip, n_toys, stage=f"{n_toys} toys"), root, target=self.target)
            stages.append(Narrowed(n_toys, root, root.window(narrowest=_NARROWEST, widest=_WIDEST)))
            if root.mean_error <= self.options.tolerance * sqrt(2.0 * self.target):
                break
        return stages

    def judged(self, clip: float, *, n_toys: int) -> Judged:
        """Toys that had no part in the choice, at the clip that was chosen."""
        seed = toy_seed(self.options.seed, JUDGING)
        plain, whole = (with_choice(one, weight_clip=clip, search=self._search) for one in (self._plain, self.analysis))
        toys = self.make(plain, Null(), n_toys=n_toys, seed=seed)
        trial = trial_of(toys, stage=FRESH, weight_clip=clip, n_starts=self._search.n_starts)
        n_spread = min(n_toys, self.options.n_spread)
        return Judged(trial, measured_spread(whole, self.make, Null(), n_toys=n_spread, seed=seed))

    def _first_clips(self) -> tuple[float, ...]:
        if self.options.bracket is not None:
            return tuple(sorted(map(rounded, self.options.bracket)))
        return (rounded(weight_clip_of(self.analysis.model)),)

    def _next_clip(self, points: list[Point]) -> float:
        """Beyond all so far, as far as the mean asks for if it grows with a power of the clip."""
        below = all(point.mean < self.target for point in points)
        nearest = max(points) if below else min(points)
        wanted = (self.target / max(nearest.mean, 1e-3 * self.target)) ** (1.0 / _GROWTH)
        step = min(max(max(wanted, 1.0 / wanted), _LEAST_STEP), _LARGEST_STEP)
        return rounded(nearest.clip * step if below else nearest.clip / step)

    def _narrowed(self, root: Root, n_toys: int) -> Root:
        points: dict[float, Point] = {}
        for _ in range(_MOST_NARROWED):
            window = root.window(narrowest=_NARROWEST, widest=_WIDEST)
            points |= {clip: self._point(clip, n_toys, stage=f"{n_toys} toys") for clip in window if clip not in points}
            root = root_of(*neighbors(points.values(), target=self.target), target=self.target)
            if min(points) / (1.0 + _NARROWEST) <= root.clip <= max(points) * (1.0 + _NARROWEST):
                break
        return root

    def _point(self, clip: float, n_toys: int, *, stage: str) -> Point:
        analysis = with_choice(self._plain, weight_clip=clip, search=self._search)
        toys = self.make(analysis, Null(), n_toys=n_toys, seed=toy_seed(self.options.seed, CHOOSING))
        self.trials.append(trial_of(toys, stage=stage, weight_clip=clip, n_starts=self._search.n_starts))
        return Point(clip, toys.t)

    def _numbers_of_starts(self) -> Iterator[int]:
        n_starts = self.analysis.search.n_starts
        yield n_starts
        while 2 * n_starts <= self.options.most_starts:
            n_starts *= 2
            yield n_starts

    def _effort(self, search: Search, clip: float) -> Spread:
        """On ten toys more at a time, until all are there or so many are far apart that the others cannot help."""
        analysis = with_choice(self.analysis, weight_clip=clip, search=search)
        seed, n_all, n_toys = toy_seed(self.options.seed, CHOOSING), self.options.n_spread, 0
        while True:
            n_toys = min(n_toys + _N_PROBED, n_all)
            found = measured_spread(analysis, self.make, Null(), n_toys=n_toys, seed=seed)
            if n_toys == n_all or found.n_far > (1.0 - LEAST_SHARE) * n_all + _ROUNDING:
                return found

    def _without_root(self, points: list[Point]) -> str:
        ordered = sorted(points, key=lambda point: point.clip)
        tried = ", ".join(f"{point.mean:.1f} at {point.clip:g}" for point in ordered)
        return (
            f"the mean of t must meet the number of parameters, {self.target:g}, at some clip, but it is {tried}. "
            "Give bracket=(low, high) further out; where t stays below at large clips the network has parameters that "
            "these features cannot use: take fewer neurons. Where it stays above at small ones, the reference is too "
            "small for this network"
        )


def _near(root: float, clip: float | None) -> float:
    """The clip whose toys are known already where that is near enough; else the root."""
    return clip if clip is not None and abs(log(root / clip)) <= _NEAR else rounded(root)


def _is_bracketed(points: list[Point], target: float) -> bool:
    means = [point.mean for point in points]
    return len(points) > 1 and min(means) <= target <= max(means)


def _inside(clip: float, low: float, high: float) -> float:
    """Between low and high, a sixth of the way in log clip from either at least."""
    margin = (high / low) ** (1.0 / 6.0)
    return rounded(min(max(clip, low * margin), high / margin))

"""Where the Gaussians of a kernel stand, how many are enough, and what leaving out directions does to t.

    python -m studies.kernel_centers.run choices
    python -m studies.kernel_centers.run plateau --n-features 21
    python -m studies.kernel_centers.run truncation

``choices``: power of the score statistic at 2 sigma for four choices of centers, all from the reference alone:
``density`` (events drawn by their weights), ``leverage`` (events drawn in proportion to phi^T (H + 2 ridge)^-1 phi of a
first set of centers), ``spread`` (even distances for one feature, farthest points for more), ``half`` (half by density,
half spread: that of wilks). Problems: the exponential with NP1 and NP3, width 0.3, ridge 0.3; and `five_features`,
width 3, ridge 0.3, with 15 events in a far corner ("corner") and 60 in the middle ("bulk"). Thresholds are those of the
null toys of each choice, and all have the same toys.

``plateau``: shift of q by a signal in null standard deviations with subsets of 2,000 centers. ``truncation``: t of the
same data where directions below other shares of the largest eigenvalue are left out. Both have events of `smooth`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.linalg

import wilks
from wilks.fitting import fit_together
from wilks.problems import exponential
from wilks.statistics.linear import Member, basis
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.group import Group

from studies.common import five_features, smooth

CHOICES = ("density", "leverage", "spread", "half")
CENTERS = (50, 100, 250, 500, 1000, 2000, 3000)
HEAVIER = 1.6
SCRIPT = harness.Script(__file__, __doc__, seed={"choices": [0, 1, 2, 3, 5], "plateau": 2, "truncation": 4})
Draw = Callable[[np.random.Generator, int], np.ndarray]


class Problem(NamedTuple):
    """A reference, its law, signals with their mean numbers of events, and a kernel."""

    reference: wilks.Sample
    background: Draw
    signals: dict[str, tuple[Draw, float]]
    width: float
    sizes: tuple[int, ...]
    n_null: int
    n_signal: int
    ridge: float = 0.3


def normal(mean: tuple[float, ...], deviation: float) -> Draw:
    return lambda rng, n: rng.normal(mean, deviation, size=(n, len(mean)))


def problems() -> dict[str, Problem]:
    known = {one.name: (lambda rng, n, one=one: one.draw(rng, n, {}), one.n_signal) for one in exponential.SIGNALS}
    events = five_features(np.random.default_rng(0), 50_000)
    five = wilks.Sample(events, np.full(len(events), exponential.EXPECTED_EVENTS / len(events)))
    lumps = {
        "corner": (normal((5.0, 4.5, 1.5, 2.0, 0.5), 0.3), 15.0),
        "bulk": (normal((0.8, 0.4, 0.0, 0.0, 0.0), 0.3), 60.0),
    }
    return {
        "exponential": Problem(
            exponential.reference(),
            lambda rng, n: exponential.background(rng, n, {}),
            {name: known[name] for name in ("NP1", "NP3")},
            width=0.3,
            sizes=(15, 30, 60, 300),
            n_null=10_000,
            n_signal=2000,
        ),
        "five features": Problem(
            five, five_features, lumps, width=3.0, sizes=(50, 200, 500), n_null=1000, n_signal=500
        ),
    }


def toys(problem: Problem, key: int, n_toys: int, signal: str | None = None) -> list[np.ndarray]:
    rng, sets = np.random.Generator(np.random.Philox(key)), []
    for _ in range(n_toys):
        sets.append(problem.background(rng, rng.poisson(exponential.EXPECTED_EVENTS)))
        if signal is not None:
            draw, mean = problem.signals[signal]
            sets[-1] = np.concatenate([sets[-1], draw(rng, rng.poisson(mean))])
    return sets


class Chooser:
    """Centers of one reference."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        kernel = wilks.Kernel(n_centers=problem.sizes[-1], width=problem.width, ridge=problem.ridge, is_score=True)
        self.analysis = wilks.Analysis(reference=problem.reference, model=kernel, standardize=False)
        self.events, self.weights = problem.reference.events, problem.reference.event_weights
        (group,) = self.analysis.engine.groups
        parts = [group.basis.values(some) for some in np.array_split(self.events, 20)]
        self.leverage = np.concatenate([np.sum(phi**2 / group.scales[0], axis=1) for phi in parts])

    def centers(self, choice: str, n: int) -> np.ndarray:
        rng = np.random.Generator(np.random.Philox(5))
        if choice in ("density", "leverage"):
            chances = self.weights if choice == "density" else self.leverage
            return self.events[rng.choice(len(chances), n, replace=False, p=chances / chances.sum())]
        if choice == "spread":  # the second half of twice as many
            return Candidates(self.events, self.weights).centers(rng, 2 * n)[n:]
        return Candidates(self.events, self.weights).centers(rng, n)

    def group(self, choice: str, n: int) -> Group:
        gaussians = Gaussians(self.centers(choice, n), self.problem.width)
        return Group(self.analysis.problem, [Member(gaussians, self.problem.ridge, choice, self.problem.width)])


@SCRIPT.part("choices")
def choices(options) -> Iterator[harness.Row]:
    for name, problem in problems().items():
        chooser, null = Chooser(problem), toys(problem, 1, problem.n_null)
        found = {signal: toys(problem, 2 + k, problem.n_signal, signal) for k, signal in enumerate(problem.signals)}
        for n in problem.sizes:
            for choice in CHOICES:
                group = chooser.group(choice, n)
                threshold = np.quantile(group.score(group.sums(null))[:, 0], 1.0 - 0.02275)
                row = {"problem": name, "n_centers": n, "choice": choice}
                for signal, sets in found.items():
                    row[signal] = np.mean(group.score(group.sums(sets))[:, 0] > threshold)
                yield row


def lump(rng: np.random.Generator, n: int, n_features: int) -> np.ndarray:
    """(n, d) events of a second signal: momenta about 4, the other features about 1.5, with deviation 0.5."""
    n_momenta = (n_features + 1) // 2
    return rng.normal(np.repeat([4.0, 1.5], [n_momenta, n_features - n_momenta]), 0.5, size=(n, n_features))


def analysis_of(events: np.ndarray, options, *, width: float | None, ridge: float) -> wilks.Analysis:
    kernel = wilks.Kernel(n_centers=options.n_centers, width=width, ridge=ridge)
    return wilks.Analysis(reference=wilks.Sample(events), model=kernel, expected_events=options.n_data)


@SCRIPT.part(
    "plateau",
    **{"n_features": 8, "n_reference": 500_000, "n_data": 100_000, "n_centers": 2000, "n_toys": 20},
    **{"n_signal": 500, "n_lump": 60, "ridges": (0.3, 3.0)},
)
def plateau(options) -> Iterator[harness.Row]:
    """Shift of q by the signal in null standard deviations, with subsets of the centers.

    In the values k(x, Z), which U^-T = K U makes of phi where the rank is full: q = b^T (G + 2 ridge K)^-1 b. A subset
    has the first of the drawn and the first of the farthest centers, in equal numbers. Each toy is taken with and
    without the same signal events, so that the mean shift has a smaller error than the null's mean. The width is the
    90th percentile of distances.
    """
    rng, d = np.random.Generator(np.random.Philox(2)), options.n_features
    analysis = analysis_of(smooth(rng, options.n_reference, d), options, width=None, ridge=options.ridges[0])
    (group,) = analysis.engine.groups
    null = [smooth(rng, rng.poisson(options.n_data), d) for _ in range(options.n_toys)]
    heavier = [smooth(rng, rng.poisson(options.n_signal), d, heavier=HEAVIER) for _ in null]
    lumps = [lump(rng, rng.poisson(options.n_lump), d) for _ in null]
    without = group.sums(null) - group.basis.mean
    sums = {"null": without, "heavier": without + group.sums(heavier), "lump": without + group.sums(lumps)}
    gram = group.basis.map.penalty()
    back = gram @ group.basis.mix
    hessian, b = (back * group.basis.curvature) @ back.T, {name: some @ back.T for name, some in sums.items()}
    for n_centers in [n for n in CENTERS if n <= options.n_centers]:
        half = np.arange(n_centers // 2)
        some = np.concatenate([half, -(-options.n_centers // 2) + half])
        square = np.ix_(some, some)
        for ridge in options.ridges:
            q = {name: scores(hessian[square], gram[square], one[:, some], ridge=ridge) for name, one in b.items()}
            row = {"n_centers": n_centers, "ridge": ridge, "null_mean": np.mean(q["null"])}
            yield row | shifts(q["null"], q["heavier"], "heavier") | shifts(q["null"], q["lump"], "lump")


def scores(hessian: np.ndarray, gram: np.ndarray, b: np.ndarray, *, ridge: float) -> np.ndarray:
    """q of b (..., m) in the directions of the kernel that fits keep."""
    scales, directions = scipy.linalg.eigh(gram)
    mix = directions[:, scales > 1e-8 * scales[-1]] / np.sqrt(scales[scales > 1e-8 * scales[-1]])
    curvature, rotation = scipy.linalg.eigh(mix.T @ hessian @ mix)
    return np.sum((b @ (mix @ rotation)) ** 2 / (np.maximum(curvature, 0.0) + 2.0 * ridge), axis=-1)


def shifts(null: np.ndarray, signal: np.ndarray, name: str) -> harness.Row:
    deviation, differences = np.std(null, ddof=1), signal - null
    z, n = np.mean(differences) / deviation, null.size
    error = np.hypot(np.std(differences, ddof=1) / deviation / np.sqrt(n), z / np.sqrt(2 * n))
    return {name: float(z), f"{name}_error": float(error)}


@SCRIPT.part(
    "truncation",
    **{"n_features": 8, "n_reference": 20_000, "n_data": 4000, "n_centers": 1000, "n_toys": 2, "n_signal": 500},
    **{"width": 5.0, "ridges": (0.3, 0.01)},
)
def truncation(options) -> Iterator[harness.Row]:
    rng, d = np.random.Generator(np.random.Philox(4)), options.n_features
    reference = smooth(rng, options.n_reference, d)
    data = [smooth(rng, rng.poisson(options.n_data), d) for _ in range(options.n_toys)]
    data = [np.concatenate([one, smooth(rng, options.n_signal, d, heavier=HEAVIER)]) for one in data]
    for tolerance in (1e-6, 1e-8, 1e-10, 1e-12):
        basis._RANK_TOLERANCE = tolerance
        for ridge in options.ridges:
            analysis = analysis_of(reference, options, width=options.width, ridge=ridge)
            t = [fit.t for fit in fit_together(analysis, data)]
            yield {"tolerance": tolerance, "ridge": ridge, "rank": analysis.engine.groups[0].basis.rank, "t": t}


if __name__ == "__main__":
    SCRIPT.main()

"""Where the Gaussians of a kernel stand: power of the score statistic for four choices of centers.

    python benchmarks/kernel_centers.py

Choices, all from the reference alone: ``density`` (events drawn by their weights), ``leverage`` (events drawn in
proportion to phi^T (H + 2 ridge)^-1 phi of a first set of centers), ``spread`` (even distances for one feature,
farthest points for more), ``half`` (half by density, half spread: that of wilks). Problems: the exponential with NP1
and NP3, width 0.3, ridge 0.3; and five features of `kernels.five`, width 3, ridge 0.3, with 15 events in a far corner
("corner") and 60 in the middle ("bulk"). Thresholds are those of the null toys of each choice, and all have the
same toys. Prints a table and writes OUTPUT, benchmarks/recorded/kernel_centers.json.
"""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import kernels
import numpy as np

import wilks
from wilks.fitting.width_groups import WidthGroup
from wilks.models.centers import choose_centers
from wilks.models.kernel import Placement
from wilks.problems import exponential

CHOICES = ("density", "leverage", "spread", "half")
Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Problem:
    """A reference, its law, signals with their mean numbers of events, and a kernel."""

    reference: wilks.Sample
    background: Draw
    signals: dict[str, tuple[Draw, float]]
    width: float
    sizes: tuple[int, ...]
    n_null: int
    n_signal: int
    ridge: float = 0.3


def lump(mean: tuple[float, ...], deviation: float) -> Draw:
    return lambda rng, n: rng.normal(mean, deviation, size=(n, len(mean)))


def problems() -> dict[str, Problem]:
    known = {one.name: (lambda rng, n, one=one: one.draw(rng, n, {}), one.n_signal) for one in exponential.SIGNALS}
    events = kernels.five(np.random.default_rng(0), 50_000)
    five = wilks.Sample(events, np.full(len(events), exponential.EXPECTED_EVENTS / len(events)))
    lumps = {
        "corner": (lump((5.0, 4.5, 1.5, 2.0, 0.5), 0.3), 15.0),
        "bulk": (lump((0.8, 0.4, 0.0, 0.0, 0.0), 0.3), 60.0),
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
        "five features": Problem(five, kernels.five, lumps, width=3.0, sizes=(50, 200, 500), n_null=1000, n_signal=500),
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
        group = WidthGroup(self.analysis, [self.analysis.model])
        parts = [group.features.values(some) for some in np.array_split(self.events, 20)]
        self.leverage = np.concatenate([np.sum(phi**2 / group.scales[0], axis=1) for phi in parts])

    def centers(self, choice: str, n: int) -> np.ndarray:
        rng = np.random.Generator(np.random.Philox(5))
        if choice in ("density", "leverage"):
            chances = self.weights if choice == "density" else self.leverage
            return self.events[rng.choice(len(chances), n, replace=False, p=chances / chances.sum())]
        if choice == "spread":  # the second half of twice as many
            return choose_centers(rng, self.events, self.weights, 2 * n)[n:]
        return choose_centers(rng, self.events, self.weights, n)

    def group(self, choice: str, n: int) -> WidthGroup:
        kernel = wilks.Kernel(n_centers=n, width=self.problem.width, ridge=self.problem.ridge, is_score=True)
        return WidthGroup(self.analysis, [kernel.at(Placement(self.centers(choice, n), self.problem.width))])


def rows_of(name: str, problem: Problem) -> list[dict[str, object]]:
    chooser, null = Chooser(problem), toys(problem, 1, problem.n_null)
    found = {signal: toys(problem, 2 + k, problem.n_signal, signal) for k, signal in enumerate(problem.signals)}
    rows = []
    for n in problem.sizes:
        for choice in CHOICES:
            group = chooser.group(choice, n)
            threshold = np.quantile(group.score(group.sums(null))[:, 0], 1.0 - 0.02275)
            row: dict[str, object] = {"problem": name, "n_centers": n, "choice": choice}
            for signal, sets in found.items():
                row[signal] = float(np.mean(group.score(group.sums(sets))[:, 0] > threshold))
            rows.append(row)
            print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "recorded" / "kernel_centers.json")
    options = parser.parse_args()
    rows = [row for name, problem in problems().items() for row in rows_of(name, problem)]
    versions = {"wilks": wilks.__version__, "numpy": np.__version__, "python": platform.python_version()}
    options.output.write_text(json.dumps({"versions": versions, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

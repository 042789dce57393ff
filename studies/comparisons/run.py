"""Tests of one observation against a large reference, on equal data: time, memory and power at equal size.

    python -m studies.comparisons.run tests                    # all that are installed, one after the other
    python -m studies.comparisons.run tests --methods KS CvM   # some of them
    python -m studies.comparisons.run hyppo --n 2000           # seconds and memory of hyppo for N against N events
    python -m studies.comparisons.run table                    # `wilks.power.power_table`: models, tests and searches

The exponential problem: reference of 200,000 events, the same for all, data of Poisson(2,000) events, and the signals
of `wilks.problems.exponential`. Toy i of each hypothesis is the same for every method. Every threshold is the value
that 2.28 % of the method's own null toys exceed; errors of the power are those of a bootstrap over null and signal
toys. Each method runs in a process of its own: memory is what the peak of that process grows by once libraries and
reference are loaded, a factorization or table included. Milliseconds of a toy are of the processor and of the clock,
data sets one at a time, drawing not included.

``table`` is what `wilks power` does, on toys of its own: the default set and a histogram (or the network) beside
the tests of `wilks.power.STANDARD_TESTS`, MMD by whitened features, the binned search with the template of the signal,
q_0 of the density of the signal, and the likelihood ratio at its known strength, which is the best that there is.
Shares with Z of 2 and 3 or more, with 68 % intervals; tests stand beside the default set alone.

scikit-learn (``classifier``) and hyppo (``MMD of hyppo``) are no dependencies of wilks: without them their rows say so.
"""

import importlib
import importlib.util
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.linalg
import scipy.stats

import wilks
from wilks.campaign.run import toys_here
from wilks.fitting import fit_together
from wilks.power import STANDARD_TESTS, BinnedSearch, Binning, KnownSignal, OtherTest, PowerRow, power_table
from wilks.problem import Problem
from wilks.problems import exponential

from studies.common import power

Statistic = Callable[[np.ndarray], float]
SCRIPT = harness.Script(__file__, __doc__, seed={"reference": 0, "toys": 7}, libraries=("scikit-learn", "hyppo"))


def analysis_of(reference: wilks.Sample, *, width: float, ridge: float, is_score: bool = True) -> wilks.Analysis:
    kernel = wilks.Kernel(width=width, ridge=ridge, is_score=is_score)
    return wilks.Analysis(reference=reference, model=kernel, standardize=False)


def score(reference: wilks.Sample, *, width: float, ridge: float) -> Statistic:
    engine = analysis_of(reference, width=width, ridge=ridge).engine
    return lambda events: float(engine.scores([events])[0, 0])


def converged(reference: wilks.Sample, *, width: float, ridge: float) -> Statistic:
    analysis = analysis_of(reference, width=width, ridge=ridge, is_score=False)
    return lambda events: fit_together(analysis, [events])[0].t


def one_logistic_step(reference: wilks.Sample, *, width: float, penalty: float) -> Statistic:
    """t of the published kernel method, with centers of wilks from the reference alone.

    One Newton step from f = 0 on the mean of the weighted logistic losses of N events with ``penalty`` |f|^2 / 2,

        alpha = 2 (sum_R w phi phi^T + sum_D phi phi^T + 4 N penalty)^-1 b,   b = sum_D phi - sum_R w phi,

    then t = -2 [sum_R w (exp(f) - 1) - sum_D f] there, without a penalty. As the two sums of squares are alike, this f
    is nearly that of the score statistic with a ridge of N penalty.
    """
    (group,) = analysis_of(reference, width=width, ridge=1.0).engine.groups
    basis, weights = group.basis, group.points.weights

    def statistic(events: np.ndarray) -> float:
        phi = basis.values(events)
        n_events, b = reference.n_events + events.shape[0], phi.sum(axis=0) - basis.mean
        shrinkage = 4.0 * n_events * penalty * np.eye(basis.rank)
        alpha = 2.0 * scipy.linalg.solve(np.diag(basis.curvature) + phi.T @ phi + shrinkage, b, assume_a="pos")
        blocks = group.points.blocks(basis)
        at_reference = sum(weights[rows] @ np.expm1(some @ alpha) for some, rows in blocks)
        return float(2.0 * (phi.sum(axis=0) @ alpha - at_reference))

    return statistic


def mmd(reference: wilks.Sample, *, width: float) -> Statistic:
    """Squared distance of the mean embeddings, from the whitened features of wilks in place of 202,000^2 values."""
    (group,) = analysis_of(reference, width=width, ridge=1.0).engine.groups
    mean = group.basis.mean / exponential.EXPECTED_EVENTS
    return lambda events: float(np.sum((group.sums([events])[0] / events.shape[0] - mean) ** 2))


def count(reference: wilks.Sample) -> Statistic:
    return lambda events: abs(events.shape[0] - exponential.EXPECTED_EVENTS)


def kolmogorov_smirnov(reference: wilks.Sample) -> Statistic:
    values = reference.events[:, 0]
    return lambda events: scipy.stats.ks_2samp(events[:, 0], values, method="asymp").statistic


def cramer_von_mises(reference: wilks.Sample) -> Statistic:
    values = reference.events[:, 0]
    return lambda events: scipy.stats.cramervonmises_2samp(events[:, 0], values, method="asymptotic").statistic


def anderson_darling(reference: wilks.Sample) -> Statistic:
    values = reference.events[:, 0]

    def statistic(events: np.ndarray) -> float:
        with warnings.catch_warnings(action="ignore"):  # of p-values, which are not used
            return scipy.stats.anderson_ksamp([events[:, 0], values]).statistic

    return statistic


def energy(reference: wilks.Sample) -> Statistic:
    values = reference.events[:, 0]
    return lambda events: scipy.stats.energy_distance(events[:, 0], values)


def optional(reference: wilks.Sample, *, module: str) -> Statistic:
    return importlib.import_module(module).statistic(reference.events)


class Method(NamedTuple):
    """What makes the statistic of a reference, how many toys it is worth, and the library that it needs."""

    make: Callable[[wilks.Sample], Statistic]
    n_null: int = 1000
    n_signal: int = 400
    sees_count: bool = False
    needs: str = "scipy"


METHODS = {
    "wilks score, width 1, ridge 0.3": Method(partial(score, width=1.0, ridge=0.3), 10_000, 1000, sees_count=True),
    "wilks score, width 0.3, ridge 0.3": Method(partial(score, width=0.3, ridge=0.3), 10_000, 1000, sees_count=True),
    "wilks score, width 1, ridge 3": Method(partial(score, width=1.0, ridge=3.0), 10_000, 1000, sees_count=True),
    "wilks converged, width 1, ridge 0.3": Method(partial(converged, width=1.0, ridge=0.3), 2000, 500, sees_count=True),
    "one logistic step, width 2.3, penalty 1e-10": Method(
        partial(one_logistic_step, width=2.3, penalty=1e-10), 4000, 1000, sees_count=True
    ),
    "one logistic step, width 0.3, penalty 1e-10": Method(
        partial(one_logistic_step, width=0.3, penalty=1e-10), 4000, 1000, sees_count=True
    ),
    "count": Method(count, 10_000, 1000, sees_count=True),
    "KS": Method(kolmogorov_smirnov),
    "CvM": Method(cramer_von_mises, 600, 200),
    "Anderson-Darling": Method(anderson_darling, 400, 150),
    "energy": Method(energy, 600, 200),
    "MMD, width 1": Method(partial(mmd, width=1.0), 10_000, 1000),
    "MMD, width 0.3": Method(partial(mmd, width=0.3), 10_000, 1000),
    "classifier": Method(partial(optional, module="studies.comparisons.classifier"), 60, 20, needs="sklearn"),
    "MMD of hyppo": Method(partial(optional, module="studies.comparisons.hyppo_mmd"), 0, 0, needs="hyppo"),
}


def toy(index: int, hypothesis: int) -> np.ndarray:
    """Data set ``index`` of the null (0) or of a signal (1, 2, ...)."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((7, hypothesis, index))))
    events = exponential.background(rng, rng.poisson(exponential.EXPECTED_EVENTS), {})
    if hypothesis:
        signal = exponential.SIGNALS[hypothesis - 1]
        events = np.concatenate([events, signal.draw(rng, rng.poisson(signal.n_signal), {})])
    return events


def measure(name: str) -> harness.Row:
    """In a process of its own: statistics of the toys, time and memory."""
    method, reference = METHODS[name], exponential.reference(seed=0)
    before, clock = harness.peak_mb(), harness.Clock()
    statistic = method.make(reference)
    statistic(toy(0, 0))
    row = {"method": name} | clock.read("prepare")
    spent = np.zeros(2)
    values = []
    for hypothesis, n_toys in enumerate([method.n_null, *[method.n_signal] * len(exponential.SIGNALS)]):
        values.append(np.empty(n_toys))
        for index in range(n_toys):
            events, clock = toy(index, hypothesis), harness.Clock()
            values[-1][index] = statistic(events)
            spent += list(clock.read("toy").values())
    n_toys = sum(found.size for found in values)
    row |= {"toy_cpu_ms": 1e3 * spent[0] / n_toys, "toy_wall_ms": 1e3 * spent[1] / n_toys}
    row |= {"memory_mb": harness.peak_mb() - before, "n_null": method.n_null, "n_signal": method.n_signal}
    powers = {one.name: power(values[0], found) for one, found in zip(exponential.SIGNALS, values[1:], strict=True)}
    return row | {"sees_count": method.sees_count, "power": powers}


@SCRIPT.part("tests", methods=tuple(METHODS))
def tests(options) -> Iterator[harness.Row]:
    for name in options.methods:
        needs = METHODS[name].needs
        is_there = importlib.util.find_spec(needs) is not None
        yield in_own_process(name) if is_there else {"method": name, "failed": f"{needs} is not installed"}


def in_own_process(name: str) -> harness.Row:
    code = f"import json; from {SCRIPT.module} import measure; print(json.dumps(measure({name!r})))"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    return {"method": name, "failed": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}


@SCRIPT.part("hyppo", n=2000)
def hyppo(options) -> Iterator[harness.Row]:
    mmd, samples = (
        importlib.import_module("hyppo.ksample").MMD,
        np.random.default_rng(0).exponential(size=(2, options.n, 1)),
    )
    mmd(compute_kernel="gaussian", gamma=0.5).statistic(*samples[:, :50])
    _, seconds = harness.timed(lambda: mmd(compute_kernel="gaussian", gamma=0.5).statistic(*samples))
    yield {"n_each": options.n, "seconds": seconds, "peak_mb": harness.peak_mb()}


class Mmd(OtherTest):
    """`mmd` with the width that sees most here."""

    name = "MMD, width 1"

    def of(self, problem: Problem) -> Statistic:
        return mmd(problem.reference, width=1.0)


class LikelihoodRatio(OtherTest):
    """sum_D log(1 + n_S(x) / n(x|R_0)) of a signal of known density and strength: the best test there is."""

    sees_count = True

    def __init__(self, signal: exponential.Signal) -> None:
        self.signal = signal
        self.name = f"likelihood ratio of {signal.name}"

    def of(self, problem: Problem) -> Statistic:
        return lambda events: float(np.sum(np.log1p(density_ratio(self.signal, events))))


def density_ratio(signal: exponential.Signal, events: np.ndarray) -> np.ndarray:
    x = events[:, 0]
    expected = exponential.EXPECTED_EVENTS * exponential.background_density(x)
    return signal.n_signal * signal.density(x) / expected


EDGES = (*np.arange(0.0, 8.25, 0.25).tolist(), np.inf)
MODELS = {
    "default set": lambda: None,
    "histogram": lambda: wilks.Histogram(n_bins=20),
    "network": lambda: wilks.MLP(hidden=exponential.HIDDEN, weight_clip=8.58),
}


SIGNALS = {one.name: one for one in exponential.SIGNALS}


@SCRIPT.part("table", models=("default set", "histogram"), signals=tuple(SIGNALS), n_null=10_000, n_toys=1000)
def table(options) -> Iterator[harness.Row]:
    """One row for each test: its power at 2 and 3 sigma, and its median Z, for each signal."""
    for name in options.models:
        analysis = wilks.Analysis(
            reference=exponential.reference(seed=0),
            model=MODELS[name](),
            toy_source=exponential.BACKGROUND,
            standardize=name == "default set",
        )
        tests = (*STANDARD_TESTS, Mmd(), *map(LikelihoodRatio, exponential.SIGNALS)) if name == "default set" else ()
        counts = {"n_null": options.n_null, "n_toys": options.n_toys, "seed": 7}
        alternatives = {signal: SIGNALS[signal].alternative for signal in options.signals}
        found = power_table(analysis, alternatives, run=toys_here, tests=tests, **counts)
        for test in found.names:
            yield table_row(name if test == "model" else test, found.of(test), counts)
        if name == "default set":
            yield from searches(analysis, [SIGNALS[signal] for signal in options.signals], counts)


def searches(analysis: wilks.Analysis, signals: list[exponential.Signal], counts: harness.Row) -> Iterator[harness.Row]:
    """Those that know the signal, each of its own: q_0 of the density, and of bins."""
    rows = {}
    for signal in signals:
        known = KnownSignal(partial(density_ratio, signal), signal.n_signal)
        binned = [BinnedSearch(analysis, Binning("x", bins=bins), signal=signal.generator) for bins in (20, EDGES)]
        alternatives, options = {signal.name: signal.alternative}, {"tests": (), "run": toys_here, **counts}
        found = power_table(analysis, alternatives, signal=known, binned=binned, **options)
        for test in found.names[1:]:
            rows.setdefault(test, []).extend(found.of(test))
    for test, of_signals in rows.items():
        yield table_row(test, of_signals, counts)


def table_row(name: str, rows: Iterable[PowerRow], counts: harness.Row) -> harness.Row:
    row = {"test": name, "n_null": counts["n_null"], "n_toys": counts["n_toys"]}
    for one in rows:
        row["ms"] = 1e3 * one.seconds
        row[one.alternative] = {"power_2_sigma": one.power[0], "power_3_sigma": one.power[1]}
        row[one.alternative] |= {"z": one.z_score, "z_interval": one.z_interval, "is_lower_bound": one.is_lower_bound}
        row[one.alternative] |= {"asymptotic_z": one.asymptotic_z, "asimov_z": one.asimov_z}
    return row


if __name__ == "__main__":
    SCRIPT.main()

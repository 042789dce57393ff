"""The region scan against pyBumpHunter, and its power beside other models.

    python -m studies.scan.run compare --example FILE
    python -m studies.scan.run power
    python -m studies.scan.run nuisances --every-region
    python -m studies.scan.run plane

FILE is the ``data.root`` that comes with pyBumpHunter, 100,147 data and 99,996 background events of one variable.
``compare`` scans it as its example does, 60 bins from 0 to 20 and windows of 2 to 6, and data sets of the exponential
problem, without a signal and with NP1 to NP3, 60 bins from 0 to 12 and windows of 1 to 12, for excesses. Both get the
same counts; toys are Poisson counts about the background. ``local_p`` is that of the region of `wilks.Scan`, and
``least_local_p`` the smallest of all its regions; pyBumpHunter takes the region that has it, `wilks.Scan` that of the
largest likelihood ratio. pyBumpHunter is asked where it can be imported.

``power`` has the toys of the exponential problem for every model, at the size of 2 and of 3 sigma.
``nuisances`` fits data sets with a scale and a normalization of unknown size, and, with ``--every-region``, every
region of them: the largest t must be that of the scan, and none lie outside its bounds, those of the first expansion or
the last.

``plane`` is power at 2 sigma in two features, with errors by bootstrap over null toys and those of the signal:
independent exponentials with 2,000 events expected; ``bump`` has 40 events at 1.6 +- .16 in both, ``stripe`` 90 at
1.6 +- .16 in x, and ``corner`` 10 at 4 +- .3 in both.
"""

import importlib
import importlib.util
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.special
import uproot

import wilks
from wilks.campaign import toys_here
from wilks.problems import exponential
from wilks.significance import p_value
from wilks.statistics import Statistic
from wilks.statistics.fits import Data
from wilks.statistics.scan.engine import ScanEngine

from studies.common import power as power_of

SEEDS = {"data": [3, 4, 5], "toys": 11, "power": 21}
SIGNALS = (exponential.NP1, exponential.NP2, exponential.NP3)
SIGMAS = (2.0, 3.0)
MODELS: dict[str, Statistic] = {
    "scan": wilks.Scan(),
    "scan for excesses": wilks.Scan(deviations="excesses"),
    "histogram": wilks.Histogram(),
    "histogram of equal size": wilks.Histogram(n_bins=40, binning="regular"),
    "default set": wilks.KernelSet(),
}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS, libraries=("pyBumpHunter",))


class Problem(NamedTuple):
    """Data, background events with a weight each, edges of bins, and least and greatest width."""

    data: np.ndarray
    background: np.ndarray
    weight: float
    edges: np.ndarray
    widths: tuple[int, int]


@SCRIPT.part("compare", example=Path, n_toys=10_000)
def compare(options) -> Iterator[harness.Row]:
    if options.example is not None:
        yield {"problem": "example"} | compared(example_of(options.example), n_toys=options.n_toys)
    for seed in SEEDS["data"]:
        yield {"problem": f"background {seed}"} | compared(exponential_of(None, seed), n_toys=options.n_toys)
    for signal in SIGNALS:
        problem = exponential_of(signal, SEEDS["data"][0])
        yield {"problem": signal.name} | compared(problem, n_toys=options.n_toys)


def example_of(path: Path) -> Problem:
    with uproot.open(path) as file:
        data, background = (file[name][name].array(library="np").astype(float) for name in ("data", "bkg"))
    return Problem(data, background, 1.0, np.linspace(0.0, 20.0, 61), (2, 6))


def exponential_of(signal: exponential.Signal | None, seed: int) -> Problem:
    reference, data = exponential.reference(), exponential.data(signal, seed=seed)
    weight = float(reference.event_weights[0])
    return Problem(data.events[:, 0], reference.events[:, 0], weight, np.linspace(0.0, 12.0, 61), (1, 12))


def compared(problem: Problem, *, n_toys: int) -> harness.Row:
    n, b = (np.histogram(x, problem.edges)[0].astype(float) for x in (problem.data, problem.background))
    b *= problem.weight
    engine, fit = fitted(problem)
    (region,) = fit.regions
    _, seconds = harness.timed(lambda: engine.best(toy_counts(b, n_toys)))
    t, least = of_toys(engine, toy_counts(b, n_toys))
    local_p = float(least_local_p(engine, n[None])[0])
    row = {"n_data": problem.data.size, "n_regions": region.n_regions, "n_toys": n_toys, "t": fit.t}
    row |= {"ends": [region.lower[0], region.upper[0]]}
    row |= {"n_observed": region.n_observed, "n_expected": region.n_expected}
    row |= {"local_p": region.p_value, "least_local_p": local_p, "seconds": seconds}
    row |= {"n_above": int(np.sum(t >= fit.t * (1 - 1e-9))), "n_below": int(np.sum(least <= local_p * (1 + 1e-9)))}
    if importlib.util.find_spec("pyBumpHunter") is None:
        return row
    options = {"edges": problem.edges, "widths": problem.widths, "n_toys": n_toys, "seed": SEEDS["toys"]}
    scanned = importlib.import_module("studies.scan.bumphunter").scanned
    found, spent = harness.timed(lambda: scanned(n, b, **options))
    return row | {f"other_{name}": value for name, value in found.items()} | {"other_seconds": spent}


def fitted(problem: Problem) -> tuple[ScanEngine, wilks.FitResult]:
    """The engine and the fit of `wilks.Scan` with these bins; every region with an event of the background counts."""
    weights = np.full(problem.background.size, problem.weight)
    model = wilks.Scan(
        edges=(problem.edges,),
        narrowest=problem.widths[0],
        widest=problem.widths[1],
        least_effective=1e-6,
        deviations="excesses",
    )
    analysis = wilks.Analysis(reference=wilks.Sample(problem.background, weights), model=model, standardize=False)
    return analysis.engine, wilks.fit(analysis, problem.data)


def toy_counts(expected: np.ndarray, n_toys: int) -> np.ndarray:
    return np.random.default_rng(SEEDS["toys"]).poisson(expected, size=(n_toys, expected.size)).astype(float)


def of_toys(engine: ScanEngine, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """t and the smallest local p of each row of counts."""
    parts = [(np.max(engine.gains(some), axis=1), least_local_p(engine, some)) for some in np.array_split(counts, 50)]
    t, least = zip(*parts, strict=True)
    return np.concatenate(t), np.concatenate(least)


def least_local_p(engine: ScanEngine, counts: np.ndarray) -> np.ndarray:
    """Of all regions with an excess, for each row of counts."""
    n, b = engine.regions.sums(counts), engine.regions.sums(engine.expected)
    return np.min(np.where(n > b, scipy.special.gammainc(np.maximum(n, 1.0), b), 1.0), axis=1)


@SCRIPT.part("power", models=tuple(MODELS), n_null=10_000, n_toys=1_000)
def power(options) -> Iterator[harness.Row]:
    reference = exponential.reference()
    for name in options.models:
        analysis = wilks.Analysis(reference=reference, model=MODELS[name], toy_source=exponential.BACKGROUND)
        null, spent = harness.timed(made, analysis, wilks.Null(), options.n_null)
        calibration = wilks.calibrate(null)
        row = {"model": name, "described": analysis.model.describe(), "ms_a_toy": 1e3 * spent / options.n_null}
        for signal in SIGNALS:
            toys = made(analysis, signal.alternative, options.n_toys)
            for sigma in SIGMAS:
                found = wilks.power_at_size(calibration, toys, size=p_value(sigma))
                row |= {f"{signal.name} {sigma:g} sigma": [found.power, *found.interval]}
        yield row


def made(analysis: wilks.Analysis, hypothesis, n_toys: int) -> wilks.Toys:
    """In this process: the same events for every model."""
    return toys_here(analysis, hypothesis, n_toys=n_toys, seed=SEEDS["power"])


@SCRIPT.part("nuisances", n_reference=20_000, every_region=False)
def nuisances(options) -> Iterator[harness.Row]:
    for sigmas in ((0.05, 0.15), (0.15, 0.3)):
        analysis = wilks.Analysis(
            reference=exponential.reference(options.n_reference),
            model=MODELS["scan"],
            nuisances=exponential.nuisances(*sigmas),
        )
        wilks.fit(analysis, exponential.data(seed=0))
        for signal, seed in product((None, exponential.NP3, exponential.NP2), SEEDS["data"]):
            data = exponential.data(signal, seed=seed)
            fit, seconds = harness.timed(wilks.fit, analysis, data)
            row = {"sigmas": list(sigmas), "signal": signal.name if signal else "none", "seed": seed, "t": fit.t}
            yield (
                row
                | {"seconds": seconds, "missing": fit.newton_decrement}
                | bounded(analysis, data.events, every_region=options.every_region)
            )


def bounded(analysis: wilks.Analysis, events: np.ndarray, *, every_region: bool) -> harness.Row:
    """How many regions are fitted; of fits of all of them the largest t, and how many lie outside their bounds."""
    engine, data = analysis.engine, Data(events, np.zeros(2))
    own = engine.delta.points.own(data)
    fits = engine.region_fits(data, own, engine.delta.fit(own))
    first = fits.bounds
    fits.run()
    counted = np.flatnonzero(fits.is_counted)
    row = {"n_regions": counted.size, "n_fitted": len(fits.done)}
    if not every_region:
        return row
    t = np.array([fits.fit(index).t for index in counted])
    outside = [
        np.sum((t < one.lower[counted] - 1e-6) | (t > one.upper[counted] + 1e-6)) for one in (first, fits.bounds)
    ]
    return row | {"largest_t": np.max(t), "n_outside": outside}


def powers(analysis: wilks.Analysis, signals: dict[str, wilks.Alternative], options) -> harness.Row:
    """At the size of 2 sigma, with errors, and the milliseconds of a toy."""
    null, spent = harness.timed(made, analysis, wilks.Null(), options.n_null)
    row = {"n_null": options.n_null, "n_toys": options.n_toys, "ms_a_toy": 1e3 * spent / options.n_null}
    row["n_failed"] = null.n_failed
    for name, alternative in signals.items():
        t = made(analysis, alternative, options.n_toys).t
        row[name] = power_of(null.t[np.isfinite(null.t)], np.nan_to_num(t, nan=-np.inf))
    return row


PLANE = {"bump": (40.0, 1.6, 0.16), "stripe": (90.0, 1.6, 0.16), "corner": (10.0, 4.0, 0.3)}
MODELS_OF_PLANE: dict[str, Statistic] = {
    "scan of both": wilks.Scan(),
    "scan of both for excesses": wilks.Scan(deviations="excesses"),
    "scan of x": wilks.Scan(features=("x",)),
    "histogram": wilks.Histogram(n_bins=36),
    "default set": wilks.KernelSet(),
}


def of_plane(rng: np.random.Generator, n: int, nuisances) -> np.ndarray:
    return rng.exponential(size=(n, 2))


def in_plane(name: str) -> wilks.Alternative:
    n_signal, mean, deviation = PLANE[name]

    def signal(rng: np.random.Generator, n: int, nuisances) -> np.ndarray:
        found = rng.normal(mean, deviation, size=(n, 2))
        if name == "stripe":
            found[:, 1] = rng.exponential(size=n)
        return found

    return wilks.Alternative(signal=signal, n_signal=n_signal)


@SCRIPT.part("plane", models=tuple(MODELS_OF_PLANE), n_reference=50_000, n_null=400, n_toys=150)
def plane(options) -> Iterator[harness.Row]:
    events = np.random.default_rng(SEEDS["power"]).exponential(size=(options.n_reference, 2))
    reference = wilks.Sample(events, features=("x", "y")).rescaled(exponential.EXPECTED_EVENTS)
    signals = {name: in_plane(name) for name in PLANE}
    for name in options.models:
        analysis = wilks.Analysis(reference=reference, model=MODELS_OF_PLANE[name], toy_source=of_plane)
        yield {"model": name, "described": analysis.model.describe()} | powers(analysis, signals, options)


if __name__ == "__main__":
    SCRIPT.main()

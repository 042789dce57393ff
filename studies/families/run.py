"""Every family of models on one data set: t, p and seconds.

    python -m studies.families.run --muons MUONS --signal SIGNAL

MUONS and SIGNAL are files of muon pairs in the layout of the method's authors: the Standard Model, and a resonance. Of
the first, 100,000 pairs above 60 GeV are the reference, which expects 10,000; a Poisson number of others is the data,
with 40 pairs of the second; all that are left are the pool of toys. The five features of `wilks.problems.dimuon`.

Seconds are those of the clock, one after the other: to make the analysis, which places centers or bins; of its first
fit, which compiles or sums what all fits share; of a further fit of the same data; and of what gives p, the toys or,
where t has a null law without toys, that law with its answer.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.problems import dimuon
from wilks.statistics import Statistic

SEEDS = {"reference": 0, "data": 1, "signal": 2, "toys": 3}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)


class Family(NamedTuple):
    """A model, and how many toys p comes from; none where its null law is known without."""

    model: Statistic
    n_toys: int = 0


GAUSSIANS = {"n_centers": 500, "ridge": 0.3}
FAMILIES = {
    "network": Family(wilks.MLP(hidden=(5,), weight_clip=2.0), n_toys=9),
    "kernel, score": Family(wilks.Kernel(width=3.0, is_score=True, **GAUSSIANS)),
    "kernel, converged": Family(wilks.Kernel(width=3.0, **GAUSSIANS), n_toys=39),
    "kernel set, score": Family(wilks.KernelSet((2.0, 3.0, 5.0), (0.3,), n_centers=500), n_toys=199),
}
if hasattr(wilks, "Histogram"):
    FAMILIES["histogram"] = Family(wilks.Histogram())
if hasattr(wilks, "Scan"):
    FAMILIES["scan"] = Family(wilks.Scan(features=("pt1", "pt2")), n_toys=999)


class Samples(NamedTuple):
    """Samples that share no event."""

    reference: wilks.Sample
    pool: wilks.Sample
    data: wilks.Sample


@SCRIPT.whole(muons=Path, signal=Path, expected=10_000.0, n_signal=40, families=tuple(FAMILIES))
def run(options) -> Iterator[harness.Row]:
    samples = samples_of(options)
    for name in options.families:
        yield {"family": name} | measured(FAMILIES[name], samples, expected=options.expected)


def samples_of(options) -> Samples:
    pairs, signals = (dimuon.read_dimuons(path) for path in (options.muons, options.signal))
    reference, others = wilks.split(pairs, n_first=dimuon.N_REFERENCE, seed=SEEDS["reference"])
    n_background = int(np.random.default_rng(SEEDS["data"]).poisson(options.expected))
    background, pool = wilks.split(others, n_first=n_background, seed=SEEDS["data"])
    signal, _ = wilks.split(signals, n_first=options.n_signal, seed=SEEDS["signal"])
    events = np.concatenate([background.events, signal.events])
    return Samples(reference, pool, wilks.Sample(events, features=dimuon.FEATURES))


def measured(family: Family, samples: Samples, *, expected: float) -> harness.Row:
    given = {"reference": samples.reference, "toy_source": samples.pool, "expected_events": expected}
    analysis, made = harness.timed(lambda: wilks.Analysis(model=family.model, **given))
    fit, first = harness.timed(wilks.fit, analysis, samples.data)
    _, again = harness.timed(wilks.fit, analysis, samples.data)
    (answer, n_failed), spent = harness.timed(answered, analysis, samples.data, fit, family.n_toys)
    row = {"model": analysis.model.describe(), "n_parameters": analysis.n_parameters, "n_events": fit.n_events}
    row |= {"t": fit.t, "p": answer.p_value, "interval": answer.interval, "z": answer.z_score, "method": answer.method}
    row |= {"make_seconds": made, "first_fit_seconds": first, "fit_seconds": again}
    return row | {"n_toys": family.n_toys, "n_failed": n_failed, "null_seconds": spent}


def answered(
    analysis: wilks.Analysis, data: wilks.Sample, fit: wilks.FitResult, n_toys: int
) -> tuple[wilks.GoodnessOfFit, int]:
    """p of the data, and how many toys failed."""
    if n_toys == 0:
        return wilks.goodness_of_fit(analysis, data), 0
    toys = wilks.run_toys(analysis, wilks.Null(), n_toys=n_toys, seed=SEEDS["toys"])
    return wilks.calibrate(toys).evaluate(fit), toys.n_failed


if __name__ == "__main__":
    SCRIPT.main()

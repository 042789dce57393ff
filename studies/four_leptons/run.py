"""Four muons in seven variables: ZZ is the reference, a Higgs boson the exercise, its mass never an input.

    python -m studies.four_leptons.run power --data FOLDER
    python -m studies.four_leptons.run mass --data FOLDER --figure FIGURE

FOLDER holds events of ``studies.simulation``:

    python -m studies.simulation.merge zz --simulated SIM --output FOLDER/fourmu_zz.parquet
    python -m studies.simulation.merge higgs --simulated SIM --output FOLDER/fourmu_higgs.parquet

1,400 events of ZZ are expected, about those of 300/fb, against 28,000 of the reference. ``power``: toys of the others
and S Higgs bosons; power at 2 and 3 sigma, the median Z among null toys, and by how many standard deviations of the
null the mean of t moves. ``mass``: one data set with 90 Higgs bosons: the excess that was learned, sum over the
reference of w (exp(f) - 1), in m4l, and FIGURE.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.problems import fourmuon
from wilks.toys import draw_toy

from studies.common import excess_in, median_z

SCRIPT = harness.Script(__file__, __doc__, seed={"split": 0, "null": 1, "toys": 2})
EXPECTED_EVENTS, N_REFERENCE = 1400.0, 28_000
MASSES = (100.0, 115.0, 120.0, 130.0, 140.0, 180.0, 1000.0)
MODELS = {"set": wilks.KernelSet(), "network": wilks.MLP(hidden=(16, 16), weight_clip=1.75)}


def analysis_of(options) -> tuple[wilks.Analysis, wilks.Sample]:
    """The analysis, and Higgs bosons."""
    reference, pool = wilks.split(
        fourmuon.read_fourmuons(options.data / "fourmu_zz.parquet"), n_first=N_REFERENCE, seed=0
    )
    analysis = wilks.Analysis(
        reference=reference, model=MODELS[options.model], toy_source=pool, expected_events=EXPECTED_EVENTS
    )
    return analysis, fourmuon.read_fourmuons(options.data / "fourmu_higgs.parquet")


@SCRIPT.part("power", data=Path, model="set", n_null=2000, n_toys=500, signals=(15, 30, 45, 90), store=Path)
def run_power(options) -> Iterator[harness.Row]:
    analysis, higgs = analysis_of(options)
    yield {"model": analysis.model.describe(), "pool": analysis.toy_source.n_events}

    def toys(name: str, hypothesis, *, n_toys: int, seed: int) -> wilks.Toys:
        store = options.store / options.model / name if options.store else None
        return wilks.run_toys(analysis, hypothesis, n_toys=n_toys, seed=seed, store=store)

    null = toys("null", wilks.Null(), n_toys=options.n_null, seed=1)
    mean, deviation = np.nanmean(null.t), np.nanstd(null.t, ddof=1)
    row = {"n_parameters": analysis.n_parameters, "null_mean": mean, "null_deviation": deviation}
    yield row | {"n_failed": null.n_failed, "seconds_per_toy": np.mean(null.seconds)}
    for n_signal in options.signals:
        there = wilks.Alternative(signal=higgs.without_extras(), n_signal=n_signal)
        found = toys(f"signal-{n_signal}", there, n_toys=options.n_toys, seed=2)
        distance = (np.nanmean(found.t) - mean) / deviation
        yield {"n_signal": n_signal, "mean": np.nanmean(found.t), "distance": distance} | median_z(found, null)


@SCRIPT.part("mass", data=Path, model="set", n_signal=90, figure=Path)
def run_mass(options) -> Iterator[harness.Row]:
    """Expected excess that was learned beside the events that were injected, in bins of m4l."""
    analysis, higgs = analysis_of(options)
    hypothesis = wilks.Alternative(signal=higgs.without_extras(), n_signal=options.n_signal)
    events = draw_toy(analysis, hypothesis, seed=2, index=0)
    fit = wilks.fit(analysis, events)
    yield from excess_in("m4l", MASSES, analysis=analysis, fit=fit, signal=higgs, n_signal=options.n_signal)
    if options.figure:
        data = with_mass(events, (analysis.toy_source, higgs))
        labels = {"m4l": "mass of the four muons [GeV]"}
        wilks.plots.ratio(analysis, data, feature="m4l", fit=fit, labels=labels).savefig(options.figure)


def with_mass(events: np.ndarray, sources: tuple[wilks.Sample, ...]) -> wilks.Sample:
    """The events of a toy with the m4l of the simulated events that they are."""
    known = {tuple(row): mass for one in sources for row, mass in zip(one.events, one.column("m4l"), strict=True)}
    mass = [known[tuple(row)] for row in events]
    return wilks.Sample(events, features=fourmuon.FEATURES, extras={"m4l": mass})


if __name__ == "__main__":
    SCRIPT.main()

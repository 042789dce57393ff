"""The contact sheet: every figure of `wilks.plots`, from packaged samples, in some seconds.

The documentation makes it when it is built; `python docs/figures.py FOLDER` writes its pictures elsewhere.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import wilks
from wilks import plots
from wilks.campaign import toys_here
from wilks.interpretation import bootstrap_fits, projected_ratio
from wilks.interpretation.projection import Projection
from wilks.laws.compatibility import judge
from wilks.monitor import Batch, BuildOptions
from wilks.power import KnownSignal, power_table
from wilks.problems import dimuon, exponential
from wilks.responses import Variation, check_responses, study_responses
from wilks.selection import Stage, Trial, WeightClipSelection
from wilks.selection.spread import spread_of
from wilks.validation.validating import Options, validation_of

FOLDER = Path(__file__).parent / "_figures"
LABELS = {"pt1": r"leading muon $p_T$ [GeV]", "mll": "dimuon mass [GeV]"}
SHIFTS = (-0.3, -0.15, 0.15, 0.3)
_N_TOYS = 120


class Shown(NamedTuple):
    """A figure of the sheet: its caption, and what draws it."""

    caption: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Muons:
    """Muon pairs, 2,000 of 20,000 events, and 60 more about 180 GeV, fitted by a kernel."""

    analysis: wilks.Analysis
    data: wilks.Sample
    answer: wilks.GoodnessOfFit


@functools.cache
def muons() -> Muons:
    """No toy is made: the null of a score statistic is analytic."""
    sample, data = dimuon.small_sample(), dimuon.small_data()
    near = np.flatnonzero(np.abs(sample.extras["mll"] - 180.0) < 12.0)[:60]
    both = [(one.events, one.extras["mll"]) for one in (data, sample.take(near))]
    mixed = wilks.Sample(
        np.concatenate([events for events, _ in both]),
        features=data.features,
        extras={"mll": np.concatenate([mll for _, mll in both])},
    )
    reference = sample.take(np.arange(20_000))
    model = wilks.Kernel(n_centers=150, width=1.0, ridge=1.0, is_score=True)
    analysis = wilks.Analysis(reference=reference, model=model, expected_events=2_000)
    return Muons(analysis, mixed, wilks.goodness_of_fit(analysis, mixed))


def binned(*, nuisances: tuple[wilks.Nuisance, ...] = (), n_events: float = 2_000.0) -> wilks.Analysis:
    """The exponential problem in twelve bins."""
    return wilks.Analysis(
        reference=exponential.reference(40_000, seed=1),
        model=wilks.Histogram(n_bins=12),
        nuisances=nuisances,
        toy_source=exponential.BACKGROUND,
        expected_events=n_events,
    )


@functools.cache
def profiled() -> wilks.Analysis:
    """The same with a normalization."""
    return binned(nuisances=(wilks.normalization("normalization", sigma=0.15),))


def _run(analysis: wilks.Analysis, hypothesis: Any, *, n_toys: int, seed: int) -> wilks.Toys:
    """Toys in this process, without a line that says how far they are."""
    return toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed, progress=lambda done, total: None)


@functools.cache
def toys() -> wilks.Toys:
    """Of the null hypothesis."""
    return _run(binned(), wilks.Null(), n_toys=_N_TOYS, seed=1)


@functools.cache
def answer() -> wilks.GoodnessOfFit:
    """Of data with the published peak in the bulk."""
    data = exponential.data(exponential.NP3, seed=2)
    return wilks.goodness_of_fit(binned(), data, calibration=wilks.calibrate(toys()))


@functools.cache
def validation() -> wilks.Validation:
    """With the normalization, by 40 toys at each point, made in this process: others would compile for themselves."""
    options = Options(n_toys=40, n_null=80, n_references=0, seed=0)
    return validation_of(profiled(), _run, options)


def pulls() -> Figure:
    """Of the data of `answer`."""
    data = exponential.data(exponential.NP3, seed=2)
    return plots.pulls(profiled(), wilks.fit(profiled(), data, auxiliaries={"normalization": -0.03}))


@functools.cache
def variations() -> list[Variation]:
    """Samples at four scales."""
    rng = np.random.default_rng(5)
    return [Variation({"scale": nu}, _varied(rng, nu)) for nu in SHIFTS]


def _varied(rng: np.random.Generator, nu: float) -> wilks.Sample:
    """20,000 events that predict 2,000, as the reference does."""
    return wilks.Sample(exponential.background(rng, 20_000, {"scale": nu}), np.full(20_000, 0.1), features=["x"])


def study() -> Figure:
    """What the bins of varied samples do."""
    found = study_responses(exponential.reference(20_000), [wilks.Nuisance("scale", 0.15)], variations=variations())
    return plots.response_study(found)


def closure() -> Figure:
    """The exact response against varied samples."""
    scale, _ = exponential.nuisances(0.15, 0.15)
    nuisances = wilks.Nuisances((scale,))
    return plots.response_closure(check_responses(exponential.reference(20_000), nuisances, variations=variations()))


@functools.cache
def power() -> Any:
    """What a kernel and the search for the signal see of the peak in the tail."""
    model = wilks.Kernel(n_centers=40, width=0.4, ridge=1.0, is_score=True)
    analysis = wilks.Analysis(
        reference=exponential.reference(10_000, seed=1), model=model, toy_source=exponential.BACKGROUND
    )
    sizes = {f"{n} events": n for n in (5, 10, 15)}
    alternatives = {
        name: wilks.Alternative(signal=exponential.NP1.alternative.signal, n_signal=n) for name, n in sizes.items()
    }
    known = KnownSignal(lambda x: 10.0 * exponential.NP1.density(x[:, 0]) / (2_000.0 * np.exp(-x[:, 0])), n_signal=10.0)
    return power_table(analysis, alternatives, run=_run, tests=(), signal=known, n_null=200, n_toys=40)


@functools.cache
def selection() -> WeightClipSelection:
    """Made-up: t at each clip is drawn from a chi-square that is stretched, as fits of networks take minutes."""
    rng = np.random.default_rng(3)

    def trial(stage: str, clip: float, n: int) -> Trial:
        t = rng.chisquare(13, size=n) * (clip / 9.0) ** 0.3
        return Trial(stage, clip, 10, judge(t, 13.0, n_failed=0, is_estimated_dof=False), seconds=0.4)

    t = rng.chisquare(13, size=100)
    spread = spread_of(t, t + 0.05, n_starts=10, seconds=0.4)
    clips = {"bracket": ((4.0, 40), (20.0, 40)), "100 toys": ((7.0, 100), (12.0, 100)), "400 toys": ((8.5, 400),)}
    return WeightClipSelection(
        model={"kind": "mlp", "hidden": [4], "weight_clip": 9.0, "activation": "sigmoid"},
        n_parameters=13,
        stages=(Stage(400, 9.0, (7.8, 10.3), (7.8, 10.3), 0.1),),
        trials=tuple(trial(stage, *one) for stage, several in clips.items() for one in several),
        fresh=trial("fresh", 9.0, 400),
        efforts=(spread,),
        effort_clip=9.0,
        spread=spread,
        search=wilks.Search(),
        tolerance=0.1,
        seed=0,
        fingerprint="made up",
    )


@functools.cache
def compared() -> tuple[wilks.Comparison, wilks.Sample, wilks.Sample]:
    """Two samples of muon pairs, one of them with its leading muon scaled by 3 %."""
    rng, sample = np.random.default_rng(1), dimuon.small_sample()
    first, second = (sample.take(rng.choice(sample.n_events, 800, replace=False)).without_extras() for _ in range(2))
    scaled = wilks.Sample(second.events * np.array([1.03, 1, 1, 1, 1]), features=second.features)
    return wilks.compare(first, scaled, n_permutations=99), first, scaled


@functools.cache
def scanned() -> tuple[wilks.Analysis, wilks.Sample, wilks.FitResult]:
    """A scan of the exponential problem."""
    analysis = wilks.Analysis(reference=exponential.reference(20_000), model=wilks.Scan(n_bins=30))
    data = exponential.data(exponential.NP3, seed=2)
    return analysis, data, wilks.fit(analysis, data)


@functools.cache
def searched() -> wilks.FitResult:
    """Made-up: the ends of twelve starts, as fits of networks take long."""
    ends = 31.4 - np.concatenate([np.zeros(5), np.random.default_rng(4).exponential(2.0, size=7)])
    return replace(scanned()[2], t=31.4, start_t=ends, n_starts=ends.size)


@functools.cache
def judged() -> list[dict[str, Any]]:
    """Sixty batches of 100 events; from the fortieth on the scale is 15 % too large."""
    source = wilks.Sample(exponential.background(np.random.default_rng(7), 20_000, {}), features=["x"])
    first, second = source.take(np.arange(5_000)), source.take(np.arange(5_000, 20_000))
    analysis = wilks.Analysis(reference=first, toy_source=second, model=wilks.Histogram(n_bins=12), expected_events=100)
    options = BuildOptions(batch_sizes=(100,), n_toys=400, n_power=10)
    monitor = wilks.Monitor(wilks.build_reference(analysis, options=options))
    rng = np.random.default_rng(8)
    batches = [exponential.background(rng, 100, {"scale": 0.15 if k >= 40 else 0.0}) for k in range(60)]
    return [monitor.update(Batch(events, name=f"run {k}")).to_dict() for k, events in enumerate(batches)]


def sheet() -> dict[str, Shown]:
    """Every figure, by the name of its function."""
    two, data = muons(), muons().data
    ratio = {"fit": two.answer.fit, "labels": LABELS}
    return {
        "null_distribution": Shown("t of toys and of the data", lambda: plots.null_distribution(answer())),
        "qq": Shown("the toys against a chi-square", lambda: plots.qq(answer())),
        "survival": Shown("p by an analytic null", lambda: plots.survival(two.answer)),
        "running_mean": Shown("the mean of t over toys", lambda: plots.running_mean(toys().t, n_parameters=12)),
        "percentiles": Shown("percentiles of t over toys", lambda: plots.percentiles(toys().t, n_parameters=12)),
        "percentiles_by": Shown("percentiles of t of several sets", _by_events),
        "weight_clips": Shown("how a clip is chosen (made-up toys)", lambda: plots.weight_clips(selection())),
        "response_study": Shown("varied samples in bins", study),
        "response_closure": Shown("a response against varied samples", closure),
        "validation": Shown("toys at shifted nuisances", lambda: plots.validation(validation())),
        "tau_and_t": Shown("tau moves, t stays", lambda: plots.tau_and_t(validation())),
        "ratio": Shown(
            "data, reference and what was learned", lambda: plots.ratio(two.analysis, data, feature="mll", **ratio)
        ),
        "projected": Shown("the same with a band of 68 % of refits", lambda: plots.projected(_projected())),
        "overview": Shown("all columns", lambda: plots.overview(two.analysis, data, **ratio)),
        "region": Shown("the most discrepant region", lambda: plots.region(_region())),
        "corner": Shown(
            "the learned ratio in pairs", lambda: plots.corner(two.analysis, features=("pt1", "pt2", "eta1"), **ratio)
        ),
        "tomography": Shown("all intervals of a scan", lambda: plots.tomography(*scanned()[:2], fit=scanned()[2])),
        "pulls": Shown("nuisances of a fit", pulls),
        "starts": Shown("how a search ended (made-up)", lambda: plots.starts(searched())),
        "power_curves": Shown("power of tests", lambda: plots.power_curves(power())),
        "sensitivity": Shown("beside a search for the signal", lambda: plots.sensitivity(power())),
        "two_samples": Shown(
            "two samples in a feature", lambda: plots.two_samples(*compared()[1:], feature="pt1", labels=LABELS)
        ),
        "member_significances": Shown("which statistics see it", lambda: plots.member_significances(compared()[0])),
        "timeline": Shown("batches of a monitor", lambda: plots.timeline(judged())),
    }


def _by_events() -> Figure:
    """The statistic of a histogram at three sizes of the data."""
    sets = {n: _run(binned(n_events=n), wilks.Null(), n_toys=100, seed=1).t for n in (100.0, 300.0, 1_000.0)}
    return plots.percentiles_by(sets, axis="expected events", n_parameters=12)


def _region() -> wilks.Region:
    return wilks.most_discrepant_region(muons().analysis, muons().data, fit=muons().answer.fit)


def _projected() -> Projection:
    two = muons()
    refits = bootstrap_fits(two.analysis, two.data, fit=two.answer.fit, n_refits=30)
    return projected_ratio(two.analysis, two.data, feature="mll", fit=two.answer.fit, refits=refits)


def write(folder: Path) -> dict[str, Path]:
    """The pictures of the sheet, by the name of the function of each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, one in sheet().items():
        written[name] = folder / f"{name}.png"
        written[name].write_bytes(plots.to_png(one.draw()))
    return written


def page() -> str:
    """What `figures.md` includes: each picture under the name of its function."""
    lines = []
    for name, one in sheet().items():
        lines += [f"**`wilks.plots.{name}`**: {one.caption}", "", f"![{one.caption}](_figures/{name}.png)", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])).values():
        print(path)

"""Two-body final states in three regimes of uncertainty: section 4 of "Learning New Physics from an Imperfect Machine".

    python -m studies.two_body.run study --data FOLDER --figures FIGURES
    python -m studies.two_body.run responses --data FOLDER --store STORE --figures FIGURES
    python -m studies.two_body.run validation --regime electron --model set --data FOLDER --store STORE
    python -m studies.two_body.run joined --regime electron --model model-3
    python -m studies.two_body.run clips --regime electron --model model-3 --data FOLDER --store STORE
    python -m studies.two_body.run sensitivity --regime electron --model set --data FOLDER --store STORE
    python -m studies.two_body.run sensitivity --negligible --mass-is-input --data FOLDER --store STORE
    python -m studies.two_body.run mass --regime electron --data FOLDER --store STORE --figures FIGURES

FOLDER holds simulated muon pairs (`studies.simulation`), complete above 95 GeV, in three shares of the generated
events, and a Z':

    python -m studies.simulation.merge high --simulated SIM --share 0 0.4 --output FOLDER/dimuon_learning.parquet
    python -m studies.simulation.merge high --simulated SIM --share 0.4 0.55 --output FOLDER/dimuon_reference.parquet
    python -m studies.simulation.merge high --simulated SIM --share 0.55 1 --output FOLDER/dimuon_pool.parquet
    python -m studies.simulation.merge zprime300 --simulated SIM --output FOLDER/dimuon_zprime300.parquet

and, for the contact term, the events of the method's authors (``dimuon_eft_high_mass.h5``), c_W = 1/TeV^2; tau-like,
where c_W is a quarter of that, simulated ones:

    python -m studies.simulation.merge contact25 --simulated SIM --output FOLDER/dimuon_contact25.parquet

``study``: what bins say of the dependence on the scale; of ``tau-100`` from the authors' ``dimuon_sm.h5``.
``responses``: log r to second order, from samples moved before the selection; its closure on events that it has not
seen, at one and two sigma, in all features and mll, drawn into FIGURES. STORE keeps what was learned for the other
parts; with ``--published`` the networks are the published ones, five layers of ten, and nothing else uses them.

``validation``: toys at nu* = 0 and one sigma up and down in scale and normalization, by the transforms, never by the
response. Calibration toys, of another seed, are at three values of the scale: p of a toy is counted at each of them,
and taken at its own scale of Delta, straight lines in log p between; beside it p at 0 alone, and what comes out where
nuisances are ignored. t of a network is compared with the chi-square of its parameters, as in Table 4, at the clip for
which ``clips`` finds their number as its mean, in toys of the reference of another seed, without nuisances. The record
keeps t and tau of these toys: those of several runs, with another ``--seed-of-toys`` each, are one table by ``joined``.

``sensitivity``: the true scale one sigma up, as published, p counted there, or that of the chi-square; or uncertainties
that are negligible, no nuisances in the test as in the toys, and mll as a sixth feature or not. ``mass``: one data set
with the Z', and the excess that was learned in bins of mll, which is no input.
"""

import dataclasses
import functools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import benchmarks.harness as harness
import numpy as np
from matplotlib.figure import Figure

import wilks
from wilks.nuisances import nuisances_from_dict
from wilks.power import BinnedSearch, Binning
from wilks.problems import dimuon
from wilks.responses import Closure, Training, check_responses, study_responses
from wilks.samples import parse_expression
from wilks.significance import chi2_z_score, median_interval
from wilks.toys import draw_auxiliaries, draw_toy
from wilks.validation import Validation

from studies.common import excess_in, median_z, summary_of_z
from studies.two_body.cells import Cell, against_chi_square, against_toys, compared, recorded
from studies.two_body.regimes import REGIMES, VARIANTS, Events, Regime
from studies.two_body.signals import contact_excess, resonance_of, signals

SCRIPT = harness.Script(__file__, __doc__, seed={"calibration": 1, "toys": 2})
DEFINED = REGIMES | VARIANTS
POINTS = {"0": {}, "scale +": {"scale": 1.0}, "scale -": {"scale": -1.0}}
POINTS |= {"norm. +": {"normalization": 1.0}, "norm. -": {"normalization": -1.0}}
MODELS = {
    "set": wilks.KernelSet(),
    "model-1": wilks.MLP(hidden=(50,), weight_clip=1.2),
    "model-2": wilks.MLP(hidden=(10, 10), weight_clip=1.38),
    "model-3": wilks.MLP(hidden=(5, 5, 5), weight_clip=1.5),
}
OF_A_MODEL = {"regime": "electron", "model": "set", "n_calibration": 600, "n_processes": 1, "data": Path, "store": Path}
CHECKED = (-2.0, -1.0, 1.0, 2.0)
DRAWN = {"pt1": "leading muon pT [GeV]", "pt2": "second muon pT [GeV]", "mll": "mass of the pair [GeV]"}
MASSES = (100.0, 120.0, 160.0, 220.0, 270.0, 290.0, 310.0, 330.0, 400.0, 600.0, float("inf"))


@SCRIPT.part("responses", data=Path, store=Path, regimes=tuple(REGIMES), published=False, figures=Path)
def run_responses(options) -> Iterator[harness.Row]:
    training = Training(hidden=(10,) * 5, activation="relu") if options.published else Training()
    for regime in options.regimes:
        events, name = Events(options.data, DEFINED[regime]), f"{regime}-published" if options.published else regime
        (nuisances, central), seconds = harness.timed(lambda events=events: learn(events, training))
        path = options.store / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(nuisances.to_dict()), encoding="utf-8")
        found = closure(events, nuisances)
        if options.figures:
            drawn = {f"{name}-{column}": functools.partial(figure_of, found, column) for column in DRAWN}
            wilks.plots.save_figures(drawn, options.figures, formats=["png"])
        yield {"regime": name, "n_events": central.n_events, "seconds": seconds} | closure_rows(found)


@SCRIPT.part("study", data=Path, regimes=("electron", "tau"), figures=Path)
def run_study(options) -> Iterator[harness.Row]:
    """log N_b(nu) / N_b(0) in bins of each column, as figure 13, with the order and the points that it proposes."""
    for name in options.regimes:
        events = Events(options.data, DEFINED[name])
        central, variations = variations_of(events, "learning", events.regime.studied_at)
        found = study_responses(central, events.regime.nuisances, variations=variations)
        if options.figures:
            draw = functools.partial(wilks.plots.response_study, found, column="pt1", labels=DRAWN)
            wilks.plots.save_figures({f"{name}-study": draw}, options.figures, formats=["png"])
        (one,) = found.nuisances
        yield {"regime": name, "order": one.order, "points": list(one.training_points)}


def variations_of(events: Events, share: str, values: Sequence[float]) -> tuple[wilks.Sample, list[wilks.Variation]]:
    """The central sample of a share of the events, and those at values of the scale, with the yields that they have."""
    regime, loose = events.regime, events.loose(share)
    central = events.at(loose)
    factor = regime.expected_events / central.expected_events
    variations = []
    for nu in values:
        moved = events.at(loose, scale=nu / regime.sigma)
        variations.append(wilks.Variation({dimuon.MUON_SCALE: nu}, moved.rescaled(factor * moved.expected_events)))
    return central.rescaled(regime.expected_events), variations


def learn(events: Events, training: Training) -> tuple[wilks.Nuisances, wilks.Sample]:
    """The nuisances with their response, and the central sample that it was learned from."""
    regime = events.regime
    central, variations = variations_of(events, "learning", regime.trained_at)
    chosen = {"variations": variations, "inputs": regime.inputs, "training": training, "accept_poor": True}
    return wilks.learn_responses(central, regime.nuisances, **chosen), central


def closure(events: Events, nuisances: wilks.Nuisances) -> Closure:
    """The response against samples at values that it was not trained at, made of the events of the pool.

    Both samples are made of the same events, so that the chi-square is small; the shift in t is what counts.
    """
    values = [step * events.regime.sigma for step in CHECKED]
    central, variations = variations_of(events, "pool", values)
    return check_responses(central, nuisances, variations=variations)


def figure_of(found: Closure, column: str) -> Figure:
    """As figures 14, 18 and 22."""
    return wilks.plots.response_closure(found, column=column, labels=DRAWN)


def closure_rows(found: Closure) -> harness.Row:
    """chi-square, bins and shift in t of each column."""
    return {
        f"{step:+g} sigma": {one.name: [round(one.chi2, 1), one.dof, round(one.shift_in_t, 2)] for one in row.columns}
        for step, row in zip(CHECKED, found.rows, strict=True)
    }


def analysis_of(
    options, *, with_nuisances: bool = True, mass_is_input: bool = False, clip: float | None = None
) -> tuple[wilks.Analysis, Events]:
    """The analysis of a regime and a model, with the responses of STORE; a network at another clip, where given."""
    events = Events(options.data, DEFINED[options.regime], mass_is_input=mass_is_input)
    model = MODELS[options.model]
    analysis = wilks.Analysis(
        reference=events.reference(),
        model=model if clip is None else dataclasses.replace(model, weight_clip=clip),
        nuisances=learned_nuisances(options) if with_nuisances else (),
        toy_source=events.toy_source() if with_nuisances else events.at(events.loose("pool")).without_extras(),
    )
    return analysis, events


def learned_nuisances(options) -> wilks.Nuisances:
    """Those of STORE."""
    path = options.store / f"{options.regime}.json"
    if not path.exists():
        raise SystemExit(f"{path} must hold the responses; run the part responses first")
    return nuisances_from_dict(json.loads(path.read_text(encoding="utf-8")))


class Toys:
    """Makes and keeps the toys of one analysis."""

    def __init__(
        self, options, analysis: wilks.Analysis, executor: wilks.LocalProcesses, *, kind: str = "profiled"
    ) -> None:
        self._analysis, self._executor = analysis, executor
        self._store = options.store / options.regime / options.model / kind

    def __call__(self, name: str, hypothesis, *, n_toys: int, seed: int) -> wilks.Toys:
        store = self._store / f"{name.replace(' ', '')}-{seed}"
        chosen = {"n_toys": n_toys, "seed": seed, "store": store, "executor": self._executor}
        return wilks.run_toys(self._analysis, hypothesis, **chosen)


def hypothesis_at(regime: Regime, sigmas: dict[str, float]):
    values = regime.values(**sigmas)
    return wilks.ShiftedNuisance(values) if values else wilks.Null()


@SCRIPT.part("clips", clips=(1.5,), n_toys=8, **OF_A_MODEL)
def run_clips(options) -> Iterator[harness.Row]:
    for clip in options.clips:
        analysis, _ = analysis_of(options, with_nuisances=False, clip=clip)
        with wilks.LocalProcesses(options.n_processes) as executor:
            null = Toys(options, analysis, executor, kind=f"clip-{clip:g}")(
                "null", wilks.Null(), n_toys=options.n_toys, seed=3
            )
        row, _ = against_chi_square({"0": Cell.of(null)}, analysis.n_parameters)
        yield {"clip": clip} | row


@SCRIPT.part("validation", n_toys=300, clip=float, seed_of_toys=2, figures=Path, **OF_A_MODEL)
def run_validation(options) -> Iterator[harness.Row]:
    analysis, events = analysis_of(options, clip=options.clip)
    kind = "profiled" if options.clip is None else f"profiled-{options.clip:g}"
    weights = analysis.reference.event_weights
    effective = weights.sum() ** 2 / np.sum(weights**2)
    n_pool = events.at(events.loose("pool")).n_events
    yield {"model": analysis.model.describe(), "reference": weights.size, "effective": effective, "pool": n_pool}
    with wilks.LocalProcesses(options.n_processes) as executor:
        toys = Toys(options, analysis, executor, kind=kind)
        regime, chosen = events.regime, {"n_toys": options.n_toys, "seed": options.seed_of_toys}
        campaigns = {name: toys(name, hypothesis_at(regime, at), **chosen) for name, at in POINTS.items()}
        cells = {name: Cell.of(one) for name, one in campaigns.items()}
        if analysis.model.is_penalized:
            nulls = calibrations(toys, regime, n_toys=options.n_calibration)
            yield from against_toys(campaigns, nulls, regime)
        else:
            yield from against_chi_square(cells, analysis.n_parameters)
    if options.figures:
        points = tuple(cell.point(name) for name, cell in cells.items())
        draw = functools.partial(wilks.plots.tau_and_t, Validation((), points, "", analysis.fingerprint()))
        name = f"{options.regime}-{options.model}"
        wilks.plots.save_figures({name: draw}, options.figures, formats=["png"])
    yield from ignored(options, events)


@SCRIPT.part("joined", regime="electron", model="model-3", clip=float)
def run_joined(options) -> Iterator[harness.Row]:
    """The toys of all validations of a network at one clip that the record keeps."""
    chosen = {name: getattr(options, name) for name in ("regime", "model", "clip")}
    runs = [run for run in harness.runs(SCRIPT.record) if chosen.items() <= run["options"].items()]
    cells, dof = recorded(runs)
    if not cells:
        raise SystemExit(f"{SCRIPT.record} must hold toys of {chosen}; run the part validation with these options")
    yield from against_chi_square(cells, dof)


def calibrations(toys: "Toys", regime: Regime, *, n_toys: int) -> dict[float, wilks.Toys]:
    """Null toys at values of the scale in sigmas."""
    return {
        step: toys(f"scale{step:+g}", hypothesis_at(regime, {"scale": step}), n_toys=n_toys, seed=1)
        for step in (-1.0, 0.0, 1.0)
    }


def ignored(options, events: Events) -> Iterator[harness.Row]:
    """The same toys, tested by a set without nuisances: what they are good for."""
    if options.model != "set":
        return
    analysis, _ = analysis_of(options, with_nuisances=False)
    null = wilks.run_toys(analysis, wilks.Null(), n_toys=options.n_calibration, seed=1)
    pool = events.loose("pool")
    nominal = events.at(pool).expected_events
    for name, sigmas in POINTS.items():
        moved = events.at(pool, **sigmas)
        expected = events.regime.expected_events * moved.expected_events / nominal
        there = wilks.Alternative(source=moved.without_extras(), expected_events=expected)
        toys = wilks.run_toys(analysis, there, n_toys=options.n_toys, seed=2)
        yield {"point": name, "nuisances": "ignored"} | Cell.of(toys).described() | compared(toys, null)


@SCRIPT.part("sensitivity", n_toys=200, negligible=False, mass_is_input=False, **OF_A_MODEL)
def run_sensitivity(options) -> Iterator[harness.Row]:
    if options.mass_is_input and not options.negligible:
        raise SystemExit("--mass-is-input must come with --negligible: responses were learned without mll as a feature")
    analysis, events = analysis_of(options, with_nuisances=not options.negligible, mass_is_input=options.mass_is_input)
    up, kind = (0.0, "negligible") if options.negligible else (1.0, "profiled")
    if options.mass_is_input:
        kind = "negligible-mass"
    with wilks.LocalProcesses(options.n_processes) as executor:
        toys = Toys(options, analysis, executor, kind=kind)
        at_truth = hypothesis_at(events.regime, {"scale": up})
        found = of_chi_square
        if analysis.model.is_penalized:
            null = toys(f"scale{up:+g}", at_truth, n_toys=options.n_calibration, seed=1)
            found = functools.partial(median_z, null=null)
        for name, hypothesis in signals(events, up=up).items():
            there = toys(name, hypothesis, n_toys=options.n_toys, seed=2)
            yield {"signal": name, "seconds_per_toy": np.mean(there.seconds)} | found(there)
            bins = mass_edges(events.regime, has_peak=hypothesis.signal is not None)
            template = hypothesis.signal or contact_excess(events, up=up)
            search = BinnedSearch(analysis, Binning(dimuon.MASS, bins=bins), signal=template)
            yield {"signal": name, "search": "binned mll"} | searched(search, hypothesis, n_toys=options.n_toys)


def of_chi_square(toys: wilks.Toys) -> harness.Row:
    """Z of each toy by the chi-square of the number of parameters, which `validation` checks; the median and power."""
    t = toys.t[np.isfinite(toys.t)]
    z = np.array([chi2_z_score(one, toys.n_parameters) for one in t.tolist()])
    return summary_of_z(z) | {"mean_t": t.mean(), "n_failed": toys.n_failed}


def searched(search: BinnedSearch, hypothesis: wilks.Alternative, *, n_toys: int) -> harness.Row:
    """Median sqrt(q_0) of the binned search for this signal in mll, on the same toys: Z_ref of eq. 38 to 41."""
    z = []
    for index in range(n_toys):
        toy, observed = drawn(search.analysis, hypothesis, index=index)
        z.append(search.fit(toy, auxiliaries=observed).z_score)
    return {"z_ref": np.median(z), "z_ref_interval": list(median_interval(np.array(z)))}


def drawn(
    analysis: wilks.Analysis, hypothesis: wilks.Alternative, *, index: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Events and auxiliary measurements of a toy."""
    toy = draw_toy(analysis, hypothesis, seed=2, index=index)
    observed = draw_auxiliaries(analysis, hypothesis, seed=2, index=index)
    return toy, dict(zip(analysis.nuisances.names, observed, strict=True))


def mass_edges(regime: Regime, *, has_peak: bool) -> tuple[float, ...]:
    """Edges in GeV; near the Z', where it is searched for, narrower than it is."""
    near = np.arange(260.0, 341.0, 10.0 if has_peak else 40.0)
    return (*np.arange(regime.least_mass, 260.0, 20.0), *near, 380.0, 450.0, 600.0, float("inf"))


@SCRIPT.part("mass", regime="electron", model="set", data=Path, store=Path, figures=Path)
def run_mass(options) -> Iterator[harness.Row]:
    """Expected excess that was learned beside the events of the Z' that were injected, in bins of mll."""
    analysis, events = analysis_of(options)
    hypothesis = resonance_of(events)
    toy, observed = drawn(analysis, hypothesis, index=0)
    fit = wilks.fit(analysis, toy, auxiliaries=observed)
    resonance = events.at(events.loose("zprime300"), scale=1.0)
    yield from excess_in("mll", MASSES, analysis=analysis, fit=fit, signal=resonance, n_signal=hypothesis.n_signal)
    if options.figures:
        mass = parse_expression(dimuon.MASS).evaluate(dict(zip(dimuon.FEATURES, toy.T, strict=True)))
        data = wilks.Sample(toy, features=dimuon.FEATURES, extras={"mll": mass})
        draw = functools.partial(wilks.plots.ratio, analysis, data, feature="mll", fit=fit, labels=DRAWN)
        wilks.plots.save_figures({f"{options.regime}-mass": draw}, options.figures, formats=["png"])


if __name__ == "__main__":
    SCRIPT.main()

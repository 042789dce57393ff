"""Where the smallest region that carries 68 % of t lies: a peak in the tail of an exponential, a Z' among muon pairs.

    python -m studies.smallest_region.run exponential --model set
    python -m studies.smallest_region.run exponential --model histogram
    python -m studies.smallest_region.run exponential --model network --n-toys 40 --n-reference 50000
    python -m studies.smallest_region.run dimuon --data DATA

``exponential``: data sets with the peak at 6.4 (NP1), one after the other until --n-toys of them have Z > 3; Z by the
rank of t among --n-null toys of the reference, of the network by a chi-square with 13 degrees of freedom. The region
must contain 6.4 and expect less than 5 % of all events of the reference. ``dimuon``: 8,700 events with mll > 100 GeV
and 120 of a Z' of 300 GeV, from events that the reference does not have; the five features of the muons are the input,
mll is not. Of the simulation, which was made in strata of mass, the highest is taken, events of one weight: 94 % of
those above 100 GeV. DATA has ``dimuon_sm_pythia_weighted.h5`` and ``dimuon_zprime300.h5`` (`wilks.problems.dimuon`).
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.campaign import toys_here
from wilks.interpretation import smallest_region
from wilks.interpretation.gains import LocalGains
from wilks.interpretation.smallest import DEFAULT_SHARE, threshold_of
from wilks.problems import dimuon, exponential
from wilks.samples import parse_expression
from wilks.significance import chi2_z_score
from wilks.toys import draw_toy

NULL_SEED, SIGNAL_SEED = 11, 13
SCRIPT = harness.Script(__file__, __doc__, seed={"null": NULL_SEED, "signals": SIGNAL_SEED})
MODELS = {
    "set": wilks.KernelSet(),
    "kernel": wilks.Kernel(n_centers=100, width=0.3),
    "histogram": wilks.Histogram(n_bins=20, binning="regular"),
    "network": wilks.MLP(hidden=exponential.HIDDEN, weight_clip=exponential.WEIGHT_CLIP),
}
MASS = parse_expression(dimuon.MASS)
PEAK, _ = exponential.TAIL_PEAK
OTHER_SHARES = (0.5, 0.6, 0.8)
LARGEST_SHARE, LEAST_Z = 0.05, 3.0
N_EXPECTED, N_SIGNAL, LEAST_MASS, WINDOW = 8_700.0, 120.0, 100.0, (270.0, 330.0)


@SCRIPT.part("exponential", model="set", n_toys=100, n_null=2_000, n_reference=100_000, share=DEFAULT_SHARE, most=1_000)
def run_exponential(options) -> Iterator[harness.Row]:
    is_network = options.model == "network"
    reference = exponential.reference(options.n_reference, seed=1)
    options_of = {"standardize": not is_network, "toy_source": exponential.BACKGROUND}
    analysis = wilks.Analysis(reference=reference, model=MODELS[options.model], **options_of)
    null = None if is_network else toys_here(analysis, wilks.Null(), n_toys=options.n_null, seed=NULL_SEED)
    calibration = None if null is None else wilks.calibrate(null)
    rows: list[harness.Row] = []
    index = 0
    while len(rows) < options.n_toys and index < options.most:
        data = draw_toy(analysis, exponential.NP1.alternative, seed=SIGNAL_SEED, index=index)
        fit, index = wilks.fit(analysis, data), index + 1
        z = chi2_z_score(fit.t, analysis.n_parameters) if calibration is None else calibration.evaluate(fit).z_score
        if fit.converged and z > LEAST_Z:
            rows.append({"toy": index - 1, "t": fit.t, "z": z} | found(analysis, data, fit, share=options.share))
            yield rows[-1]
    yield {"model": analysis.model.describe(), "n_tried": index, "n_toys": len(rows)} | summary(rows)


def found(analysis: wilks.Analysis, data: np.ndarray, fit: wilks.FitResult, *, share: float) -> harness.Row:
    region = smallest_region(analysis, data, fit=fit, share=share)
    peak, all_data = wilks.Sample([[PEAK]], features=["x"]), analysis.checked(data)
    inside = region.contains(all_data)
    return {
        "has_peak": bool(region.contains(peak)[0]),
        "rule_has_peak": bool(region.rule.contains(peak)[0]),
        "share_of_reference": region.n_expected / analysis.expected_events,
        "n_observed": region.n_observed,
        "n_expected": region.n_expected,
        "excess_share": region.excess_share,
        "median_x": float(np.median(all_data.column("x")[inside])),
        "rule": region.rule.text,
        "at_other_shares": [at_share(region.gains, peak, share=one) for one in OTHER_SHARES],
    }


def at_share(gains: LocalGains, peak: wilks.Sample, *, share: float) -> list[float]:
    """Whether the region of another share contains the peak, and the share of the reference that it expects."""
    threshold, _ = threshold_of(gains, share=share)
    inside = gains.density(gains.reference) >= threshold
    has_peak = bool(gains.density(gains.ratio(peak))[0] >= threshold)
    return [share, has_peak, float(np.sum(gains.weights[inside]) / np.sum(gains.weights))]


def summary(rows: list[harness.Row]) -> harness.Row:
    has_peak = np.array([row["has_peak"] for row in rows])
    small = np.array([row["share_of_reference"] < LARGEST_SHARE for row in rows])
    return {
        "has_peak": int(np.sum(has_peak)),
        "excludes_the_bulk": int(np.sum(small)),
        "both": int(np.sum(has_peak & small)),
        "rule_has_peak": int(np.sum([row["rule_has_peak"] for row in rows])),
        "share_of_reference": quantiles(rows, "share_of_reference"),
        "at_other_shares": [
            [share, *(int(np.sum(one)) for one in other_counts(rows, place))]
            for place, share in enumerate(OTHER_SHARES)
        ],
    }


def other_counts(rows: list[harness.Row], place: int) -> tuple[list[bool], list[bool]]:
    """Of another share: which regions contain the peak, and which exclude the bulk."""
    told = [row["at_other_shares"][place] for row in rows]
    return [bool(one[1]) for one in told], [one[2] < LARGEST_SHARE for one in told]


@SCRIPT.part("dimuon", data=Path, model="set", n_toys=30, n_reference=60_000, share=DEFAULT_SHARE)
def run_dimuon(options) -> Iterator[harness.Row]:
    where = f"{dimuon.SELECTION} and mll > {LEAST_MASS:g}"
    whole = dimuon.read_dimuons(options.data / "dimuon_sm_pythia_weighted.h5", where=where, weight="weight")
    standard = whole.take(whole.event_weights == whole.event_weights.min())
    signal = dimuon.read_dimuons(options.data / "dimuon_zprime300.h5", where=where)
    reference, pool = wilks.split(standard, n_first=options.n_reference, seed=0)
    analysis = wilks.Analysis(
        reference=reference,
        model=MODELS[options.model],
        toy_source=pool.without_extras(),
        expected_events=N_EXPECTED,
    )
    hypothesis = wilks.Alternative(signal=signal.without_extras(), n_signal=N_SIGNAL)
    rows: list[harness.Row] = []
    for index in range(options.n_toys):
        events = draw_toy(analysis, hypothesis, seed=SIGNAL_SEED, index=index)
        columns = dict(zip(dimuon.FEATURES, events.T, strict=True))
        data = wilks.Sample(events, features=dimuon.FEATURES, extras={"mll": MASS.evaluate(columns)})
        fit = wilks.fit(analysis, data)
        rows.append({"toy": index, "t": fit.t} | masses(analysis, data, fit, share=options.share))
        yield rows[-1]
    names = ("median_mll", "share_in_window", "peak", "share_of_reference", "n_observed", "n_expected")
    kept = {"n_toys": len(rows), "n_reference": reference.n_events, "n_pool": pool.n_events}
    n_window = int(np.sum([WINDOW[0] < row["peak"] < WINDOW[1] for row in rows]))
    yield kept | {"n_peak_in_window": n_window} | {name: quantiles(rows, name) for name in names}


def masses(analysis: wilks.Analysis, data: wilks.Sample, fit: wilks.FitResult, *, share: float) -> harness.Row:
    """mll of the data events in the region, and where they exceed the reference most, in bins of 20 GeV."""
    region = smallest_region(analysis, data, fit=fit, share=share)
    mll = data.column("mll")[region.contains(data)]
    reference = analysis.reference
    inside = region.contains(reference)
    edges = np.arange(100.0, 801.0, 20.0)
    observed = np.histogram(mll, edges)[0]
    expected = np.histogram(reference.column("mll")[inside], edges, weights=reference.event_weights[inside])[0]
    top = int(np.argmax(observed - expected))
    return {
        "n_observed": region.n_observed,
        "n_expected": region.n_expected,
        "share_of_reference": region.n_expected / analysis.expected_events,
        "median_mll": float(np.median(mll)),
        "share_in_window": float(np.mean((mll > WINDOW[0]) & (mll < WINDOW[1]))),
        "peak": 0.5 * float(edges[top] + edges[top + 1]),
        "rule": region.rule.text,
        "rule_counts": str(region.rule.counted),
        "purity": region.rule.purity,
        "coverage": region.rule.coverage,
    }


def quantiles(rows: list[harness.Row], name: str) -> list[float]:
    """16 %, 50 % and 84 %."""
    return np.quantile([row[name] for row in rows], [0.16, 0.5, 0.84]).tolist() if rows else []


if __name__ == "__main__":
    SCRIPT.main()

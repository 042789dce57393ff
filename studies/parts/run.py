"""Data in parts: the power of splitting, what the common reference does to combined p, and choosing a model by its p.

    python -m studies.parts.run power histogram        # k = 1, 2, 4 and halves on NP1 to NP3, at equal size
    python -m studies.parts.run power set
    python -m studies.parts.run power network --n-null 300 --n-toys 100
    python -m studies.parts.run reference              # rates of combined p over many references
    python -m studies.parts.run choice                 # a number of bins chosen by its p

The exponential problem, N(R_0) = 2,000. ``power``: the same toys for every k; thresholds are those of the null toys, of
the whole procedure. ``halves``: f of one half on the other, one way, and both ways added. ``reference``: 2,000 expected
events, 20 bins, for each of many references of several sizes. ``choice``: histograms of 5, 10, 20 and 40 bins.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.fitting import fit_together
from wilks.hypotheses import Hypothesis
from wilks.parts.combined import combined, mean_correlation, share_at_or_above
from wilks.parts.dividing import part_analysis, parts_of
from wilks.parts.halves import FixedRatio
from wilks.problems import exponential
from wilks.significance import INDEPENDENT, chi2_sf, clopper_pearson, p_value
from wilks.toys import draw_toy

SIGNALS = (exponential.NP1, exponential.NP2, exponential.NP3)
NUMBERS, SIZES = (1, 2, 4), (0.05, p_value(2.0), p_value(3.0))
N_MOMENTS = 5_000
BINS, SHARES = (5, 10, 20, 40), (0.05, 0.01)
SEEDS = {"null": 1, "signal": 2, "division": 0}
MODELS = {
    "histogram": wilks.Histogram(n_bins=20),
    "set": None,
    "network": wilks.MLP(hidden=exponential.HIDDEN, weight_clip=exponential.WEIGHT_CLIP),
}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)


class Divided(NamedTuple):
    """What toys have: t of the parts by k, (n, k), and the standardized ratio of either half at f of the other."""

    t: dict[int, np.ndarray]
    crossed: np.ndarray


def analysis(model: wilks.statistics.Statistic | None, *, n_reference: int = 200_000, seed: int = 0) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(n_reference, seed=seed),
        model=model,
        toy_source=exponential.BACKGROUND,
        standardize=False,
    )


def divided(whole: wilks.Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Divided:
    parts = {k: part_analysis(whole, k) for k in NUMBERS}
    t = {k: np.empty((n_toys, k)) for k in NUMBERS}
    crossed = np.empty((n_toys, 2))
    for index in range(n_toys):
        events = draw_toy(whole, hypothesis, seed=seed, index=index)
        for k, part in parts.items():
            fits, pieces = fitted(part, events, k)
            t[k][index] = [fit.t for fit in fits]
            if k == 2:
                crossed[index] = [standardized(part, fits[one].params, pieces[1 - one]) for one in (0, 1)]
    return Divided(t, crossed)


def fitted(part: wilks.Analysis, events: np.ndarray, k: int) -> tuple[list[wilks.FitResult], list[np.ndarray]]:
    pieces = parts_of(events, n_parts=k, seed=SEEDS["division"])
    return fit_together(part, pieces), pieces


def standardized(half: wilks.Analysis, params: np.ndarray, tested: np.ndarray) -> float:
    """sum_B f less its mean, over its deviation, both by 5,000 events of the reference: Poisson sums of f and f^2.

    What these events are off moves all toys alike, and the thresholds with them.
    """
    ratio = FixedRatio(half, params)
    values = ratio(half.reference.events[:N_MOMENTS])
    mean, square = half.expected_events * np.mean(values), half.expected_events * np.mean(values**2)
    return float((np.sum(ratio(tested)) - mean) / np.sqrt(square))


@SCRIPT.part("power", family=[*MODELS], n_reference=200_000, n_null=2_000, n_toys=300)
def power(options) -> Iterator[harness.Row]:
    whole = analysis(MODELS[options.family], n_reference=options.n_reference)
    null, seconds = harness.timed(lambda: divided(whole, wilks.Null(), n_toys=options.n_null, seed=SEEDS["null"]))
    yield {"seconds_per_toy": seconds / options.n_null, "correlation": correlations(null)}
    for signal in SIGNALS:
        there = divided(whole, signal.alternative, n_toys=options.n_toys, seed=SEEDS["signal"])
        for name, (of_null, of_signal) in tests(null, there).items():
            yield {"signal": signal.name, "test": name} | powers(of_null, of_signal)


def correlations(null: Divided) -> dict[str, float]:
    """Of t of two parts, and of both crossed ratios."""
    of_parts = {f"k = {k}": mean_correlation(null.t[k]) for k in NUMBERS[1:]}
    return of_parts | {"crossed": mean_correlation(null.crossed)}


def tests(null: Divided, there: Divided) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Numbers that are smaller where data differ more, of null toys and of those with a signal."""
    found = {"k = 1": (-null.t[1][:, 0], -there.t[1][:, 0])}
    for k in NUMBERS[1:]:
        ranks = [share_at_or_above(finite(t), finite(null.t[k])) for t in (null.t[k], there.t[k])]
        floor = 0.5 / null.t[k].size
        for name, combine in INDEPENDENT.items():
            found[f"k = {k}, {name}"] = tuple(combine(np.maximum(one, floor)) for one in ranks)
    found["halves, one way"] = (-null.crossed[:, 0], -there.crossed[:, 0])
    found["halves, both ways"] = (-null.crossed.sum(axis=1), -there.crossed.sum(axis=1))
    return found


def finite(t: np.ndarray) -> np.ndarray:
    return np.nan_to_num(t, nan=np.inf)


def powers(null: np.ndarray, there: np.ndarray) -> harness.Row:
    """The share of toys as small as the quantile of the null at each of `SIZES`."""
    rows = {}
    for size in SIZES:
        rank = int(size * (null.size + 1))
        if rank:
            n_seen = int(np.sum(there <= np.sort(null)[rank - 1]))
            rows[f"{size:.3g}"] = (n_seen / there.size, *clopper_pearson(n_seen, there.size))
    return {"power": rows}


@SCRIPT.part("reference", n_references=200, n_data=20, n_calibration=199, ratios=(5, 20))
def reference(options) -> Iterator[harness.Row]:
    """Rates of p over references: among toys of all references, by chi-square, and among toys of each reference."""
    for ratio in options.ratios:
        n_reference, n = int(ratio * exponential.EXPECTED_EVENTS), options.n_data
        wholes = (
            analysis(wilks.Histogram(n_bins=20), n_reference=n_reference, seed=seed)
            for seed in range(options.n_references)
        )
        found = [one_reference(one, n, options.n_calibration, seed=k) for k, one in enumerate(wholes)]
        rates = {}
        for k in (1, 4):
            t, given = (np.concatenate([one[k][place] for one in found]) for place in (0, 1))
            ways = {"toys of all references": share_at_or_above(t, t), "chi-square": np.vectorize(chi2_sf)(t, 20.0)}
            for way, p in (ways | {"toys of this reference": given}).items():
                p = np.clip(p, 0.5 / t.size, 1.0 - 0.5 / t.size)
                for name, combine in INDEPENDENT.items() if k > 1 else {"": np.ravel}.items():
                    rates[f"k = {k}, {way}{name and ', ' + name}"] = shares(combine(p))
            rates[f"k = {k}, toys of the whole procedure, fisher"] = shares(
                np.concatenate([one[k][2] for one in found])
            )
        t4 = np.concatenate([one[4][0] for one in found])
        yield {"ratio": ratio, "n": len(t4), "correlation": mean_correlation(t4), "rates": rates}


def shares(p: np.ndarray) -> list[float]:
    return [float(np.mean(p <= share * (1.0 + 1e-9))) for share in SHARES]


def one_reference(whole: wilks.Analysis, n_data: int, n_calibration: int, *, seed: int) -> dict[int, tuple]:
    """t of the parts of data sets of the null, by k; their p among toys with this reference, and that of all parts."""
    found = {}
    for k in (1, 4):
        part = part_analysis(whole, k)
        t, null = (
            np.array([[fit.t for fit in fitted(part, events, k)[0]] for events in toys(whole, n, seed=2 * seed + odd)])
            for odd, n in enumerate((n_data, n_calibration))
        )
        given = (share_at_or_above(t, null) * null.size + 1.0) / (null.size + 1.0)
        answers = [combined(row, null, n_events=(0,) * k, combination="fisher").p_value for row in t]
        found[k] = t, given, np.array(answers)
    return found


def toys(whole: wilks.Analysis, n: int, *, seed: int) -> Iterator[np.ndarray]:
    return (draw_toy(whole, wilks.Null(), seed=seed, index=index) for index in range(n))


@SCRIPT.part("choice", n_null=2_000, n_toys=500)
def choice(options) -> Iterator[harness.Row]:
    """A number of bins that is chosen by its p: rates of the null at 5 %, and power there."""
    wholes = [analysis(wilks.Histogram(n_bins=n)) for n in BINS]
    null = chosen_from(wholes, wilks.Null(), n_toys=options.n_null, seed=SEEDS["null"])
    fresh = chosen_from(wholes, wilks.Null(), n_toys=options.n_null, seed=SEEDS["null"] + 10)
    yield {"hypothesis": "null", "rates": ways(null, fresh)}
    for signal in SIGNALS:
        there = chosen_from(wholes, signal.alternative, n_toys=options.n_toys, seed=SEEDS["signal"])
        yield {"hypothesis": signal.name, "rates": ways(null, there)}


class Candidates(NamedTuple):
    """t of all data, of either half, (n, models), and the ratio of the second half at f of the first."""

    whole: np.ndarray
    first: np.ndarray
    second: np.ndarray
    ratio: np.ndarray


def chosen_from(wholes: Sequence[wilks.Analysis], hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Candidates:
    halves = [part_analysis(one, 2) for one in wholes]
    found = np.empty((4, n_toys, len(wholes)))
    for index in range(n_toys):
        events = draw_toy(wholes[0], hypothesis, seed=seed, index=index)
        for j, (whole, half) in enumerate(zip(wholes, halves, strict=True)):
            (first, second), pieces = fitted(half, events, 2)
            ratio = standardized(half, first.params, pieces[1])
            found[:, index, j] = fit_together(whole, [events])[0].t, first.t, second.t, ratio
    return Candidates(*found)


def ways(null: Candidates, there: Candidates) -> dict[str, float]:
    """The share with p at most 5 %, by how the model was chosen and what is quoted."""
    p = {name: ranked(getattr(null, name), getattr(there, name)) for name in Candidates._fields}
    own = {name: ranked(getattr(null, name), getattr(null, name)) for name in Candidates._fields}
    rows, chosen = np.arange(len(there.whole)), np.argmin(p["first"], axis=1)
    smallest = share_at_or_above(-p["whole"].min(axis=1), -own["whole"].min(axis=1))
    quoted = {
        "smallest p of all data": p["whole"].min(axis=1),
        "smallest p, among toys that choose alike": smallest,
        "chosen on a half, t of the other": p["second"][rows, chosen],
        "chosen on a half, its f on the other": p["ratio"][rows, chosen],
    }
    single = {f"{n} bins, all data": p["whole"][:, j] for j, n in enumerate(BINS)}
    return {name: float(np.mean(one <= SHARES[0])) for name, one in (quoted | single).items()}


def ranked(null: np.ndarray, values: np.ndarray) -> np.ndarray:
    """p of each column among that of the null."""
    columns = zip(values.T, null.T, strict=True)
    return np.stack([share_at_or_above(one, among) for one, among in columns], axis=1)


if __name__ == "__main__":
    SCRIPT.main()

"""What is seen where the reference, or an auxiliary measurement, holds some of the signal itself.

    python -m studies.contamination.run reference    # power of the default set
    python -m studies.contamination.run kernel       # of one kernel, a reference for every few toys
    python -m studies.contamination.run compare      # of `wilks.compare`, a reference as small as the data
    python -m studies.contamination.run excess       # the mean of t of one kernel against its formula
    python -m studies.contamination.run auxiliary    # a normalization measured where the signal is too

The exponential problem with its signals, N(R_0) = 2000. A contamination c puts c times the expected events of the
signal into the reference, with its density of events (`wilks.power.contaminated`): toys of the null are what that
reference expects, background and c of the signal, and toys of the data have all of it.

``reference``: the default set, a reference of N_R = ratio x 2000 events. For the largest ratio one reference is fixed.
For the others there are ``n_references`` with an equal share of the toys, and p is counted among toys of all of them:
their own fluctuations are then in the null. ``same_as`` is what is seen, at the largest ratio, of a clean signal of
sqrt(`wilks.power.excess_left`) times the events: the leading order.

``kernel``: the same for one kernel without contamination, a new reference for every toy of a signal.
``compare``: what two samples on equal terms see, each of 2000 expected events.

``excess``: mean of t less that of the null, one kernel as a score statistic, in units of that at c = 0; with
(1 - c)^2 and with (1 - c)^2 int s^2/(b + c S s) / int s^2/b. ``auxiliary``: the same with a normalization (sigma 1 %),
whose measurement is shifted by c S/B, and with the scale (5 %) too, shifted by c sigma; with the formula of
`wilks.power.count_excess_left`, and what the default set sees.
"""

from collections.abc import Iterator

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.campaign.run import toys_here
from wilks.hypotheses import Alternative, Null
from wilks.laws.empirical import Empirical
from wilks.power import contaminated, excess_left
from wilks.problems import exponential
from wilks.significance import clopper_pearson, p_value, z_score

SCRIPT = harness.Script(__file__, __doc__, seed={"reference": 0, "toys": 5})
SIGNALS = {one.name: one for one in (exponential.NP1, exponential.NP2_90, exponential.NP3)}
B = exponential.EXPECTED_EVENTS
SIGMA_SCALE, SIGMA_NORMALIZATION = 0.05, 0.01
KERNEL = {"width": 1.0, "ridge": 0.3, "is_score": True}


def analysis_of(ratio: float, *, seed: int = 0, model: wilks.Kernel | None = None, nuisances=()) -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(round(ratio * B), seed=seed),
        model=model,
        nuisances=nuisances,
        toy_source=exponential.BACKGROUND,
    )


def with_share(analysis: wilks.Analysis, signal: exponential.Signal, share: float, *, seed: int = 0):
    """The analysis, its null, and the data with the signal."""
    if not share:
        return analysis, Null(), signal.alternative
    made = contaminated(analysis, signal=signal.generator, n_signal=share * signal.n_signal, seed=seed)
    return made.analysis, made.null, made.data_of(signal.alternative)


def t_of(analysis: wilks.Analysis, hypothesis, n_toys: int, *, seed: int = 5) -> np.ndarray:
    return toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed, progress=lambda done, wanted: None).t


def seen(null: np.ndarray, own: np.ndarray) -> harness.Row:
    """Power at 2 sigma with its 68 % interval, and the median Z."""
    law = Empirical.of(null)
    p = law.p_values(own)
    k = int(np.count_nonzero(p <= p_value(2.0)))
    return {"power": [k / p.size, *clopper_pearson(k, p.size)], "z": z_score(float(np.median(p)))}


@SCRIPT.part("reference", ratios=(1, 10, 100), shares=(0.0, 0.1, 0.3, 1.0), n_references=10, n_null=1200, n_toys=300)
def reference(options) -> Iterator[harness.Row]:
    exact = analysis_of(max(options.ratios))
    null = t_of(exact, Null(), options.n_null)
    for name, signal in SIGNALS.items():
        for ratio in options.ratios:
            n_references = 1 if ratio == max(options.ratios) else options.n_references
            for share in options.shares:
                of_references = [
                    with_share(analysis_of(ratio, seed=seed), signal, share, seed=seed) for seed in range(n_references)
                ]
                counts = options.n_null // n_references, options.n_toys // n_references
                values = [
                    np.concatenate([t_of(one[0], one[place], n, seed=5 + i) for i, one in enumerate(of_references)])
                    for place, n in zip((1, 2), counts, strict=True)
                ]
                inverse = 0.0 if ratio == max(options.ratios) else 1.0 / ratio
                left = excess_left(share, n_reference_per_data=1.0 / inverse if inverse else np.inf)
                yield {"signal": name, "ratio": ratio, "share": share, **seen(*values), "excess_left": left} | {
                    "same_as": seen(null, t_of(exact, scaled(signal, np.sqrt(left)), options.n_toys))
                }


def scaled(signal: exponential.Signal, factor: float) -> Alternative:
    return Alternative(signal=signal.generator, n_signal=signal.n_signal * factor)


@SCRIPT.part("kernel", ratios=(1, 3, 10), n_references=400, n_null=3, n_exact=1200)
def kernel(options) -> Iterator[harness.Row]:
    """Toys of the null, and one of each signal, for every one of many references without a signal."""
    exact = analysis_of(100, model=wilks.Kernel(**KERNEL))
    exact_null = t_of(exact, Null(), options.n_exact)
    for ratio in options.ratios:
        null, own = [], {name: [] for name in SIGNALS}
        for seed in range(options.n_references):
            analysis = analysis_of(ratio, seed=1 + seed, model=wilks.Kernel(**KERNEL))
            null.append(t_of(analysis, Null(), options.n_null, seed=1 + seed))
            for name, values in own.items():
                values.append(t_of(analysis, SIGNALS[name].alternative, 1, seed=1 + seed))
        left = excess_left(0.0, n_reference_per_data=ratio)
        for name, values in own.items():
            clean = t_of(exact, scaled(SIGNALS[name], np.sqrt(left)), options.n_references)
            row = {"signal": name, "ratio": ratio, **seen(np.concatenate(null), np.concatenate(values))}
            yield row | {"excess_left": left, "same_as": seen(exact_null, clean)}


@SCRIPT.part("compare", n_pairs=30, n_permutations=199)
def compare(options) -> Iterator[harness.Row]:
    """Data with a signal against as many events without, on equal terms."""
    for name, signal in SIGNALS.items():
        p = []
        for seed in range(options.n_pairs):
            data, clean = exponential.data(signal, seed=seed), exponential.data(seed=10_000 + seed)
            counts = {"with_counts": True, "expected_ratio": 1.0}
            p.append(wilks.compare(data, clean, n_permutations=options.n_permutations, **counts).p_value)
        k = int(np.count_nonzero(np.array(p) <= p_value(2.0)))
        yield {
            "signal": name,
            "ratio": 1,
            "power": [k / len(p), *clopper_pearson(k, len(p))],
            "z": z_score(float(np.median(p))),
        }


@SCRIPT.part("excess", shares=(0.0, 0.1, 0.3, 0.5, 1.0), n_toys=4000)
def excess(options) -> Iterator[harness.Row]:
    analysis = analysis_of(100, model=wilks.Kernel(**KERNEL))
    for name, signal in SIGNALS.items():
        first = None
        for share in options.shares:
            changed, null, data = with_share(analysis, signal, share)
            own, error = difference(*(t_of(changed, one, options.n_toys) for one in (data, null)))
            first = (own, error) if first is None else first
            left = own / first[0]
            yield {
                "signal": name,
                "share": share,
                "excess": own,
                "left": left,
                "left_error": np.hypot(error, left * first[1] * (share > 0)) / first[0],
                "leading_order": excess_left(share),
                "with_local_density": excess_left(share) * local_factor(signal, share),
            }


def difference(own: np.ndarray, null: np.ndarray) -> tuple[float, float]:
    """Mean of t of data less that of the null, with its error."""
    return float(own.mean() - null.mean()), float(np.sqrt(sum(one.var() / one.size for one in (own, null))))


def local_factor(signal: exponential.Signal, share: float) -> float:
    """int s^2/(b + c S s) / int s^2/b, of densities in expected events."""
    x = np.linspace(0.0, 40.0, 400_001)
    s, b = signal.n_signal * signal.density(x), B * exponential.background_density(x)
    inside = s > 1e-12 * s.max()
    return float(np.sum(s[inside] ** 2 / (b + share * s)[inside]) / np.sum(s[inside] ** 2 / b[inside]))


@SCRIPT.part("auxiliary", shares=(0.0, 0.5, 1.0), n_null=1200, n_toys=300, n_kernel=2000)
def auxiliary(options) -> Iterator[harness.Row]:
    """First the normalization alone, then the scale as well, whose measurement is shifted by c sigma."""
    nuisances = exponential.nuisances(SIGMA_SCALE, SIGMA_NORMALIZATION)
    for kind, chosen in {"normalization": nuisances[1:], "scale": nuisances}.items():
        default, kernel = (
            analysis_of(100 if model else 10, model=model, nuisances=chosen) for model in (None, wilks.Kernel(**KERNEL))
        )
        null, of_kernel = t_of(default, Null(), options.n_null), t_of(kernel, Null(), options.n_kernel)
        for name in ("NP2-90", "NP3"):
            signal, first = SIGNALS[name], None
            for share in options.shares:
                offset = share * (signal.n_signal / B if kind == "normalization" else SIGMA_SCALE)
                data = Alternative(signal=signal.generator, n_signal=signal.n_signal, auxiliary_offsets={kind: offset})
                own, error = difference(t_of(kernel, data, options.n_kernel), of_kernel)
                first = own if first is None else first
                row = {"nuisance": kind, "signal": name, "share": share, "offset": offset}
                row |= {"excess": own, "error": error, "less": first - own}
                if kind == "normalization":
                    row |= {"formula_less": count_part(signal, 0.0) - count_part(signal, share)}
                yield row | seen(null, t_of(default, data, options.n_toys))


def count_part(signal: exponential.Signal, share: float) -> float:
    """(1 - c)^2 (S/B)^2 / (1/B + sigma^2)."""
    return ((1.0 - share) * signal.n_signal / B) ** 2 / (1.0 / B + SIGMA_NORMALIZATION**2)


if __name__ == "__main__":
    SCRIPT.main()

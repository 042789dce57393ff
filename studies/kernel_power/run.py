"""Kernels of several widths on the exponential problem: the choice of one set, and its power.

    python -m studies.kernel_power.run choose    # which widths, ridges and combination, on signals drawn at random
    python -m studies.kernel_power.run power     # the chosen set in the configurations of the literature
    python -m studies.kernel_power.run prototype # the widths of an earlier study, on the same toys

``power`` has the signals of "Multiple testing for signal-agnostic searches for new physics with machine learning"
(2,000 expected events of Exp(1), reference 200,000, Gaussian signals), with the published power of the smallest p of
several kernels and of the best single width. Data are drawn exactly, x ~ Exp(1) with Poisson counts; the reference is
one sample for all toys, as published. Thresholds come from null toys, of which a share of 0.02275 (2 sigma) and 0.00135
(3 sigma) lies above; errors are those of both numbers of toys. Beside the set stands the exact likelihood ratio of each
signal, sum_D log(1 + S g/b) - S, on the same toys: no test of this size has more power.

``choose`` looks at none of these. It draws signals, Gaussians of standard deviation s log-uniform in (0.01, 1) and mean
uniform in (3 s but at least 1, 8), each as large as gives the exact likelihood ratio a median Z of `CHOICE_Z`, and
takes the set with the largest power, averaged over signals and over 2 and 3 sigma. Candidates: neighbors among `GRID`,
all or every other one; one ridge or three; the three combinations. `CHOSEN` is what it said.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import benchmarks.harness as harness
import numpy as np
import scipy.optimize

import wilks
from wilks.problems import exponential
from wilks.problems.optimal import optimal_median_z
from wilks.significance import COMBINATIONS, count_at_or_above, p_value

GRID, RIDGES = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.35, 0.6, 1.0, 1.7, 3.0), (0.03, 0.1, 0.3, 1.0, 3.0)
CHOICE_Z, N_CHOICE_SIGNALS = 4.5, 24
CHOSEN = {"widths": (0.05, 0.08, 0.12, 0.2, 0.35, 0.6, 1.0), "ridges": (0.3,), "combination": "product"}
PROTOTYPE = {"widths": (0.05, 0.15, 0.4, 1.0, 2.5), "ridges": (0.3,), "combination": "product"}
SIGMAS = (2.0, 3.0)
BATCH = 250
SCRIPT = harness.Script(__file__, __doc__, seed={"signals": 2024, "null": [100, 1], "toys": "one more for each"})


@dataclass(frozen=True)
class Peak:
    """A Gaussian signal of ``n_signal`` expected events."""

    n_signal: float
    mean: float
    deviation: float

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(self.mean, self.deviation, size=(rng.poisson(self.n_signal), 1))

    def ratio(self, x: np.ndarray) -> np.ndarray:
        """S g(x) / b(x)."""
        z = (x - self.mean) / self.deviation
        peak = self.n_signal * np.exp(-0.5 * z**2) / (self.deviation * np.sqrt(2 * np.pi))
        return peak / exponential.EXPECTED_EVENTS * np.exp(x)

    def log_likelihood_ratio(self, events: np.ndarray) -> float:
        return float(np.sum(np.log1p(self.ratio(events[:, 0]))) - self.n_signal)

    def median_z(self) -> float:
        """Of the exact likelihood ratio."""
        step = self.deviation / 50
        x = np.arange(max(0.0, self.mean - 8 * self.deviation) + step / 2, self.mean + 8 * self.deviation, step)
        return optimal_median_z(np.log1p(self.ratio(x)), exponential.EXPECTED_EVENTS * np.exp(-x) * step)


# With the published power at 2 and 3 sigma of the smallest p, then of the best single width, and that which the earlier
# study found for `PROTOTYPE` (null of 3,000 toys, 500 toys of each signal).
LITERATURE = (
    (Peak(7, 4.0, 0.01), (0.063, 0.008), (0.083, 0.012), (0.194, 0.050)),
    (Peak(18, 4.0, 0.16), (0.314, 0.103), (0.367, 0.123), (0.484, 0.196)),
    (Peak(13, 4.0, 0.64), (0.066, 0.007), (0.082, 0.012), (0.140, 0.020)),
    (Peak(90, 1.6, 0.16), (0.877, 0.659), (0.913, 0.702), (0.944, 0.772)),
    (Peak(10, 6.4, 0.16), (0.581, 0.316), (0.664, 0.360), (0.758, 0.600)),
)


def centers_of(width: float) -> int:
    """Half of the centers are spread over the range of 12: 1.5 widths apart, or 50 of them."""
    return max(100, round(16 / width))


def analysis_of(widths: tuple[float, ...], ridges: tuple[float, ...], combination: str = "product") -> wilks.Analysis:
    model = wilks.KernelSet(widths, ridges, n_centers=tuple(map(centers_of, widths)), combination=combination)
    return wilks.Analysis(
        reference=exponential.reference(), model=model, toy_source=exponential.BACKGROUND, standardize=False
    )


def toys(seed: int, n_toys: int, signal: Peak | None = None) -> Iterator[list[np.ndarray]]:
    """Data sets in portions of `BATCH`."""
    rng = np.random.Generator(np.random.Philox(seed))
    for first in range(0, n_toys, BATCH):
        counts = rng.poisson(exponential.EXPECTED_EVENTS, size=min(BATCH, n_toys - first))
        sets = [exponential.background(rng, n, {}) for n in counts]
        yield sets if signal is None else [np.concatenate([one, signal.draw(rng)]) for one in sets]


def threshold(null: np.ndarray, sigma: float, *, shift: float = 0.0) -> float:
    """The smallest statistic whose empirical p = (k + 1)/(n + 1) is at most p(sigma), or ``shift`` errors of k off."""
    k = max(1.0, p_value(sigma) * (null.size + 1) - 1)
    k = int(max(1, np.floor(k + shift * np.sqrt(k))))
    return float(np.partition(null, null.size - k)[null.size - k])


def power(null: np.ndarray, found: np.ndarray, sigma: float) -> tuple[float, float]:
    """The share of toys of a signal that reach the threshold, with its error."""
    low, share, high = (
        count_at_or_above(found, threshold(null, sigma, shift=s)) / found.size for s in (-1.0, 0.0, 1.0)
    )
    binomial = np.sqrt(max(share * (1 - share), 1 / found.size) / found.size)
    return share, float(np.hypot(binomial, 0.5 * (high - low)))


def choice_signals() -> list[Peak]:
    rng = np.random.Generator(np.random.Philox(2024))
    peaks = []
    for _ in range(N_CHOICE_SIGNALS):
        deviation = np.exp(rng.uniform(np.log(0.01), 0.0))
        mean = rng.uniform(max(1.0, 3 * deviation), 8.0)
        size = scipy.optimize.brentq(
            lambda s, m=mean, d=deviation: Peak(s, m, d).median_z() - CHOICE_Z, 1.0, 2000.0, rtol=1e-3
        )
        peaks.append(Peak(float(size), float(mean), float(deviation)))
    return peaks


def candidates() -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Places in `GRID` and in `RIDGES`."""
    ridges = [(i,) for i in range(len(RIDGES))] + [(0, 2, 4)]
    n = len(GRID)
    ranges = (range(first, last + 1, step) for first, last, step in itertools.product(range(n), range(n), (1, 2)))
    places = {tuple(one) for one in ranges if len(one)}
    yield from itertools.product(sorted(places), ridges)


@SCRIPT.part("choose", n_null=30_000, n_signal=500)
def choose(options) -> Iterator[harness.Row]:
    """The signals, then the 50 best candidates, with the power for each signal of the best."""
    engine = analysis_of(GRID, RIDGES).engine
    signals = choice_signals()
    yield {"signals": [vars(one) for one in signals]}
    shape, jobs = (-1, len(GRID), len(RIDGES)), [(100, options.n_null, None)]
    jobs += [(101 + i, options.n_signal, signal) for i, signal in enumerate(signals)]
    null, *found = (
        np.concatenate([engine.laws.log_p(engine.scores(sets)) for sets in toys(*job)]).reshape(shape) for job in jobs
    )
    rows = []
    for (places, ridges), (name, combine) in itertools.product(candidates(), COMBINATIONS.items()):
        some = np.ix_(places, ridges)
        under_null, *under = (combine(one[:, *some].reshape(len(one), -1)) for one in (null, *found))
        cuts = [threshold(under_null, sigma) for sigma in SIGMAS]
        powers = np.array([[np.mean(one >= cut) for cut in cuts] for one in under])
        row = {"widths": [GRID[i] for i in places], "ridges": [RIDGES[i] for i in ridges], "combination": name}
        rows.append(row | {"mean_power": powers.mean(), "least_power": powers.min(axis=0), "power": powers})
    rows.sort(key=lambda row: -row["mean_power"])
    yield rows[0]
    yield from ({name: value for name, value in row.items() if name != "power"} for row in rows[1:50])


@SCRIPT.part("power", n_null=100_000, n_signal=4000)
def power_of_chosen(options) -> Iterator[harness.Row]:
    return power_of(CHOSEN, options)


@SCRIPT.part("prototype", n_null=100_000, n_signal=4000)
def power_of_prototype(options) -> Iterator[harness.Row]:
    return power_of(PROTOTYPE, options)


def power_of(chosen: dict[str, object], options) -> Iterator[harness.Row]:
    analysis = analysis_of(**chosen)
    engine, peaks, null = analysis.engine, [row[0] for row in LITERATURE], []
    yield {"model": analysis.model.to_dict()}
    for sets in toys(1, options.n_null):
        exact = [[peak.log_likelihood_ratio(one) for peak in peaks] for one in sets]
        null.append((engine.laws.log_p(engine.scores(sets)), exact))
    log_p, exact_null = (np.concatenate(some) for some in zip(*null, strict=True))
    for i, (peak, published, single, prototype) in enumerate(LITERATURE):
        pairs = [
            (engine.laws.log_p(engine.scores(sets)), [peak.log_likelihood_ratio(one) for one in sets])
            for sets in toys(2 + i, options.n_signal, peak)
        ]
        seen, ratios = (np.concatenate(some) for some in zip(*pairs, strict=True))
        row = {"published_min_p": published, "published_single": single, "prototype": prototype}
        row |= {name: [power(f(log_p), f(seen), s) for s in SIGMAS] for name, f in COMBINATIONS.items()}
        row["single"] = [[power(-log_p[:, j], -seen[:, j], s) for s in SIGMAS] for j in range(log_p.shape[1])]
        row["exact"] = [power(exact_null[:, i], ratios, s) for s in SIGMAS]
        yield vars(peak) | {"exact_median_z": peak.median_z()} | row


if __name__ == "__main__":
    SCRIPT.main()

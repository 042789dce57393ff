"""Power at equal size of one-sample and two-sample tests, by the size of the reference.

    python -m studies.ratios.run averaged      # one sample against a fresh reference for each toy
    python -m studies.ratios.run symmetrised   # networks and bins that take the pooled sample as their reference

The exponential problem: data of Poisson(2,000) events, NP1 to NP3 on top, references of ``ratio`` times 2,000 events.
Power at 2 sigma: the share of signal toys beyond the 97.72 % quantile of the statistic's own null toys, with an error
by bootstrap over both. Null and signal toys have a reference of their own each, so that the null averages over
references. Tests of one sample know that 2,000 events are expected; those of two do not look at numbers.

Seconds are of the processor, for one toy: of ``averaged`` with its share of what a reference takes, which is there for
the null and for all signals.
"""

from collections.abc import Callable, Iterator
from functools import partial

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.fitting import fit_together
from wilks.problems import exponential
from wilks.statistics import Statistic

from studies.common import power
from studies.symmetrised.fits import N_BINS, binned, default_set
from studies.symmetrised.fits import symmetrised as symmetrised_network

SCRIPT = harness.Script(__file__, __doc__, seed={"toys": 41})
EXPECTED = exponential.EXPECTED_EVENTS
SIGNALS = (None, exponential.NP1, exponential.NP2, exponential.NP3)
NAMES = ("null", *(one.name for one in SIGNALS if one))
CLIP, N_STARTS = 3.0, 8
MODELS: dict[str, Callable[[], Statistic]] = {
    "histogram": lambda: wilks.Histogram(n_bins=N_BINS),
    "scan": lambda: wilks.Scan(),
    "scan for excesses": lambda: wilks.Scan(deviations="excesses"),
    "default set": lambda: wilks.KernelSet(),
    "network": lambda: wilks.MLP(hidden=exponential.HIDDEN, weight_clip=CLIP),
}
LINEAR = ("histogram", "scan", "scan for excesses", "default set")


def rng_of(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((41, *key))))


def reference_of(ratio: int, index: int) -> wilks.Sample:
    """Reference ``index`` of ratio x 2,000 events, which expects 2,000."""
    n = round(ratio * EXPECTED)
    return wilks.Sample(rng_of(1, ratio, index).exponential(size=(n, 1)), np.full(n, EXPECTED / n), features=("x",))


def data_of(place: int, index: int) -> np.ndarray:
    """Data set ``index`` of the null or a signal, by its place in `SIGNALS`."""
    rng, signal = rng_of(2, place, index), SIGNALS[place]
    events = exponential.background(rng, rng.poisson(EXPECTED), {})
    if signal is None:
        return events
    return np.concatenate([events, signal.draw(rng, rng.poisson(signal.n_signal), {})])


def model_of(name: str, ratio: int) -> Statistic:
    """What is tested; widths of the default set are those that one reference of this size chooses."""
    model = MODELS[name]()
    if name != "default set":
        return model
    placed = wilks.Analysis(reference=reference_of(ratio, 10**6), model=model).model
    return wilks.KernelSet(widths=placed.widths)


def t_of(reference: wilks.Sample, model: Statistic, data: list[np.ndarray]) -> list[float]:
    """t of each data set against this reference."""
    analysis = wilks.Analysis(reference=reference, model=model, search=wilks.Search(n_starts=N_STARTS))
    return [one.t for one in fit_together(analysis, data)]


def powers(t: np.ndarray) -> harness.Row:
    """Of t (toys, 4), null first, NaN where a fit failed."""
    null, *signals = (column[np.isfinite(column)] for column in t.T)
    row = {name: power(null, own) for name, own in zip(NAMES[1:], signals, strict=True)}
    return row | {"n_failed": int(np.sum(~np.isfinite(t)))}


def kept_or(options, key: harness.Row, measure: Callable[[], harness.Row]) -> harness.Row:
    """The row of an earlier run, or a new one with its seconds."""
    for one in options.kept:
        if all(one[name] == value for name, value in key.items()):
            return one
    clock = harness.Clock()
    found = measure()
    return key | found | clock.read("toy", shared_by=found["n_fits"])


@SCRIPT.part("averaged", ratios=(1, 2, 5), n_toys=(300, 300, 150), networks=(1,), n_network=150, tests=tuple(MODELS))
def averaged(options) -> Iterator[harness.Row]:
    """Networks at some of the ratios alone."""
    for ratio, n_toys in zip(options.ratios, options.n_toys, strict=True):
        for name in options.tests:
            if name in LINEAR or ratio in options.networks:
                n = n_toys if name in LINEAR else options.n_network
                yield kept_or(options, {"test": name, "ratio": ratio}, partial(_averaged, name, ratio, n))


def _averaged(name: str, ratio: int, n_toys: int) -> harness.Row:
    model, t = model_of(name, ratio), []
    for index in range(n_toys):
        data = [data_of(place, index) for place in range(len(SIGNALS))]
        t.append(t_of(reference_of(ratio, index), model, data))
    return {"n_toys": n_toys, "n_fits": 4 * n_toys} | powers(np.array(t))


def bins(data: np.ndarray, reference: np.ndarray) -> float:
    return binned(data[:, 0], reference[:, 0])


def network(data: np.ndarray, reference: np.ndarray) -> float:
    return float(symmetrised_network(data[:, 0], reference[:, 0], clip=CLIP, n_starts=N_STARTS).sum())


def compared(data: np.ndarray, reference: np.ndarray) -> float:
    return default_set(data[:, 0], reference[:, 0])


PAIRED = {"bins": bins, "network": network, "default set": compared}


@SCRIPT.part(
    "symmetrised", ratios=(1, 2, 5), n_bins=2_000, networks=(1,), n_null=120, n_toys=60, tests=("bins", "network")
)
def symmetrised(options) -> Iterator[harness.Row]:
    for ratio in options.ratios:
        for name in options.tests:
            if name != "network" or ratio in options.networks:
                yield kept_or(options, {"test": name, "ratio": ratio}, partial(_symmetrised, name, ratio, options))


def _symmetrised(name: str, ratio: int, options) -> harness.Row:
    test = PAIRED[name]
    sizes = [options.n_bins] * 4 if name == "bins" else [options.n_null, *[options.n_toys] * 3]
    t = [np.array([test(data_of(p, k), reference_of(ratio, k).events) for k in range(n)]) for p, n in enumerate(sizes)]
    null, *signals = (one[np.isfinite(one)] for one in t)
    row = {one: power(null, own) for one, own in zip(NAMES[1:], signals, strict=True)}
    n_failed = int(sum(np.sum(~np.isfinite(one)) for one in t))
    return {"n_null": sizes[0], "n_toys": sizes[1], "n_fits": sum(sizes), "n_failed": n_failed} | row


if __name__ == "__main__":
    SCRIPT.main()

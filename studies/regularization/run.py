"""What keeps a network from fitting noise, beside the box: a penalty, averages, early stopping; null and power of each.

    python -m studies.regularization.run power

The exponential problem, 2,000 events expected, reference of 200,000; four hidden neurons, 13 parameters,

    f(x) = sum_k c_k s(a_k x + b_k) + d,   L[f] = sum_R w (exp f - 1) - sum_D f,

minimized by L-BFGS-B in double precision from the same starts for every method, events merged in cells of .03.

``box W``: |w| <= W, t = -2 min L. ``no box``: none, 150 iterations. ``L2 l``: no box, t = -2 min [L + l |w|^2], the
penalty included. ``mean of starts``: f averaged over the minima in the box of 9 that the starts end in, t = -2 L of it.
``early stop, all``: f is fitted to either half of the data, with half of the reference, and stopped at the iteration at
which L of the other half is least (f = 0 if none is below); t = -2 L of the mean of both f on all data.
``early stop, held out``: t = -2 (the sum of those L of the other halves).

``power``: mean and spread of t under the null, and power at 2 sigma of each method by its own null toys.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import benchmarks.harness as harness
import numpy as np
import scipy.optimize
import scipy.special

from wilks.problems import exponential
from wilks.samples import in_cells

from studies.common import power as power_of

SCRIPT = harness.Script(__file__, __doc__, seed={"toys": 51, "starts": 52})
N_HIDDEN, CELL, MAX_ITERATIONS, BOX = 4, 0.03, 150, 9.0
SIGNALS = (None, exponential.NP1, exponential.NP3)


class Points(NamedTuple):
    """Cells (m,) with the expected events and the data events in each."""

    x: np.ndarray
    expected: np.ndarray
    counts: np.ndarray


class Minimum(NamedTuple):
    params: np.ndarray
    value: float


def rng_of(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((51, *key))))


def events_of(place: int, index: int) -> np.ndarray:
    """Data set ``index`` of the null or a signal, by its place in `SIGNALS`."""
    rng, signal = rng_of(place, index), SIGNALS[place]
    events = exponential.background(rng, rng.poisson(exponential.EXPECTED_EVENTS), {})
    extra = signal.draw(rng, rng.poisson(signal.n_signal), {}) if signal else events[:0]
    return np.concatenate([events, extra])[:, 0]


def points_of(reference: tuple[np.ndarray, np.ndarray], events: np.ndarray) -> Points:
    """Cells of the reference, and of the data beside them."""
    x, counts = in_cells(events, np.ones(events.size), width=CELL)
    own, expected = reference
    zeros = np.zeros
    return Points(np.append(own, x), np.append(expected, zeros(x.size)), np.append(zeros(own.size), counts))


def log_ratio(params: np.ndarray, x: np.ndarray) -> np.ndarray:
    a, b, c = params[:-1].reshape(3, N_HIDDEN, 1)
    return np.sum(c * scipy.special.expit(a * x + b), axis=0) + params[-1]


def loss_of(f: np.ndarray, points: Points) -> float:
    with np.errstate(over="ignore"):
        return float(points.expected @ np.expm1(f) - points.counts @ f)


def loss(params: np.ndarray, points: Points, penalty: float) -> tuple[float, np.ndarray]:
    """L + penalty |w|^2, and its gradient."""
    a, b, c = params[:-1].reshape(3, N_HIDDEN, 1)
    s = scipy.special.expit(a * points.x + b)
    f = np.minimum(np.sum(c * s, axis=0) + params[-1], 500.0)
    residual = points.expected * np.exp(f) - points.counts
    slope = residual * c * s * (1.0 - s)
    gradient = np.concatenate([slope @ points.x, slope.sum(axis=1), s @ residual, [residual.sum()]])
    return loss_of(f, points) + penalty * float(params @ params), gradient + 2.0 * penalty * params


def starts(index: int, n: int) -> np.ndarray:
    """Parameters (n, 13) with f = 0: steps of some width at some place, of no height as yet."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((52, index))))
    steep = rng.uniform(0.5, 6.0, size=(n, N_HIDDEN)) * rng.choice([-1.0, 1.0], size=(n, N_HIDDEN))
    place = rng.uniform(0.0, 4.0, size=(n, N_HIDDEN))
    shift = np.clip(-steep * place, -BOX, BOX)
    return np.concatenate([steep, shift, rng.normal(0.0, 0.1, size=(n, N_HIDDEN)), np.zeros((n, 1))], axis=1)


def minima(points: Points, begin: np.ndarray, *, box: float | None, penalty: float = 0.0) -> list[Minimum]:
    bounds = None if box is None else [(-box, box)] * begin.shape[1]
    begin = begin if box is None else np.clip(begin, -box, box)
    options = {"maxiter": MAX_ITERATIONS, "maxfun": 10 * MAX_ITERATIONS, "ftol": 1e-10}
    ends = [
        scipy.optimize.minimize(
            loss, one, (points, penalty), jac=True, bounds=bounds, method="L-BFGS-B", options=options
        )
        for one in begin
    ]
    return [Minimum(one.x, float(one.fun)) for one in ends]


def best(found: list[Minimum]) -> float:
    return -2.0 * min(0.0, *(one.value for one in found))


def box_and_mean(points: Points, begin: np.ndarray) -> dict[str, float]:
    found = minima(points, begin, box=BOX)
    mean = np.mean([log_ratio(one.params, points.x) for one in found], axis=0)
    return {f"box {BOX:g}": best(found), "mean of starts": -2.0 * loss_of(mean, points)}


def early_stop(reference: tuple[np.ndarray, np.ndarray], events: np.ndarray, begin: np.ndarray) -> dict[str, float]:
    """t on all data of the mean of both f, and of the halves that were held out."""
    x, expected = reference
    halves = [points_of((x, 0.5 * expected), events[k::2]) for k in (0, 1)]
    stopped = [stopped_at(*pair, begin) for pair in (halves, halves[::-1])]
    whole = points_of(reference, events)
    mean = np.mean([np.zeros(whole.x.size) if w is None else log_ratio(w, whole.x) for w, _ in stopped], axis=0)
    held_out = -2.0 * sum(value for _, value in stopped)
    return {"early stop, all": -2.0 * loss_of(mean, whole), "early stop, held out": held_out}


def stopped_at(trained: Points, other: Points, begin: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Parameters of the iteration at which L of the other half is least, and that L; None for f = 0."""
    path: list[np.ndarray] = []
    for one in np.clip(begin, -BOX, BOX):
        scipy.optimize.minimize(
            loss,
            one,
            (trained, 0.0),
            jac=True,
            bounds=[(-BOX, BOX)] * one.size,
            method="L-BFGS-B",
            callback=lambda params: path.append(params.copy()),
            options={"maxiter": MAX_ITERATIONS},
        )
    values = [loss_of(log_ratio(one, other.x), other) for one in path]
    k = int(np.argmin(values))
    return (path[k], values[k]) if values[k] < 0 else (None, 0.0)


def methods(penalties: tuple[float, ...]) -> dict[str, Callable[..., dict[str, float]]]:
    """What gives t of one data set, from the cells of the reference, events and starts; by a name for the clock."""

    def alone(name: str, box: float | None, penalty: float = 0.0) -> Callable[..., dict[str, float]]:
        def t(reference: tuple[np.ndarray, np.ndarray], events: np.ndarray, begin: np.ndarray) -> dict[str, float]:
            return {name: best(minima(points_of(reference, events), begin, box=box, penalty=penalty))}

        return t

    return {
        "box and mean": lambda reference, events, begin: box_and_mean(points_of(reference, events), begin),
        "box 3": alone("box 3", 3.0),
        "no box": alone("no box", None),
        **{f"L2 {one:g}": alone(f"L2 {one:g}", None, one) for one in penalties},
        "early stop": early_stop,
    }


@SCRIPT.part("power", penalties=(0.01, 0.1), n_null=100, n_toys=40, n_starts=2)
def power(options) -> Iterator[harness.Row]:
    sample = exponential.reference()
    reference = in_cells(sample.events[:, 0], sample.event_weights, width=CELL)
    t: dict[str, list[list[float]]] = {}
    for name, method in methods(options.penalties).items():
        kept = [one for one in options.kept if one["shared_with"] == name]
        if kept:
            yield from kept
            continue
        clock, n_done = harness.Clock(), 0
        for place, n in enumerate((options.n_null, *[options.n_toys] * (len(SIGNALS) - 1))):
            for index in range(n):
                found = method(reference, events_of(place, index), starts(index, options.n_starts))
                n_done += 1
                for one, value in found.items():
                    t.setdefault(one, [[] for _ in SIGNALS])[place].append(value)
        seconds = clock.read("toy", shared_by=n_done)
        for one in found:
            yield {"method": one, "shared_with": name} | summary(t[one]) | seconds


def summary(t: list[list[float]]) -> harness.Row:
    null, *signals = map(np.array, t)
    mean, deviation = float(np.mean(null)), float(np.std(null, ddof=1))
    row = {"n_null": null.size, "n_toys": signals[0].size, "mean": [mean, deviation / np.sqrt(null.size)]}
    row |= {"deviation": [deviation, deviation / np.sqrt(2 * null.size)], "share_of_zero": float(np.mean(null < 1e-6))}
    return row | {one.name: power_of(null, own) for one, own in zip(SIGNALS[1:], signals, strict=True)}


if __name__ == "__main__":
    SCRIPT.main()

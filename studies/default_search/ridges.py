"""The problems on which the ridges of the default set were chosen; no signal of them is reported elsewhere.

Two of muon pairs: the method's authors' above 60 GeV (20,000 expected), and simulated ones above 100 GeV (8,700,
the electron-like regime of `studies.two_body`), with references of five times as many events. Their signals are made of
the simulated pairs: those within 3 % of a mass, as a narrow resonance has them, and all of them in proportion to the
square of the mass, a tail. The third are the 24 random peaks on an exponential of `studies.kernel_power`.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import wilks
from wilks.problems import dimuon, exponential
from wilks.significance import COMBINATIONS

from studies.kernel_power.run import choice_signals, power
from studies.two_body.regimes import REGIMES, Events

RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
CANDIDATES = tuple(
    (one, one) for one in (*((r,) for r in RIDGES), (0.03, 0.3), (0.1, 1.0), (0.1, 3.0), (0.03, 0.3, 3.0))
)
CANDIDATES += (((0.1,), (0.03,)), ((0.3,), (0.03,)), ((0.1, 3.0), (0.03,)))
"""The ridges of all widths but the widest, and those of the widest."""
WINDOW, SIGMAS, BATCH = 0.03, (2.0, 2.5), 50
ABOVE_60 = {"150 GeV": 80.0, "240 GeV": 40.0, "450 GeV": 14.0, "tail": 60.0}
ABOVE_100 = {"150 GeV": 220.0, "240 GeV": 120.0, "450 GeV": 60.0, "tail": 300.0}

Draw = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Problem:
    """A reference, how a data set of it is drawn, and how the events of each signal are."""

    reference: wilks.Sample
    background: Draw
    signals: dict[str, Draw]

    def powers(self, *, n_null: int, n_signal: int) -> Iterator[tuple[tuple[tuple[float, ...], ...], np.ndarray]]:
        """Of each candidate the power for each signal at each of `SIGMAS`."""
        default = wilks.Analysis(reference=self.reference).model
        model = dataclasses.replace(default, ridges=RIDGES)
        engine = wilks.Analysis(reference=self.reference, model=model).engine
        null = engine.laws.log_p(self._scores(engine, 1, n_null))
        found = [
            engine.laws.log_p(self._scores(engine, 2 + i, n_signal, signal))
            for i, signal in enumerate(self.signals.values())
        ]
        combine, (*others, widest) = COMBINATIONS[default.combination], engine.model.groups
        for chosen in CANDIDATES:
            rows = [one.ridge in chosen[0] for group in others for one in group]
            rows += [one.ridge in chosen[1] for one in widest]
            at_null = combine(null[:, rows])
            yield chosen, np.array([[power(at_null, combine(one[:, rows]), s)[0] for s in SIGMAS] for one in found])

    def _scores(self, engine, seed: int, n: int, signal: Draw | None = None) -> np.ndarray:
        rng, found = np.random.Generator(np.random.Philox(seed)), []
        for first in range(0, n, BATCH):
            sets = [self.background(rng) for _ in range(min(BATCH, n - first))]
            if signal is not None:
                sets = [np.concatenate([one, signal(rng)]) for one in sets]
            found.append(engine.scores(sets))
        return np.concatenate(found)


def drawn(events: np.ndarray, weights: np.ndarray, expected: float) -> Draw:
    """A Poisson number of these events in proportion to their weights, with replacement."""
    reached = np.cumsum(weights) / np.sum(weights)

    def draw(rng: np.random.Generator) -> np.ndarray:
        places = np.searchsorted(reached, rng.random(rng.poisson(expected)))
        return np.asarray(events[np.minimum(places, reached.size - 1)])

    return draw


def muon_signals(pairs: wilks.Sample, expected: dict[str, float]) -> dict[str, Draw]:
    """Resonances and a tail, from weighted pairs with their mass."""
    mass, weights = pairs.column("mll"), pairs.event_weights
    found = {}
    for name, n in expected.items():
        at = weights * mass**2 if name == "tail" else weights * (abs(mass / float(name.split()[0]) - 1) < WINDOW)
        found[name] = drawn(pairs.events, at, n)
    return found


def muons_above_100(simulated: Path) -> Problem:
    """The electron-like regime without its nuisances."""
    events = Events(simulated, REGIMES["electron"])
    pairs = events.at(events.loose("pool"))
    background = drawn(pairs.events, pairs.event_weights, events.regime.expected_events)
    return Problem(events.reference(), background, muon_signals(pairs, ABOVE_100))


def muons_above_60(data: Path, simulated: Path) -> Problem:
    """Events of the method's authors; signals are simulated."""
    rng = np.random.Generator(np.random.Philox(11))
    every = rng.permutation(dimuon.read_dimuons(data / "dimuon_sm.h5").events)
    reference = wilks.Sample(every[:100_000], np.full(100_000, 0.2), features=dimuon.FEATURES)
    events = Events(simulated, REGIMES["electron"])
    signals = muon_signals(events.at(events.loose("pool")), ABOVE_60)
    return Problem(reference, drawn(every[100_000:], np.ones(len(every) - 100_000), 20_000.0), signals)


def random_peaks() -> Problem:
    """One feature."""

    def background(rng: np.random.Generator) -> np.ndarray:
        return exponential.background(rng, int(rng.poisson(exponential.EXPECTED_EVENTS)), {})

    peaks = {f"{one.n_signal:.3g} at {one.mean:.3g}, deviation {one.deviation:.2g}": one for one in choice_signals()}
    return Problem(exponential.reference(), background, {name: one.draw for name, one in peaks.items()})

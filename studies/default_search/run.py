"""Power of an analysis without a model: the default set on signals of the literature.

    python -m studies.default_search.run exponential                   # peaks on an exponential
    python -m studies.default_search.run muons --data FOLDER           # resonances and a contact term in muon pairs
    python -m studies.default_search.run olympics --data FILE          # the LHC Olympics signal region
    python -m studies.default_search.run networks muons --data FOLDER      # a network beside the set, on the same toys
    python -m studies.default_search.run networks olympics --data FILE
    python -m studies.default_search.run ridges --data FOLDER --simulated FOLDER   # the choice of the ridges

Thresholds at 2 and 3 sigma come from null toys of their own, errors from both numbers of toys. Beside the set stand its
members, each by its own null toys: nobody knows the best of them beforehand.

``exponential`` has the setting of `studies.kernel_power`: 2,000 expected events, one reference of 200,000.

``muons``: FOLDER holds ``dimuon_sm.h5``, ``dimuon_eft.h5``, ``dimuon_zprime300.h5`` in the layout of the method's
authors, and ``dimuon_zprime180.h5``, ``dimuon_zprime600.h5`` (``studies.simulation``). Twenty
references of 100,000 are drawn from the events above 60 GeV; toys take them in turn, with a Poisson number of mean
20,000 of the other events, and a Poisson number of signal events; of the contact term whole toys of mean 20,053. With
one reference the power depends on which: its own fluctuations shift Z by about sqrt(20,000/100,000).

``olympics``: FILE is an NPZ with ``background``, ``background_extra`` and ``signal_rd``, five features. In each toy all
background events are split anew into a reference of 100,000 and data of 20,000, of which a fixed number is signal. The
null is over references, too; centers and widths are those for all background events.

``networks``: the network (5,5,5,5,1) with clip 1.5 (`studies.two_body`), or with ``--model set`` the set, on toys of
few: of each of several references of 100,000, n_null of the reference and n_toys of each signal; what is no reference
is the pool of its toys. ``muons`` with FOLDER also for ``dimuon_zprime200.h5``; signals have Poisson numbers.

``ridges``: mean power at 2 and 2.5 sigma of sets with these ridges (`studies.default_search.ridges`); the second folder
is that of `studies.two_body`.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.problems import dimuon, exponential

from studies.default_search import networks, ridges
from studies.default_search.networks import CONTACT, N_CONTACT, N_DATA, N_REFERENCE
from studies.kernel_muons.run import drawn, sums_of
from studies.kernel_power.run import LITERATURE, SIGMAS, power, toys

SCRIPT = harness.Script(__file__, __doc__, seed={"exponential": "1, and one more for each signal", "others": 3})
RESONANCES = {"Z' of 300 GeV, S = 30": ("zprime300", 30.0), "Z' of 300 GeV, S = 40": ("zprime300", 40.0)}
RESONANCES |= {"Z' of 180 GeV, S = 60": ("zprime180", 60.0), "Z' of 600 GeV, S = 8": ("zprime600", 8.0)}


def rows_of(engine, null: np.ndarray, found: dict[str, np.ndarray]) -> Iterator[harness.Row]:
    """Power of the set and of its members, from their statistics (toys, members)."""
    for name, q in found.items():
        told = {"set": [power(engine.laws.combined(null), engine.laws.combined(q), s) for s in SIGMAS]}
        told["members"] = [[power(null[:, j], q[:, j], s) for s in SIGMAS] for j in range(q.shape[1])]
        yield {"signal": name, **told}


def described(analysis: wilks.Analysis) -> harness.Row:
    return {"model": analysis.model.to_dict(), "expected_events": analysis.expected_events}


@SCRIPT.part("exponential", n_null=100_000, n_signal=4000)
def run_exponential(options) -> Iterator[harness.Row]:
    analysis = wilks.Analysis(reference=exponential.reference(), toy_source=exponential.BACKGROUND)
    yield described(analysis)
    engine = analysis.engine
    null = np.concatenate([engine.scores(sets) for sets in toys(1, options.n_null)])
    for i, (peak, *_) in enumerate(LITERATURE):
        found = np.concatenate([engine.scores(sets) for sets in toys(2 + i, options.n_signal, peak)])
        yield from rows_of(engine, null, {f"{peak.n_signal:g} at {peak.mean:g}, deviation {peak.deviation:g}": found})


@SCRIPT.part("muons", data=Path, n_null=8000, n_signal=2000, n_references=20)
def run_muons(options) -> Iterator[harness.Row]:
    rng = np.random.Generator(np.random.Philox(3))
    names = ("sm", "eft", *sorted({name for name, _ in RESONANCES.values()}))
    events = {name: dimuon.read_dimuons(options.data / f"dimuon_{name}.h5").events for name in names}
    first = wilks.Sample(rng.permutation(events["sm"])[:N_REFERENCE], features=dimuon.FEATURES)
    analysis = wilks.Analysis(reference=first, expected_events=float(N_DATA))
    yield described(analysis)
    standardized = {name: analysis.standardization.apply(one) for name, one in events.items()}
    toys = MuonToys(analysis.engine, rng, standardized, n_references=options.n_references)
    null = toys.statistics(options.n_null, {"sm": N_DATA})
    found = {CONTACT: {"eft": N_DATA + N_CONTACT}}
    found |= {title: {"sm": N_DATA, name: n} for title, (name, n) in RESONANCES.items()}
    for title, means in found.items():
        yield from rows_of(analysis.engine, null, {title: toys.statistics(options.n_signal, means)})


class MuonToys:
    """Toys whose reference is one of several, drawn from all background events, and whose data come from the others.

    Args:
        engine: of the analysis; its centers and widths are those for its own reference.
        rng: of all draws.
        standardized: events by name, "sm" being the background.
        n_references: toys take them in turn.
    """

    def __init__(self, engine, rng, standardized: dict[str, np.ndarray], *, n_references: int) -> None:
        self._engine, self._rng, self._events = engine, rng, standardized
        self._references = np.zeros((n_references, len(standardized["sm"])), dtype=bool)
        for row in self._references:
            row[rng.choice(row.size, N_REFERENCE, replace=False)] = True
        self._others = [np.flatnonzero(~row) for row in self._references]
        share = N_DATA / N_REFERENCE
        self._expected = [sums_of(group.basis, standardized["sm"], self._references) * share for group in engine.groups]

    def statistics(self, n: int, means: dict[str, float]) -> np.ndarray:
        """q of each member for n toys with Poisson numbers of these means, (n, members)."""
        return np.concatenate([self._some(min(1000, n - first), means) for first in range(0, n, 1000)])

    def _some(self, n: int, means: dict[str, float]) -> np.ndarray:
        turn = np.arange(n) % len(self._others)
        members = {name: self._drawn(name, turn, mean) for name, mean in means.items()}
        columns = []
        for group, expected in zip(self._engine.groups, self._expected, strict=True):
            own = sum(sums_of(group.basis, self._events[name], some) for name, some in members.items())
            columns.append(group.score(own - expected[turn] + group.basis.mean))
        return np.concatenate(columns, axis=1)

    def _drawn(self, name: str, turn: np.ndarray, mean: float) -> np.ndarray:
        """Which events of a sample each toy has, (toys, events); of the background, those outside its reference."""
        if name != "sm":
            return drawn(self._rng, turn.size, len(self._events[name]), mean)
        members = np.zeros((turn.size, len(self._events[name])), dtype=bool)
        for row, place in zip(members, turn, strict=True):
            row[self._rng.choice(self._others[place], self._rng.poisson(mean), replace=False)] = True
        return members


@SCRIPT.part("olympics", data=Path, n_null=8000, n_signal=2000, signals=(68, 100, 136, 200))
def run_olympics(options) -> Iterator[harness.Row]:
    background, signal = networks.olympics_events(options.data)
    analysis = wilks.Analysis(reference=wilks.Sample(background), expected_events=float(N_DATA))
    yield described(analysis)
    rng, engine = np.random.Generator(np.random.Philox(3)), analysis.engine
    standardized = {"b": analysis.standardization.apply(background), "s": analysis.standardization.apply(signal)}
    null = split_scores(engine, rng, standardized, n=options.n_null, n_signal=0)
    for n_signal in options.signals:
        found = split_scores(engine, rng, standardized, n=options.n_signal, n_signal=n_signal)
        yield from rows_of(engine, null, {f"S = {n_signal}": found})


@SCRIPT.part(
    "networks",
    problem=["muons", "olympics"],
    data=Path,
    model="network",
    n_references=4,
    n_null=6,
    n_toys=3,
    store=Path,
)
def run_networks(options) -> Iterator[harness.Row]:
    yield from networks.rows(networks.PROBLEMS[options.problem](options.data), options)


@SCRIPT.part("ridges", data=Path, simulated=Path, n_null=3000, n_signal=400)
def run_ridges(options) -> Iterator[harness.Row]:
    problems = {
        "random peaks": ridges.random_peaks,
        "muons above 100 GeV": lambda: ridges.muons_above_100(options.simulated),
        "muons above 60 GeV": lambda: ridges.muons_above_60(options.data, options.simulated),
    }
    for name, problem in problems.items():
        for chosen, found in problem().powers(n_null=options.n_null, n_signal=options.n_signal):
            row = {"problem": name, "ridges": chosen[0], "of_the_widest": chosen[1], "mean": found.mean()}
            yield row | {"of_signals": found.mean(axis=1)}


def split_scores(engine, rng, standardized: dict[str, np.ndarray], *, n: int, n_signal: int) -> np.ndarray:
    """Statistics of toys whose reference is drawn, too: the sums over it take the place of those over all events."""
    found = []
    for first in range(0, n, 500):
        data, reference, signals = splits(rng, standardized, n=min(500, n - first), n_signal=n_signal)
        columns = []
        for group in engine.groups:
            own = sums_of(group.basis, standardized["b"], data) + sums_of(group.basis, standardized["s"], signals)
            expected = sums_of(group.basis, standardized["b"], reference) * (N_DATA / N_REFERENCE)
            columns.append(group.score(own - expected + group.basis.mean))
        found.append(np.concatenate(columns, axis=1))
    return np.concatenate(found)


def splits(rng, standardized: dict[str, np.ndarray], *, n: int, n_signal: int) -> tuple[np.ndarray, ...]:
    """Which events are data, which reference, and which of the signal are data; each (n, events)."""
    n_all, n_known = len(standardized["b"]), len(standardized["s"])
    data, reference = np.zeros((n, n_all), dtype=bool), np.zeros((n, n_all), dtype=bool)
    signals = np.zeros((n, n_known), dtype=bool)
    n_background = N_DATA - n_signal
    for own, other, some in zip(data, reference, signals, strict=True):
        order = rng.permutation(n_all)
        own[order[:n_background]] = True
        other[order[n_background : n_background + N_REFERENCE]] = True
        some[rng.choice(n_known, n_signal, replace=False)] = True
    return data, reference, signals


if __name__ == "__main__":
    SCRIPT.main()

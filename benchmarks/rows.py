"""The problems of the fit benchmarks: one exponential, three networks on muon pairs, and their null data sets.

Muon pairs need the folder with ``dimuon_sm.h5`` of the method's authors; the exponential problem needs nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import wilks
from wilks.problems import dimuon, exponential
from wilks.toys import draw_toy

TOY_SEED = 31
N_REFERENCE, EXPECTED_EVENTS = 43_500, 8_700


@dataclass(frozen=True)
class Row:
    """A network on a problem, with the published clip."""

    name: str
    hidden: tuple[int, ...]
    weight_clip: float
    search: wilks.Search
    is_dimuon: bool = True


EVERY_START = wilks.Search(n_starts=160, n_kept=160)
RACE = wilks.Search(n_starts=24, race_iterations=100, n_kept=3)


ROWS = {
    row.name: row
    for row in (
        Row("exponential-13", exponential.HIDDEN, exponential.WEIGHT_CLIP, EVERY_START, is_dimuon=False),
        Row("dimuon-96", (5, 5, 5), 2.16, RACE),
        Row("dimuon-181", (10, 10), 1.87, RACE),
        Row("dimuon-351", (50,), 1.89, RACE),
    )
}


class Problem:
    """The analysis of a row and its data sets, all drawn from the reference model.

    Muon pairs: the first 43,500 events of a random order are the reference, and data sets of Poisson(8,700) events are
    cut one after the other from the rest, so that they share no event.
    """

    def __init__(self, row: Row, folder: Path | None = None, *, clip: float | None = None, search=None) -> None:
        self.row = row
        self._events = None
        reference, expected, source = exponential.reference(seed=0), None, exponential.BACKGROUND
        if row.is_dimuon:
            everything = dimuon.read_dimuons(Path(folder) / "dimuon_sm.h5")
            reference, rest = wilks.split(everything, n_first=N_REFERENCE, seed=0)
            self._events, expected, source = rest.events, EXPECTED_EVENTS, None
        self.analysis = wilks.Analysis(
            reference=reference,
            model=wilks.MLP(hidden=row.hidden, weight_clip=clip or row.weight_clip),
            toy_source=source,
            expected_events=expected,
            standardize=row.is_dimuon,
            search=search or row.search,
        )

    def data(self, index: int) -> np.ndarray:
        """Data set ``index`` of the null, shape (n, d)."""
        if self._events is None:
            return draw_toy(self.analysis, wilks.Null(), seed=TOY_SEED, index=index)
        edges = self._edges()
        return self._events[edges[index] : edges[index + 1]]

    @property
    def n_data_sets(self) -> int:
        """Independent data sets there are."""
        return 1_000_000 if self._events is None else len(self._edges()) - 1

    def _edges(self) -> np.ndarray:
        sizes = np.random.Generator(np.random.Philox(TOY_SEED)).poisson(EXPECTED_EVENTS, size=1000)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        return edges[edges <= len(self._events)]

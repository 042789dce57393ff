"""Toys of an analysis as particles: t of score statistics without nuisances by sums over events, of others by fits.

A toy is a Poisson number of events of a finite set, without replacement. That set is the pool, where it has no weights;
elsewhere it is drawn anew for each run: events of a generator, or what hit or miss leaves of a weighted pool. Averaged
over such sets the law of a toy is that of `wilks.toys`, and so is p; what they differ by is in the spread between runs.
"""

from functools import partial

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign.processes import n_cores
from wilks.campaign.side_by_side import side_by_side
from wilks.documents import canonical_json
from wilks.errors import CalibrationError
from wilks.hypotheses import Generator, Hypothesis
from wilks.laws.splitting.fits import ToyFits
from wilks.laws.splitting.slots import SlotPopulation, SlotSums, ToyStatistic
from wilks.laws.splitting.subsets import n_particles_for
from wilks.laws.splitting.tail import Report, SplittingOptions, Tail, keep_runs, kept_runs, one_by_one, split_tail
from wilks.samples import Sample, unweight
from wilks.statistics.law import Refusal
from wilks.statistics.linear.engine import LinearEngine
from wilks.storage import Folder
from wilks.toys import check_drawable, drawn_auxiliaries
from wilks.toys.supplies import supplies
from wilks.typing import FloatArray, IntArray

EVENTS_PER_TOY, N_FITTED = 50, 200
_MOST_KEPT, _TOLERANCE = 2**26, 1e-6  # 512 MiB


class ToySums:
    """Sums over events of the whitened features of all members.

    Args:
        engine: of the score statistics.
        events: raw, shape (M, d).
    """

    def __init__(self, engine: LinearEngine, events: FloatArray) -> None:
        self._engine = engine
        self._events = engine.problem.standardization.apply(events)
        self.n_items = int(events.shape[0])
        self._ends = np.cumsum([group.basis.rank for group in engine.groups])
        self._kept = self._made(slice(None)) if self.n_items * int(self._ends[-1]) <= _MOST_KEPT else None

    @property
    def whole(self) -> FloatArray | None:
        """Features of all events, where they are kept."""
        return self._kept

    def of_items(self, items: IntArray | slice) -> FloatArray:
        """Features of some events."""
        return self._made(items) if self._kept is None else self._kept[items]

    def start(self) -> FloatArray:
        """-sum_R w phi."""
        return -np.concatenate([group.basis.mean for group in self._engine.groups])

    def t(self, sums: FloatArray) -> FloatArray:
        """t of the model."""
        parts = np.split(sums**2, self._ends[:-1], axis=1)
        pairs = zip(parts, self._engine.groups, strict=True)
        t = np.concatenate([part @ (1.0 / group.scales).T for part, group in pairs], axis=1)
        laws = self._engine.laws
        return t[:, 0] if laws is None else laws.combined(t)

    def observed(self) -> float:
        """t of all these events together."""
        return float(self.t((self.start() + np.sum(self._made(slice(None)), axis=0))[None])[0])

    def _made(self, items: IntArray | slice) -> FloatArray:
        return np.concatenate([group.basis.values(self._events[items]) for group in self._engine.groups], axis=1)


class ToyPopulations:
    """What makes the population of each run.

    Args:
        analysis: of a model that `require_splittable` accepts.
        hypothesis: that toys are drawn from.
    """

    def __init__(self, analysis: Analysis, hypothesis: Hypothesis) -> None:
        check_drawable(analysis, hypothesis)
        self._analysis, self._hypothesis = analysis, hypothesis
        (self._supply,) = supplies(analysis, hypothesis)
        source = self._supply.source
        is_whole = isinstance(source, Sample) and not _is_unequal(source) and source.n_events == self._n_events
        self._fixed = self._of(source.events) if isinstance(source, Sample) and is_whole else None

    @property
    def n_particles(self) -> int:
        """Of a run: as many as memory and time allow, few where each is fitted."""
        if not is_by_sums(self._analysis):
            return N_FITTED
        return n_particles_for(sum(group.basis.rank for group in _engine(self._analysis).groups) * self._n_events)

    @property
    def _n_events(self) -> int:
        source, wanted = self._supply.source, int(EVENTS_PER_TOY * self._supply.mean)
        return min(wanted, source.n_events) if isinstance(source, Sample) else wanted

    def __call__(self, rng: np.random.Generator) -> SlotPopulation:
        """That of one run, by its random numbers."""
        return self._of(self._drawn(rng)) if self._fixed is None else self._fixed

    def _drawn(self, rng: np.random.Generator) -> FloatArray:
        """Events that stand for nature in one run, shape (M, d)."""
        source, n = self._supply.source, self._n_events
        if isinstance(source, Generator):
            n_features = len(self._analysis.features)
            return source.draw(rng, n, n_features=n_features, nuisances=self._supply.nuisances)
        usable = unweight(source, rng=rng) if _is_unequal(source) else np.arange(source.n_events)
        events: FloatArray = source.events[rng.choice(usable, min(n, usable.size), replace=False)]
        return events

    def _of(self, events: FloatArray) -> SlotPopulation:
        if is_by_sums(self._analysis):
            statistic: ToyStatistic = SlotSums(ToySums(_engine(self._analysis), events))
        else:
            statistic = ToyFits(self._analysis.engine, events, self._auxiliaries)
        size = int(self._supply.mean) if self._supply.is_fixed else None
        return SlotPopulation(statistic, size=size, mean=self._supply.mean)

    def _auxiliaries(self, rng: np.random.Generator) -> FloatArray:
        """Auxiliary measurements of one toy."""
        return drawn_auxiliaries(self._analysis, self._hypothesis, rng)


def split_toys(
    analysis: Analysis,
    hypothesis: Hypothesis,
    *,
    t: float,
    data: Sample,
    reach: float,
    store: Folder | None = None,
    report: Report = lambda done, wanted, what: None,
) -> Tail | Refusal:
    """Runs of multilevel splitting of toys towards the t of data, side by side on all cores.

    Args:
        analysis: of a model that `require_splittable` accepts.
        hypothesis: of the toys.
        t: by the fit.
        data: its events, from which t of sums is computed once more as that of toys is.
        reach: the least p that is wanted.
        store: a folder that keeps the runs that are done, from where the same answer goes on.
        report: called with how many runs are done, how many there will be, and with their name.

    Raises:
        CalibrationError: another statistic; a t that does not come out again.
        InputError: the analysis has no source of toys, one that is too small, or too many events and features.
    """
    require_splittable(analysis)
    by_sums = is_by_sums(analysis)
    make = ToyPopulations(analysis, hypothesis)
    return split_tail(
        make,
        _by_sums_again(analysis, t, data) if by_sums else t,
        options=SplittingOptions(reach, make.n_particles, seed=analysis.search.seed),
        identity=canonical_json({"analysis": analysis.fingerprint(), "hypothesis": hypothesis.to_dict()}),
        so_far=None if store is None else kept_runs(store),
        keep=partial(keep_runs, store=store, report=report),
        together=partial(side_by_side, is_large=True) if by_sums else one_by_one,
        n_together=n_cores() if by_sums else 1,
    )


def _by_sums_again(analysis: Analysis, t: float, data: Sample) -> float:
    """t as that of toys is computed.

    Raises:
        CalibrationError: it is another one than that of the fit.
    """
    again = ToySums(_engine(analysis), data.events).observed()
    if not abs(again - t) <= _TOLERANCE * max(1.0, abs(t)):
        raise CalibrationError(f"t = {t:.10g} of the fit must come out of sums over the data, but {again:.10g} did")
    return again


def is_by_sums(analysis: Analysis) -> bool:
    """Whether t is a function of sums over events, which change with a few of them; else every toy is fitted."""
    return not analysis.nuisances and bool(getattr(analysis.model, "is_score", False))


def require_splittable(analysis: Analysis) -> None:
    """Raise unless fits are certain and quick enough for some hundred thousand of them.

    Raises:
        CalibrationError: the loss has several minima, as that of a network; there are several regions.
    """
    if analysis.regions:
        raise CalibrationError(
            "reach draws toys of one source step by step, but this analysis has one for each of its regions "
            f"({', '.join(analysis.regions)}); leave reach out, and make more toys"
        )
    if not analysis.model.is_convex:
        raise CalibrationError(
            "reach needs a model whose fit has one minimum, a kernel, a set of kernels, a histogram or a scan, as a "
            f"hundred thousand toys or so are fitted on the way, but the model is a {analysis.model.describe()}; leave "
            "reach out, and make more toys"
        )


def _engine(analysis: Analysis) -> LinearEngine:
    engine = analysis.engine
    assert isinstance(engine, LinearEngine)
    return engine


def _is_unequal(source: Sample) -> bool:
    return source.is_weighted and bool(np.ptp(source.event_weights) > 0)

"""The statistic of a batch against a reference that is fixed: what of it needs no look at the reference again.

t of a batch of n events is that of the analysis with n expected events. For score statistics of Gaussian kernels it
comes from sums over the batch alone, with b = sum_D phi - (n/N) sum_R w phi and h the curvature at N expected events,

    q = sum_j b_j^2 / (h_j n/N + 2 ridge) ;

for histograms from the counts in bins. Every other family is fitted to each batch.
"""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting import fit_together
from wilks.hypotheses import Generator
from wilks.kept import kept
from wilks.samples import Standardization
from wilks.statistics.histogram.bins import found_in
from wilks.statistics.histogram.contents import counts_in
from wilks.statistics.histogram.deviance import deviance
from wilks.statistics.histogram.engine import HistogramEngine
from wilks.statistics.linear.basis import Basis
from wilks.statistics.linear.data_sums import DirectSums, data_sums
from wilks.statistics.linear.engine import LinearEngine
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.moments import Moments
from wilks.statistics.linear.panels import rows_by_panels
from wilks.typing import FloatArray, IntArray

_BLOCK_NUMBERS, _MEMBERSHIPS = 2**19, 2**25
_MOST_FOR_COVARIANCE, _TOYS_AT_ONCE = 20_000, 2_000


class Scorer(abc.ABC):
    """Statistics of batches, one a member, before members are combined."""

    combination: str | None = None

    @abc.abstractmethod
    def scores(self, batches: Sequence[FloatArray]) -> FloatArray:
        """For raw batches (n, d), which may differ in n: shape (k, members); NaN of a fit that failed."""

    def scores_of_rows(self, events: FloatArray, rows: IntArray) -> FloatArray:
        """Those of batches that are rows (k, n) of events, shape (k, members)."""
        return self.scores([events[some] for some in rows])


class AdditiveScorer(Scorer):
    """From sums over events, which add: windows of batches have a statistic, too."""

    @property
    @abc.abstractmethod
    def reference_sums(self) -> FloatArray:
        """Those of the reference for one event, shape (r,)."""

    @abc.abstractmethod
    def sums(self, batches: Sequence[FloatArray]) -> FloatArray:
        """For raw batches (n, d), shape (k, r)."""

    @abc.abstractmethod
    def scores_of(self, sums: FloatArray, n_events: FloatArray, *, center: FloatArray | None = None) -> FloatArray:
        """From sums (k, r) over so many events (k,), shape (k, members); ``center`` (r,): what one event is expected to
        add, in place of `reference_sums`.
        """

    def baseline(self, events: FloatArray) -> "Baseline":
        """What good raw events (n, d), none of them of the reference, add to sums."""
        return Baseline(self.sums([events])[0] / len(events), len(events))

    @abc.abstractmethod
    def window_toys(
        self, events: FloatArray, *, sizes: Sequence[int], n_toys: int, rng: np.random.Generator
    ) -> FloatArray:
        """Statistics of windows of so many good events about a baseline of N, where both fluctuate as these raw events
        do, over 1 + n/N: shape (sizes, toys, members).
        """

    def scores(self, batches: Sequence[FloatArray]) -> FloatArray:
        return self.scores_of(self.sums(batches), np.array([len(one) for one in batches], dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Baseline:
    """Good events that windows are compared with. They are not of the reference, on whose events Gaussians stand.

    Args:
        sums: of one event, shape (r,).
        n_events: that this was learned from.
    """

    sums: FloatArray
    n_events: int

    def joined_by(self, sums: FloatArray, n_events: int) -> "Baseline":
        """With n more good events of these sums (r,)."""
        total = self.n_events + n_events
        return Baseline((self.n_events * self.sums + sums) / total, total)

    def inflation(self, n_events: int) -> float:
        """1 + n/N: the variance of the distance of n events from it, over that from the truth."""
        return 1.0 + n_events / self.n_events

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {"sums": self.sums, "n_events": self.n_events}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Baseline":
        """The inverse of `to_document`."""
        return cls(document["sums"], document["n_events"])


class LinearGroup:
    """Members of one set of Gaussians.

    Args:
        basis: phi, with its sums over the reference.
        ridges: of the members, shape (m,).
    """

    def __init__(self, basis: Basis, ridges: FloatArray) -> None:
        self.basis, self.ridges = basis, np.asarray(ridges, dtype=np.float64)
        self._of_many, self._of_few = data_sums(basis), DirectSums(basis)

    def sums(self, batches: Sequence[FloatArray]) -> FloatArray:
        """For standardized batches (n, d), shape (k, r). Tables of one feature pay for many events alone."""
        is_few = sum(map(len, batches)) * self.basis.map.n_values <= _BLOCK_NUMBERS
        return (self._of_few if is_few else self._of_many).of(batches)

    def sums_of_rows(self, events: FloatArray, rows: IntArray) -> FloatArray:
        """For batches that are rows (k, n) of standardized events: each event is looked at once for many batches."""
        features = self.basis.map
        totals = np.zeros((rows.shape[0], features.n_values))
        size = max(1, _BLOCK_NUMBERS // features.n_values)
        for some in _portions(rows.shape[0], max(1, _MEMBERSHIPS // len(events))):
            belongs = np.zeros((len(rows[some]), len(events)), dtype=np.uint8)
            np.put_along_axis(belongs, rows[some], 1, axis=1)
            for block in _portions(len(events), size):
                totals[some] += belongs[:, block].astype(np.float64) @ features.values(events[block])
        return rows_by_panels(totals, self.basis.mix)

    def scales(self, factors: FloatArray) -> FloatArray:
        """h n/N + 2 ridge for factors n/N (k,), shape (k, m, r)."""
        return factors[:, None, None] * self.basis.curvature + 2.0 * self.ridges[:, None]

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        gaussians = self.basis.map
        assert isinstance(gaussians, Gaussians)
        arrays = {name: getattr(self.basis, name) for name in ("mix", "curvature", "mean")}
        return {"centers": gaussians.centers, "width": gaussians.width, **arrays, "ridges": self.ridges}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "LinearGroup":
        """The inverse of `to_document`."""
        gaussians = Gaussians(document["centers"], document["width"])
        basis = Basis(gaussians, *(document[name] for name in ("mix", "curvature", "mean")))
        return cls(basis, document["ridges"])


class LinearScorer(AdditiveScorer):
    """Score statistics of Gaussian kernels.

    Args:
        groups: members that share their Gaussians.
        standardization: of raw events.
        expected_events: N, to which the sums of the reference belong.
        combination: of the members' p-values; None: there is one member.
    """

    def __init__(
        self,
        groups: Sequence[LinearGroup],
        *,
        standardization: Standardization,
        expected_events: float,
        combination: str | None,
    ) -> None:
        self.groups, self.standardization = tuple(groups), standardization
        self.expected_events, self.combination = expected_events, combination
        self._ends = np.cumsum([one.basis.rank for one in self.groups])[:-1]

    @cached_property
    def reference_sums(self) -> FloatArray:
        return np.concatenate([one.basis.mean for one in self.groups]) / self.expected_events

    def sums(self, batches: Sequence[FloatArray]) -> FloatArray:
        standardized = [self.standardization.apply(one) for one in batches]
        return np.concatenate([one.sums(standardized) for one in self.groups], axis=1)

    def scores_of_rows(self, events: FloatArray, rows: IntArray) -> FloatArray:
        n_events = np.full(rows.shape[0], float(rows.shape[1]))
        if events.shape[1] == 1 or rows.size <= len(events):
            return super().scores_of_rows(events, rows)
        standardized = self.standardization.apply(events)
        sums = [one.sums_of_rows(standardized, rows) for one in self.groups]
        return self.scores_of(np.concatenate(sums, axis=1), n_events)

    def scores_of(self, sums: FloatArray, n_events: FloatArray, *, center: FloatArray | None = None) -> FloatArray:
        factors, parts = n_events / self.expected_events, []
        away = sums - n_events[:, None] * (self.reference_sums if center is None else center)
        for group, some in zip(self.groups, np.split(away, self._ends, axis=1), strict=True):
            squares = some**2
            parts.append(np.sum(squares[:, None, :] / group.scales(factors), axis=2))
        return np.concatenate(parts, axis=1)

    def _values(self, standardized: FloatArray) -> FloatArray:
        return np.concatenate([one.basis.values(standardized) for one in self.groups], axis=1)

    def log_ratio(self, sums: FloatArray, n_events: int, *, member: int, events: FloatArray) -> FloatArray:
        """f = sum_j b_j phi_j / (h_j n/N + 2 ridge) that one member learned from sums (r,), at raw events (k, d): (k,).

        It is the step from f = 0 whose gain is half of the statistic.
        """
        away, factors = sums - n_events * self.reference_sums, np.array([n_events / self.expected_events])
        of_member = [(i, k) for i, group in enumerate(self.groups) for k in range(group.ridges.size)]
        which, ridge = of_member[member]
        group, b = self.groups[which], np.split(away, self._ends)[which]
        f: FloatArray = group.basis.values(self.standardization.apply(events)) @ (b / group.scales(factors)[0, ridge])
        return f

    def window_toys(
        self, events: FloatArray, *, sizes: Sequence[int], n_toys: int, rng: np.random.Generator
    ) -> FloatArray:
        """In the Gaussian limit, in which sums of all members fluctuate together as those of single events do."""
        is_some = rng.permutation(len(events)) < _MOST_FOR_COVARIANCE
        root = _root(self._covariance(self.standardization.apply(events[is_some])))
        portions = [
            self._scores_of_squares(rng.normal(size=(len(range(*rows.indices(n_toys))), len(root))) @ root, sizes)
            for rows in _portions(n_toys, _TOYS_AT_ONCE)
        ]
        return np.concatenate(portions, axis=1)

    def _covariance(self, standardized: FloatArray) -> FloatArray:
        """Of the sums that one event adds, shape (r, r)."""
        size = max(1, _BLOCK_NUMBERS // sum(one.basis.map.n_values for one in self.groups))
        blocks = (
            (self._values(standardized[rows]), np.ones(len(standardized[rows])))
            for rows in _portions(len(standardized), size)
        )
        moments = Moments.of(blocks, size=self.reference_sums.size)
        return moments.about(moments.first / moments.total) / moments.total

    def _scores_of_squares(self, away: FloatArray, sizes: Sequence[int]) -> FloatArray:
        """Of distances (toys, r) of one event, for windows of so many: shape (sizes, toys, members)."""
        factors, parts = np.array(sizes) / self.expected_events, []
        for group, some in zip(self.groups, np.split(away**2, self._ends, axis=1), strict=True):
            inverse = np.array(sizes)[:, None, None] / group.scales(factors)
            parts.append(some @ np.swapaxes(inverse, 1, 2))
        return np.concatenate(parts, axis=2)

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            "groups": [one.to_document() for one in self.groups],
            "standardization": self.standardization.to_dict(),
            "expected_events": self.expected_events,
            "combination": self.combination,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "LinearScorer":
        """The inverse of `to_document`."""
        return cls(
            [LinearGroup.from_document(one) for one in document["groups"]],
            standardization=Standardization.from_dict(document["standardization"]),
            expected_events=document["expected_events"],
            combination=document["combination"],
        )


class HistogramScorer(AdditiveScorer):
    """The likelihood ratio of counts in bins; the last sum counts what lies in none."""

    def __init__(self, engine: HistogramEngine) -> None:
        self._engine, self._bins = engine, engine.bins
        self._shares = engine.contents.sums / engine.problem.expected_events

    @property
    def reference_sums(self) -> FloatArray:
        return self._shares

    def sums(self, batches: Sequence[FloatArray]) -> FloatArray:
        counts = [counts_in(self._bins, self._engine.problem, one) for one in batches]
        return np.stack(counts).astype(np.float64)

    def scores_of_rows(self, events: FloatArray, rows: IntArray) -> FloatArray:
        found, size = found_in(self._bins, self._engine.problem, events), self._shares.size
        counts = np.stack([np.bincount(found[some], minlength=size) for some in rows]).astype(np.float64)
        return self.scores_of(counts, np.full(rows.shape[0], float(rows.shape[1])))

    def scores_of(self, sums: FloatArray, n_events: FloatArray, *, center: FloatArray | None = None) -> FloatArray:
        expected = n_events[:, None] * (self._shares if center is None else center)[:-1]
        rows = [np.sum(deviance(n, b)) for n, b in zip(sums[:, :-1], expected, strict=True)]
        return np.array(rows, dtype=np.float64)[:, None]

    def baseline(self, events: FloatArray) -> Baseline:
        """With one event as the reference has it: no bin is without any."""
        return Baseline((self.sums([events])[0] + self._shares) / (len(events) + 1.0), len(events))

    def window_toys(
        self, events: FloatArray, *, sizes: Sequence[int], n_toys: int, rng: np.random.Generator
    ) -> FloatArray:
        """Of counts that are multinomial, those of the window and those of the baseline."""
        good, found = self.baseline(events), []
        truth = good.sums / np.sum(good.sums)
        held_out = rng.multinomial(good.n_events, truth, size=n_toys)
        centers = (held_out + self._shares) / (good.n_events + 1.0)
        for n in sizes:
            counts = rng.multinomial(n, truth, size=n_toys)[:, :-1].astype(np.float64)
            found.append(np.sum(deviance(counts, n * centers[:, :-1]), axis=1) / good.inflation(n))
        return np.array(found)[:, :, None]


class FittedScorer(Scorer):
    """Any family: the analysis with as many expected events as the batch has is fitted to it."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis

    def scores(self, batches: Sequence[FloatArray]) -> FloatArray:
        t = np.empty((len(batches), 1))
        sizes = np.array([len(one) for one in batches])
        for size in np.unique(sizes):
            rows = np.flatnonzero(sizes == size)
            fits = fit_together(at_size(self._analysis, n_events=int(size)), [batches[row] for row in rows.tolist()])
            t[rows, 0] = [one.t for one in fits]
        return t


@kept(most=8)
def at_size(analysis: Analysis, *, n_events: int) -> Analysis:
    """The analysis with so many expected events and what its model took from the reference."""
    return Analysis(
        reference=analysis.reference,
        model=analysis.model,
        expected_events=float(n_events),
        toy_source=analysis.toy_source if isinstance(analysis.toy_source, Generator) else None,
        standardize=analysis.standardization,
        search=analysis.search,
        name=analysis.name,
    )


def scorer_of(analysis: Analysis) -> Scorer:
    """The quickest way there is to the t of batches."""
    engine = analysis.engine
    if isinstance(engine, HistogramEngine):
        return HistogramScorer(engine)
    if isinstance(engine, LinearEngine) and engine.model.is_score and _is_gaussian(engine):
        groups = [LinearGroup(one.basis, one.ridges) for one in engine.groups]
        return LinearScorer(
            groups,
            standardization=analysis.standardization,
            expected_events=analysis.expected_events,
            combination=engine.model.combination,
        )
    return FittedScorer(analysis)


def _is_gaussian(engine: LinearEngine) -> bool:
    return all(isinstance(group.basis.map, Gaussians) for group in engine.groups)


def _root(covariance: FloatArray) -> FloatArray:
    """R with R^T R the covariance, shape (r, r)."""
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return root


def _portions(n: int, size: int) -> list[slice]:
    return [slice(first, first + size) for first in range(0, n, size)]

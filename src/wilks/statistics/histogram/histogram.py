"""Histograms: f is constant in each bin, and t the likelihood ratio of the counts."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.base import Engine
from wilks.statistics.fits import FitResult
from wilks.statistics.histogram.bins import Bins, Grid
from wilks.statistics.histogram.contents import few_notices, outside_notices, require_filled
from wilks.statistics.histogram.edges import checked_edges, plain_edges
from wilks.statistics.histogram.law import HistogramLaw
from wilks.statistics.histogram.splitting import quantile_tree, regular_tree
from wilks.statistics.histogram.stepped import Stepped
from wilks.statistics.histogram.words import histogram_words
from wilks.statistics.words import Words
from wilks.storage import named
from wilks.typing import Count, FloatArray, check_options

DEFAULT_BINS = 20
Binning = Literal["quantiles", "regular"]
_TREES = {"quantiles": quantile_tree, "regular": regular_tree}
# By their names, so that JAX, which traces log r and nothing else here, is loaded where there are nuisances.
_ENGINE = "wilks.statistics.histogram.engine:HistogramEngine"
_PROFILED_ENGINE = "wilks.statistics.histogram.profiled_engine:ProfiledHistogramEngine"


@dataclass(frozen=True)
class Histogram(Stepped):
    """f(x) = f_k in bin k, the binned likelihood-ratio test; the parameters are the f_k.

    With n_k data events in bin k and b_k = sum of the reference weights there

        t = 2 sum_k [ n_k log(n_k / b_k) - n_k + b_k ],   f_k = log(n_k / b_k),

    the likelihood ratio of the saturated model (S. Baker and R. D. Cousins, Nucl. Instrum. Methods 221 (1984) 437). In
    a bin without data f_k is minus infinity and t finite. The null law of t is known without toys; for many events in
    every bin and a large reference it is the chi-square of as many degrees of freedom as there are bins. With nuisances
    b_k = sum w r(x; nu), the minimum is taken over nu too, and toys are needed.

    Bins are either given by their edges, in the units of the features, or made from the reference alone: ``n_bins`` in
    all, whatever the number of features, each with ten effective events of it or more. Those reach to infinity. Outside
    edges that are given f is 0, and an answer says how many events lie there.

    Args:
        edges: ascending edges for each feature, in its units; the bins are the products of the intervals between them,
            which hold their lower edge, the last of each feature its upper edge too. The outermost may be infinite.
            None: bins are made.
        n_bins: how many to make in all, at most; None: 20, where no edges are given.
        binning: ``quantiles`` makes bins of equal expected events, by cutting the reference in two again and again;
            ``regular`` makes them of equal size, joined where the reference is poor.

    Raises:
        InputError: an option outside these limits; edges and n_bins both.

    >>> Histogram(edges=([0.0, 1.0, 2.0, float("inf")],)).describe()
    'histogram of 3 bins with given edges'
    >>> Histogram(n_bins=30).describe()
    'histogram of at most 30 bins of equal expected events'
    """

    edges: tuple[tuple[float, ...], ...] | None = None
    n_bins: Count | None = None
    binning: Binning = "quantiles"
    _bins: Bins | None = field(default=None, init=False, repr=False, compare=False)
    kind: ClassVar[str] = "histogram"
    summary: ClassVar[str] = "A step function: the likelihood ratio of counts in bins."
    known_null: ClassVar[str] = "wilks.Histogram() without nuisances"
    without_clip: ClassVar[str] = (
        "Its bins bound it, and its null is known for any: choose n_bins by the resolution of the features "
        "and the events that are expected in a bin, ten at least. Nothing is to be selected on toys"
    )
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_options(self)
        if self.edges is not None:
            object.__setattr__(self, "edges", checked_edges(self.edges, of="a histogram"))
        if self.binning not in _TREES:
            raise InputError(f"binning must be one of {', '.join(_TREES)}, but {self.binning!r} came")
        if self.edges is not None and (self.n_bins is not None or self.binning != "quantiles"):
            raise InputError(
                "a histogram must have edges, or a rule that makes its bins, n_bins and binning, but both came; "
                "leave one out"
            )

    @property
    def bins(self) -> Bins:
        """Where they lie.

        Raises:
            InputError: the histogram is not part of an analysis yet.
        """
        if self._bins is None:
            raise InputError("the bins of a histogram belong to a reference: take the model of a wilks.Analysis")
        return self._bins

    def placed(self, problem: Problem) -> "Histogram":
        placed = dataclasses.replace(self)
        bins: Bins
        if self.edges is not None:
            bins = Grid.of(self.edges, problem.standardization, problem.reference.features)
            require_filled(bins, problem)
        else:
            bins = _TREES[self.binning](problem, n_bins=self.n_bins or DEFAULT_BINS)
        object.__setattr__(placed, "_bins", bins)
        return placed

    def has_law(self, *, is_profiled: bool) -> bool:
        return not is_profiled

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named(_PROFILED_ENGINE if problem.nuisances else _ENGINE)(problem, self.bins)
        return engine

    def law(
        self, engine: Any, *, at: FitResult | None, pool: Sample | None, n_events: int | None = None
    ) -> HistogramLaw | None:
        if at is not None:
            return None
        law: HistogramLaw = engine.law(pool=pool, n_events=n_events)
        return law

    @classmethod
    def stored_law(cls, document: Mapping[str, Any]) -> HistogramLaw:
        return HistogramLaw.from_document(document)

    def null_moments(self, engine: Any, *, z: FloatArray, n_events: int | None = None) -> tuple[float, float] | None:
        if z.size:
            return None
        figures = engine.law(pool=None, n_events=n_events).figures
        return float(figures.mean), float(figures.variance)

    def notices(self, problem: Problem, data: Sample | None) -> tuple[str, ...]:
        return (*few_notices(self.bins, problem), *outside_notices(self.bins, problem, data))

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "edges": plain_edges(self.edges), "n_bins": self.n_bins, "binning": self.binning}

    def describe(self) -> str:
        if self.edges is not None:
            return f"histogram of {math.prod(len(one) - 1 for one in self.edges):,} bins with given edges"
        n_bins = f"{self._bins.n_bins:,}" if self._bins else f"at most {self.n_bins or DEFAULT_BINS:,}"
        return f"histogram of {n_bins} bins of equal {_EQUAL[self.binning]}"

    def words(self, *, is_profiled: bool) -> Words:
        return histogram_words(is_profiled=is_profiled)


_EQUAL = {"quantiles": "expected events", "regular": "size, joined where the reference is poor"}

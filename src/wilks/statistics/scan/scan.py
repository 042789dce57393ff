"""The region scan: f is a constant in one contiguous region and 0 elsewhere, and t the largest over all regions."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.base import Engine
from wilks.statistics.histogram.bins import Grid
from wilks.statistics.histogram.contents import Contents, outside_notices
from wilks.statistics.histogram.edges import checked_edges, plain_edges
from wilks.statistics.histogram.histogram import Binning
from wilks.statistics.histogram.stepped import Stepped
from wilks.statistics.scan.grids import MAKERS
from wilks.statistics.scan.places import axes_of
from wilks.statistics.scan.regions import Deviations, Regions
from wilks.statistics.scan.words import scan_words
from wilks.statistics.words import Words
from wilks.storage import named
from wilks.typing import Count, Positive, check_options
from wilks.wording import listed

_DEFAULT_BINS = {1: 40, 2: 12}
_EVERYTHING = (-float("inf"), float("inf"))
# By their names, so that JAX, which traces log r and nothing else here, is loaded where there are nuisances.
_ENGINE = "wilks.statistics.scan.engine:ScanEngine"
_PROFILED_ENGINE = "wilks.statistics.scan.profiled_engine:ProfiledScanEngine"


@dataclass(frozen=True)
class Scan(Stepped):
    """The region of one or two features that deviates most: f(x) = log(n_r / b_r) in region r, 0 outside.

    Regions are the intervals of one feature, or the rectangles of two, that are made of elementary bins. With n_r data
    events in r and b_r = sum of the reference weights there,

        t = max_r 2 [ n_r log(n_r / b_r) - n_r + b_r ],

    the largest likelihood ratio of one count; with nuisances b_r = sum w r(x; nu), and L is minimized over nu too, in
    every region that may have the largest. It is the question of BumpHunter (G. Choudalakis, arXiv:1101.0390) and of
    MUSiC (CMS, Eur. Phys. J. C 81 (2021) 629), whose local p is named for the region; the global p, the trials factor
    with it, comes from toys that are scanned in the same way. Its parameters are f in the elementary bins.

    Args:
        features: one or two to be scanned, by name; None: those of the analysis, which must then be one or two.
        edges: ascending edges of the elementary bins for each scanned feature, in its units and in the order of
            ``features``. An interval holds its lower edge, the last its upper edge too; the outermost may be infinite.
            None: bins are made, which reach to infinity.
        n_bins: how many to make along each feature; None: 40 for one feature, 12 for two, where no edges are given.
        binning: ``regular`` makes them of equal size over the range of the reference, ``quantiles`` of equal expected
            events.
        narrowest: elementary bins that a region has along each feature at least.
        widest: and at most; None: all.
        least_effective: effective events of the reference, (sum w)^2 / sum w^2, that a region must rest on.
        deviations: ``excesses`` or ``deficits`` alone, or ``both``.

    Raises:
        InputError: an option outside these limits; edges and n_bins both.

    >>> Scan(n_bins=30, deviations="excesses").describe()
    'scan for excesses, at most 30 bins of equal size'
    """

    features: tuple[str, ...] | None = None
    edges: tuple[tuple[float, ...], ...] | None = None
    n_bins: Count | None = None
    binning: Binning = "regular"
    narrowest: Count = 1
    widest: Count | None = None
    least_effective: Positive = 10.0
    deviations: Deviations = "both"
    _bins: Grid | None = field(default=None, init=False, repr=False, compare=False)
    _regions: Regions | None = field(default=None, init=False, repr=False, compare=False)
    kind: ClassVar[str] = "scan"
    summary: ClassVar[str] = "A constant in the one contiguous region of one or two features that deviates most."
    without_clip: ClassVar[str] = (
        "Its regions bound it: choose elementary bins by the resolution of the features, and least_effective by the "
        "events of the reference. Nothing is to be selected on toys"
    )
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_options(self)
        if self.features is not None:
            object.__setattr__(self, "features", _checked_features(self.features))
        if self.edges is not None:
            object.__setattr__(self, "edges", checked_edges(self.edges, of="a scan"))
        for name, kinds in (("binning", Binning), ("deviations", Deviations)):
            if getattr(self, name) not in get_args(kinds):
                raise InputError(
                    f"{name} must be one of {', '.join(get_args(kinds))}, but {getattr(self, name)!r} came"
                )
        if self.edges is not None and (self.n_bins is not None or self.binning != "regular"):
            raise InputError(
                "a scan must have edges, or a rule that makes its bins, n_bins and binning, but both came; leave one "
                "out"
            )
        if self.widest is not None and self.widest < self.narrowest:
            raise InputError(f"widest must be at least narrowest, {self.narrowest}, but {self.widest} came")

    @property
    def is_penalized(self) -> bool:
        return True

    @property
    def is_combined(self) -> bool:
        return True

    @property
    def bins(self) -> Grid:
        """The elementary bins.

        Raises:
            InputError: the scan is not part of an analysis yet.
        """
        if self._bins is None:
            raise InputError("the bins of a scan belong to a reference: take the model of a wilks.Analysis")
        return self._bins

    @property
    def regions(self) -> Regions:
        """The regions of these bins that are looked at.

        Raises:
            InputError: the scan is not part of an analysis yet.
        """
        if self._regions is None:
            raise InputError("the regions of a scan belong to a reference: take the model of a wilks.Analysis")
        return self._regions

    def placed(self, problem: Problem) -> "Scan":
        placed = dataclasses.replace(self)
        bins = self._grid(problem)
        shape = tuple(bins.shape[j] for j in axes_of(bins))
        regions = Regions.all_of(shape, narrowest=self.narrowest, widest=self.widest, deviations=self.deviations)
        object.__setattr__(placed, "_bins", bins)
        object.__setattr__(placed, "_regions", self._enough(regions, Contents.of(bins, problem, problem.reference)))
        return placed

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named(_PROFILED_ENGINE if problem.nuisances else _ENGINE)(problem, self.bins, self.regions)
        return engine

    def notices(self, problem: Problem, data: Sample | None) -> tuple[str, ...]:
        return tuple(outside_notices(self.bins, problem, data))

    def to_dict(self) -> dict[str, Any]:
        names = ("n_bins", "binning", "narrowest", "widest", "least_effective", "deviations")
        features = None if self.features is None else list(self.features)
        return {"kind": self.kind, "features": features, "edges": plain_edges(self.edges)} | {
            name: getattr(self, name) for name in names
        }

    def describe(self) -> str:
        where = "" if self.features is None else f" of {listed(self.features)}"
        looked = _LOOKED_FOR[self.deviations]
        if self._regions is not None:
            sizes = " x ".join(map(str, self._regions.shape))
            return f"scan{where} for {looked}, {self._regions.n_regions:,} regions of {sizes} bins"
        if self.edges is not None:
            return f"scan{where} for {looked}, {' x '.join(str(len(one) - 1) for one in self.edges)} bins"
        n_bins = self.n_bins or _DEFAULT_BINS[len(self.features or ("",))]
        return f"scan{where} for {looked}, at most {n_bins} bins of equal {_EQUAL[self.binning]}"

    def words(self, *, is_profiled: bool) -> Words:
        return scan_words(is_profiled=is_profiled)

    def _grid(self, problem: Problem) -> Grid:
        """Elementary bins along the scanned features, and all that there is along the others."""
        reference = problem.reference
        chosen = _chosen(self.features, reference.features)
        if self.edges is not None and len(self.edges) != len(chosen):
            raise InputError(
                f"edges must be one array for each scanned feature, {listed(chosen)}, but there are {len(self.edges)}"
            )
        given = dict(
            zip(chosen, self.edges or (self._made(reference, name, len(chosen)) for name in chosen), strict=True)
        )
        edges = tuple(given.get(name, _EVERYTHING) for name in reference.features)
        return Grid.of(edges, problem.standardization, reference.features, are_made=self.edges is None)

    def _made(self, reference: Sample, name: str, n_scanned: int) -> tuple[float, ...]:
        n_bins = self.n_bins or _DEFAULT_BINS[n_scanned]
        is_there = reference.event_weights != 0
        values, weights = reference.column(name)[is_there], reference.event_weights[is_there]
        return MAKERS[self.binning](values, weights, n_bins=n_bins)

    def _enough(self, regions: Regions, contents: Contents) -> Regions:
        """Those that rest on enough of the reference."""
        sums, squares = (regions.sums(one[:-1]) for one in (contents.sums, contents.squares))
        kept = regions.only((sums > 0) & (sums**2 >= self.least_effective * (1.0 - 1e-9) * squares))
        if not kept.n_regions:
            raise InputError(
                f"some region must rest on {self.least_effective:g} effective events of the reference, but of "
                f"{regions.n_regions:,} none does; give wider bins, a smaller least_effective or a larger reference"
            )
        return kept


_LOOKED_FOR = {"both": "excesses and deficits", "excesses": "excesses", "deficits": "deficits"}
_EQUAL = {"quantiles": "expected events", "regular": "size"}


def _checked_features(features: object) -> tuple[str, ...]:
    names = tuple(features) if isinstance(features, Sequence) and not isinstance(features, str) else ()
    if not (1 <= len(names) <= 2 and len(set(names)) == len(names) and all(isinstance(one, str) for one in names)):
        raise InputError(
            f'features of a scan must be one name or two that differ, such as features=("mass",), but {features!r} came'
        )
    return names


def _chosen(features: tuple[str, ...] | None, there: Sequence[str]) -> tuple[str, ...]:
    """The scanned features.

    Raises:
        InputError: there are more than two and none was named, or one that was named is none of the analysis.
    """
    if features is None:
        if len(there) > 2:
            raise InputError(
                f"a scan looks at one feature or two, but the analysis has {len(there)}: name them, as "
                f"features={tuple(there[:2])!r}"
            )
        return tuple(there)
    unknown = [name for name in features if name not in there]
    if unknown:
        raise InputError(
            f"scanned features must be among those of the analysis, {listed(there)}, but {listed(unknown)} came"
        )
    return features

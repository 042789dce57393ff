"""The smallest region of the features that carries a given share of t."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.counting import Counted, count_inside
from wilks.interpretation.gains import LocalGains, local_gains
from wilks.interpretation.rules import CutRule, Place, cut_rule
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import BoolArray, FloatArray, require_kind
from wilks.wording import Printed

DEFAULT_SHARE = 0.68
_SMALLEST_GAP = 1e-9
OF_THE_SAME_DATA = (
    "Region and cuts were chosen by the f of these data, so that their local Z is no test: the p-value is that of t."
)


@dataclass(frozen=True, eq=False)
class SmallestRegion(Printed):
    """The places where h(g) >= threshold, which carry a share of t (`wilks.interpretation.gains`).

    Attributes:
        share: that was asked for.
        carried: the share that they carry, at least as much.
        threshold: of h.
        excess: where g > 0, more data than the reference expects: what is observed and expected there.
        deficit: where g < 0.
        excess_share, deficit_share: of t, in these two parts.
        rule: the part that carries more, as cuts on single columns.
        gains: g at all events, with what they add.
    """

    share: float
    carried: float
    threshold: float
    excess: Counted
    deficit: Counted
    excess_share: float
    deficit_share: float
    rule: CutRule
    gains: LocalGains = field(repr=False)

    @property
    def n_observed(self) -> int:
        """Data events in it."""
        return self.excess.n_observed + self.deficit.n_observed

    @property
    def n_expected(self) -> float:
        """Events that the reference expects there, at the nuisances of Delta."""
        return self.excess.n_expected + self.deficit.n_expected

    @property
    def is_excess(self) -> bool:
        """Whether more of t comes from too many data than from too few."""
        return self.excess_share >= self.deficit_share

    def contains(self, sample: Sample) -> BoolArray:
        """Which events of a sample lie in it, shape (n,).

        Raises:
            SampleError: a feature is missing.
        """
        return self.holds(self.gains.ratio(sample))

    def holds(self, g: FloatArray) -> BoolArray:
        """Which values of g (n,) lie in it."""
        return np.asarray(self.gains.density(g) >= self.threshold)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        numbers = ("share", "carried", "threshold", "excess_share", "deficit_share", "n_observed", "n_expected")
        return {
            **{name: getattr(self, name) for name in numbers},
            "n_data": self.gains.data.size,
            "n_expected_overall": float(np.sum(self.gains.weights)),
            "t": self.gains.learned.t,
            "gain": self.gains.total,
            "excess": self.excess.to_dict(),
            "deficit": self.deficit.to_dict(),
            "rule": self.rule.to_dict(),
        }

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def smallest_region(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, fit: FitResult, share: float = DEFAULT_SHARE
) -> SmallestRegion:
    """The region with the fewest expected events among those that carry a share of t, by the learned ratio.

    A place adds c (`wilks.interpretation.gains`) to t, and is expected to add h(g) for each event of the reference if
    the learned alternative holds. Places are taken in the order of h, largest first: of all regions with the same
    expected part of t the one above a threshold of h expects the fewest events of the reference (the lemma of Neyman
    and Pearson, with h in place of the likelihood ratio). The first of them whose c is the share of that of all places
    is the region. It holds excesses and deficits; events with one value of f, such as those of a bin, stay together.

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`; carried columns that the reference has too may stand in the cuts.
        fit: of these data, converged.
        share: of t, above 0 and at most 1.

    Raises:
        InputError: a share outside these limits; a fit that failed, found nothing (t = 0), or is of another analysis or
            other data.

    >>> from wilks.fitting import fit
    >>> from wilks.statistics.linear import Kernel
    >>> x = np.linspace(0.0005, 0.9995, 1000)
    >>> analysis = Analysis(reference=Sample(x, features=["x"]), model=Kernel(n_centers=20, width=0.3),
    ...                     expected_events=100)
    >>> data = np.concatenate([x[::10], np.linspace(0.68, 0.72, 20)])
    >>> region = smallest_region(analysis, data, fit=fit(analysis, data), share=0.9)
    >>> region.n_observed, round(region.n_expected, 1), region.rule.text
    (17, 3.0, 'x > 0.682 and x < 0.712')
    """
    require_kind(analysis, Analysis, name="analysis")
    if not 0 < share <= 1:
        raise InputError(f"share must be above 0 and at most 1, of all of t, but {share!r} came")
    sample = analysis.checked(data)
    return region_of(local_gains(analysis, sample, fit=fit), sample, share=share)


def region_of(gains: LocalGains, data: Sample, *, share: float = DEFAULT_SHARE) -> SmallestRegion:
    """The same of gains that are known.

    Raises:
        InputError: nothing adds to t.
    """
    threshold, carried = threshold_of(gains, share=share)
    return _region(gains, data, share=share, threshold=threshold, carried=carried)


def threshold_of(gains: LocalGains, *, share: float) -> tuple[float, float]:
    """The threshold of h of the smallest region with a share of t, and the share that it carries.

    Raises:
        InputError: nothing adds to t.
    """
    total = gains.total
    if not total > 0:
        raise InputError(
            f"a region that carries a share of t needs an f that adds to it, but all places together add {total:.3g}: "
            "the fit found nothing"
        )
    density = gains.density(np.concatenate([gains.data, gains.reference]))
    parts = np.concatenate([gains.of_data, gains.of_reference])
    order = np.argsort(-density, kind="stable")
    levels, carried = density[order], np.cumsum(parts[order]) / total
    is_end = np.append(levels[:-1] - levels[1:] > _SMALLEST_GAP * (1.0 + levels[1:]), True)
    ends = np.flatnonzero(is_end & (carried >= share * (1.0 - _SMALLEST_GAP)))
    last = int(ends[0]) if ends.size else levels.size - 1
    below = levels[last + 1] if last + 1 < levels.size else 0.0
    return 0.5 * float(levels[last] + below), float(carried[last])


def _region(gains: LocalGains, data: Sample, *, share: float, threshold: float, carried: float) -> SmallestRegion:
    parts, shares, insides = [], [], []
    for sign in (1.0, -1.0):
        of_data, of_reference = (
            (sign * g > 0) & (gains.density(g) >= threshold) for g in (gains.data, gains.reference)
        )
        parts.append(count_inside(of_data, of_reference, gains.weights))
        added = float(np.sum(gains.of_data[of_data]) + np.sum(gains.of_reference[of_reference]))
        shares.append(added / gains.total)
        insides.append(of_reference)
    is_excess = shares[0] >= shares[1]
    place = _place(gains, insides[0 if is_excess else 1], threshold, is_excess=is_excess)
    reference = gains.learned.analysis.reference
    rule = cut_rule(reference, data, place=place, columns=gains.learned.columns(data))
    return SmallestRegion(
        share=share,
        carried=carried,
        threshold=threshold,
        excess=parts[0],
        deficit=parts[1],
        excess_share=shares[0],
        deficit_share=shares[1],
        rule=rule,
        gains=gains,
    )


def _place(gains: LocalGains, inside: BoolArray, threshold: float, *, is_excess: bool) -> Place:
    """The part of a region that cuts are to describe."""
    density = np.where(inside, gains.density(gains.reference), threshold)
    learned = gains.weights * gains.factor(gains.reference) if is_excess else gains.weights
    return Place(inside, gains.weights * density, learned, gains.weights)


def _lines(region: SmallestRegion) -> Iterator[str]:
    gains = region.gains
    at = " at the nuisances of Delta" if gains.learned.analysis.nuisances else ""
    total = f"{gains.total:.4g}" if gains.whole == "t" else f"{gains.total:.4g} (t is {gains.learned.t:.4g})"
    yield f"Smallest region that carries {region.share:.0%} of {gains.whole}: {region.carried:.0%} of {total}"
    for name, part, share in (
        ("excess", region.excess, region.excess_share),
        ("deficit", region.deficit, region.deficit_share),
    ):
        if part.n_observed or part.n_expected:
            yield f"  {name:<8}  {part}, {share:.0%} of {gains.whole}"
    yield f"  of all     {gains.data.size:,} observed, {np.sum(gains.weights):,.6g} expected{at}"
    yield from (f"  {line}" for line in str(region.rule).splitlines())
    yield OF_THE_SAME_DATA

"""t of every part of the data and of toys that were divided alike, and the p that they have together."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import CalibrationError, InputError
from wilks.significance import INDEPENDENT, clopper_pearson, clopper_pearson_upper, least_tied, z_score
from wilks.significance.printing import decimals, failed_toys, finite_or_none, probability
from wilks.typing import FloatArray
from wilks.wording import Printed, stacked, table

FEW_TOYS = 100


@dataclass(frozen=True)
class PartsAnswer(Printed):
    """p of data in k parts.

    Attributes:
        t: of each part (k).
        n_events: of each part.
        p_values: of each part, counted among all parts of all toys.
        combination: by which they are made one: ``fisher``, ``stouffer`` or ``min_p``.
        p_value: (j + m + 1)/(n + 1) for j of n toys of the whole procedure that are combined to as small a number, and
            m that failed.
        interval: of it, Clopper-Pearson, 68 %; its ends take all failed toys as smaller, and as larger.
        formula_p_value: what the combination says if the parts are independent.
        correlation: of t of two parts over toys; 0 but for chance where nothing is shared, such as an auxiliary
            measurement.
        n_toys, n_failed: toys, and those in which the fit of a part failed, which count as exceeding.
        notices: what must be known of the data, the toys and the nuisances.
    """

    t: tuple[float, ...]
    n_events: tuple[int, ...]
    p_values: tuple[float, ...]
    combination: str
    p_value: float
    interval: tuple[float, float]
    formula_p_value: float
    correlation: float
    n_toys: int
    n_failed: int
    notices: tuple[str, ...] = ()
    method: str = "empirical"

    @property
    def z_score(self) -> float:
        """Of p."""
        return z_score(self.p_value)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be known beside p."""
        few = f"Only {self.n_toys} toys: no p below {probability(1.0 / (self.n_toys + 1))} can be seen"
        return ((few,) if self.n_toys < FEW_TOYS else ()) + self.notices

    def __str__(self) -> str:
        rows = [
            (str(k + 1), f"{n:,}", decimals(t), probability(p))
            for k, (n, t, p) in enumerate(zip(self.n_events, self.t, self.p_values, strict=True))
        ]
        low, high = self.interval
        last = (
            f"{self.combination} of {len(self.t)} parts: p = {probability(self.p_value)} [{probability(low)}, "
            f"{probability(high)}], Z = {decimals(self.z_score)}, among {self.n_toys:,} toys that were divided alike"
            f"{limit_text(self.p_value, self.n_toys)}; "
            f"{probability(self.formula_p_value)} if the parts are independent (correlation of t "
            f"{decimals(self.correlation)})."
        )
        lines = [table(rows, header=("part", "events", "t", "p")), last]
        lines += (f"Warning: {text}." for text in self.warnings)
        return stacked(*lines, *([failed_toys(self.n_failed, self.n_toys)] if self.n_failed else []))

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        pairs = {"interval": list(self.interval), "z_score": finite_or_none(self.z_score)}
        lists = {name: list(getattr(self, name)) for name in ("t", "n_events", "p_values")}
        correlation = {"correlation": finite_or_none(self.correlation)}
        own = {name: value for name, value in vars(self).items() if name != "notices"}
        return {**own, **lists, **pairs, **correlation, "warnings": list(self.warnings)}


def combined(
    t: FloatArray, toys: FloatArray, *, n_events: tuple[int, ...], combination: str, notices: tuple[str, ...] = ()
) -> PartsAnswer:
    """The answer for t of the parts of data (k,), among those of toys (n, k), NaN where a fit failed.

    The data are taken as one more toy: p_ij is the share of all (n + 1) k values at or above t_ij, and the combination
    of each row has a rank among all rows. If the data are such a toy, every rank is as likely, whatever the parts
    share: p is exact, with one part it is that of `wilks.calibrate`. A share is taken half a value lower, so that none
    is 1.

    Raises:
        CalibrationError: the fit of a part of the data failed.
        InputError: an unknown combination.

    >>> toys = np.random.default_rng(1).chisquare(5, size=(199, 2))
    >>> combined(np.array([18.0, 12.0]), toys, n_events=(50, 50), combination="fisher").p_value
    0.005
    """
    require_combination(combination)
    if not np.isfinite(t).all():
        raise CalibrationError(f"p needs a fit of every part of the data, but {int(np.isnan(t).sum())} of them failed")
    combine, (n, k) = INDEPENDENT[combination], toys.shape
    rows = np.nan_to_num(np.concatenate([t[None], toys]), nan=np.inf)
    together = combine(share_at_or_above(rows, rows) - 0.5 / rows.size)
    has_failed = ~np.isfinite(toys).all(axis=1)
    n_failed = int(np.sum(has_failed))
    count = int(np.sum(together[1:][~has_failed] <= together[0] * (1.0 + 1e-9)))
    own = (share_at_or_above(t, rows[1:]) * n * k + 1.0) / (n * k + 1.0)
    return PartsAnswer(
        t=tuple(t.tolist()),
        n_events=n_events,
        p_values=tuple(own.tolist()),
        combination=combination,
        p_value=(count + n_failed + 1) / (n + 1),
        interval=(clopper_pearson(count, n)[0], clopper_pearson(count + n_failed, n)[1]),
        formula_p_value=float(combine(np.minimum(own, 1.0 - 0.5 / (n * k + 1.0)))),
        correlation=mean_correlation(toys),
        n_toys=n,
        n_failed=n_failed,
        notices=notices,
    )


def limit_text(p_value: float, n_toys: int) -> str:
    """The 95 % limit on p where no toy reaches the data, for a sentence; else nothing.

    >>> limit_text(0.01, 99), limit_text(0.02, 99)
    (' (none reaches it: p below 0.030 at 95 % CL)', '')
    """
    if p_value * (n_toys + 1) > 1.5:
        return ""
    return f" (none reaches it: p below {probability(clopper_pearson_upper(0, n_toys))} at 95 % CL)"


def require_combination(combination: str) -> None:
    """Raise InputError unless there is such a combination."""
    if combination not in INDEPENDENT:
        raise InputError(f"combination must be one of {', '.join(INDEPENDENT)}, but {combination!r} came")


def share_at_or_above(t: FloatArray, among: FloatArray) -> FloatArray:
    """The share of all values ``among`` at or above each t, ties counted; in the shape of t."""
    ordered = np.sort(among, axis=None)
    least = np.where(np.isfinite(t), least_tied(np.where(np.isfinite(t), t, 0.0)), t)
    return 1.0 - np.searchsorted(ordered, least, side="left") / ordered.size


def mean_correlation(t: FloatArray) -> float:
    """Of two columns of t (n, k), over rows without NaN, on average over pairs; NaN for one column.

    By ranks, as t has a long tail.
    """
    k = t.shape[1]
    done = t[np.isfinite(t).all(axis=1)]
    if k < 2 or done.shape[0] < 3:
        return math.nan
    ranks = np.argsort(np.argsort(done, axis=0), axis=0).astype(np.float64)
    matrix = np.corrcoef(ranks, rowvar=False)
    return float((matrix.sum() - k) / (k * (k - 1)))

"""The distribution of t as the toys give it: counts, p-values, intervals."""

from dataclasses import dataclass

import numpy as np

from wilks.errors import CalibrationError
from wilks.significance import clopper_pearson, clopper_pearson_upper, least_tied
from wilks.typing import FloatArray, IntArray

LOWEST_T = -1e-3
_ZERO_T = 1e-9


@dataclass(frozen=True, eq=False)
class Empirical:
    """Sorted values of t from the toys that succeeded, and the number that failed.

    ``t`` (k,) is ascending and finite. With k_t the number of toys at or above t, m failed and
    n all toys, p = (k_t + m + 1)/(n + 1): ties and failed toys count as exceeding. What differs by rounding alone is a
    tie: values down to 1e-9 of t below it (`wilks.significance.least_tied`), and all of them where t itself is nothing
    but rounding, 1e-9 or less, as t cannot be negative.

    >>> null = Empirical.of(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    >>> null.n_toys, null.count(3.0), null.p_value(3.0)
    (5, 2, 0.6666666666666666)
    """

    t: FloatArray
    n_failed: int

    @classmethod
    def of(cls, t: FloatArray) -> "Empirical":
        """Sort values of t in which NaN marks a failed toy."""
        done = np.sort(t[np.isfinite(t)])
        done.flags.writeable = False
        return cls(t=done, n_failed=int(t.size - done.size))

    @property
    def n_toys(self) -> int:
        """All toys, failed ones included."""
        return int(self.t.size) + self.n_failed

    @property
    def smallest_p_value(self) -> float:
        """The p of a t above every toy: (m + 1)/(n + 1)."""
        return (self.n_failed + 1) / (self.n_toys + 1)

    def count(self, t: float) -> int:
        """How many valid toys lie at or above t, ties included."""
        if np.isnan(t):
            raise CalibrationError("a p-value needs a valid t, got NaN: a fit that failed has no p-value")
        return int(self.counts(np.array([t]))[0])

    def counts(self, t: FloatArray) -> IntArray:
        """How many valid toys lie at or above each t (k,), shape (k,), none of them NaN."""
        least = np.where(t > _ZERO_T, least_tied(t), -np.inf)
        return np.asarray(self.t.size - np.searchsorted(self.t, least, side="left"))

    def counts_above(self, t: FloatArray) -> IntArray:
        """How many valid toys lie above each t (k,), ties left out; shape (k,), none of them NaN."""
        most = np.where(t > _ZERO_T, -least_tied(-t), _ZERO_T)
        return np.asarray(self.t.size - np.searchsorted(self.t, most, side="right"))

    def p_value(self, t: float) -> float:
        """Return (k + m + 1)/(n + 1)."""
        return (self.count(t) + self.n_failed + 1) / (self.n_toys + 1)

    def p_values(self, t: FloatArray) -> FloatArray:
        """The same of each t (k,), none of them NaN; shape (k,)."""
        return (self.counts(t) + self.n_failed + 1) / (self.n_toys + 1)

    def interval(self, t: float, *, level: float = 0.68) -> tuple[float, float]:
        """Return the Clopper-Pearson interval; its ends take all failed toys below, and above, t."""
        k = self.count(t)
        low, _ = clopper_pearson(k, self.n_toys, level=level)
        _, high = clopper_pearson(k + self.n_failed, self.n_toys, level=level)
        return low, high

    def upper_limit(self, t: float, *, level: float = 0.95) -> float:
        """Return the one-sided upper limit on p with all failed toys above t."""
        return clopper_pearson_upper(self.count(t) + self.n_failed, self.n_toys, level=level)


def check_observed(t: float) -> None:
    """Check that t of data may have a p: rounding moves it below 0 by 1e-3 at most.

    Raises:
        CalibrationError: NaN, infinite, or below that, such as -1 for a fit that failed.
    """
    if not (np.isfinite(t) and t >= LOWEST_T):
        came = "NaN" if np.isnan(t) else f"{t:g}"
        raise CalibrationError(
            f"a p-value needs a t that is finite and not negative, but {came} came: a fit that failed, or that did not "
            "reach its minimum, has no p-value; give the t of one that converged"
        )

"""What a reference of monitoring is built with, where it is valid, and the rates at which it decides."""

import math
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import InputError
from wilks.typing import Count, Positive, Seed, check_options


@dataclass(frozen=True)
class BuildOptions:
    """How a reference is built.

    Args:
        batch_sizes: numbers of events at which the null is known; in between it is interpolated. None: the expected
            events of the analysis.
        n_toys: null batches of each size, drawn from events that the reference does not hold.
        n_calibration: held-out batches of each size, at most; of a pool as many as it has without sharing an event.
        n_power: batches of each deviation that the power is measured with; 0: it is not.
        seed: of all these batches.

    Raises:
        InputError: an option outside these limits.
    """

    batch_sizes: tuple[Count, ...] | None = None
    n_toys: Count = 2_000
    n_calibration: Count = 1_000
    n_power: int = 100
    seed: Seed = 1

    def __post_init__(self) -> None:
        check_options(self)
        if self.n_power < 0:
            raise InputError(f"n_power must be a whole number of at least 0, but {self.n_power!r} came")
        if self.batch_sizes is not None:
            sizes = tuple(sorted({int(one) for one in self.batch_sizes}))
            if not sizes or sizes[0] < 2:
                raise InputError(f"batch_sizes must be at least 2 events each, but {self.batch_sizes!r} came")
            object.__setattr__(self, "batch_sizes", sizes)


@dataclass(frozen=True)
class Decisions:
    """The rates at which a monitor decides. Each is a rate on good batches.

    Args:
        bad: a batch is BAD where p is below this: so many of good batches are.
        medium: a batch is MEDIUM where p is below this, and it is not BAD.
        batches_between_alarms: h, the mean number of good batches between false alarms of the sum of evidence.
        kappa: exponent of the evidence e = kappa p^(kappa - 1); small ones gain most from few tiny p.
        window: batches in the sliding window, and in the one that looks for drift.
        n_in_a_row: batches among which `k_of_n` counts.
        k_of_n: how many of them must be MEDIUM or BAD for an alarm.
        n_ranks: earlier batches that p ranks a batch among, the last ones: memory does not grow beyond.
        tie_seed: of the random numbers that break ties of ranks.

    Raises:
        InputError: an option outside these limits.

    >>> Decisions().describe()[0]
    'of good batches 1 in 1,000 is BAD and 1 in 100 MEDIUM or BAD'
    """

    bad: Positive = 1e-3
    medium: Positive = 1e-2
    batches_between_alarms: Positive = 1_000.0
    kappa: Positive = 0.5
    window: Count = 20
    n_in_a_row: Count = 10
    k_of_n: Count = 3
    n_ranks: Count = 10_000
    tie_seed: Seed = 0

    def __post_init__(self) -> None:
        check_options(self)
        h, kappa = self.batches_between_alarms, self.kappa
        if not self.bad <= self.medium < 1.0 or kappa >= 1.0 or h * (1.0 - kappa) < 1.0:
            raise InputError(
                "decisions must have bad <= medium < 1, kappa < 1 and batches_between_alarms >= 1/(1 - kappa), but "
                f"{self.bad:g}, {self.medium:g}, {kappa:g} and {h:g} came"
            )
        if self.k_of_n > self.n_in_a_row:
            raise InputError(
                f"k_of_n must be at most n_in_a_row, {self.n_in_a_row}, but {self.k_of_n} came: it counts among these"
            )

    @property
    def k_of_n_rate(self) -> float:
        """The share of good batches at which the alarm k of n stands: that of a binomial count.

        >>> f"{Decisions(medium=0.01, n_in_a_row=10, k_of_n=3).k_of_n_rate:.2e}"
        '1.14e-04'
        """
        n, p = self.n_in_a_row, self.medium
        return float(sum(math.comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(self.k_of_n, n + 1)))

    def describe(self) -> tuple[str, ...]:
        """The guarantees in words."""
        return (
            f"of good batches {_one_in(self.bad)} is BAD and {_one_in(self.medium)} MEDIUM or BAD",
            f"the sum of evidence raises one false alarm in {self.batches_between_alarms:,.0f} good batches on average",
            f"{self.k_of_n} of the last {self.n_in_a_row} batches are MEDIUM or BAD at {_one_in(self.k_of_n_rate)} of "
            "good batches",
            f"the last {self.window} batches are looked at for drift, with an alarm at {_one_in(self.bad)} of good "
            "batches on average over references; neighbors share batches, and their alarms",
            f"windows alarm at {_one_in(self.bad)} of good batches on average over references; neighbors share "
            "batches, and their alarms",
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Validity:
    """For which batches a reference stands; all others are not evaluated.

    Args:
        run_type: of the runs that the reference was made from; None: any. A batch that says another is refused.
        begins: first second of the period, counted from 1970 as batches do; None: no beginning.
        ends: last second of the period; None: no end.
        fewest_events: a batch must have so many; None: a tenth less than the
            smallest of `batch_sizes`.
        most_events: a batch may have so many; None: a tenth more than the largest of `batch_sizes`.
        columns: that a batch must have beside those of the features, such as those of the selection.
        stale_after_s: a batch older than this when it comes is not evaluated, in seconds; None: any age.

    Raises:
        InputError: an option outside these limits.
    """

    run_type: str | None = None
    begins: float | None = None
    ends: float | None = None
    fewest_events: Count | None = None
    most_events: Count | None = None
    columns: tuple[str, ...] = field(default=())
    stale_after_s: Positive | None = None

    def __post_init__(self) -> None:
        check_options(self)
        object.__setattr__(self, "columns", tuple(self.columns))
        for low, high in ((self.begins, self.ends), (self.fewest_events, self.most_events)):
            if low is not None and high is not None and low > high:
                raise InputError(f"a range of validity must not end before it begins, but {low:g} to {high:g} came")

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "columns": list(self.columns)}


def _one_in(rate: float) -> str:
    return f"1 in {round(1.0 / rate):,}" if rate > 0.0 else "none"

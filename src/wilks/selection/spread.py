"""How far t depends on the seed of its search, and what it costs to make it depend less."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wilks.errors import CalibrationError
from wilks.significance import clopper_pearson
from wilks.typing import FloatArray

LARGEST_SPREAD = 0.1
LEAST_SHARE = 0.9


@dataclass(frozen=True)
class Spread:
    """t of the same toys from two seeds of the search.

    A search that always finds the best minimum gives one t. One that does not adds noise to t, in data and in toys
    alike: p stays valid, power is lost, and another seed gives another p.

    Attributes:
        n_toys: toys with a valid t from both seeds.
        within_tenth, within_half: shares of them whose two t agree within 0.1 and within 0.5.
        limit: a tenth of the standard deviation of t over these toys.
        within_limit: the share that agrees within that.
        interval: of ``within_limit``, 68 %, Clopper-Pearson.
        largest: difference.
        n_starts: of the search.
        seconds: that a toy takes on one core, on average, in one search.
    """

    n_toys: int
    within_tenth: float
    within_half: float
    limit: float
    within_limit: float
    interval: tuple[float, float]
    largest: float
    n_starts: int
    seconds: float

    @property
    def n_far(self) -> int:
        """Toys whose two t are farther apart than that."""
        return self.n_toys - round(self.within_limit * self.n_toys)

    @property
    def is_small(self) -> bool:
        """Whether 90 % of toys agree within a tenth of the standard deviation of the null."""
        return self.within_limit >= LEAST_SHARE

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"two seeds of the search ({self.n_starts} starts, {self.seconds:.2g} s a toy) agree within 0.1 on "
            f"{self.within_tenth:.0%} of {self.n_toys} toys, within 0.5 on {self.within_half:.0%}, within "
            f"{self.limit:.2f}, a tenth of the standard deviation of t, on {self.within_limit:.0%} "
            f"[{low:.0%}, {high:.0%}]"
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return asdict(self) | {"interval": list(self.interval), "is_small": self.is_small}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Spread":
        """The inverse of `to_dict`."""
        own = {name: value for name, value in document.items() if name != "is_small"}
        return cls(**own | {"interval": tuple(document["interval"])})


def spread_of(t: FloatArray, other: FloatArray, *, n_starts: int, seconds: float) -> Spread:
    """Compare t (n,) of toys with those of another seed of the search, NaN where one failed.

    Raises:
        CalibrationError: fewer than two toys have both.

    >>> rng = np.random.default_rng(1)
    >>> t = rng.chisquare(13, size=40)
    >>> found = spread_of(t, t + np.where(np.arange(40) < 10, 0.3, 0.0), n_starts=24, seconds=0.4)
    >>> found.within_tenth, found.within_half, found.is_small
    (0.75, 1.0, True)
    """
    both = np.isfinite(t) & np.isfinite(other)
    n = int(both.sum())
    if n < 2:
        raise CalibrationError(
            f"a spread needs two toys with a valid t from both seeds, but {n} of {t.size} have one; see why they fail"
        )
    apart, limit = np.abs(t - other)[both], LARGEST_SPREAD * float(np.std(t[both], ddof=1))
    n_close = int(np.sum(apart <= limit))
    return Spread(
        n_toys=n,
        within_tenth=float(np.mean(apart <= 0.1)),
        within_half=float(np.mean(apart <= 0.5)),
        limit=limit,
        within_limit=n_close / n,
        interval=clopper_pearson(n_close, n),
        largest=float(apart.max()),
        n_starts=n_starts,
        seconds=seconds,
    )

"""What is observed and expected in some part of the features."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.interpretation.cuts import Cuts, local_z_scores
from wilks.significance.printing import finite_or_none
from wilks.typing import BoolArray, FloatArray


@dataclass(frozen=True)
class Counted:
    """Data events in a part of the features, and the expected ones with the statistical error of the reference.

    Attributes:
        n_observed: data events.
        n_expected, n_expected_error: sum w and sqrt(sum w^2) of the reference events.
        local_z_score: of the count for that expectation and its error (`significance.on_off_z_score`), negative for a
            deficit; NaN where the net weight is not positive. It is local: whoever chose the part looked at the data.
    """

    n_observed: int
    n_expected: float
    n_expected_error: float
    local_z_score: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        return {**vars(self), "local_z_score": finite_or_none(self.local_z_score)}

    def __str__(self) -> str:
        expected = with_error(self.n_expected, self.n_expected_error)
        z = f", local Z {self.local_z_score:.2f}" if np.isfinite(self.local_z_score) else ""
        return f"{self.n_observed:,} observed, {expected} expected{z}"


def count_inside(data: BoolArray, reference: BoolArray, weights: FloatArray) -> Counted:
    """Those of the data events (n,) and of the reference events (m,) with weights (m,) that lie inside."""
    inside = weights[reference]
    n, expected, variance = float(np.sum(data)), float(np.sum(inside)), float(np.sum(inside**2))
    found = Cuts(np.zeros(1), np.array([n]), np.array([expected]), np.array([variance]))
    z = float(local_z_scores(found, weights)[0]) if n or expected else 0.0
    return Counted(int(n), expected, float(np.sqrt(variance)), z)


def with_error(value: float, error: float) -> str:
    """value +- error, with the digits that the error allows; 0 where there is no error.

    >>> with_error(7.3512, 0.394), with_error(0.0, 0.0)
    ('7.35 +- 0.39', '0')
    """
    if error == 0:
        return "0"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:,.{digits}f} +- {error:,.{digits}f}"

"""What a family that is linear in its parameters must say: its features and their penalty."""

from typing import NamedTuple, Protocol

from wilks.typing import FloatArray


class Resolution(NamedTuple):
    """Where the features of one variable are smooth: on the scale ``length``, and 0 outside ``first`` to ``last``."""

    length: float
    first: float
    last: float


class FeatureMap(Protocol):
    """f(x) = sum_m a_m k_m(x) with the penalty ridge a^T K a: k and K, in NumPy, of standardized events.

    It comes from the reference alone, and two maps with one digest have the same values.
    """

    @property
    def n_values(self) -> int:
        """m, the number of features."""

    @property
    def resolution(self) -> Resolution | None:
        """That of the features of one variable, with which few points stand for many events; None: event by event."""

    def values(self, events: FloatArray) -> FloatArray:
        """k of standardized events (n, d), shape (n, m), to be read only."""

    def penalty(self) -> FloatArray:
        """K, shape (m, m), without negative eigenvalues; the identity for an orthonormal basis."""

    def digest(self) -> str:
        """SHA-256 (hex) of all that defines the values."""


class Member(NamedTuple):
    """One statistic of a model: its features, the strength of its penalty, and what tables call it."""

    map: FeatureMap
    ridge: float
    name: str
    width: float = float("nan")
    """Of its Gaussians; NaN for features that have none."""

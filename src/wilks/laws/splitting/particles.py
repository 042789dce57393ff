"""What multilevel splitting needs of draws from a null: their t, copies of some, and moves that keep the null."""

from typing import Protocol, Self

import numpy as np

from wilks.typing import BoolArray, FloatArray, IntArray


class Particles(Protocol):
    """Draws of a null that are moved in place.

    Attributes:
        t: of each, shape (n,); infinite where the statistic failed, which counts as reaching any t.
    """

    t: FloatArray

    def picked(self, places: IntArray) -> Self:
        """Copies of those at ``places`` (k,), of which several may be one; none shares memory with this."""

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> BoolArray:
        """Propose for each a draw that is reversible under the null, and take those with t >= ``least``.

        Restricted like that the move keeps the null law given t >= ``least``.

        Args:
            least: of t.
            size: the share of a particle that is drawn anew, from 0 to 1, where the proposal is independent.
            rng: all random numbers.

        Returns:
            which were taken, shape (n,).
        """


class Population(Protocol):
    """The null that particles are drawn from."""

    def drawn(self, n: int, rng: np.random.Generator) -> Particles:
        """n independent draws."""

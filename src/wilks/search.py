"""How hard to look for the best of many minima."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wilks.optimize.certificate import Certificate
from wilks.typing import Count, Positive, Seed, check_options


@dataclass(frozen=True)
class Search:
    """How hard to look for the best minimum: a part of the analysis, the same for data and toys.

    Args:
        n_starts: starting points, each followed by a quasi-Newton descent, on a thinned reference where it is large.
        seed: of the starting points and of the thinning; t is a function of it.
        race_iterations: after so many iterations, and whenever their number has doubled, the descents that have not
            ended are compared, and at most a half, a quarter, ... of ``n_starts`` go on, the best of them.
        n_kept: descents that go on to their ends in any case; as many as ``n_starts``, or more: no race.
        n_polished: at most so many ends of the exploration, those that may be the best, are finished on all events and
            certified.
        n_coarse: a reference of more events than this is thinned to them while starts are compared; that of one
            feature is always merged into fine cells.
        max_iterations: largest number of iterations of one quasi-Newton descent.
        max_newton_iterations: largest number of Newton steps of the finish on all events.
        decrement_tolerance: the Newton decrement, in units of t, below which a minimum is certified.
        kkt_tolerance: the KKT residual below which a minimum is certified.
        n_retries: searches with twice as many new starts after one without a certified best minimum.

    Raises:
        InputError: a count or tolerance that is not positive.

    >>> Search(n_starts=10, seed=0).n_polished
    3
    """

    n_starts: Count = 24
    seed: Seed = 0
    race_iterations: Count = 200
    n_kept: Count = 3
    n_polished: Count = 3
    n_coarse: Count = 100_000
    max_iterations: Count = 3000
    max_newton_iterations: Count = 20
    decrement_tolerance: Positive = 1e-3
    kkt_tolerance: Positive = 1e-3
    n_retries: Seed = 1

    def __post_init__(self) -> None:
        check_options(self, called="search.{}")

    def looks(self) -> Iterator[tuple[int, int]]:
        """When descents are compared, as (iteration, how many go on); the last look is at the end.

        >>> list(Search(n_starts=40, n_kept=5, race_iterations=100, max_iterations=3000).looks())
        [(100, 20), (200, 10), (400, 5), (3000, 5)]
        """
        last, n_kept = self.race_iterations, self.n_starts
        while n_kept > self.n_kept and last < self.max_iterations:
            n_kept = max(self.n_kept, -(-n_kept // 2))
            yield last, n_kept
            last *= 2
        yield self.max_iterations, n_kept

    def is_certified(self, certificate: Certificate) -> Any:
        """Whether both tolerances are met, in the form of the entries; negative curvature is charged in the decrement.

        NaN meets none.
        """
        return (certificate.newton_decrement < self.decrement_tolerance) & (
            certificate.kkt_residual < self.kkt_tolerance
        )

"""What a fit needs of an analysis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from wilks.nuisances import Nuisances
from wilks.samples import Sample, Standardization, StandardizedEvents, some_distinct
from wilks.search import Search
from wilks.typing import FloatArray

if TYPE_CHECKING:
    from wilks.nuisances.effect import Effect


MOST_CHOSEN_FROM = 100_000


@dataclass(frozen=True, eq=False)
class Problem:
    """A reference with its standardization and its nuisances, and the effort of a search: all but f.

    Args:
        reference: events with weights that sum to N(R_0).
        standardization: at the input of f.
        nuisances: how the reference may differ from nature; there may be none.
        search: the effort of the fit.
    """

    reference: Sample
    standardization: Standardization
    nuisances: Nuisances
    search: Search

    @property
    def expected_events(self) -> float:
        """N(R_0)."""
        return self.reference.expected_events

    @cached_property
    def effect(self) -> Effect:
        """What the nuisances do to its events, as compiled programs know it."""
        return self.nuisances.effect(self.reference.n_features)

    @cached_property
    def standardized(self) -> FloatArray | StandardizedEvents:
        """The events of the reference as f sees them, shape (n, d); of one on disk, block by block."""
        if self.reference.is_on_disk:
            return StandardizedEvents(self.reference.events, self.standardization)
        return self.standardization.apply(self.reference.events)

    @cached_property
    def representative(self) -> Problem:
        """The same with at most 100,000 distinct rows: what is chosen from a reference needs no more.

        A reference of one feature, or with negative weights, stays as it is.
        """
        reference = self.reference
        if reference.n_features == 1 or reference.n_events <= MOST_CHOSEN_FROM or reference.has_negative_weights:
            return self
        return replace(self, reference=some_distinct(reference, most=MOST_CHOSEN_FROM))

"""What a fit needs of an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wilks.nuisances import Nuisances
from wilks.samples import Sample, Standardization
from wilks.search import Search
from wilks.typing import FloatArray

if TYPE_CHECKING:
    from wilks.nuisances.effect import Effect


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
    def standardized(self) -> FloatArray:
        """The events of the reference as f sees them, shape (n, d)."""
        return self.standardization.apply(self.reference.events)

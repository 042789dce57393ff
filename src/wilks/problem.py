"""What a fit needs of an analysis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from wilks import lazy
from wilks.errors import InputError
from wilks.nuisances import Nuisances, require_finite_response
from wilks.samples import Sample, Standardization, StandardizedEvents, require_varying, some_distinct
from wilks.samples.splitting import changed_yield
from wilks.search import Search
from wilks.typing import FloatArray

if TYPE_CHECKING:
    from wilks.nuisances.effect import Effect
    from wilks.optimize import devices
else:
    devices = lazy.Module("wilks.optimize.devices")

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


def check_reference(reference: Sample) -> None:
    """Raise unless a sample can be the reference of an analysis.

    Raises:
        InputError: fewer than 2 events, a sum of weights that is not positive, a feature that does not vary.
    """
    present = reference.expected_events
    if not (reference.n_events >= 2 and np.isfinite(present) and present > 0):
        raise InputError(
            "the reference must have at least 2 events and a positive sum of weights, "
            f"but {reference.n_events:,} events with a sum of {present:g} came; check the files, selection and weights"
        )
    require_varying(reference)


def check_yield(reference: Sample) -> None:
    """The expected events, given to `read` and again here or changed by a split, must be one number."""
    told = changed_yield(reference)
    if told is not None:
        raise InputError(
            f"the reference was read with expected_events={told:.10g}, but its weights now sum to "
            f"{reference.expected_events:.10g}. After wilks.split, which shares the sum out, give "
            f"Analysis(expected_events={told:.10g}); for another number or selection, read the reference with it"
        )


def checked_search(search: Search | None) -> Search:
    if search is not None and not isinstance(search, Search):
        raise InputError(f"search must be a wilks.Search or None, but {search!r} came")
    return Search() if search is None else search


def checked_nuisances(nuisances: object, reference: Sample) -> Nuisances:
    """Nuisances whose log r is usable at the events of the reference.

    Raises:
        InputError: it is not, or something else came.
    """
    if not isinstance(nuisances, Nuisances | Iterable):
        raise InputError(f"nuisances must be a list of wilks.Nuisance, but {nuisances!r} came")
    given = nuisances if isinstance(nuisances, Nuisances) else Nuisances(tuple(nuisances))
    if given:
        devices.backend()
    require_finite_response(given, reference.events, role="the reference")
    return given


def standardization_of(reference: Sample, standardize: bool | Standardization) -> Standardization:
    if isinstance(standardize, Standardization):
        if standardize.n_features != reference.n_features:
            raise InputError(
                f"the standardization must have {reference.n_features} features, but it has {standardize.n_features}"
            )
        return standardize
    if not isinstance(standardize, bool):
        raise InputError(f"standardize must be True, False or a wilks.Standardization, but {standardize!r} came")
    return Standardization.of(reference) if standardize else Standardization.identity(reference.n_features)

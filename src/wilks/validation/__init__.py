"""Is an analysis what it claims to be? Checks on toys, before the data are seen."""

from wilks.validation.checks import Check, Verdict
from wilks.validation.nuisances import NuisanceCell, NuisanceTable, shifted_hypotheses, validate_nuisances
from wilks.validation.page import Point, Validation
from wilks.validation.validating import validate

__all__ = [
    "Check",
    "NuisanceCell",
    "NuisanceTable",
    "Point",
    "Validation",
    "Verdict",
    "shifted_hypotheses",
    "validate",
    "validate_nuisances",
]

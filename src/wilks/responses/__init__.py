"""Learning log r(x; nu) from varied samples, and checking what was learned."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.responses.binning": ["bin_responses"],
    "wilks.responses.closure": ["Closure", "ClosureColumn", "ClosureRow", "check_responses"],
    "wilks.responses.learning": ["learn_responses", "yield_polynomial"],
    "wilks.responses.options": ["Training"],
    "wilks.responses.study": ["NuisanceStudy", "OrderResult", "ResponseStudy", "StudyColumn", "study_responses"],
    "wilks.responses.variation": ["Variation", "variations_from_weights"],
}

if TYPE_CHECKING:
    from wilks.responses.binning import bin_responses
    from wilks.responses.closure import Closure, ClosureColumn, ClosureRow, check_responses
    from wilks.responses.learning import learn_responses, yield_polynomial
    from wilks.responses.options import Training
    from wilks.responses.study import NuisanceStudy, OrderResult, ResponseStudy, StudyColumn, study_responses
    from wilks.responses.variation import Variation, variations_from_weights
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "Closure",
    "ClosureColumn",
    "ClosureRow",
    "NuisanceStudy",
    "OrderResult",
    "ResponseStudy",
    "StudyColumn",
    "Training",
    "Variation",
    "bin_responses",
    "check_responses",
    "learn_responses",
    "study_responses",
    "variations_from_weights",
    "yield_polynomial",
]

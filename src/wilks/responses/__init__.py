"""Learning log r(x; nu) from varied samples, and checking what was learned."""

from wilks.responses.binning import bin_responses
from wilks.responses.closure import Closure, ClosureColumn, ClosureRow, check_responses
from wilks.responses.learning import learn_responses, yield_polynomial
from wilks.responses.study import NuisanceStudy, OrderResult, ResponseStudy, StudyColumn, study_responses
from wilks.responses.training import Training
from wilks.responses.variation import Variation, variations_from_weights

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

"""The null distribution of t: empirical p, comparison with the chi-square, answers with their labels."""

from wilks.laws.answer import GoodnessOfFit, evaluate, unanswered
from wilks.laws.calibration import Calibration, calibrate
from wilks.laws.chisquare import ChiSquareAnswer
from wilks.laws.compatibility import Compatibility
from wilks.laws.sequential_law import SequentialLaw
from wilks.laws.sequential_toys import SequentialToys
from wilks.laws.tilted import TailProbability, tilted_p_value
from wilks.laws.without_toys import analytic_null, require_law
from wilks.statistics.analytic import AnalyticCurve, AnalyticLaw
from wilks.statistics.law import Law, Probability, Refusal

__all__ = [
    "AnalyticCurve",
    "AnalyticLaw",
    "Calibration",
    "ChiSquareAnswer",
    "Compatibility",
    "GoodnessOfFit",
    "Law",
    "Probability",
    "Refusal",
    "SequentialLaw",
    "SequentialToys",
    "TailProbability",
    "analytic_null",
    "calibrate",
    "evaluate",
    "require_law",
    "tilted_p_value",
    "unanswered",
]

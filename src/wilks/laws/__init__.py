"""The null distribution of t: empirical p, comparison with the chi-square, answers with their labels."""

from wilks.laws.analytic import AnalyticCurve, AnalyticLaw
from wilks.laws.answer import GoodnessOfFit, evaluate, unanswered
from wilks.laws.base import Law, Probability, Refusal
from wilks.laws.calibration import Calibration, calibrate
from wilks.laws.chisquare import ChiSquareAnswer
from wilks.laws.compatibility import Compatibility
from wilks.laws.profiled_score import profiled_score_null
from wilks.laws.score import ScoreNull, score_null
from wilks.laws.tilted import TailProbability, tilted_p_value

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
    "ScoreNull",
    "TailProbability",
    "calibrate",
    "evaluate",
    "profiled_score_null",
    "score_null",
    "tilted_p_value",
    "unanswered",
]

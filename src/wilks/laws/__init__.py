"""The null distribution of t: empirical p, comparison with the chi-square, answers with their labels."""

from wilks.laws.analytic import AnalyticGoodnessOfFit, analytic_answer, failed_answer
from wilks.laws.calibration import Calibration, GoodnessOfFit, calibrate
from wilks.laws.chisquare import ChiSquareAnswer
from wilks.laws.compatibility import Compatibility
from wilks.laws.profiled_score import profiled_score_null
from wilks.laws.score import ScoreNull, score_null
from wilks.laws.tilted import TailProbability, tilted_p_value

__all__ = [
    "AnalyticGoodnessOfFit",
    "Calibration",
    "ChiSquareAnswer",
    "Compatibility",
    "GoodnessOfFit",
    "ScoreNull",
    "TailProbability",
    "analytic_answer",
    "calibrate",
    "failed_answer",
    "profiled_score_null",
    "score_null",
    "tilted_p_value",
]

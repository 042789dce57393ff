"""The null distribution of t: empirical p, comparison with the chi-square, answers with their labels."""

from wilks.calibration.analytic import AnalyticGoodnessOfFit, analytic_answer, failed_answer
from wilks.calibration.calibration import Calibration, GoodnessOfFit, calibrate
from wilks.calibration.chisquare import ChiSquareAnswer
from wilks.calibration.compatibility import Compatibility
from wilks.calibration.profiled_score import profiled_score_null
from wilks.calibration.score import ScoreNull, score_null
from wilks.calibration.tilted import TailProbability, tilted_p_value

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

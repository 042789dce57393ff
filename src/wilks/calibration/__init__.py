"""The null distribution of t: empirical p, comparison with the chi-square, answers with their labels."""

from wilks.calibration.calibration import Calibration, GoodnessOfFit, calibrate
from wilks.calibration.chisquare import ChiSquareAnswer
from wilks.calibration.compatibility import Compatibility

__all__ = ["Calibration", "ChiSquareAnswer", "Compatibility", "GoodnessOfFit", "calibrate"]

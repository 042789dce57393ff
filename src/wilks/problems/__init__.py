"""Published benchmark problems, ready to run: ``exponential`` and ``dimuon``."""

from wilks.problems import dimuon, exponential
from wilks.problems.optimal import optimal_median_z

__all__ = ["dimuon", "exponential", "optimal_median_z"]

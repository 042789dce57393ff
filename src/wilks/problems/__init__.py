"""Benchmark problems, ready to run: ``exponential`` and ``dimuon`` as published, and some that are made up."""

from wilks.problems import collinear, dimuon, drift_tubes, exponential, smeared
from wilks.problems.optimal import optimal_median_z

__all__ = ["collinear", "dimuon", "drift_tubes", "exponential", "optimal_median_z", "smeared"]

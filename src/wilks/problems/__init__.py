"""Benchmark problems, ready to run: ``exponential`` and ``dimuon`` as published, ``smeared``, and ``drift_tubes``."""

from wilks.problems import dimuon, drift_tubes, exponential, smeared
from wilks.problems.optimal import optimal_median_z

__all__ = ["dimuon", "drift_tubes", "exponential", "optimal_median_z", "smeared"]

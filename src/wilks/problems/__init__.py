"""Benchmark problems, ready to run: ``exponential`` and ``dimuon`` as published, and ``smeared``."""

from wilks.problems import dimuon, exponential, smeared
from wilks.problems.optimal import optimal_median_z

__all__ = ["dimuon", "exponential", "optimal_median_z", "smeared"]

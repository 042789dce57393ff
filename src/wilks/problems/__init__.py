"""Benchmark problems, ready to run: ``exponential`` and ``dimuon`` as published, and some that are made up."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {"wilks.problems.optimal": ["optimal_median_z"]}

if TYPE_CHECKING:
    from wilks.problems import collinear, dimuon, drift_tubes, exponential, smeared
    from wilks.problems.optimal import optimal_median_z
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = ["collinear", "dimuon", "drift_tubes", "exponential", "optimal_median_z", "smeared"]

"""Models that are linear in their parameters: one engine, one set of sums and laws for any features."""

from wilks.statistics.linear.feature_map import FeatureMap, Member, Resolution
from wilks.statistics.linear.kernel import Kernel
from wilks.statistics.linear.kernel_set import KernelSet
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.moments import Moments

__all__ = ["FeatureMap", "Kernel", "KernelSet", "LinearModel", "Member", "Moments", "Resolution"]

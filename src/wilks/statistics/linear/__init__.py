"""Models that are linear in their parameters: one engine, one set of sums and laws for any features."""

from wilks.statistics.linear.kernel import Kernel
from wilks.statistics.linear.kernel_set import KernelSet

__all__ = ["Kernel", "KernelSet"]

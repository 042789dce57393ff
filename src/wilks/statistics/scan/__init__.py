"""The region scan: the contiguous region of one or two features that deviates most from the reference."""

from wilks.statistics.scan.scan import Scan

__all__ = ["Scan"]

"""Histograms: the likelihood ratio of counts in bins, in closed form."""

from wilks.statistics.histogram.histogram import Histogram

__all__ = ["Histogram"]

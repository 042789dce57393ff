"""How often, and how clearly, a given alternative would be seen, and what a test made for it alone would see."""

from wilks.power.known_signal import KnownSignal, SignalFit, SignalTest, signal_fit, signal_test
from wilks.power.medians import ChiSquareMedian, MedianZ, Power, median_z_score, power_at_size

__all__ = [
    "ChiSquareMedian",
    "KnownSignal",
    "MedianZ",
    "Power",
    "SignalFit",
    "SignalTest",
    "median_z_score",
    "power_at_size",
    "signal_fit",
    "signal_test",
]

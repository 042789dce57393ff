"""How often, and how clearly, a given alternative would be seen, and what a test made for it alone would see."""

from wilks.power.known_signal import KnownSignal, SignalFit, SignalTest, signal_fit, signal_test
from wilks.power.medians import ChiSquareMedian, MedianZ, Power, median_z_score, power_at_size
from wilks.power.other_tests import STANDARD_TESTS, OtherTest
from wilks.power.tables import PowerRow, PowerTable, power_table

__all__ = [
    "STANDARD_TESTS",
    "ChiSquareMedian",
    "KnownSignal",
    "MedianZ",
    "OtherTest",
    "Power",
    "PowerRow",
    "PowerTable",
    "SignalFit",
    "SignalTest",
    "median_z_score",
    "power_at_size",
    "power_table",
    "signal_fit",
    "signal_test",
]

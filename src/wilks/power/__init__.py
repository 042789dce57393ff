"""How often, and how clearly, a given alternative would be seen, and what a test made for it alone would see."""

from wilks.power.binned import BinnedFit, BinnedFits, BinnedSearch, Templates
from wilks.power.binning import Binning
from wilks.power.contamination import Contaminated, contaminated, count_excess_left, excess_left
from wilks.power.known_signal import KnownSignal, SignalFit, SignalTest, signal_fit, signal_test
from wilks.power.measuring import power_table
from wilks.power.medians import ChiSquareMedian, MedianZ, Power, median_z_score, power_at_size
from wilks.power.other_tests import STANDARD_TESTS, OtherTest
from wilks.power.tables import PowerRow, PowerTable

__all__ = [
    "STANDARD_TESTS",
    "BinnedFit",
    "BinnedFits",
    "BinnedSearch",
    "Binning",
    "ChiSquareMedian",
    "Contaminated",
    "KnownSignal",
    "MedianZ",
    "OtherTest",
    "Power",
    "PowerRow",
    "PowerTable",
    "SignalFit",
    "SignalTest",
    "Templates",
    "contaminated",
    "count_excess_left",
    "excess_left",
    "median_z_score",
    "power_at_size",
    "power_table",
    "signal_fit",
    "signal_test",
]

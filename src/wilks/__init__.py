"""Goodness of fit with a learned alternative: do these data agree with this reference model?

    import wilks

    reference = wilks.read("reference.root", tree="events", features=["pt1", "pt2"], expected_events=20_000)
    analysis = wilks.Analysis(reference=reference, model=wilks.MLP(hidden=(5, 5), weight_clip=2.0), toy_source=pool)
    calibration = wilks.calibrate(wilks.run_toys(analysis, wilks.Null(), n_toys=400, seed=1))
    print(wilks.goodness_of_fit(analysis, data, calibration=calibration))

Importing this package switches JAX to float64, for the whole process and the processes that it starts, before any
array is made. Everything else is loaded when it is first named: importing the package takes no time.
"""

import importlib
import importlib.metadata
import logging
import os
import sys
from typing import TYPE_CHECKING

from wilks import lazy

# JAX reads this when it is imported, be that by this package or by its user. In this order also a thread that begins to
# import JAX at this moment meets either the variable or the update, which waits for the end of that import.
os.environ["JAX_ENABLE_X64"] = "1"
if "jax" in sys.modules:
    importlib.import_module("jax").config.update("jax_enable_x64", True)

try:
    __version__ = importlib.metadata.version("wilks")
except importlib.metadata.PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

# The one channel of messages; what becomes of them is a matter of the program that listens.
logging.getLogger("wilks").addHandler(logging.NullHandler())

# Which module has a public name; for people and type checkers the same is said below.
_NAMES = {
    "wilks.analysis": ["Analysis"],
    "wilks.answer": ["goodness_of_fit"],
    "wilks.laws": ["Calibration", "GoodnessOfFit", "SequentialToys", "calibrate"],
    "wilks.laws.gof_json": ["GofToys", "read_gof", "write_gof"],
    "wilks.laws.nplm_files": ["read_nplm"],
    "wilks.campaign": ["LocalProcesses", "Toys", "load_toys", "plan_toys", "run_toys"],
    "wilks.comparison": ["Comparison", "compare"],
    "wilks.errors": [
        *("CalibrationError", "CampaignError", "ConfigError", "InputError", "SampleError", "StoreError", "WilksError"),
    ],
    "wilks.fitting": ["fit"],
    "wilks.selection": ["ArchitectureScan", "WeightClipSelection", "select_architecture", "select_weight_clip"],
    "wilks.statistics.fits": ["FitResult"],
    "wilks.hypotheses": ["Alternative", "Generator", "Null", "ShiftedNuisance"],
    "wilks.interpretation": ["Region", "most_discrepant_region"],
    "wilks.statistics.histogram": ["Histogram"],
    "wilks.statistics.linear": ["Kernel", "KernelSet"],
    "wilks.statistics.network": ["MLP"],
    "wilks.statistics.regions": ["Fixed"],
    "wilks.statistics.scan": ["Scan"],
    "wilks.models": ["ModelTable", "model_table"],
    "wilks.monitor": ["Monitor", "MonitorReference", "Verdict", "build_reference"],
    "wilks.nuisances": [
        *("Gaussian", "LogNormal", "Nuisance", "Nuisances", "PoissonCount", "Unconstrained", "Unselected"),
        *("correlated", "normalization", "vary"),
    ],
    "wilks.search": ["Search"],
    "wilks.parts": ["HalvesAnswer", "PartsAnswer", "halves_test", "parts_test"],
    "wilks.power": ["KnownSignal", "median_z_score", "power_at_size", "signal_fit", "signal_test"],
    "wilks.reports": ["write_report"],
    "wilks.responses": ["Variation", "learn_responses"],
    "wilks.storage": ["load"],
    "wilks.samples": ["Certified", "Sample", "Standardization", "columns", "enrich", "read", "split", "stream"],
    "wilks.typing": ["FitStatus"],
    "wilks.validation": ["Validation", "validate"],
}

if TYPE_CHECKING:
    from wilks import plots, problems
    from wilks.analysis import Analysis
    from wilks.answer import goodness_of_fit
    from wilks.campaign import LocalProcesses, Toys, load_toys, plan_toys, run_toys
    from wilks.comparison import Comparison, compare
    from wilks.errors import (
        CalibrationError,
        CampaignError,
        ConfigError,
        InputError,
        SampleError,
        StoreError,
        WilksError,
    )
    from wilks.fitting import fit
    from wilks.hypotheses import Alternative, Generator, Null, ShiftedNuisance
    from wilks.interpretation import Region, most_discrepant_region
    from wilks.laws import Calibration, GoodnessOfFit, SequentialToys, calibrate
    from wilks.laws.gof_json import GofToys, read_gof, write_gof
    from wilks.laws.nplm_files import read_nplm
    from wilks.models import ModelTable, model_table
    from wilks.monitor import Monitor, MonitorReference, Verdict, build_reference
    from wilks.nuisances import (
        Gaussian,
        LogNormal,
        Nuisance,
        Nuisances,
        PoissonCount,
        Unconstrained,
        Unselected,
        correlated,
        normalization,
        vary,
    )
    from wilks.parts import HalvesAnswer, PartsAnswer, halves_test, parts_test
    from wilks.power import KnownSignal, median_z_score, power_at_size, signal_fit, signal_test
    from wilks.reports import write_report
    from wilks.responses import Variation, learn_responses
    from wilks.samples import Certified, Sample, Standardization, columns, enrich, read, split, stream
    from wilks.search import Search
    from wilks.selection import ArchitectureScan, WeightClipSelection, select_architecture, select_weight_clip
    from wilks.statistics.fits import FitResult
    from wilks.statistics.histogram import Histogram
    from wilks.statistics.linear import Kernel, KernelSet
    from wilks.statistics.network import MLP
    from wilks.statistics.regions import Fixed
    from wilks.statistics.scan import Scan
    from wilks.storage import load
    from wilks.typing import FitStatus
    from wilks.validation import Validation, validate
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "MLP",
    "Alternative",
    "Analysis",
    "ArchitectureScan",
    "Calibration",
    "CalibrationError",
    "CampaignError",
    "Certified",
    "Comparison",
    "ConfigError",
    "FitResult",
    "FitStatus",
    "Fixed",
    "Gaussian",
    "Generator",
    "GofToys",
    "GoodnessOfFit",
    "HalvesAnswer",
    "Histogram",
    "InputError",
    "Kernel",
    "KernelSet",
    "KnownSignal",
    "LocalProcesses",
    "LogNormal",
    "ModelTable",
    "Monitor",
    "MonitorReference",
    "Nuisance",
    "Nuisances",
    "Null",
    "PartsAnswer",
    "PoissonCount",
    "Region",
    "Sample",
    "SampleError",
    "Scan",
    "Search",
    "SequentialToys",
    "ShiftedNuisance",
    "Standardization",
    "StoreError",
    "Toys",
    "Unconstrained",
    "Unselected",
    "Validation",
    "Variation",
    "Verdict",
    "WeightClipSelection",
    "WilksError",
    "build_reference",
    "calibrate",
    "columns",
    "compare",
    "correlated",
    "enrich",
    "fit",
    "goodness_of_fit",
    "halves_test",
    "learn_responses",
    "load",
    "load_toys",
    "median_z_score",
    "model_table",
    "most_discrepant_region",
    "normalization",
    "parts_test",
    "plan_toys",
    "plots",
    "power_at_size",
    "problems",
    "read",
    "read_gof",
    "read_nplm",
    "run_toys",
    "select_architecture",
    "select_weight_clip",
    "signal_fit",
    "signal_test",
    "split",
    "stream",
    "validate",
    "vary",
    "write_gof",
    "write_report",
]

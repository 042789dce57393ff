"""Goodness of fit with a learned alternative: do these data agree with this reference model?

    import wilks

    reference = wilks.read("reference.root", tree="events", features=["pt1", "pt2"], expected_events=20_000)
    analysis = wilks.Analysis(reference=reference, model=wilks.MLP(hidden=(5, 5), weight_clip=2.0), toy_source=pool)
    calibration = wilks.calibrate(wilks.run_toys(analysis, wilks.Null(), n_toys=400, seed=1))
    print(wilks.goodness_of_fit(analysis, data, calibration=calibration))

Importing this package switches JAX to float64, for the whole process and before any array is made.
"""

import importlib
import importlib.metadata
from typing import Any

import jax

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

from wilks.analysis import Analysis  # noqa: E402  (float64 comes first)
from wilks.answer import goodness_of_fit  # noqa: E402
from wilks.calibration import Calibration, GoodnessOfFit, calibrate  # noqa: E402
from wilks.campaign import LocalProcesses, Toys, load_toys, plan_toys, run_toys  # noqa: E402
from wilks.errors import (  # noqa: E402
    CalibrationError,
    CampaignError,
    ConfigError,
    InputError,
    SampleError,
    StoreError,
    WilksError,
)
from wilks.fitting import FitResult, fit  # noqa: E402
from wilks.hypotheses import Alternative, Generator, Null  # noqa: E402
from wilks.models import MLP  # noqa: E402
from wilks.optimize import Search  # noqa: E402
from wilks.power import median_z_score, power_at_size  # noqa: E402
from wilks.samples import Sample, Standardization, columns, read, split  # noqa: E402
from wilks.typing import FitStatus  # noqa: E402

try:
    __version__ = importlib.metadata.version("wilks")
except importlib.metadata.PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = [
    "MLP",
    "Alternative",
    "Analysis",
    "Calibration",
    "CalibrationError",
    "CampaignError",
    "ConfigError",
    "FitResult",
    "FitStatus",
    "Generator",
    "GoodnessOfFit",
    "InputError",
    "LocalProcesses",
    "Null",
    "Sample",
    "SampleError",
    "Search",
    "Standardization",
    "StoreError",
    "Toys",
    "WilksError",
    "calibrate",
    "columns",
    "fit",
    "goodness_of_fit",
    "load_toys",
    "median_z_score",
    "plan_toys",
    "plots",
    "power_at_size",
    "problems",
    "read",
    "run_toys",
    "split",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Rooms that draw and write are loaded when they are first named: they are slow to import."""
    if name in ("plots", "problems"):
        return importlib.import_module(f"wilks.{name}")
    if name == "write_report":
        return importlib.import_module("wilks.reports").write_report
    raise AttributeError(f"module 'wilks' has no attribute {name!r}")

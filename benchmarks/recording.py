"""What the studies write: their options, the versions, and what they found."""

import argparse
import json
import platform
from pathlib import Path

import numpy as np

import wilks


def record(output: Path, options: argparse.Namespace, **found: object) -> None:
    """Write ``found`` to OUTPUT with the options, paths left out, and the versions."""
    settings = {
        name: value for name, value in vars(options).items() if name != "output" and not isinstance(value, Path)
    }
    versions = {"wilks": wilks.__version__, "numpy": np.__version__, "python": platform.python_version()}
    output.write_text(json.dumps({"options": settings, "versions": versions, **found}, indent=1) + "\n")

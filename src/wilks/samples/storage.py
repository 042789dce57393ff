"""Samples as one NPZ file of numbers and one JSON document of names."""

import secrets
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wilks.errors import SampleError, StoreError
from wilks.samples.sample import Origin, Sample
from wilks.typing import FloatArray

# What numpy and zipfile raise for files that are missing, cut short, overwritten or of another layout.
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error)


def save_samples(path: Path, samples: Mapping[str, Sample]) -> dict[str, Any]:
    """Write the numbers of samples, by role, to the NPZ file ``path``; returns the rest, ready for JSON."""
    arrays: dict[str, FloatArray] = {}
    for role, sample in samples.items():
        arrays |= {f"{role}.events": sample.events, f"{role}.weights": sample.event_weights}
        arrays |= {f"{role}.extra{j}": values for j, values in enumerate(sample.extras.values())}
    # Two processes may save the same samples at once.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return {role: _header(sample) for role, sample in samples.items()}


def load_samples(path: Path, headers: Mapping[str, Any]) -> dict[str, Sample]:
    """The inverse of `save_samples`.

    Raises:
        StoreError: the file is missing, damaged, or not what ``headers`` were written with.
    """
    if not headers:
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {role: _sample(role, header, arrays) for role, header in headers.items()}
    except (*_DAMAGE, SampleError) as error:
        raise StoreError(
            f"{path} must hold the samples that were saved there, but cannot be read ({type(error).__name__}: {error})"
        ) from error


def _header(sample: Sample) -> dict[str, Any]:
    origin = None if sample.origin is None else {**vars(sample.origin), "definitions": dict(sample.origin.definitions)}
    return {"features": list(sample.features), "extras": list(sample.extras), "origin": origin}


def _sample(role: str, header: Mapping[str, Any], arrays: Mapping[str, FloatArray]) -> Sample:
    origin = header["origin"]
    if origin is not None:
        origin = Origin(**{**origin, "files": tuple(origin["files"])})
    return Sample(
        arrays[f"{role}.events"],
        arrays[f"{role}.weights"],
        features=header["features"],
        extras={name: arrays[f"{role}.extra{j}"] for j, name in enumerate(header["extras"])},
        origin=origin,
    )

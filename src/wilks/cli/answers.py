"""The data as they were read, and their fit, kept in the output folder so that a report needs no fit."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from wilks.analysis import Analysis
from wilks.campaign import FolderStore, Toys, load_toys
from wilks.cli.fits import fit_from_dict, fit_to_dict
from wilks.cli.folder import TEST, TOYS
from wilks.cli.outcome import strict_json, write_text
from wilks.errors import StoreError
from wilks.fitting import FitResult
from wilks.samples import Sample, load_samples, save_samples
from wilks.typing import FloatArray

_DATA = "data.npz"
_FIT = "fit.json"
_ROLE = "data"


def save_answer(output: Path, *, data: Sample, fit: FitResult) -> None:
    """Write the data and their fit; the fit comes last, so that a fit that is there has its data beside it."""
    folder = output / TEST
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / TOYS, ignore_errors=True)
    part = folder / f".part-{_DATA}"
    headers = save_samples(part, {_ROLE: data})
    part.replace(folder / _DATA)
    content = {"data_digest": data.digest(), "samples": headers, "fit": fit_to_dict(fit)}
    write_text(folder / _FIT, strict_json(content) + "\n")


def save_toys_of_answer(output: Path, toys: Toys, *, analysis: Analysis) -> None:
    """Keep toys that were made for the stored answer alone."""
    store = FolderStore(output / TEST / TOYS, analysis=analysis, hypothesis=toys.hypothesis, seed=toys.seed)
    store.ledger.extend(toys.n_toys)
    store.write(toys.rows)


def load_toys_of_answer(output: Path) -> Toys:
    """The toys that were made for the stored answer. Raises StoreError if there are none."""
    if not (output / TEST / TOYS).exists():
        raise StoreError(_damaged(output, "the toys of the answer are missing"))
    return load_toys(output / TEST / TOYS)


def has_answer(output: Path) -> bool:
    """Whether the data were fitted already."""
    return (output / TEST / _FIT).exists()


def check_same_data(output: Path, data: Sample, *, observed: FloatArray | None = None) -> None:
    """Refuse to replace the answer for other data.

    Raises StoreError if the folder holds the answer for data, or auxiliary measurements (j,), that differ from these.
    """
    if not has_answer(output):
        return
    content = _content(output)
    if content["data_digest"] != data.digest():
        raise StoreError(
            f"{output / TEST} must hold the answer for these data, but it is for other data "
            f"({content['fit']['n_events']:,} events there, {data.n_events:,} here); give another `output`, or delete "
            f"{output / TEST} to keep the toys and test these data. Nothing was overwritten"
        )
    there = content["fit"].get("observed", [])
    if observed is not None and list(observed) != there:
        raise StoreError(
            f"{output / TEST} must hold the answer for these auxiliary measurements, {observed.tolist()}, but it is "
            f"for {there}; give another `output`, or delete {output / TEST} to keep the toys. Nothing was overwritten"
        )


def load_answer(output: Path) -> tuple[Sample, FitResult]:
    """The stored data and their fit. Raises StoreError for files that cannot be read."""
    content = _content(output)
    try:
        sample = load_samples(output / TEST / _DATA, content["samples"])[_ROLE]
        result = fit_from_dict(content["fit"])
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise StoreError(_damaged(output, error)) from error
    if sample.digest() != content["data_digest"]:
        raise StoreError(_damaged(output, "the events are not those that were fitted"))
    return sample, result


def _content(output: Path) -> Mapping[str, Any]:
    path = output / TEST / _FIT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content["fit"]["n_events"], int) and isinstance(content["data_digest"], str):
            return dict(content)
        raise ValueError("parts are missing")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(_damaged(output, error)) from error


def _damaged(output: Path, reason: object) -> str:
    return (
        f"{output / TEST} must hold the data and their fit as `wilks test` wrote them, but they cannot be used "
        f"({reason}); delete {output / TEST} and run `wilks test` again"
    )

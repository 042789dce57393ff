"""Toys of CMS combine: the gof.json that combineTool.py -M CollectGoodnessOfFit writes and plotGof.py draws.

    {"125.0": {"obs": [41.2], "toy": [33.1, 29.8, ...], "p": 0.07}}

by mass and, for the KS and AD statistics, by category below it. There p is k/n, which is 0 where no toy reaches t, and
toys that failed have been left out, or stand as -1. Here p is (k + m + 1)/(n + 1) with m failed toys of n.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError, StoreError
from wilks.laws.answer import GoodnessOfFit
from wilks.laws.calibration import Calibration, calibrate
from wilks.storage import Folder, as_path, write_text
from wilks.typing import FloatArray

_FAILED_BELOW = -0.5


@dataclass(frozen=True, eq=False)
class GofToys:
    """A goodness-of-fit statistic in data and toys.

    Attributes:
        observed: t of the data; NaN if there is none.
        t: of the toys, in their order (k,), NaN where one failed.
        stored_p_value: what the file says; None if it says nothing.
    """

    observed: float
    t: FloatArray
    stored_p_value: float | None = None

    @property
    def p_value(self) -> float:
        """(k + m + 1)/(n + 1); NaN without an observed t."""
        return math.nan if math.isnan(self.observed) else calibrate(self.t).p_value(self.observed)


def read_gof(path: Folder) -> dict[str, GofToys]:
    """The toys in a gof.json, by mass, such as "125.0", or by mass and category, "125.0/htt_mt_1".

    A toy below -0.5 failed, as combine says it, and so did NaN; numbers that the file says were left out
    (``n_failed``, of `write_gof`) are failed toys too.

    Raises:
        StoreError: the file cannot be read, or is no such file.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_gof(f"{folder}/gof.json", {"125.0": GofToys(3.5, np.array([1.0, 2.0, 3.0, 4.0, np.nan]))})
    ...     found = read_gof(f"{folder}/gof.json")["125.0"]
    >>> found.observed, found.t.tolist(), found.p_value, found.stored_p_value
    (3.5, [1.0, 2.0, 3.0, 4.0, nan], 0.5, 0.5)
    """
    file = as_path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = dict(_entries(document))
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise StoreError(
            f'{file} must hold toys as combine writes them, {{"125.0": {{"obs": [t], "toy": [t, ...], "p": p}}}}, but '
            f"cannot be read ({reason})"
        ) from error
    if not found:
        raise StoreError(f"{file} must hold toys of one mass at least, but it is empty")
    return found


def write_gof(path: Folder, found: Mapping[str, GofToys | GoodnessOfFit]) -> None:
    """Write toys, or answers that were counted among toys, as a gof.json; p is (k + m + 1)/(n + 1).

    Failed toys have no t there: ``n_failed`` says how many there were.

    Args:
        path: of the file; one that is there is replaced.
        found: by mass, or by "mass/category".

    Raises:
        InputError: an answer that was not counted among toys.
        StoreError: the file cannot be written.
    """
    document: dict[str, Any] = {}
    for name, one in found.items():
        mass, _, category = name.partition("/")
        entry = _entry(_toys_of(one))
        document.setdefault(mass, {}).update({category: entry} if category else entry)
    file = as_path(path)
    try:
        write_text(file, json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n")
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror or error}") from error


def _toys_of(one: GofToys | GoodnessOfFit) -> GofToys:
    if isinstance(one, GofToys):
        return one
    law = one.law
    if not isinstance(law, Calibration):
        raise InputError(
            f"a gof.json holds toys, but this answer has none: its method is {one.method}; give one of "
            "goodness_of_fit(..., calibration=...)"
        )
    return GofToys(one.t, np.concatenate([law.t, np.full(law.n_failed, np.nan)]))


def _entry(one: GofToys) -> dict[str, Any]:
    valid = one.t[np.isfinite(one.t)]
    entry: dict[str, Any] = {"toy": valid.tolist()}
    if valid.size < one.t.size:
        entry["n_failed"] = int(one.t.size - valid.size)
    if not math.isnan(one.observed):
        entry |= {"obs": [one.observed], "p": one.p_value}
    return entry


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, GofToys]]:
    for mass, content in document.items():
        if "toy" in content:
            yield mass, _read(content)
            continue
        for category, one in content.items():
            if category != "p":
                yield f"{mass}/{category}", _read(one)


def _read(content: Mapping[str, Any]) -> GofToys:
    t = np.array([float(x) for x in content["toy"]], dtype=np.float64)
    t[t < _FAILED_BELOW] = np.nan
    failed = np.full(int(content.get("n_failed", 0)), np.nan)
    observed = float((content.get("obs") or [math.nan])[0])
    stored = content.get("p")
    return GofToys(
        math.nan if observed < _FAILED_BELOW else observed,
        np.concatenate([t, failed]),
        None if stored is None else float(stored),
    )

"""Columns that only the names of folders say, as in ``events/year=2018/run=3/part.parquet`` (Hive partitions)."""

import math
import re
from urllib.parse import unquote

from wilks.samples.column_kinds import TEXT
from wilks.samples.readers.base import FilePath

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MISSING = "__HIVE_DEFAULT_PARTITION__"


def partition_values(path: FilePath) -> dict[str, float]:
    """The numbers that the folders of a file stand for, by name.

    >>> from pathlib import Path
    >>> partition_values(Path("events/year=2018/era=B/part.parquet"))
    {'year': 2018.0}
    """
    return {name: float(value) for name, value in _partitions(path).items() if not _why_not(value)}


def partition_reasons(path: FilePath) -> dict[str, str]:
    """Why each of the partitions is no number, by name; empty where it is one."""
    return {name: _why_not(value) for name, value in _partitions(path).items()}


def _partitions(path: FilePath) -> dict[str, str]:
    pairs = [part.partition("=") for part in path.parts[:-1]]
    found = {unquote(name): unquote(value) for name, sign, value in pairs if name and sign}
    return {name: "nan" if value == _MISSING else value for name, value in found.items()}


def _why_not(value: str) -> str:
    if value == "nan":
        return ""
    if not _NUMBER.fullmatch(value):
        return f"{TEXT}, {value!r} in the name of its folder"
    if value.lstrip("+-").isdigit() and int(value) != int(float(value)):
        return f"its number {value} would be rounded: beyond 2**53 float64 does not hold it"
    return "" if math.isfinite(float(value)) else f"its number {value} is too large"

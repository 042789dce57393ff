"""Data that may be used: the runs and lumisections that a file of certification, a golden JSON, lists."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import came
from wilks.samples.file_names import find_files
from wilks.samples.readers import TableFile
from wilks.typing import BoolArray, FloatArray, IntArray
from wilks.wording import visible

_LARGEST = 2**31 - 1
_MOST_SHOWN = 80
_FORM = '{"273158": [[1, 1279]], "273302": [[1, 459], [470, 480]]}'


@dataclass(frozen=True)
class Certified:
    """The runs and lumisections of a golden JSON, for `read`: events of others are left out.

    Such a file lists of each run the first and the last lumisection of every part that is certified. It says what
    detector data may be used; simulation has runs of its own, which it does not list.

    Args:
        file: its path.
        run: the column of run numbers.
        lumisection: the column of lumisections.

    >>> Certified("golden.json")
    Certified(file='golden.json', run='run', lumisection='luminosityBlock')
    """

    file: str | os.PathLike[str]
    run: str = "run"
    lumisection: str = "luminosityBlock"

    def __post_init__(self) -> None:
        names: tuple[object, object] = self.run, self.lumisection
        for name in names:
            if not isinstance(name, str) or not name:
                raise SampleError(f"run and lumisection must name columns, but {came(name)} came")

    @classmethod
    def of(cls, thing: object) -> "Certified":
        """A path is a file with the columns that NanoAOD has.

        Raises:
            SampleError: it is no path.
        """
        if isinstance(thing, Certified):
            return thing
        if not isinstance(thing, str | os.PathLike):
            raise SampleError(
                f"certified must be the path of a golden JSON or a wilks.Certified, but {came(thing)} came"
            )
        return cls(thing)

    def load(self) -> "Lumisections":
        """Read the file.

        Raises:
            SampleError: there is no such file, or it lists something else.
        """
        paths = find_files(self.file)
        if len(paths) > 1:
            raise SampleError(f"certified must be one golden JSON, but {visible(str(self.file))} is several files")
        path = paths[0]
        with TableFile(path).open() as stream:
            content = stream.read()
        try:
            listed = json.loads(content, object_pairs_hook=_distinct)
            ranges = [one for run, parts in _pairs(listed) for one in _ranges(run, parts)]
        except ValueError as error:
            raise SampleError(
                f"{visible(str(path))} must list runs with their certified lumisections, as in {_FORM}, but {error}"
            ) from error
        return Lumisections.of(ranges, rule=self, digest=hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, eq=False)
class Lumisections:
    """Intervals of run and lumisection, one number each: first and last (k,), in order and apart."""

    rule: Certified
    digest: str
    first: IntArray
    last: IntArray

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int, int]], *, rule: Certified, digest: str = "") -> "Lumisections":
        """From runs with their first and last lumisections."""
        found: list[list[int]] = []
        for run, begin, end in sorted(ranges):
            first, last = _number(run, begin), _number(run, end)
            if found and first <= found[-1][1] + 1:
                found[-1][1] = max(found[-1][1], last)
            else:
                found.append([first, last])
        first_last = np.array(found, dtype=np.int64).reshape(-1, 2)
        return cls(rule, digest, first_last[:, 0], first_last[:, 1])

    def described(self, *, n_left_out: int) -> dict[str, str | int]:
        """What an `Origin` says of them."""
        rule = self.rule
        return {
            "file": visible(os.fspath(rule.file)),
            "sha256": self.digest,
            "run": rule.run,
            "lumisection": rule.lumisection,
            "n_left_out": n_left_out,
        }

    def has(self, run: FloatArray, lumisection: FloatArray) -> BoolArray:
        """Which events (n,) are certified; one without a whole number for run or lumisection is not.

        >>> golden = Lumisections.of([(1, 1, 3), (2, 5, 5)], rule=Certified("golden.json"))
        >>> golden.has(np.array([1.0, 1.0, 2.0, np.nan]), np.array([3.0, 4.0, 5.0, 1.0])).tolist()
        [True, False, True, False]
        """
        known = _is_whole(run) & _is_whole(lumisection)
        numbers = _number(np.where(known, run, 0).astype(np.int64), np.where(known, lumisection, 0).astype(np.int64))
        place = np.searchsorted(self.first, numbers, side="right") - 1
        inside = (place >= 0) & (numbers <= self.last[place]) if self.last.size else np.zeros(numbers.size, np.bool_)
        return np.asarray(known & inside)


def _number(run: Any, lumisection: Any) -> Any:
    return run * (_LARGEST + 1) + lumisection


def _is_whole(values: FloatArray) -> BoolArray:
    with np.errstate(invalid="ignore"):
        return np.asarray((values >= 0) & (values <= _LARGEST) & (np.floor(values) == values))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"it lists {repeated[0]!r} more than once")
    return dict(pairs)


def _pairs(listed: object) -> Iterable[tuple[object, object]]:
    if not isinstance(listed, Mapping):
        raise ValueError(f"it holds {came(listed)}")
    return listed.items()


def _shown(part: object) -> str:
    text = repr(part) if isinstance(part, list) else came(part)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _ranges(run: object, parts: object) -> Iterable[tuple[int, int, int]]:
    if not (isinstance(run, str) and run.isascii() and run.isdecimal() and int(run) <= _LARGEST):
        raise ValueError(f"it lists {came(run)} as a run")
    if not isinstance(parts, list):
        raise ValueError(f"it has {came(parts)} for run {run}")
    for part in parts:
        is_pair = isinstance(part, list) and len(part) == 2 and all(type(one) is int for one in part)
        if not is_pair or not 0 <= part[0] <= part[1] <= _LARGEST:
            raise ValueError(f"it has {_shown(part)} for run {run}; a range is the first and the last lumisection")
        yield int(run), part[0], part[1]

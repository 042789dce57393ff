"""The numbers of a figure as tables: what it draws, with units and intervals, for CSV and for HEPData."""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from wilks.typing import FloatArray
from wilks.wording import printable

ONE_SIGMA_INTERVAL = "68 % interval"
STATISTICAL = "statistical error"
_LONGEST_NAME, _CUT_NAME = 64, 60  # HEPData's limit for the name of a table, and one that leaves room for a number
_MISSING = "-"
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # that of C is ten times as fast


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity in all rows.

    Attributes:
        name: what it is.
        values: (n,) numbers, NaN where there is none, or names.
        unit: empty for a pure number.
        low, high: (n,) ends of the bin of a quantity that is given, of the interval of one that was found; None: none.
    """

    name: str
    values: FloatArray | Sequence[str]
    unit: str = ""
    low: FloatArray | None = None
    high: FloatArray | None = None

    @property
    def heading(self) -> str:
        """Name and unit.

        >>> Column("mass", [91.2], "GeV").heading
        'mass [GeV]'
        """
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    @property
    def cells(self) -> list[float | str | None]:
        """Values, None where there is none."""
        return [one if isinstance(one, str) else _finite(float(one)) for one in self.values]

    def ends(self, row: int) -> tuple[float, float] | None:
        """Of the bin or the interval in a row; None where there are none."""
        if self.low is None or self.high is None:
            return None
        low, high = _finite(float(self.low[row])), _finite(float(self.high[row]))
        return None if low is None or high is None else (low, high)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A table of what a figure shows.

    Attributes:
        name: of the table within its figure, in one or two words.
        description: a sentence.
        given: what the figure is drawn against: bins, names, numbers of events.
        found: what it shows there.
        interval: what the ends of intervals mean.

    >>> table = Numbers("toys", "t of toys.", (Column("t", np.array([1.0, 3.0])),), (Column("toys", np.array([4, 2])),))
    >>> print(to_csv(table))
    # t of toys.
    t,toys
    1.0,4.0
    3.0,2.0
    <BLANKLINE>
    """

    name: str
    description: str
    given: tuple[Column, ...]
    found: tuple[Column, ...]
    interval: str = ONE_SIGMA_INTERVAL

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.given[0].values)


def bins(name: str, edges: FloatArray, *, unit: str = "") -> Column:
    """A column of bins with edges (n + 1,)."""
    return Column(name, 0.5 * (edges[1:] + edges[:-1]), unit, edges[:-1], edges[1:])


def with_error(name: str, values: FloatArray, error: FloatArray, *, unit: str = "") -> Column:
    """A column with symmetric errors (n,)."""
    return Column(name, values, unit, values - error, values + error)


def to_csv(numbers: Numbers) -> str:
    """The table with a line of column names; lines before it that begin with # say what it is.

    Bins and intervals are two columns more, ``low`` and ``high``. A cell without a number is empty.
    """
    stream = io.StringIO()
    for line in _comments(numbers):
        stream.write(f"# {' '.join(printable(line).split())}\n")
    writer = csv.writer(stream, lineterminator="\n")
    columns = [part for one in (*numbers.given, *numbers.found) for part in _parts(one)]
    writer.writerow([printable(heading) for heading, _ in columns])
    for row in zip(*(cells for _, cells in columns), strict=True):
        writer.writerow(["" if cell is None else cell for cell in row])
    return stream.getvalue()


def _comments(numbers: Numbers) -> list[str]:
    has_intervals = any(one.low is not None for one in numbers.found)
    return [numbers.description, *([f"low and high: {numbers.interval}"] if has_intervals else [])]


def _parts(column: Column) -> list[tuple[str, list[float | str | None]]]:
    own: list[tuple[str, list[float | str | None]]] = [(column.heading, column.cells)]
    if column.low is None or column.high is None:
        return own
    ends = [column.ends(row) or (None, None) for row in range(len(column.values))]
    unit = f" [{column.unit}]" if column.unit else ""
    return [
        *own,
        (f"{column.name} low{unit}", [a for a, _ in ends]),
        (f"{column.name} high{unit}", [b for _, b in ends]),
    ]


def to_hepdata(tables: Mapping[str, Numbers]) -> dict[str, str]:
    """The files of a HEPData submission by name: ``submission.yaml`` and one more for each table.

    The layout is that of https://hepdata-submission.readthedocs.io: independent and dependent variables with units,
    values with errors. Values that there are not are "-", as HEPData has them.

    Args:
        tables: by what names their files.

    >>> table = Numbers("toys", "t of toys.", (Column("t", np.array([1.0])),), (Column("toys", np.array([4])),))
    >>> sorted(to_hepdata({"null": table}))
    ['null.yaml', 'submission.yaml']
    """
    files = {f"{name}.yaml": _dumped([_table(one)]) for name, one in tables.items()}
    documents = [{"comment": "Numbers of figures of a goodness-of-fit test with a learned alternative."}]
    names = told_apart([name if len(name) <= _LONGEST_NAME else name[:_CUT_NAME] for name in tables])
    entries = [_entry(short, *each) for short, each in zip(names, tables.items(), strict=True)]
    return {"submission.yaml": _dumped([*documents, *entries]), **files}


def _entry(short: str, name: str, numbers: Numbers) -> dict[str, Any]:
    keywords = [{"name": kind, "values": list[str]()} for kind in ("reactions", "observables", "cmenergies", "phrases")]
    description = printable(numbers.description)
    return {"name": short, "description": description, "keywords": keywords, "data_file": f"{name}.yaml"}


def _table(numbers: Numbers) -> dict[str, Any]:
    return {
        "independent_variables": [_variable(one, _given_cells(one)) for one in numbers.given],
        "dependent_variables": [_variable(one, _found_cells(one, numbers.interval)) for one in numbers.found],
    }


def _variable(column: Column, cells: list[dict[str, Any]]) -> dict[str, Any]:
    header = {"name": printable(column.name), **({"units": printable(column.unit)} if column.unit else {})}
    return {"header": header, "values": cells}


def _given_cells(column: Column) -> list[dict[str, Any]]:
    found = []
    for row, value in enumerate(column.cells):
        ends = column.ends(row)
        found.append({"value": _shown(value)} if ends is None else {"low": ends[0], "high": ends[1]})
    return found


def _found_cells(column: Column, label: str) -> list[dict[str, Any]]:
    found = []
    for row, value in enumerate(column.cells):
        cell: dict[str, Any] = {"value": _shown(value)}
        if (ends := column.ends(row)) is not None and isinstance(value, float):
            error = {"minus": ends[0] - value, "plus": ends[1] - value}
            cell["errors"] = [{"asymerror": error, "label": label}]
        found.append(cell)
    return found


def _shown(value: float | str | None) -> float | str:
    return _MISSING if value is None else printable(value) if isinstance(value, str) else value


def _dumped(documents: Sequence[Any]) -> str:
    return str(yaml.dump_all(documents, Dumper=_DUMPER, sort_keys=False, allow_unicode=True))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def named(name: str, tables: Sequence[Numbers], *, taken: Collection[str] = ()) -> dict[str, Numbers]:
    """The tables of a figure by the names of their files: that of the figure alone for the only one.

    Names that other figures have ``taken`` are not given again.

    >>> list(named("null", [Numbers("toys", "", (), ()), Numbers("chi-square", "", (), ())]))
    ['null-toys', 'null-chi-square']
    """
    words = [name] if len(tables) == 1 else [f"{name}-{file_word(one.name)}" for one in tables]
    return dict(zip(told_apart(words, taken=taken), tables, strict=True))


def told_apart(words: Sequence[str], *, taken: Collection[str] = ()) -> list[str]:
    """Names of files that no disk takes for the same: those that differ in nothing, or in case alone, are numbered.

    >>> told_apart(["pt_1", "Pt_1", "eta"], taken=["eta"])
    ['pt_1-1', 'Pt_1-2', 'eta-1']
    """
    others = {word.lower() for word in taken}
    counts = Counter([*others, *(word.lower() for word in words)])
    used, found = set(counts), []
    for word in words:
        name, number = word, 0
        while counts[word.lower()] > 1 and name.lower() in used:
            number += 1
            name = f"{word}-{number}"
        used.add(name.lower())
        found.append(name)
    return found


def file_word(text: str) -> str:
    """A text as part of the name of a file on any system.

    >>> file_word("pt1/pt2 [GeV]"), file_word("x")
    ('pt1_pt2_GeV', 'x')
    """
    return re.sub(r"[^\w.+-]+", "_", text, flags=re.ASCII).strip("_.") or "_"


def ranks(n: int) -> FloatArray:
    """1 to n."""
    return np.arange(1, n + 1, dtype=np.float64)

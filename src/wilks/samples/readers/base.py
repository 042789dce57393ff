"""What every file reader promises."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast, final

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError, WilksError, is_fault
from wilks.samples.checked_arrays import came, first_inexact
from wilks.samples.lists import HOWS, Lists
from wilks.samples.nodes import Reduced
from wilks.samples.readers.addresses import Address
from wilks.samples.stored_precision import Precisions
from wilks.typing import FloatArray
from wilks.wording import is_text, listed

_MEMORY = re.compile(
    r"(?i)out of memory|not enough memory|memory allocation|unable to allocate|alloc\w* (of size .*)?failed"
)
_N_NAMED = 5
FilePath = Path | Address
Column = FloatArray | Lists
RawColumns = dict[str, npt.ArrayLike | Lists]
LISTS = "it is jagged (a list of numbers for each event)"
"""Why a column of lists cannot be read as it is."""

_TWICE = "the file has more than one column of that name; write it again with names that differ"


@dataclass(frozen=True)
class TableFile:
    """A file, and the table inside it where a file can hold several."""

    path: FilePath
    tree: str | None = None

    def open(self) -> BinaryIO:
        """The bytes of the file: libraries that are given its name may take it for an address on a network."""
        path = ordinary(self.path)
        return path.open() if isinstance(path, Address) else path.open("rb")

    @property
    def n_bytes(self) -> int:
        """The size of the file."""
        return self.path.n_bytes if isinstance(self.path, Address) else self.path.stat().st_size


@dataclass(frozen=True)
class Listing:
    """Columns with one number for each event, and the others with the reason why they cannot be read.

    ``precisions`` are the types of the columns that the file holds in less than double precision; ``lists`` those of
    the refused that hold a list of numbers for each event, of which formulas make one number.
    """

    names: tuple[str, ...]
    refused: Mapping[str, str]
    precisions: Precisions = field(default_factory=dict)
    lists: frozenset[str] = frozenset()

    @property
    def refusals(self) -> str:
        """The columns that cannot be read and why, a few of them; empty where there are none."""
        others = {name: reason for name, reason in self.refused.items() if name not in self.lists}
        shown = [f"{name!r}: {reason}" for name, reason in list(others.items())[:_N_NAMED]]
        more = len(others) - len(shown)
        jagged = [name for name in self.refused if name in self.lists]
        if jagged:
            also = f" and {len(jagged) - _N_NAMED} more" if len(jagged) > _N_NAMED else ""
            shown.insert(0, f"{listed(jagged[:_N_NAMED])}{also}: {self.refused[jagged[0]]}")
        return "; ".join([*shown, *([f"and {more} more"] if more else [])])

    @classmethod
    def of(
        cls, columns: Iterable[tuple[str, str]], precisions: Precisions, *, lists: Collection[str] = ()
    ) -> "Listing":
        """From names and reasons, empty for columns that can be read. Of two columns of one name neither can."""
        reasons: dict[str, str] = {}
        for name, reason in columns:
            reasons[name] = _TWICE if name in reasons else _no_name(name) or reason
        refused = {name: reason for name, reason in reasons.items() if reason}
        usable = tuple(name for name in reasons if name not in refused)
        jagged = frozenset(name for name in lists if refused.get(name) == LISTS)
        known = {name: precisions[name] for name in (*usable, *jagged) if name in precisions}
        return cls(usable, {**refused, **{name: of_lists(name) for name in jagged}}, known, jagged)


def of_lists(name: str) -> str:
    """What is said of a column of lists, with what to write."""
    ways = [Reduced(name, "item", 0), Reduced(name, "item", -1), *(Reduced(name, how) for how in HOWS)]
    return f"{LISTS}; write what is taken of them: {listed(one.name for one in ways)}"


def _no_name(name: str) -> str:
    """What keeps a text from being the name of a column; empty if nothing does."""
    if not name.strip():
        return "it has no name"
    return "" if is_text(name) else "its name is no text in UTF-8; give it another one"


def ordinary(path: FilePath) -> FilePath:
    """The path of an ordinary file, or the address of one on another machine.

    Raises:
        SampleError: it is a folder, or a device or pipe, which may have no end.
    """
    if isinstance(path, Path) and path.exists() and not path.is_file():
        raise SampleError(
            f"{path} must be an ordinary file, but is a {'folder' if path.is_dir() else 'device or pipe'}"
        )
    return path


class Reader(ABC):
    """Reads columns of one file format, in chunks of rows.

    A subclass lists columns and yields chunks of them; this class turns every error of the library underneath into a
    `SampleError` that names the file, and checks that chunks are float64 columns of equal length that hold
    the numbers of the file exactly.
    """

    format_name: ClassVar[str]
    has_trees: ClassVar[bool]

    @abstractmethod
    def _listing(self, source: TableFile) -> Listing:
        """The columns of the file."""

    @abstractmethod
    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        """Columns of at most ``chunk_size`` rows each, for names that were listed; `Lists` for those of lists."""

    def _n_rows(self, source: TableFile) -> int | None:
        """Rows of the table, where the format tells without reading it."""
        return None

    @final
    def n_rows(self, source: TableFile) -> int | None:
        """Rows of the table, where the format tells without reading it; else None.

        Raises:
            SampleError: the file cannot be read.
        """
        with _named_errors(ordinary(source.path), self.format_name):
            return self._n_rows(source)

    @final
    def listing(self, source: TableFile) -> Listing:
        """The columns of the file, without reading their values.

        Raises:
            SampleError: the file cannot be read, or ``tree`` does not name one table in it.
        """
        if source.tree == "" or not isinstance(cast(object, source.tree), str | None):
            raise SampleError(
                f"tree must be a name, but {came(source.tree)} came; leave it out where there is one alone"
            )
        if source.tree is not None and not self.has_trees:
            raise SampleError(f"{source.path} is a {self.format_name} file and holds one table only; leave tree out")
        with _named_errors(ordinary(source.path), self.format_name):
            return self._listing(source)

    @final
    def names(self, source: TableFile) -> tuple[str, ...]:
        """Names of the columns that can be read."""
        return self.listing(source).names

    @final
    def chunks(self, source: TableFile, names: Sequence[str], *, chunk_size: int) -> Iterator[dict[str, Column]]:
        """Yield float64 arrays of shape (m,), m <= ``chunk_size``, by name, from the first row to the last.

        Columns of lists come as `Lists` of m.

        Raises:
            SampleError: the file is damaged, or its columns have different lengths.
        """
        n_before = 0
        with _named_errors(ordinary(source.path), self.format_name):
            for chunk in self._chunks(source, names, chunk_size):
                columns = _float_columns(chunk, source.path, n_before)
                n_before += next(iter(columns.values())).size
                yield columns


@contextmanager
def _named_errors(path: FilePath, format_name: str) -> Iterator[None]:
    try:
        yield
    except WilksError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SampleError(f"{path} {_diagnosis(error, format_name)} ({lines[0][:200]})") from error


def _diagnosis(error: Exception, format_name: str) -> str:
    if isinstance(error, MemoryError) or _MEMORY.search(str(error)):
        return (
            "needs more memory than there is; read fewer columns, or fewer rows at once with chunk_size=..., and look "
            "whether the file is damaged if it is small"
        )
    if isinstance(error, PermissionError):
        return "must be readable for you, but is not; ask its owner, or copy it"
    if is_fault(error):
        return "cannot be read from its disk; try again, or copy it to another one"
    return f"cannot be read as a {format_name} file; it may be truncated, damaged or of another kind"


def _float_columns(chunk: RawColumns, path: FilePath, n_before: int) -> dict[str, Column]:
    columns = {
        name: _exact_lists(values, name, path, n_before)
        if isinstance(values, Lists)
        else _floats(np.ma.asanyarray(values), name, path, n_before)
        for name, values in chunk.items()
    }
    shapes = {name: (one.size,) if isinstance(one, Lists) else one.shape for name, one in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        listed_shapes = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise SampleError(
            f"the columns of {path} must have the same number of events, but their shapes are {listed_shapes}"
        )
    return columns


def _exact_lists(values: Lists, name: str, path: FilePath, n_before: int) -> Lists:
    if (found := values.first_inexact()) is not None:
        raise inexact(name, found[1], row=n_before + found[0], path=path)
    return values


def _floats(values: npt.NDArray[Any], name: str, path: FilePath, n_before: int) -> FloatArray:
    """The same numbers in double precision, NaN where they are masked."""
    numbers: FloatArray = np.asarray(np.ma.getdata(values), dtype=np.float64)
    if (place := first_inexact(np.ma.getdata(values), numbers)) is not None:
        raise inexact(name, int(np.ma.getdata(values)[place]), row=n_before + place, path=path)
    return np.where(np.ma.getmaskarray(values), np.nan, numbers) if np.ma.is_masked(values) else numbers


def inexact(name: str, value: int, *, row: int, path: FilePath) -> SampleError:
    """The complaint about an integer that double precision does not hold."""
    return SampleError(
        f"the integers of {name!r} must be held exactly by a float64 number, but {value} in row {row:,} of {path} is "
        "not: beyond 2**53 they would be rounded; write what you need of it as columns of its own, such as its last "
        "digits"
    )

"""What every file reader promises."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError, WilksError
from wilks.typing import FloatArray


@dataclass(frozen=True)
class TableFile:
    """A file, and the table inside it where a file can hold several."""

    path: Path
    tree: str | None = None


@dataclass(frozen=True)
class Listing:
    """Columns with one number for each event, and the others with the reason why they cannot be read."""

    names: tuple[str, ...]
    refused: Mapping[str, str]


class Reader(ABC):
    """Reads columns of one file format, in chunks of rows.

    A subclass lists columns and yields chunks of them; this class turns every error of the library underneath into a
    `SampleError` that names the file, and checks that chunks are float64 columns of equal length.
    """

    format_name: ClassVar[str]
    has_trees: ClassVar[bool]

    @abstractmethod
    def _listing(self, source: TableFile) -> Listing:
        """The columns of the file."""

    @abstractmethod
    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[dict[str, npt.ArrayLike]]:
        """Columns of at most ``chunk_size`` rows each, for names that were listed."""

    @final
    def listing(self, source: TableFile) -> Listing:
        """The columns of the file, without reading their values.

        Raises:
            SampleError: the file cannot be read, or ``tree`` does not name one table in it.
        """
        if source.tree is not None and not self.has_trees:
            raise SampleError(f"{source.path} is a {self.format_name} file and holds one table only; leave tree out")
        with _named_errors(source.path, self.format_name):
            return self._listing(source)

    @final
    def names(self, source: TableFile) -> tuple[str, ...]:
        """Names of the columns that can be read."""
        return self.listing(source).names

    @final
    def chunks(self, source: TableFile, names: Sequence[str], *, chunk_size: int) -> Iterator[dict[str, FloatArray]]:
        """Yield float64 arrays of shape (m,), m <= ``chunk_size``, by name, from the first row to the last.

        Raises:
            SampleError: the file is damaged, or its columns have different lengths.
        """
        with _named_errors(source.path, self.format_name):
            for chunk in self._chunks(source, names, chunk_size):
                yield _float_columns(chunk, source.path)


@contextmanager
def _named_errors(path: Path, format_name: str) -> Iterator[None]:
    try:
        yield
    except WilksError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SampleError(
            f"{path} cannot be read as a {format_name} file; it may be truncated, damaged, of another kind "
            f"or not readable for you ({lines[0][:200]})"
        ) from error


def _float_columns(chunk: Mapping[str, npt.ArrayLike], path: Path) -> dict[str, FloatArray]:
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in chunk.items()}
    shapes = {name: values.shape for name, values in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise SampleError(f"the columns of {path} must have the same number of events, but their shapes are {listed}")
    return columns

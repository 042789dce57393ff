"""From files to samples, in chunks, keeping only the selected rows."""

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from wilks.errors import NoFileError, SampleError
from wilks.samples.checked_arrays import non_finite_message, seal
from wilks.samples.readers import TableFile, reader_for
from wilks.samples.recipe import Recipe, make_recipe
from wilks.samples.sample import Origin, Sample
from wilks.storage import as_path
from wilks.typing import FloatArray, IntArray

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

FileIdentity = tuple[int, int]

CHUNK_SIZE = 1 << 18


def read(
    files: Files,
    *,
    features: Iterable[str],
    tree: str | None = None,
    where: str | None = None,
    weight: str | None = None,
    define: Mapping[str, str] = MappingProxyType({}),
    carry: Iterable[str] = (),
    expected_events: float | None = None,
    chunk_size: int = CHUNK_SIZE,
) -> Sample:
    """Read a sample from ROOT, Parquet, HDF5, CSV or NPZ files.

    Files are read in chunks: only the columns that are needed are read, and only the rows that pass ``where`` are kept.
    Memory is needed for one chunk and about three times the result.

    Args:
        files: a path, a pattern such as ``"run*.root"``, or a list of both; the format is told by the ending. Files are
            read in the order given, those of a pattern in the order of their names.
        features: columns, defined names, or expressions such as ``"log(pt1)"``, which then is the name of the feature.
        tree: the TTree or RNTuple in a ROOT file, the group or data set in an HDF5 file, if there are several.
        where: which events to keep, for example ``"mll > 60 and abs(eta1) < 2.4"``; see `parse_selection`.
        weight: column or expression of the event weights; ones if None. Negative weights are accepted.
        define: new columns as expressions over others; see `parse_expression`.
        carry: columns or expressions to carry along that are not inputs of the model; they may be NaN for some events.
        expected_events: multiply the weights by one factor so that they sum to this.
        chunk_size: rows that are read at once.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind; a column is missing, not a number, or jagged;
            a kept feature or weight is NaN or infinite; an expression is not allowed; no event is left; weights cannot
            be rescaled.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "events.csv"
    >>> _ = path.write_text("pt,w\\n10,1\\n30,2\\n50,2\\n")
    >>> sample = read(path, features=["log10(pt)"], where="pt > 20", weight="w", carry=["pt"], expected_events=8)
    >>> sample.features, sample.column("pt").tolist(), sample.event_weights.tolist(), sample.origin.n_read
    (('log10(pt)',), [30.0, 50.0], [4.0, 4.0], 3)
    >>> folder.cleanup()
    """
    recipe = make_recipe(features, where=where, weight=weight, define=define, carry=carry)
    if chunk_size < 1:
        raise SampleError(f"chunk_size must be at least 1, but {chunk_size} came")
    paths = find_files(files)
    kept = _Kept(recipe)
    for path in paths:
        _read_file(TableFile(path, tree), kept, chunk_size)
    kept.require_good(paths)
    origin = Origin(
        files=tuple(map(str, paths)),
        tree=tree,
        selection=where,
        definitions=define,
        weight=weight,
        n_read=kept.n_read,
        n_selected=kept.n_selected,
        expected_events=None if expected_events is None else float(expected_events),
    )
    sample = _sample(kept, origin)
    return sample if expected_events is None else sample.rescaled(expected_events)


def columns(files: Files, *, tree: str | None = None) -> tuple[str, ...]:
    """Names of the columns that all of the files have and that hold one number for each event.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind, or ``tree`` must be given.
    """
    listings = [reader_for(path).names(TableFile(path, tree)) for path in find_files(files)]
    return tuple(name for name in listings[0] if all(name in names for names in listings))


def find_files(files: Files) -> list[Path]:
    """The files that a path, a pattern or a list of them stands for, each once.

    Raises:
        SampleError: there is no such file, or one comes twice, by whatever name or link (its events would count twice).
    """
    given = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not given:
        raise SampleError("files must name at least one file, but an empty list came")
    paths = [path for item in given for path in _matches(os.fspath(item))]
    seen: dict[FileIdentity, Path] = {}
    for path in paths:
        same = seen.setdefault(file_identity(path), path)
        if same is not path:
            other_name = "" if same == path else f", the first time as {same}"
            raise SampleError(
                f"every file must be given once, but {path} comes twice{other_name}; its events would count twice"
            )
    return paths


def file_identity(path: Path) -> FileIdentity:
    """Device and number of a file: equal for hard and soft links to it.

    Raises:
        OSError: there is no such file.
    """
    found = path.stat()
    return found.st_dev, found.st_ino


def _matches(text: str) -> list[Path]:
    path = as_path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        raise SampleError(f"{path} must be a file, but is a folder; give a pattern such as {str(path / '*.root')!r}")
    if path.exists():
        raise SampleError(f"{path} must be an ordinary file")
    found = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []
    if found:
        return [Path(name) for name in found]
    if "://" in text:
        raise SampleError(f"files are read from disk, but {text!r} is a remote address; copy the file first")
    here = "" if path.is_absolute() else f"; the current folder is {Path.cwd()}"
    what = "no file matches" if glob.has_magic(text) else "there is no file"
    raise NoFileError(f"{what} {text!r}{here}")


@dataclass
class _BadValues:
    """NaN and infinities met in one column."""

    count: int
    first_row: int
    value: float
    path: Path


@dataclass
class _Kept:
    """The selected rows so far."""

    recipe: Recipe
    parts: dict[str, list[FloatArray]] = field(default_factory=dict)
    bad: dict[str, _BadValues] = field(default_factory=dict)
    n_read: int = 0
    n_selected: int = 0

    def note_bad(self, name: str, values: FloatArray, rows: IntArray, path: Path) -> None:
        wrong = np.flatnonzero(~np.isfinite(values))
        if not wrong.size:
            return
        first = _BadValues(0, int(rows[wrong[0]]), float(values[wrong[0]]), path)
        self.bad.setdefault(name, first).count += int(wrong.size)

    def require_good(self, paths: Sequence[Path]) -> None:
        """Raise if nothing was kept, or something that is not finite."""
        listed = str(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
        if self.n_read == 0:
            raise SampleError(f"there must be at least one event, but {listed} hold(s) none")
        if self.n_selected == 0 and self.recipe.selection is not None:
            raise SampleError(
                f"at least one event must pass the selection {self.recipe.selection.text!r}, "
                f"but none of {self.n_read:,} events in {listed} does"
            )
        for name, bad in self.bad.items():
            raise SampleError(
                non_finite_message(
                    name, count=bad.count, first_row=bad.first_row, value=bad.value, where=f" of {bad.path}"
                )
            )

    def column(self, name: str) -> FloatArray:
        return np.concatenate(self.parts[name])


def _read_file(source: TableFile, kept: _Kept, chunk_size: int) -> None:
    reader = reader_for(source.path)
    plan = kept.recipe.resolve(reader.listing(source), source.path)
    n_before = 0
    for chunk in reader.chunks(source, plan.columns, chunk_size=chunk_size):
        rows, outputs = plan.apply(chunk)
        for name, values in outputs.items():
            if name not in kept.recipe.shown_alone:
                kept.note_bad(name, values, rows + n_before, source.path)
            kept.parts.setdefault(name, []).append(values)
        n_before += next(iter(chunk.values())).size
        kept.n_selected += int(rows.size)
    kept.n_read += n_before


def _sample(kept: _Kept, origin: Origin) -> Sample:
    recipe = kept.recipe
    weights = None if recipe.weight is None else seal(kept.column(recipe.weight))
    extras = {name: seal(kept.column(name)) for name in recipe.carry}
    events = np.empty((kept.n_selected, len(recipe.features)))
    for j, name in enumerate(recipe.features):
        events[:, j] = kept.column(name)
        del kept.parts[name]
    return Sample(seal(events), weights, features=recipe.features, extras=extras, origin=origin)

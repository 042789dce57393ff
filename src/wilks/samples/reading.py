"""From files to samples, in chunks, keeping only the selected rows."""

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from wilks.errors import InputError, NoFileError, SampleError
from wilks.samples.checked_arrays import came, non_finite_message, seal
from wilks.samples.expressions import Expression, parse_expression
from wilks.samples.readers import READERS, TableFile, ordinary, reader_for
from wilks.samples.recipe import Recipe, make_recipe
from wilks.samples.sample import Origin, Sample
from wilks.samples.syntax import is_plain_name
from wilks.samples.tree_names import keys_without_tree, one_tree, without_tree
from wilks.storage import as_path
from wilks.typing import FloatArray, IntArray, finite_number, whole_number
from wilks.wording import listed, visible

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
PerFile = Mapping[str, Mapping[str, float]]

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
    per_file: PerFile = MappingProxyType({}),
    carry: Iterable[str] = (),
    expected_events: float | None = None,
    chunk_size: int = CHUNK_SIZE,
) -> Sample:
    """Read a sample from ROOT, Parquet, HDF5, CSV or NPZ files.

    Files are read in chunks: only the columns that are needed are read, and only the rows that pass ``where`` are kept.
    Memory is needed for one chunk and about three times the result.

    Args:
        files: a path, a pattern such as ``"run*.root"``, or a list of both; the format is told by the ending. Files are
            read in the order given, those of a pattern in the order of their names. They lie on disk, whatever their
            names: ``run2:v3/x.root`` is a file in the folder ``run2:v3``. ``"f.root:Events"``, where no file is called
            so, is the tree ``Events`` of ``f.root``.
        features: columns, defined names, or expressions such as ``"log(pt1)"``, which then is the name of the feature.
        tree: the TTree or RNTuple in a ROOT file, the group or data set in an HDF5 file, if there are several.
        where: which events to keep, for example ``"mll > 60 and abs(eta1) < 2.4"``; see `parse_selection`.
        weight: column or expression of the event weights; ones if None. Negative weights are accepted.
        define: new columns as expressions over others; see `parse_expression`.
        per_file: new columns that are one number in each file, by name: ``{"lumi_weight": {"ttbar.root": 0.0132,
            "dy*.root": 0.5}}`` with every entry of ``files``, for ``weight="gen_weight*lumi_weight"``.
        carry: columns or expressions to carry along that are not inputs of the model. An event may have no value in
            them.
        expected_events: multiply the weights by one factor so that they sum to this.
        chunk_size: rows that are read at once.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind; a column is missing, not a number, or jagged;
            a feature or weight of a kept event is NaN or infinite; an expression is not allowed; no event is left;
            weights cannot be rescaled.

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
    with _as_sample_error():
        rows = whole_number(chunk_size, name="chunk_size", least=1)
    files, tree = one_tree(_listed(files), tree)
    paths, numbers = find_files(files), _numbers(files, keys_without_tree(per_file), define)
    kept = _Kept(recipe)
    for path in paths:
        constants = {name: parse_expression(repr(of[path])) for name, of in numbers.items()}
        _read_file(TableFile(path, tree), kept, constants, chunk_size=rows)
    kept.require_good(paths)
    origin = Origin(
        files=tuple(visible(str(path)) for path in paths),  # names of files need be no text
        tree=tree,
        selection=where,
        definitions=define,
        weight=weight,
        n_read=kept.n_read,
        n_selected=kept.n_selected,
        expected_events=None if expected_events is None else float(expected_events),
        precisions={name: kind.name for name, kind in kept.precisions.items()},
        per_file={name: {visible(str(path)): x for path, x in of.items()} for name, of in numbers.items()},
    )
    sample = _sample(kept, origin)
    return sample if expected_events is None else sample.rescaled(expected_events)


def _numbers(files: Files, per_file: Mapping[str, object], define: Mapping[str, str]) -> dict[str, dict[Path, float]]:
    """The number of each file, by name and path."""
    given = {item: _matches(item) for item in _listed(files)}
    numbers = {}
    for name, of in per_file.items():
        if not is_plain_name(name) or name in define:
            raise SampleError(f"per_file must have plain names that `define` has not, but {came(name)} came")
        if not isinstance(of, Mapping) or {os.fsdecode(item) for item in of} != given.keys():
            raise SampleError(
                f"per_file must give {name!r} one number for each entry of files, which are {listed(given)}, but "
                f"{listed(map(str, of)) if isinstance(of, Mapping) else came(of)} came"
            )
        with _as_sample_error():
            values = {os.fsdecode(item): finite_number(x, name=f"{name} of {item}") for item, x in of.items()}
        numbers[name] = {path: values[item] for item, found in given.items() for path in found}
    return numbers


@contextmanager
def _as_sample_error() -> Iterator[None]:
    """What a check that is not of samples refuses is a SampleError here."""
    try:
        yield
    except InputError as error:
        raise SampleError(str(error)) from error


def columns(files: Files, *, tree: str | None = None) -> tuple[str, ...]:
    """Names of the columns that all of the files have and that hold one number for each event.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind, or ``tree`` must be given.
    """
    files, tree = one_tree(_listed(files), tree)
    listings = [reader_for(path).names(TableFile(path, tree)) for path in find_files(files)]
    return tuple(name for name in listings[0] if all(name in names for names in listings))


def refused_columns(files: Files, *, tree: str | None = None) -> str:
    """Which columns of the first file cannot be read and why, a few of them; empty where there are none.

    Raises:
        SampleError: as `columns`.
    """
    files, tree = one_tree(_listed(files), tree)
    path = find_files(files)[0]
    return reader_for(path).listing(TableFile(path, tree)).refusals


def find_files(files: Files) -> list[Path]:
    """The files that a path, a pattern or a list of them stands for, each once.

    Raises:
        SampleError: there is no such file, or one comes twice, by whatever name or link (its events would count twice).
    """
    given = _listed(files)
    paths = [path for item in given for path in _matches(item)]
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


def _listed(files: object) -> list[str]:
    """Paths and patterns as texts."""
    if isinstance(files, Mapping):
        raise SampleError(
            "files must be a path, a pattern or a list of them, but a mapping came; the tree is given once for all, "
            'as in read("f.root", tree="events", ...)'
        )
    single = isinstance(files, str | bytes | os.PathLike)
    if not single and (not isinstance(files, Iterable) or isinstance(files, np.ndarray)):
        raise SampleError(f"files must be a path, a pattern or a list of them, but {came(files)} came")
    given: list[object] = [files] if single else list(cast(Iterable[object], files))
    if not given:
        raise SampleError("files must name at least one file, but an empty list came")
    for item in given:
        if not isinstance(item, str | bytes | os.PathLike):
            raise SampleError(f"every file must be a path or a pattern, but {came(item)} came")
    return [os.fsdecode(cast(str | bytes | os.PathLike[str], item)) for item in given]


def _matches(text: str) -> list[Path]:
    with _as_sample_error():
        path = as_path(text)
    try:
        is_there = path.exists()
    except OSError as error:
        raise SampleError(f"{text[:100]!r} cannot be looked up: {error.strerror}") from error
    if path.is_dir():
        raise SampleError(f"{path} must be a file, but is a folder; {_pattern_in(path)}")
    if is_there:
        return [ordinary(path)]
    found = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(text) else []
    if found:
        return [ordinary(Path(name)) for name in found]
    if "://" in text:
        raise SampleError(f"files are read from disk, but {text!r} is a remote address; copy the file first")
    here = "" if path.is_absolute() else f"; the current folder is {Path.cwd()}"
    what = "no file matches" if glob.has_magic(text) else "there is no file"
    file, tree = without_tree(text)
    advice = "" if tree is None else f"; if {tree!r} is the tree in {file!r}, name it by itself, as tree"
    raise NoFileError(f"{what} {text!r}{here}{advice}")


def _pattern_in(folder: Path) -> str:
    """What to write for the files in a folder, and in folders below (as those of a partitioned data set)."""
    here = next((one.suffix for one in sorted(folder.iterdir()) if one.suffix in READERS), None)
    below = None if here else next((one.suffix for one in sorted(folder.glob("*/*")) if one.suffix in READERS), None)
    pattern = folder / ("**" if below else "") / f"*{here or below or '.root'}"
    note = "; what only the names of folders say, such as run=1, is no column" if below else ""
    return f"give a pattern such as {str(pattern)!r}{note}"


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
    precisions: dict[str, np.dtype[Any]] = field(default_factory=dict)
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


def _read_file(source: TableFile, kept: _Kept, constants: Mapping[str, Expression], *, chunk_size: int) -> None:
    reader = reader_for(source.path)
    listing = reader.listing(source)
    if both := [name for name in constants if name in listing.names]:
        raise SampleError(f"per_file must name new columns, but {source.path} has {listed(both)}; give another name")
    plan = kept.recipe.with_definitions(constants).resolve(listing, source.path)
    kept.precisions.update(plan.precisions)
    n_before = 0
    for chunk in reader.chunks(source, plan.columns, chunk_size=chunk_size):
        rows, outputs = plan.apply(chunk)
        for name, values in outputs.items():
            if name in kept.recipe.finite:
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

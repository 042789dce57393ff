"""From files to samples, in chunks, keeping only the selected rows."""

import os
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from wilks.errors import SampleError
from wilks.samples.certified import Certified
from wilks.samples.checked_arrays import came
from wilks.samples.column_kinds import holds_words
from wilks.samples.column_stores import ColumnFiles
from wilks.samples.expressions import Expression, parse_expression
from wilks.samples.file_names import Files, as_sample_error, find_files, listed_files, matches
from wilks.samples.kept import Kept, factors_for
from wilks.samples.origin import Origin
from wilks.samples.readers import Column, FilePath, Listing, TableFile, reader_for
from wilks.samples.recipe import make_recipe
from wilks.samples.sample import Sample
from wilks.samples.syntax import is_plain_name
from wilks.samples.tree_names import keys_without_tree, one_tree
from wilks.storage import Folder, as_path
from wilks.typing import finite_number, whole_number
from wilks.wording import listed, visible

PerFile = Mapping[str, Mapping[str, float]]

CHUNK_SIZE = 1 << 18
_Rows = tuple[int, int | None]
_Numbers = dict[str, dict[FilePath, float]]


def read(
    files: Files,
    *,
    features: Iterable[str],
    tree: str | None = None,
    where: str | None = None,
    weight: str | None = None,
    define: Mapping[str, str] = MappingProxyType({}),
    per_file: PerFile = MappingProxyType({}),
    fill: Mapping[str, float] = MappingProxyType({}),
    carry: Iterable[str] = (),
    certified: str | os.PathLike[str] | Certified | None = None,
    expected_events: float | Mapping[str, float] | None = None,
    entry_start: int = 0,
    entry_stop: int | None = None,
    chunk_size: int = CHUNK_SIZE,
    on_disk: Folder | None = None,
) -> Sample:
    """Read a sample from ROOT, Parquet, HDF5, CSV, TSV, NPZ or NPY files.

    Files are read in chunks: only the columns that are needed are read, and only the rows that pass ``where`` are kept.
    Memory is needed for one chunk and about three times the result.

    Columns that have a list of numbers for each event are reduced: ``Muon_pt[0]``, ``len(Jet_pt)``, ``max(Jet_pt)``
    (see `parse_expression`). An event that lacks an object, such as the leading muon of an event without muons, does
    not pass a ``where`` that needs it, and is left out where a feature or the weight needs it; ``Origin.absent`` counts
    such events. In a carried column it has no value.

    Args:
        files: a path, a pattern such as ``"run*.root"``, an address that begins with ``root://`` or ``https://``
            (``wilks[remote]``), or a list of these; the format is told by the ending. Files are read in the order
            given, those of a pattern in the order of their names. They lie on disk, whatever their names:
            ``run2:v3/x.root`` is a file in the folder ``run2:v3``. ``"f.root:Events"``, where no file is called so, is
            the tree ``Events`` of ``f.root``.
        features: columns, defined names, or expressions such as ``"log(pt1)"``, which then is the name of the feature.
        tree: the TTree or RNTuple in a ROOT file, the group or data set in an HDF5 file, if there are several.
        where: which events to keep, for example ``"mll > 60 and abs(eta1) < 2.4"``; see `parse_selection`.
        weight: column or expression of the event weights; ones if None. Negative weights are accepted.
        define: new columns as expressions over others; see `parse_expression`.
        per_file: new columns that are one number in each file, by name: ``{"lumi_weight": {"ttbar.root": 0.0132,
            "dy*.root": 0.5}}`` with every entry of ``files``, for ``weight="gen_weight*lumi_weight"``.
        fill: numbers that stand for objects that an event lacks, ``{"Jet_pt[1]": 0.0}``; the event is then kept.
        carry: columns or expressions to carry along that are not inputs of the model. An event may have no value in
            them.
        certified: a golden JSON, or a `Certified` where the columns of run and lumisection have other names than those
            of NanoAOD: events of other lumisections are left out. For data; simulation has runs of its own.
        expected_events: multiply the weights by one factor so that they sum to this; or, for several processes, a sum
            for every entry of ``files``, ``{"ttbar.root": 1200, "dy*.root": 5e4}``.
        entry_start: first row that is read, of all files together.
        entry_stop: first row that is not read any more. Weights are those of the rows that are read.
        chunk_size: rows that are read at once.
        on_disk: a folder in which the arrays are kept, in a new folder for each sample, and from which they are mapped
            in place of being held: for samples larger than memory (`Sample.is_on_disk`). They are removed when the
            process ends.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind; a column is missing, not a number, or jagged
            without anything that makes one number of it; a feature or weight of a kept event is NaN or infinite; an
            expression is not allowed; no event is left; weights cannot be rescaled.

    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "events.csv"
    >>> _ = path.write_text("pt,w\\n10,1\\n30,2\\n50,2\\n")
    >>> sample = read(path, features=["log10(pt)"], where="pt > 20", weight="w", carry=["pt"], expected_events=8)
    >>> sample.features, sample.column("pt").tolist(), sample.event_weights.tolist(), sample.origin.n_read
    (('log10(pt)',), [30.0, 50.0], [4.0, 4.0], 3)
    >>> folder.cleanup()
    """
    files, tree = one_tree(listed_files(files), tree)
    golden = None if certified is None else Certified.of(certified).load()
    recipe = make_recipe(features, where=where, weight=weight, define=define, carry=carry, fill=fill, certified=golden)
    rows, paths = _rows(entry_start, entry_stop), find_files(files)
    numbers, yields = _numbers(files, keys_without_tree(per_file), define), _yields(files, expected_events)
    kept = Kept(recipe) if on_disk is None else Kept(recipe, ColumnFiles(as_path(on_disk)))
    with as_sample_error():
        n_together = whole_number(chunk_size, name="chunk_size", least=1)
    for path in paths:
        _read_file(TableFile(path, tree), kept, numbers, rows=rows, chunk_size=n_together)
    kept.require_good(paths)
    factors = factors_for(yields, kept=kept, is_weighted=weight is not None)
    origin = Origin(
        files=tuple(visible(str(path)) for path in paths),  # names of files need be no text
        tree=tree,
        selection=where,
        definitions=define,
        weight=weight,
        n_read=kept.tally.n_read,
        n_selected=kept.n_selected,
        expected_events=_total(expected_events),
        precisions={name: kind.name for name, kind in kept.precisions.items()},
        per_file={name: {visible(str(path)): x for path, x in of.items()} for name, of in numbers.items()},
        fill=recipe.fill,
        absent=kept.tally.absent,
        n_absent=kept.tally.n_absent,
        certified={} if golden is None else golden.described(n_left_out=kept.tally.n_uncertified),
        entries=rows,
        expected_by_entry={visible(entry): expected for entry, (expected, _) in yields.items()},
        scales=tuple(zip(kept.n_of_files, factors, strict=True)) if yields else (),
    )
    sample = kept.sample(origin, factors=factors)
    return sample if yields or expected_events is None else sample.rescaled(cast(float, expected_events))


def _rows(start: object, stop: object) -> _Rows:
    """The first row, and that after the last."""
    with as_sample_error():
        first = whole_number(start, name="entry_start", least=0)
        return first, None if stop is None else whole_number(stop, name="entry_stop", least=first + 1)


def _entries(files: Sequence[str]) -> dict[str, list[FilePath]]:
    """The files of each entry of ``files``."""
    return {item: matches(item) for item in files}


def _numbers(files: Sequence[str], per_file: Mapping[str, object], define: Mapping[str, str]) -> _Numbers:
    """The number of each file, by name and path."""
    if not per_file:
        return {}
    given, numbers = _entries(files), {}
    for name, of in per_file.items():
        if not is_plain_name(name) or name in define:
            raise SampleError(f"per_file must have plain names that `define` has not, but {came(name)} came")
        values = _one_for_each(given, of, what=f"per_file must give {name!r} one number for each entry of files")
        with as_sample_error():
            checked = {item: finite_number(x, name=f"{name} of {item}") for item, x in values.items()}
        numbers[name] = {path: checked[item] for item, found in given.items() for path in found}
    return numbers


def _one_for_each(given: Mapping[str, Any], of: object, *, what: str) -> dict[str, Any]:
    """The value of each entry of ``files``. Raises where there are others, or fewer."""
    if not isinstance(of, Mapping) or {os.fsdecode(item) for item in of} != given.keys():
        others = listed(map(str, of)) if isinstance(of, Mapping) else came(of)
        raise SampleError(f"{what}, which are {listed(given)}, but {others} came")
    return {os.fsdecode(item): value for item, value in of.items()}


def _yields(files: Sequence[str], expected: object) -> dict[str, tuple[float, list[FilePath]]]:
    """The sum of weights that each entry of ``files`` shall have, with its files; none where one is for all."""
    if not isinstance(expected, Mapping):
        return {}
    given = _entries(files)
    short = keys_without_tree({"": expected})[""]
    values = _one_for_each(given, short, what="expected_events must be one number, or one for each entry of files")
    for item, value in values.items():
        with as_sample_error():
            if finite_number(value, name=f"expected_events of {item}") <= 0:
                raise SampleError(f"expected_events of {item} must be a positive number, but {value!r} came")
    return {item: (float(values[item]), found) for item, found in given.items()}


def _total(expected: object) -> float | None:
    if isinstance(expected, Mapping):
        return float(sum(expected.values()))
    return None if expected is None else float(cast(float, expected))


def columns(files: Files, *, tree: str | None = None) -> tuple[str, ...]:
    """Names of the columns that all of the files have and that hold one number for each event.

    Raises:
        SampleError: a file is missing, damaged or of an unknown kind, or ``tree`` must be given.
    """
    files, tree = one_tree(listed_files(files), tree)
    listings = [reader_for(path).names(TableFile(path, tree)) for path in find_files(files)]
    return tuple(name for name in listings[0] if all(name in names for names in listings))


def refused_columns(files: Files, *, tree: str | None = None) -> str:
    """Which columns of the first file cannot be read and why, a few of them; empty where there are none.

    Raises:
        SampleError: as `columns`.
    """
    files, tree = one_tree(listed_files(files), tree)
    path = find_files(files)[0]
    return reader_for(path).listing(TableFile(path, tree)).refusals


def columns_of_words(files: Files, *, tree: str | None = None) -> dict[str, str]:
    """Columns with one value for each event that `columns` leaves out, and why: text in a file, or in some files alone.

    Raises:
        SampleError: as `columns`.
    """
    files, tree = one_tree(listed_files(files), tree)
    listings = {path: reader_for(path).listing(TableFile(path, tree)) for path in find_files(files)}
    found = {}
    for name in dict.fromkeys(name for one in listings.values() for name in one.names):
        if (without := next((path for path, one in listings.items() if name not in one.names), None)) is not None:
            found[name] = f"{without} has no numbers in {name!r}"
    for path, one in listings.items():
        words = {name: reason for name, reason in one.refused.items() if holds_words(reason)}
        found |= {name: f"{name!r} of {path} cannot be used: {reason}" for name, reason in words.items()}
    return found


def _read_file(source: TableFile, kept: Kept, numbers: _Numbers, *, rows: _Rows, chunk_size: int) -> None:
    """Take from one file its part of the rows, which are counted through all files."""
    kept.n_of_files.append(0)
    first = max(rows[0] - kept.n_passed, 0)
    last = None if rows[1] is None else rows[1] - kept.n_passed
    if last is not None and last <= 0:
        return
    reader = reader_for(source.path)
    listing = reader.listing(source)
    plan = kept.recipe.with_definitions(_constants(numbers, source, listing)).resolve(listing, source.path)
    kept.precisions.update(plan.precisions)
    n_before = 0
    for chunk in reader.chunks(source, plan.columns, chunk_size=min(chunk_size, last or chunk_size)):
        begin, end, n_rows = first - n_before, None if last is None else last - n_before, _n_rows(chunk)
        part = _cut(chunk, max(begin, 0), n_rows if end is None else min(end, n_rows))
        if _n_rows(part):
            taken = plan.apply(part)
            kept.take(taken, path=source.path, n_before=n_before + max(begin, 0), n_rows=_n_rows(part))
        n_before += n_rows
        if last is not None and n_before >= last:
            break
    kept.n_passed += n_before


def _constants(numbers: _Numbers, source: TableFile, listing: Listing) -> dict[str, Expression]:
    """The numbers of one file, as definitions."""
    if both := [name for name in numbers if name in listing.names]:
        raise SampleError(f"per_file must name new columns, but {source.path} has {listed(both)}; give another name")
    return {name: parse_expression(repr(of[source.path])) for name, of in numbers.items()}


def _n_rows(chunk: Mapping[str, Column]) -> int:
    return next(iter(chunk.values())).size


def _cut(chunk: Mapping[str, Column], begin: int, end: int) -> Mapping[str, Column]:
    """The rows from one to another."""
    return chunk if (begin, end) == (0, _n_rows(chunk)) else {name: one[begin:end] for name, one in chunk.items()}

"""What is in the files of a sample: which columns can be features, which are weights, and what was left out."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wilks.errors import SampleError
from wilks.samples import bookkeeping, columns, is_variation, looks_like_weight, read
from wilks.samples.reading import refused_columns
from wilks.storage import as_path
from wilks.typing import FloatArray
from wilks.wording import is_text, listed, visible

_MAX_FEATURES = 20


@dataclass(frozen=True)
class FoundSample:
    """What was found in the files of a sample.

    Attributes:
        files: relative to the analysis file, unless they are absolute.
        columns: those that can be features.
        n_events: number of rows.
        weights: columns that look like weights.
        left_out: name and reason of each other column.
        not_one: those of ``weights`` that are not 1 in every event.
    """

    files: tuple[str, ...]
    columns: tuple[str, ...]
    n_events: int
    weights: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    not_one: tuple[str, ...] = ()

    @property
    def nominal_weights(self) -> tuple[str, ...]:
        """Without those that their names call variations.

        >>> FoundSample(("a.root",), ("x",), 9, ("genWeight", "puWeight", "puWeightUp")).nominal_weights
        ('genWeight', 'puWeight')
        """
        return tuple(name for name in self.weights if not is_variation(name))

    @property
    def reasons(self) -> Iterator[str]:
        """One line for all columns that were left out for one reason."""
        for why in dict.fromkeys(why for _, why in self.left_out):
            yield f"{listed(name for name, other in self.left_out if other == why)}: {visible(why)}"


def find_reference(files: Sequence[str], *, tree: str | None, folder: str | os.PathLike[str]) -> FoundSample:
    """Look at all columns of the files; the first 20 that can be features are read, and all that look like weights.

    Raises:
        SampleError: no column can be a feature, with what speaks against each.
    """
    _check_names(files)
    search = _Search(files, tree)
    for name in columns(list(files), tree=tree):
        if looks_like_weight(name):
            search.take_weight(name)
        elif len(search.usable) < _MAX_FEATURES:
            search.take(name, may_count=False)
        else:
            search.left_out.append((name, f"{_MAX_FEATURES} other columns come first"))
    refused = refused_columns(search.files, tree=tree)
    search.left_out += [("columns that cannot be read", refused)] if refused else []
    if not search.usable:
        raise SampleError(
            f"{listed(files)}: at least one column must be numeric, finite in all events and no weight or counter, but "
            f"none is; {'; '.join(search.found(folder).reasons) or 'no column was found'}"
        )
    return search.found(folder)


def find_data(
    files: Sequence[str], *, reference: FoundSample, tree: str | None, folder: str | os.PathLike[str]
) -> FoundSample:
    """Look in the files for the columns that can be features by the reference, and for weights.

    Raises:
        SampleError: they have none of these columns, or it cannot be read.
    """
    _check_names(files)
    search, there = _Search(files, tree), columns(list(files), tree=tree)
    for name in filter(looks_like_weight, there):
        search.take_weight(name)
    for name in reference.columns:
        if name in there:
            search.take(name, may_count=True)
        else:
            search.left_out.append((name, "not in the data"))
    if not search.usable:
        raise SampleError(
            f"{listed(files)}: the data must have at least one of the columns that can be features, "
            f"{listed(reference.columns)}, but have none; {'; '.join(search.found(folder).reasons)}"
        )
    return search.found(folder)


def _check_names(files: Sequence[str]) -> None:
    for file in files:
        if not is_text(file):
            raise SampleError(
                f"the name of {visible(file)} must be text in UTF-8 to stand in an analysis file; give the file "
                "another name"
            )


class _Search:
    """The columns of some files, taken one by one."""

    def __init__(self, files: Sequence[str], tree: str | None) -> None:
        self.files, self.tree, self.n_events = list(files), tree, 0
        self.usable: list[str] = []
        self.weights: list[str] = []
        self.not_one: list[str] = []
        self.left_out: list[tuple[str, str]] = []

    def take(self, name: str, *, may_count: bool) -> None:
        """As a feature; ``may_count``: whatever its values are, a counter's too."""
        values = self._read(name)
        reason = None if values is None or may_count else bookkeeping(name, values)
        if reason:
            self.left_out.append((name, reason))
        elif values is not None:
            self.usable.append(name)

    def take_weight(self, name: str) -> None:
        values = self._read(name)
        if values is not None:
            self.weights.append(name)
            self.not_one += [name] if (values != 1).any() else []

    def _read(self, name: str) -> FloatArray | None:
        try:
            values = read(self.files, features=[name], tree=self.tree).events[:, 0]
        except SampleError as error:
            self.left_out.append((name, str(error)))
            return None
        self.n_events = values.size
        return values

    def found(self, folder: str | os.PathLike[str]) -> FoundSample:
        return FoundSample(
            files=tuple(_relative(path, folder) for path in self.files),
            columns=tuple(self.usable),
            n_events=self.n_events,
            weights=tuple(self.weights),
            left_out=tuple(self.left_out),
            not_one=tuple(self.not_one),
        )


def _relative(path: str, folder: str | os.PathLike[str]) -> str:
    """A path as the analysis file says it, from the folder to which links to that lead."""
    if "://" in path or os.path.isabs(as_path(path)):
        return str(path)
    return os.path.relpath(Path(path).parent.resolve() / Path(path).name, Path(folder).resolve())

"""Which files a path, a pattern, an address or a list of them stands for."""

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np

from wilks.errors import InputError, NoFileError, SampleError
from wilks.samples.checked_arrays import came
from wilks.samples.readers import READERS, Address, FilePath, ordinary, scheme_of
from wilks.samples.tree_names import without_tree
from wilks.storage import as_path

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_MOST_LOOKED_AT = 10_000

FileIdentity = tuple[int, int] | str


@contextmanager
def as_sample_error() -> Iterator[None]:
    """What a check that is not of samples refuses is a SampleError here."""
    try:
        yield
    except InputError as error:
        raise SampleError(str(error)) from error


def find_files(files: Files) -> list[FilePath]:
    """The files that a path, a pattern, an address or a list of them stands for, each once.

    Raises:
        SampleError: there is no such file, or one comes twice, by whatever name or link (its events would count twice).
    """
    given = listed_files(files)
    paths = [path for item in given for path in matches(item)]
    seen: dict[FileIdentity, FilePath] = {}
    for path in paths:
        same = seen.setdefault(file_identity(path), path)
        if same is not path:
            other_name = "" if same == path else f", the first time as {same}"
            raise SampleError(
                f"every file must be given once, but {path} comes twice{other_name}; its events would count twice"
            )
    return paths


def file_identity(path: FilePath) -> FileIdentity:
    """Device and number of a file, equal for hard and soft links to it; the address of one on another machine.

    Raises:
        OSError: there is no such file.
    """
    if isinstance(path, Address):
        return path.text
    found = path.stat()
    return found.st_dev, found.st_ino


def listed_files(files: object) -> list[str]:
    """Paths, patterns and addresses as texts."""
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


def matches(text: str) -> list[FilePath]:
    """The files of one path, pattern or address; one that is on disk by this name comes before an address.

    Raises:
        SampleError: there is none.
    """
    with as_sample_error():
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
    if scheme_of(text) is not None:
        return [Address(text)]
    here = "" if path.is_absolute() else f"; the current folder is {Path.cwd()}"
    what = "no file matches" if glob.has_magic(text) else "there is no file"
    file, tree = without_tree(text)
    advice = "" if tree is None else f"; if {tree!r} is the tree in {file!r}, name it by itself, as tree"
    raise NoFileError(f"{what} {text!r}{here}{advice}")


def _pattern_in(folder: Path) -> str:
    """What to write for the files in a folder, and in folders below (as those of a partitioned data set)."""
    here = next((one.suffix for one in sorted(folder.iterdir()) if one.suffix in READERS), None)
    deeper = itertools.islice(folder.glob("*/**/*"), _MOST_LOOKED_AT)
    below = None if here else next((one.suffix for one in deeper if one.suffix in READERS), None)
    pattern = folder / ("**" if below else "") / f"*{here or below or '.root'}"
    is_partitioned = below in (".parquet", ".pq")
    note = "; what only the names of folders say, such as run=1, is no column" if below and not is_partitioned else ""
    return f"give a pattern such as {str(pattern)!r}{note}"

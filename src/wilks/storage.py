"""The only way to files: they appear whole or not at all, and what is read back has a digest.

A result that was saved is a folder with a document, such as ``fit.json``, and its arrays, ``fit-….npz``:

- ``kind`` says what it is, by a name of `KINDS`, and ``schema_version`` of which layout.
- ``content`` holds plain values. An array stands there as ``{"$array": name}``, a number that JSON lacks as
  ``{"$number": "nan"}``.
- ``arrays`` names the file of the arrays and its SHA-256; ``digest`` is the SHA-256 of all the rest. One bit that
  changes, in either file, is found and the file named.

A layout that changes gets a step in `MIGRATIONS`; a document is taken through every step since it was written.
"""

import abc
import contextlib
import functools
import hashlib
import importlib
import importlib.metadata
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np
import numpy.typing as npt

from wilks.documents import differences, joined, sealed, split_arrays, unsealed, with_one_p_for_all
from wilks.errors import InputError, StoreError

KINDS = {
    "analysis": "wilks.analysis:Analysis",
    "architecture_scan": "wilks.selection.scan:ArchitectureScan",
    "bunch_sums": "wilks.comparison.streamed.sums:BunchSums",
    "answer": "wilks.laws.answer:GoodnessOfFit",
    "comparison": "wilks.comparison.answer:Comparison",
    "closure": "wilks.responses.closure:Closure",
    "calibration": "wilks.laws.calibration:Calibration",
    "fit": "wilks.statistics.fits:FitResult",
    "hypothesis": "wilks.hypotheses:StorableHypothesis",
    "model_table": "wilks.models.table:ModelTable",
    "moments": "wilks.statistics.linear.moments:Moments",
    "monitor_reference": "wilks.monitor.reference:MonitorReference",
    "power_table": "wilks.power.tables:PowerTable",
    "reference_part": "wilks.monitor.parts:ReferencePart",
    "response_study": "wilks.responses.study:ResponseStudy",
    "sample": "wilks.samples.sample:Sample",
    "sample_pairs": "wilks.plots.comparisons:SamplePairs",
    "selection": "wilks.selection.result:WeightClipSelection",
    "splitting": "wilks.laws.splitting.tail:Tail",
    "streamed_work": "wilks.comparison.streamed.work:Work",
    "validation": "wilks.validation.page:Validation",
}
# Step i turns the content of a kind from layout i + 1 into layout i + 2.
MIGRATIONS: tuple[Callable[[str, dict[str, Any]], dict[str, Any]], ...] = (with_one_p_for_all,)
LIBRARIES = ("wilks", "jax", "jaxlib", "numpy", "scipy")  # whose versions stand beside numbers
_MAX_NAMED = 6
# What NumPy and zipfile raise for files that are missing, cut short, overwritten or of another layout.
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error)
_Arrays = dict[str, npt.NDArray[Any]]
Folder = str | os.PathLike[str]


def as_path(path: Folder) -> Path:
    """A path, by the one rule that holds for arguments in Python, for the command line and for analysis files.

    ``~`` and ``~user`` at the beginning stand for a home folder, also where a shell leaves them, as in
    ``--output=~/a.yaml``; variables such as ``$HOME`` stay as they are. A relative path starts from the current folder;
    one that stands in an analysis file (`wilks.config`) from the folder of that file, which is the one to which a link
    to the file leads. Links are followed; a file that is written takes the place of a link of its name, and what the
    link led to stays as it was.

    Raises:
        InputError: no such user, or no path of any file.

    >>> str(as_path("results/toys")), as_path("~") == Path.home()
    ('results/toys', True)
    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise InputError(f"a path must be a text or a pathlib.Path, but a {type(path).__name__} came")
    text = os.fsdecode(path)
    try:
        if b"\0" in os.fsencode(text):
            raise ValueError("a NUL character cannot stand in it")
        return Path(text).expanduser() if text.startswith("~") else Path(text)  # a folder may be named so: ./~
    except (RuntimeError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else f"there is no user {text.partition('/')[0]}"
        raise InputError(f"a path must be one that a file can have, but {text!r} came: {reason}") from error


class Storable(abc.ABC):
    """What can be saved: it turns into plain values, arrays among them, and back, equal to the last bit."""

    stored_as: ClassVar[str]

    @abc.abstractmethod
    def to_document(self) -> dict[str, Any]:
        """Nested dicts and lists of strings, numbers, None and arrays: everything that `from_document` needs."""

    @classmethod
    @abc.abstractmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_document`; a tuple came back as a list."""

    def save(self, folder: Folder) -> None:
        """Write it to ``folder``, from where `wilks.load` reads it back.

        Raises:
            StoreError: the folder holds something else, or cannot be written.
        """
        save(self, folder)


class Document:
    """What a folder holds, verified; its arrays are read when they are asked for.

    Raises:
        StoreError: nothing usable lies there, or it has changed since it was written.
    """

    def __init__(self, folder: Folder, kind: str) -> None:
        path = as_path(folder)
        self.path, self.kind = path / f"{kind}.json", kind
        document = read_document(self.path, what=f"a saved {kind}")
        try:
            if document["kind"] != kind:
                raise ValueError(f"it is a saved {document['kind']}")
            self.plain = _migrated(kind, int(document["schema_version"]), dict(document["content"]))
            name, self._digest = document["arrays"]["file"], document["arrays"]["sha256"]
            self.array_file = None if name is None else path / Path(str(name)).name
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(_unreadable(self.path, f"a saved {kind}", error)) from error

    def arrays(self) -> _Arrays:
        """The arrays, by their places in the content."""
        return {} if self.array_file is None else _read_arrays(self.array_file, str(self._digest))

    def restored(self) -> Any:
        """The object that was saved."""
        arrays = self.arrays()
        try:
            return named(KINDS[self.kind]).from_document(joined(self.plain, arrays))
        except StoreError as error:
            raise StoreError(f"{self.path}: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            raise StoreError(_unreadable(self.path, f"a saved {self.kind}", error)) from error


def save(result: Storable, folder: Folder, *, is_replacing: bool = False) -> None:
    """Write a result to ``folder``, which is made where it does not exist and then holds this result alone.

    If it holds the same one already, nothing is done.

    Args:
        result: a fit, a calibration, an answer, an analysis, a hypothesis or a sample.
        folder: where to.
        is_replacing: whether another result of the same kind may be replaced.

    Raises:
        StoreError: the folder holds another result, or cannot be written.
    """
    path, kind, arrays = as_path(folder), result.stored_as, dict[str, npt.NDArray[Any]]()
    content = split_arrays(result.to_document(), arrays)
    before = _same_kind_before(path, kind)
    if before is not None:
        changed = differences(before.plain, content) + _different(before.arrays(), arrays)
        if not changed:
            return
        if not is_replacing:
            raise StoreError(_occupied(path, kind, changed))
    about = {"kind": kind, "schema_version": len(MIGRATIONS) + 1, "written_by": installed_version()}
    try:
        path.mkdir(parents=True, exist_ok=True)
        where = _write_arrays(path / f"{kind}-{secrets.token_hex(4)}.npz", arrays)
        try:
            write_document(path / f"{kind}.json", {**about, "content": content, "arrays": where}, is_new=before is None)
        except FileExistsError:  # another process was faster: what it saved is looked at as any other
            if where["file"] is not None:
                (path / where["file"]).unlink(missing_ok=True)
            save(result, folder, is_replacing=is_replacing)
            return
        if before is not None and before.array_file is not None:
            before.array_file.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"the {kind} cannot be saved to {path}: {error.strerror or error}") from error


def load(folder: Folder) -> Any:
    """What was saved in ``folder``: a fit, a calibration, an answer, an analysis, a hypothesis or a sample.

    Raises:
        StoreError: nothing usable lies there, or it has changed since it was saved; the message names the file.

    >>> from tempfile import TemporaryDirectory
    >>> import wilks
    >>> with TemporaryDirectory() as folder:
    ...     wilks.calibrate([9.0, 12.0, 15.0]).save(folder)
    ...     wilks.load(folder)
    Calibration(n_toys=3, n_failed=0, degrees_of_freedom=12, compatible=False)
    """
    path = as_path(folder)
    found = saved_kinds(path)
    if len(found) != 1:
        came = " and ".join(f"{kind}.json" for kind in found) or f"no {'.json, '.join(KINDS)}.json"
        raise StoreError(
            f"{path} must hold one result that was saved, but there is {came}; give the folder of one{_below(path)}. "
            "Toys are read by wilks.load_toys"
        )
    return Document(path, found[0]).restored()


def _below(folder: Path) -> str:
    """Where results lie in the folders below, for a message."""
    found = sorted(str(path.parent) for kind in KINDS for path in folder.glob(f"**/{kind}.json"))
    return f", such as {', '.join(found[:3])}" if found and str(folder) not in found else ""


def saved_kinds(folder: Folder) -> list[str]:
    """The kinds of results that lie in a folder."""
    return [kind for kind in KINDS if (as_path(folder) / f"{kind}.json").exists()]


@contextlib.contextmanager
def whole_path(path: Path, *, through: Path | None = None, ending: str = "", is_new: bool = False) -> Iterator[Path]:
    """Where to write a file that appears as ``path`` when all of it is written, or not at all.

    It has a name of its own until then, in the same folder or in ``through``. A job on another machine may read it at
    once, hence it is synchronized to the disk before it has its name, and so is the folder.

    Args:
        path: the name that it gets.
        through: a folder of the same disk; None: that of ``path``.
        ending: of the name until then, for a writer that goes by it.
        is_new: whether a file of this name must not be there.

    Raises:
        FileExistsError: it is there and must not be.
    """
    partial = (through or path.parent) / f".{path.name}.{secrets.token_hex(4)}.partial{ending}"
    try:
        yield partial
        _synchronize(partial)
        _give_name(partial, path, is_new=is_new)
        _synchronize(path.parent)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _give_name(partial: Path, path: Path, *, is_new: bool) -> None:
    """Rename; a name that is taken is refused if it must be new, as far as the disk knows hard links."""
    if is_new:
        try:
            path.hardlink_to(partial)
            return
        except FileExistsError:
            raise
        except OSError:  # a disk without hard links
            if path.exists():
                raise FileExistsError(path) from None
    partial.replace(path)


@contextlib.contextmanager
def whole_file(path: Path, *, through: Path | None = None, is_new: bool = False) -> Iterator[BinaryIO]:
    """`whole_path` as an open file."""
    with whole_path(path, through=through, is_new=is_new) as partial, partial.open("xb") as file:
        yield file


def write_text(path: Path, text: str, *, through: Path | None = None, is_new: bool = False) -> None:
    """Write a text whole or not at all; a folder that is missing is made. ``is_new`` is that of `whole_path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, through=through, is_new=is_new) as file:
        file.write(text.encode("utf-8"))


def write_document(
    path: Path, document: Mapping[str, Any], *, through: Path | None = None, is_new: bool = False
) -> None:
    """Write a document of plain values as JSON, with the digest that `read_document` looks at."""
    write_text(path, json.dumps(sealed(document), indent=1, allow_nan=False) + "\n", through=through, is_new=is_new)


def read_document(path: Path, *, what: str) -> dict[str, Any]:
    """The document that `write_document` wrote.

    Args:
        path: of the file.
        what: it must hold, for messages.

    Raises:
        StoreError: it is not there, cannot be read, or has changed since.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it is no mapping")
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(_unreadable(path, what, error)) from error
    return unsealed(document, place=str(path))


def _same_kind_before(folder: Path, kind: str) -> Document | None:
    """What the folder holds of this kind; StoreError if it holds something else."""
    others = [other for other in saved_kinds(folder) if other != kind]
    if others:
        raise StoreError(
            f"{folder} must be empty or hold this {kind}, but it holds a saved {others[0]}; choose a new folder. "
            "Nothing was overwritten"
        )
    return Document(folder, kind) if (folder / f"{kind}.json").exists() else None


def _occupied(folder: Path, kind: str, changed: list[str]) -> str:
    names = [name for name in changed if name != "fingerprint"] or changed
    more = ", ..." if len(names) > _MAX_NAMED else ""
    return (
        f"{folder} must be empty or hold this {kind}, but it holds another one ({', '.join(names[:_MAX_NAMED])}{more} "
        "differ); choose a new folder, nothing was overwritten"
    )


def _different(stored: _Arrays, given: _Arrays) -> list[str]:
    """Names of arrays that differ in any bit."""
    return [name for name in sorted({*stored, *given}) if _bits(stored.get(name)) != _bits(given.get(name))]


def _bits(array: npt.NDArray[Any] | None) -> tuple[str, tuple[int, ...], bytes] | None:
    return None if array is None else (array.dtype.str, array.shape, array.tobytes())


def _write_arrays(path: Path, arrays: _Arrays) -> dict[str, str | None]:
    """Where they are, and the SHA-256 of that file; no file for no arrays."""
    if not arrays:
        return {"file": None, "sha256": None}
    with whole_path(path) as partial:
        with partial.open("xb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        with partial.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"file": path.name, "sha256": digest}


def _read_arrays(path: Path, digest: str) -> _Arrays:
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise StoreError(f"{path} must hold what was saved there, but it has changed since; save it again")
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
    except _DAMAGE as error:
        raise StoreError(_unreadable(path, "the arrays that were saved there", error)) from error
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _migrated(kind: str, version: int, content: dict[str, Any]) -> dict[str, Any]:
    if not 1 <= version <= len(MIGRATIONS) + 1:
        raise ValueError(f"its layout is number {version}, and this version of wilks knows 1 to {len(MIGRATIONS) + 1}")
    for step in MIGRATIONS[version - 1 :]:
        content = step(kind, content)
    return content


def named(name: str) -> Any:
    """The class ``module:Class`` of a registry of this package, such as `KINDS`."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _unreadable(path: Path, what: str, error: Exception) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or f"{type(error).__name__}: {error}"
    return f"{path} must hold {what}, but it cannot be read ({reason})"


@functools.cache
def installed_version(package: str = "wilks") -> str:
    """The version of this package, with which what it writes is stamped, or of another; looked up once."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _synchronize(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

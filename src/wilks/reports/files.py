"""Files of reports: written whole, and never in the place of another file."""

from pathlib import Path

from wilks.errors import InputError, StoreError
from wilks.storage import write_text

_GENERATOR = b'<meta name="generator" content="wilks'
# Pages name the version that wrote them; earlier ones did not, and the earliest had a sentence alone.
_MARKS = (_GENERATOR + b" ", _GENERATOR + b'">', b"with a learned alternative (wilks)")
_MARKED_WITHIN = 50_000
_SUFFIXES = (".html", ".htm")


def is_foreign(path: Path) -> bool:
    """Whether there is an ordinary file that is no report of wilks; an empty one, and a link, are not."""
    if not path.exists() or path.is_symlink():
        return False
    if not path.is_file():
        return True
    with path.open("rb") as file:
        beginning = file.read(_MARKED_WITHIN)
    return bool(beginning) and not any(mark in beginning for mark in _MARKS)


def put(target: Path, content: str) -> None:
    """Write beside the target, then rename: readers see the old page or the new one."""
    try:
        write_text(target, content)
    except OSError as error:
        raise StoreError(
            f"the report must be writable, but {target} is not: {error.strerror}; choose another place"
        ) from error


def checked_target(path: Path, *, folder: Path | None = None) -> Path:
    """The absolute path to write to, checked before anything is computed."""
    target = (path if folder is None else folder / path).absolute()
    if target.suffix.lower() not in _SUFFIXES:
        raise InputError(f"a report is an HTML file, but {path} does not end on .html; name it so")
    parent = target.parent.resolve()
    if folder is not None and not parent.is_relative_to(folder.resolve()):
        raise StoreError(
            f"the report must stay inside {folder}, but {path} leads to {parent}; give a path below the folder"
        )
    if not parent.is_dir():
        raise StoreError(f"the folder of the report must exist, but {parent} does not; create it first")
    if target.is_dir():
        raise StoreError(f"the report must be a file, but {target} is a folder; give another name")
    if is_foreign(target):
        raise StoreError(
            f"a report replaces reports of wilks alone, but {target} is another file; delete it, or give another name"
        )
    return parent / target.name

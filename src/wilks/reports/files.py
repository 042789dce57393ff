"""Files of reports: written whole, and never in the place of another file."""

from pathlib import Path

from wilks.errors import StoreError
from wilks.storage import write_text

# The second is of pages from before there was the first.
_MARKS = (b'<meta name="generator" content="wilks">', b"with a learned alternative (wilks)")
_MARKED_WITHIN = 50_000


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

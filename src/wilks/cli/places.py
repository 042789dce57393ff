"""Which folders results may go to: what is in them, by name and content, without reading an analysis."""

import errno
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from wilks import reports
from wilks.cli.outcome import is_result
from wilks.cli.session import ERROR_LOG, RESULT_FILE, try_writing
from wilks.errors import StoreError

ANALYSIS = "analysis"
TOYS = "toys"
TEST = "test"
REPORT = "report.html"
SPLITTING = "splitting"
SUMS = "sums"
POWER, POWER_TABLE = "power", "table"
MODELS, EXPLAINED = "models", "explain"
VALIDATION, VALIDATION_RESULT = "validation", "result"
COMPARED, HISTOGRAMS = "comparison", "histograms"
SELECTION, SELECTED = "selection", "selected"
SELECTION_RESULT, SELECTION_SCAN = "result", "scan"
LEARNED, RESPONSES, STUDY, CLOSURE = "nuisances.json", "responses", "study", "closure"
MONITORED, WINDOWS, ACKNOWLEDGED = "log.jsonl", "log.windows", "acknowledgments.jsonl"
_OURS = {
    *(MONITORED, WINDOWS, ACKNOWLEDGED, EXPLAINED),
    *(ANALYSIS, TOYS, TEST, REPORT, RESULT_FILE, ERROR_LOG, LEARNED, RESPONSES),
    *(SPLITTING, POWER, MODELS, VALIDATION, SELECTION, SELECTED),
}
_PARTIAL = re.compile(r"\.(.+)\.[0-9a-f]{8}\.partial")  # what a command was writing that was killed
_LOG = re.compile(rb"\d{4}-\d\d-\d\dT\S+ wilks ")
_MAX_NAMED = 6


def require_free(folder: Path, *, config_file: Path) -> None:
    """Raise StoreError unless results can go into the folder; the analysis file itself may lie in it."""
    _require_writable(folder)
    if folder.is_dir() and not (folder / ANALYSIS).exists():
        config = config_file.resolve()
        foreign = [item.name for item in folder.iterdir() if not _is_ours(item) and item.resolve() != config]
        _refuse_foreign(folder, foreign, whose="of this analysis", option="`output`")


def require_only(folder: Path, is_own: Callable[[Path], bool], *, whose: str) -> None:
    """Raise StoreError unless the folder can be written and is new or holds nothing but what ``is_own`` takes.

    Args:
        folder: of results.
        is_own: whether something in it is of what writes there.
        whose: its results are, as "of this comparison".
    """
    _require_writable(folder)
    if folder.is_dir():
        foreign = [item.name for item in folder.iterdir() if not is_own(item)]
        _refuse_foreign(folder, foreign, whose=whose, option="--output")


def _require_writable(folder: Path) -> None:
    existing = folder
    try:
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if not existing.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file")
        try_writing(existing)
    except (OSError, ValueError) as error:  # a path that no system takes is a ValueError
        raise StoreError(
            f"the output folder {folder} must be a folder that can be written, but {existing} cannot be written: "
            f"{getattr(error, 'strerror', None) or error}; give another `output`"
        ) from error


def _refuse_foreign(folder: Path, foreign: Sequence[str], *, whose: str, option: str) -> None:
    if foreign:
        names = ", ".join(sorted(foreign)[:_MAX_NAMED]) + (", ..." if len(foreign) > _MAX_NAMED else "")
        raise StoreError(
            f"the output folder {folder} must be new, empty or {whose}, but it holds {names}; "
            f"give another {option}. Nothing was written"
        )


def _is_ours(path: Path) -> bool:
    """Whether something in the folder has a name of ours, and, where commands replace it, also such a content."""
    return name_of(path) in _OURS and has_our_content(path)


def name_of(path: Path) -> str:
    """The name of something in a folder, or the one that it would have got if no command had been killed."""
    found = _PARTIAL.fullmatch(path.name)
    return found[1] if found else path.name


def has_our_content(path: Path) -> bool:
    """Whether a file of a name that commands replace is one that they wrote."""
    if path.name == REPORT:
        return not reports.is_foreign(path)
    if path.name == RESULT_FILE:
        return is_result(path)
    if path.name == ERROR_LOG:
        return path.is_file() and _LOG.match(path.read_bytes()[:100]) is not None
    return True

"""The output folder: it belongs to one analysis, and nothing of another is ever overwritten.

- ``analysis/`` the frozen analysis, written by the first calibrate, test or run
- ``toys/`` the toys, by fingerprint
- ``test/`` the data as they were read, and their fit
- ``nuisances.json`` learned responses, ``responses/`` their figures
- ``toys-at-.../`` toys at other values of the nuisances
- ``result.json`` of the last command, ``report.html``, ``error.log``
"""

import errno
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wilks import reports
from wilks.analysis import Analysis
from wilks.cli.outcome import is_result
from wilks.cli.session import ERROR_LOG, RESULT_FILE, try_writing
from wilks.config import LoadedConfig
from wilks.documents import differences
from wilks.errors import StoreError

ANALYSIS = "analysis"
TOYS = "toys"
TEST = "test"
REPORT = "report.html"
LEARNED, RESPONSES = "nuisances.json", "responses"
_OURS = {ANALYSIS, TOYS, TEST, REPORT, RESULT_FILE, ERROR_LOG, LEARNED, RESPONSES}
_LOG = re.compile(rb"\d{4}-\d\d-\d\dT\S+ wilks ")
_MAX_NAMED = 6
_SHORT = 60


def check_folder(loaded: LoadedConfig) -> Path:
    """The output folder, if it can be written and holds nothing foreign. Nothing is made.

    Raises StoreError for a path that cannot be a writable folder and for a folder with other files in it.
    """
    with loaded.located("output"):
        require_free(loaded.output, config_file=loaded.path)
    return loaded.output


def require_free(folder: Path, *, config_file: Path) -> None:
    """Raise StoreError unless results can go into the folder; the analysis file itself may lie in it."""
    _require_writable(folder)
    if folder.is_dir() and not (folder / ANALYSIS).exists():
        _refuse_foreign(folder, config_file=config_file.resolve())


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


def _refuse_foreign(folder: Path, *, config_file: Path) -> None:
    foreign = sorted(item.name for item in folder.iterdir() if not _is_ours(item) and item.resolve() != config_file)
    if foreign:
        names = ", ".join(foreign[:_MAX_NAMED]) + (", ..." if len(foreign) > _MAX_NAMED else "")
        raise StoreError(
            f"the output folder {folder} must be new, empty or of this analysis, but it holds {names}; "
            "give another `output`. Nothing was written"
        )


def _is_ours(path: Path) -> bool:
    """Whether something in the folder has a name of ours, and, where commands replace it, also such a content."""
    if path.name == REPORT:
        return not reports.is_foreign(path)
    if path.name == RESULT_FILE:
        return is_result(path)
    if path.name == ERROR_LOG:
        return path.is_file() and _LOG.match(path.read_bytes()[:100]) is not None
    return path.name in _OURS


def check_ownership(loaded: LoadedConfig, folder: Path, analysis: Analysis) -> bool:
    """Whether the folder holds this analysis already; StoreError, saying what differs, if it holds another one."""
    if not (folder / ANALYSIS).exists():
        return False
    with loaded.located("output"):
        stored = Analysis.load(folder / ANALYSIS)
        if stored.fingerprint() != analysis.fingerprint():
            there, here = _as_stored(stored), _as_stored(analysis)
            names = ", ".join(_difference(there, here, key=key) for key in differences(there, here))
            raise StoreError(
                f"the output folder {folder} must hold this analysis alone, but it holds another one. "
                f"What differs: {names}. Nothing was overwritten; give another `output`, or delete that folder"
            )
    return True


def claim(folder: Path, analysis: Analysis) -> None:
    """Write the analysis into the folder, unless it is there already."""
    if (folder / ANALYSIS).exists():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        analysis.save(folder / ANALYSIS)
    except OSError as error:
        raise StoreError(
            f"the output folder {folder} must be a folder that can be written, but: {error.strerror}; "
            "give another `output`"
        ) from error


def _as_stored(analysis: Analysis) -> Mapping[str, Any]:
    """The description as JSON has it: a tuple is a list."""
    return dict(json.loads(json.dumps(analysis.describe())))


def _difference(stored: Mapping[str, Any], given: Mapping[str, Any], *, key: str) -> str:
    """The key with both values, where they are short."""
    there, here = (_value(document, key) for document in (stored, given))
    return f"{key} ({there} there, {here} here)" if len(there) + len(here) < _SHORT else key


def _value(document: Mapping[str, Any], key: str) -> str:
    value: Any = document
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return json.dumps(value, default=str) if value is not None else "none"

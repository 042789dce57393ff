"""The output folder: it belongs to one analysis, and nothing of another is ever overwritten.

- ``analysis/`` the frozen analysis, written by the first calibrate, test or run
- ``toys/`` the toys, by fingerprint
- ``test/`` the data as they were read, and their fit
- ``nuisances.json`` learned responses, ``responses/`` their figures
- ``toys-at-.../`` toys at other values of the nuisances
- ``result.json`` of the last command, ``report.html``, ``error.log``
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wilks.analysis import Analysis
from wilks.cli.places import ANALYSIS, require_free
from wilks.config import LoadedConfig
from wilks.documents import differences
from wilks.errors import StoreError

_SHORT = 60


def check_folder(loaded: LoadedConfig) -> Path:
    """The output folder, if it can be written and holds nothing foreign. Nothing is made.

    Raises StoreError for a path that cannot be a writable folder and for a folder with other files in it.
    """
    with loaded.located("output"):
        require_free(loaded.output, config_file=loaded.path)
    return loaded.output


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

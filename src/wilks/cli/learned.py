"""Learned responses in the output folder, with what they were learned from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks import lazy
from wilks.cli.outcome import strict_json
from wilks.cli.places import LEARNED
from wilks.config import Systematics
from wilks.documents import differences
from wilks.errors import InputError, StoreError
from wilks.nuisances import Nuisances
from wilks.nuisances.behavior import changed_functions
from wilks.storage import read_document, write_document
from wilks.wording import in_shell

if TYPE_CHECKING:
    from wilks.nuisances import documents
else:
    documents = lazy.Module("wilks.nuisances.documents")

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class Learned:
    """What ``nuisances.json`` holds.

    Attributes:
        nuisances: with their responses, as they were learned.
        is_poor: whether the responses contradict the variations and were accepted nonetheless.
        numbers: of the study and of the closure.
        changed: names of what has changed since they were learned.
    """

    nuisances: Nuisances
    is_poor: bool
    numbers: Mapping[str, Any]
    changed: tuple[str, ...]


def save_learned(
    output: Path, systematics: Systematics, nuisances: Nuisances, *, is_poor: bool, numbers: Mapping[str, Any]
) -> Path:
    """Write ``nuisances.json``; one that is there is replaced."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "learned_from": systematics.described(),
        "functions": systematics.function_values(),
        "nuisances": nuisances.to_dict(),
        "is_poor": is_poor,
        "numbers": numbers,
    }
    path = output / LEARNED
    try:
        write_document(path, json.loads(strict_json(content)))
    except OSError as error:
        raise StoreError(
            f"the responses must be written to {path}, but: {error.strerror}; give another `output`"
        ) from error
    return path


def load_learned(output: Path, systematics: Systematics) -> Learned | None:
    """The responses that were learned, None if none are there.

    Raises StoreError for a file that cannot be read.
    """
    path = output / LEARNED
    if not path.exists():
        return None
    try:
        content = read_document(path, what="learned responses")
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {content['schema_version']}")
        nuisances = documents.nuisances_from_dict(content["nuisances"])
        is_poor, numbers, before = bool(content["is_poor"]), dict(content["numbers"]), dict(content["learned_from"])
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise StoreError(
            f"{path} must hold learned responses, but it cannot be used ({error}); delete it and run "
            "`wilks learn-nuisances` again"
        ) from error
    now = json.loads(strict_json(systematics.described()))
    functions = changed_functions(content.get("functions", {}), systematics.function_values())
    return Learned(nuisances, is_poor, numbers, (*differences(before, now), *functions))


def require_current(output: Path, learned: Learned, *, analysis_file: Path) -> None:
    """Raise StoreError if responses were learned from other samples, or in another way."""
    if learned.changed:
        raise StoreError(
            f"{output / LEARNED} must hold responses learned from what the analysis file names, but this has changed "
            f"since: {', '.join(learned.changed)}. Learn them again with "
            f"`wilks learn-nuisances {in_shell(analysis_file)}`, or undo the change"
        )

"""The output folder of `wilks compare`: it holds one comparison, which the same command replaces, and nothing else.

- ``comparison/`` the answer, with what was asked for
- ``histograms/`` the samples in bins, ``report.html``, ``result.json``
- ``sums/`` what was summed of samples that are streamed, until the answer is there
- ``splitting/`` runs of multilevel splitting
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wilks.cli.outcome import is_result
from wilks.cli.places import COMPARED, HISTOGRAMS, REPORT, SPLITTING, SUMS, has_our_content, name_of, require_only
from wilks.cli.session import ERROR_LOG, RESULT_FILE
from wilks.comparison.streamed import holds_sums
from wilks.errors import StoreError
from wilks.storage import Document

_KIND = "comparison"
_NAMES = {COMPARED, HISTOGRAMS, SPLITTING, REPORT, RESULT_FILE, ERROR_LOG}


def require_same(output: Path, asked: Mapping[str, Any]) -> None:
    """Raise unless the folder can be written and is new, empty, or holds the comparison that is asked for.

    Args:
        output: the folder.
        asked: what is asked for, as JSON has it.

    Raises:
        StoreError: it holds another comparison, or what is none.
    """
    require_only(output, _is_of_comparison, whose="of this comparison")
    if not (output / COMPARED / f"{_KIND}.json").exists():
        return
    there = dict(Document(output / COMPARED, _KIND).plain.get("asked", {}))
    if there != asked:
        differing = sorted(name for name in {**there, **asked} if there.get(name) != asked.get(name))
        raise StoreError(
            f"{output} must be new, empty or hold this comparison, but it holds another one ({', '.join(differing)} "
            "differ); give another --output. Nothing was overwritten"
        )


def as_written(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The same as it is when it was written and read again: a tuple is a list.

    >>> as_written({"features": ("pt", "eta")})
    {'features': ['pt', 'eta']}
    """
    return dict(json.loads(json.dumps(asked)))


def _is_of_comparison(path: Path) -> bool:
    """Whether something in the folder is what a comparison writes there."""
    if path.name == SUMS:
        return holds_sums(path)
    if path.name == RESULT_FILE:
        return is_result(path, command="compare")
    return name_of(path) in _NAMES and has_our_content(path)

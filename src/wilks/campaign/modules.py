"""Folders of modules that a campaign lists: used where the user has confirmed them, and refused elsewhere.

``campaign.json`` says where the modules of its functions lie that are not installed, and whoever makes a shard imports
them. Anybody can write such a line, so a folder is used only where

- it is on the module path of this process already, or this process has imported the modules from there, or
- the user has named it, in ``WILKS_MODULE_FOLDERS`` or with ``--module-folder``, or
- it is the user's own campaign: its folder and ``campaign.json`` belong to who runs this, the folder of modules to them
  or to root, and nobody else can write any of the three.
"""

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from wilks.campaign.ledger import PLAN
from wilks.errors import InputError, StoreError
from wilks.wording import in_shell

NAMED = "WILKS_MODULE_FOLDERS"
_ACCESS_LIST = "system.posix_acl_access"


def named_folders() -> list[str]:
    """Folders that the user names in the environment."""
    return [path for path in os.environ.get(NAMED, "").split(os.pathsep) if path]


@contextlib.contextmanager
def naming_folders(paths: Iterable[Path]) -> Iterator[None]:
    """Name folders more in the environment, for this process and those that it starts.

    Raises:
        InputError: there is no such folder, or its path cannot stand in a list of paths.
    """
    before, folders = os.environ.get(NAMED), [os.path.abspath(path) for path in paths]
    for folder in folders:
        if not os.path.isdir(folder) or os.pathsep in folder:
            raise InputError(f"a folder of modules must be there, without {os.pathsep!r} in its path: {folder!r} came")
    try:
        os.environ[NAMED] = os.pathsep.join([*named_folders(), *folders])
        yield
    finally:
        os.environ.pop(NAMED, None)
        if before is not None:
            os.environ[NAMED] = before


def confirmed_folders(folder: Path, document: Mapping[str, Any], *, known: Iterable[str] = ()) -> list[str]:
    """The folders of modules of a campaign that are there, all of them confirmed.

    Args:
        folder, document: of the campaign, and the content of its ``campaign.json``.
        known: folders that whoever asks for the toys has confirmed already.

    Raises:
        StoreError: one of them is not confirmed.
    """
    listed = document.get("module_folders", [])
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        raise StoreError(f"module_folders of {folder / PLAN} must be a list of paths, but {listed!r} came")
    places = [path.resolve() for path in map(Path, listed) if os.path.isdir(path)]
    trusted = {Path(path).expanduser().resolve() for path in [*(x or "." for x in sys.path), *known, *named_folders()]}
    for place in places:
        if place not in trusted:
            _require_own(folder, place)
    return [str(place) for place in places]


def use_modules(folder: Path, document: Mapping[str, Any], *, known: Iterable[str] = ()) -> None:
    """Let modules of a campaign be imported, after installed ones. Raises as `confirmed_folders` does."""
    sys.path.extend(path for path in confirmed_folders(folder, document, known=known) if path not in sys.path)


def _require_own(folder: Path, place: Path) -> None:
    whose = [*_complaints(folder), *_complaints(folder / PLAN), *_complaints(place, is_root_trusted=True)]
    if whose:
        raise StoreError(
            f"modules in {place} would run as you, since {folder / PLAN} names that folder: the campaign and the "
            f"folder must be yours alone, or you must name the folder, but {'; '.join(whose)}. Look at what lies "
            f"there, then give --module-folder {in_shell(place)}, or set {NAMED} to it"
        )


def _complaints(path: Path, *, is_root_trusted: bool = False) -> list[str]:
    """What keeps a file or folder from being the user's alone, in words."""
    if not hasattr(os, "getuid"):
        return [f"this system does not tell whose {path} is"]
    status, user = path.stat(), os.getuid()
    found = []
    if status.st_uid != user and not (is_root_trusted and status.st_uid == 0):
        found.append(f"{path} belongs to {_owner(path)}")
    if status.st_mode & stat.S_IWOTH:
        found.append(f"every user can write {path}")
    elif status.st_mode & stat.S_IWGRP and not _is_of_one(path, status):
        found.append(f"its group ({_group(path)}) can write {path}")
    return found


def _is_of_one(path: Path, status: os.stat_result) -> bool:
    """Whether the group of a file is that of its user alone, as Linux makes them; an access list may let others in."""
    if not hasattr(os, "listxattr") or status.st_gid != status.st_uid:
        return False
    with contextlib.suppress(OSError):
        return _ACCESS_LIST not in os.listxattr(path)
    return False


def _owner(path: Path) -> str:
    with contextlib.suppress(KeyError):
        return f"{path.owner()} (uid {path.stat().st_uid})"
    return f"uid {path.stat().st_uid}"


def _group(path: Path) -> str:
    with contextlib.suppress(KeyError):
        return path.group()
    return f"gid {path.stat().st_gid}"

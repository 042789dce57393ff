"""Trees named in the way of uproot, ``file.root:tree``."""

import glob
import os
from collections.abc import Mapping
from typing import Any

from wilks.errors import InputError, SampleError
from wilks.storage import as_path


def without_tree(text: str) -> tuple[str, str | None]:
    """The path or pattern and the tree of ``"f.root:Events"``; a name that is there as a whole has no tree.

    >>> without_tree("run*.root:dir/Events"), without_tree("f.root"), without_tree("run2:v3/x.parquet")
    (('run*.root', 'dir/Events'), ('f.root', None), ('run2:v3/x.parquet', None))
    """
    path, _, tree = text.rpartition(":")
    if not (tree and path.lower().endswith(".root")) or _is_there(text):
        return text, None
    return path, tree


def one_tree(files: list[str], tree: str | None) -> tuple[list[str], str | None]:
    """Paths and patterns without their tree, and the tree, which is one for all.

    Raises:
        SampleError: several trees are named.

    >>> one_tree(["a.root:Events", "b.root:Events"], None)
    (['a.root', 'b.root'], 'Events')
    """
    parts = [without_tree(text) for text in files]
    named = [name for _, name in parts if name is not None]
    if not named:
        return files, tree
    trees = dict.fromkeys([*named, *([] if tree is None else [tree])])
    if len(trees) > 1 or (tree is None and len(named) < len(files)):
        raise SampleError(
            f"all files must be read from one tree, but {', '.join(map(repr, trees))} came"
            f"{'' if len(trees) > 1 else ' for some of them alone'}; name it once, as tree=..., or read each tree by "
            "itself"
        )
    return [path for path, _ in parts], named[0]


def keys_without_tree(per_file: Mapping[str, Any]) -> dict[str, Any]:
    """``per_file`` of `read` with entries of ``files`` without their tree."""
    return {name: _stripped(of) if isinstance(of, Mapping) else of for name, of in per_file.items()}


def _stripped(of: Mapping[str, Any]) -> dict[str, Any]:
    short = {without_tree(os.fsdecode(entry))[0]: value for entry, value in of.items()}
    return short if len(short) == len(of) else dict(of)


def _is_there(text: str) -> bool:
    try:
        return as_path(text).exists() or bool(glob.has_magic(text) and glob.glob(text, recursive=True))
    except (OSError, InputError):
        return False

"""Files of toys: written whole or not at all, with a digest of what they hold and of whose toys they are."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import parquet

from wilks.campaign.table import SCHEMA
from wilks.documents import canonical_json
from wilks.errors import StoreError
from wilks.storage import whole_file

SCHEMA_VERSION = 3
_VERSION, _OWNER, _DIGEST = b"wilks_schema", b"wilks_toys", b"wilks_digest"


class DamagedError(StoreError):
    """A file of toys that cannot be read, or does not hold what was written."""


def write_toys(path: Path, table: pyarrow.Table, *, owner: Mapping[str, Any]) -> None:
    """Write a table of `SCHEMA` under a temporary name, then rename it.

    Args:
        owner: whose toys these are, in plain text; it travels in the file.

    Raises:
        StoreError: the file cannot be written; nothing is left behind.
    """
    whose = canonical_json(owner)
    metadata = {_VERSION: str(SCHEMA_VERSION), _OWNER: whose, _DIGEST: _seal(table, whose)}
    try:
        with whole_file(path) as file:
            parquet.write_table(table.replace_schema_metadata(metadata), file)
    except OSError as error:
        raise StoreError(f"toys cannot be written to {path.parent}: {error.strerror or error}") from error


def read_toys(path: Path) -> tuple[pyarrow.Table, dict[str, Any]]:
    """The toys of a file and whose they are.

    Raises:
        FileNotFoundError: there is none.
        StoreError: it cannot be opened now, which says nothing about what it holds.
        DamagedError: it is cut short, has changed, or is of another layout.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror or error}") from error
    try:
        table = parquet.ParquetFile(pyarrow.BufferReader(content)).read()
        metadata = table.schema.metadata or {}
        table = table.replace_schema_metadata(None)
        if metadata.get(_VERSION) != str(SCHEMA_VERSION).encode() or table.schema != SCHEMA:
            raise DamagedError(f"{path} is not a file of toys of this version of wilks")
        whose = metadata[_OWNER].decode()
        if metadata.get(_DIGEST, b"").decode() != _seal(table, whose):
            raise DamagedError(f"{path} does not hold the toys that were written: its content has changed")
        return table, dict(json.loads(whose))
    except MemoryError:  # one of Arrow's is among those that follow
        raise
    except (OSError, ValueError, TypeError, KeyError, pyarrow.ArrowException) as error:
        raise DamagedError(f"{path} cannot be read ({type(error).__name__}): it is cut short or damaged") from error


def digest(table: pyarrow.Table) -> str:
    """SHA-256 of all values of a table, however it is laid out in memory."""
    found = hashlib.sha256()
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pyarrow.types.is_list(column.type):
            found.update(_plain(column.value_lengths()))
            column = column.flatten()
        if pyarrow.types.is_string(column.type):
            encoded = column.dictionary_encode()
            found.update(json.dumps(encoded.dictionary.to_pylist()).encode())
            column = encoded.indices
        found.update(_plain(column))
    return found.hexdigest()


def _seal(table: pyarrow.Table, owner: str) -> str:
    """SHA-256 of the toys and of whose they are: damage to either must not look like toys of another campaign."""
    return hashlib.sha256(f"{digest(table)} {owner}".encode()).hexdigest()


def _plain(column: pyarrow.Array) -> bytes:
    if column.null_count:  # would look like NaN
        raise ValueError(f"{column.null_count} values are missing")
    values: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(values).tobytes()

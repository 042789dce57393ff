"""Batches as record batches of an Arrow stream."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow

from wilks.monitor.inputs import Arrival
from wilks.monitor.verdict import Batch, Cause

_NAME, _TIME, _RUN_TYPE = b"name", b"time", b"run_type"


def arrivals(stream: BinaryIO, *, run_type: str | None = None) -> Iterator[Arrival]:
    """One for each record batch, with ``name``, ``time`` and ``run_type`` of its metadata where it has them.

    What is no such stream, or ends within a batch, is a batch that cannot be read, and the last one.
    """
    try:
        with pyarrow.ipc.open_stream(stream) as reader:
            for records, metadata in reader.iter_batches_with_custom_metadata():
                yield _arrival(_batch(records, dict(metadata or {}), run_type))
    except (pyarrow.ArrowException, OSError, EOFError) as error:
        yield _arrival(Batch(None, problem=f"the stream is broken here: {error}", cause=Cause.UNREADABLE))


def _arrival(batch: Batch) -> Arrival:
    return Arrival(batch.name, batch.digest, lambda: batch)


def _batch(records: pyarrow.RecordBatch, metadata: dict[bytes, bytes], run_type: str | None) -> Batch:
    told = {key: value.decode("utf-8", "replace") for key, value in metadata.items()}
    kind, name = told.get(_RUN_TYPE, run_type), told.get(_NAME, "")
    try:
        time = None if _TIME not in told else float(told[_TIME])
        columns = {column: np.asarray(records.column(column), dtype=np.float64) for column in records.schema.names}
    except (ValueError, TypeError, pyarrow.ArrowException) as error:
        return Batch(None, name, None, kind, f"its columns are no numbers: {error}", cause=Cause.UNREADABLE)
    return Batch(columns, name, time, kind)

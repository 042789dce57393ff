"""Sums of streams that workers of Dask make."""

from pathlib import Path

import pytest

import wilks
from wilks.samples import stream

from tests.comparison.streamed.test_streams import MODEL, compared, rows, same, write

pytest.importorskip("distributed", reason="distributed is not installed")
pytest.importorskip("cryptography", reason="cryptography is not installed")

from wilks.campaign.dask import dask_executor


@pytest.mark.nightly  # on two processes: tests/comparison/streamed/test_streams.py; workers of Dask: tests/campaign
def test_two_workers_give_the_same_bits(tmp_path: Path) -> None:
    a, b = (stream(write(tmp_path / f"{name}.parquet", rows(seed))) for name, seed in (("a", 1), ("b", 3)))
    with dask_executor(n_processes=2) as executor:
        found = compared(a, b, model=MODEL, executor=executor)
    assert isinstance(found, wilks.Comparison) and same(compared(a, b, model=MODEL), found)

"""Record batches of an Arrow stream as batches."""

import io

import numpy as np
import pyarrow
import pytest

from wilks.monitor import Cause
from wilks.monitor.arrow_input import arrivals

COLUMNS = {"x": np.arange(4.0), "n": np.arange(4)}


def stream_of(*metadata: dict[str, str] | None, columns: dict = COLUMNS) -> bytes:
    records, sink = pyarrow.record_batch(columns), io.BytesIO()
    with pyarrow.ipc.new_stream(sink, records.schema) as writer:
        for one in metadata:
            writer.write_batch(records, custom_metadata=one)
    return sink.getvalue()


def test_each_record_batch_is_a_batch() -> None:
    content = stream_of({"name": "a", "time": "7.5", "run_type": "cosmics"}, None)
    first, second = (one.read() for one in arrivals(io.BytesIO(content), run_type="physics"))
    assert (first.name, first.time, first.run_type) == ("a", 7.5, "cosmics")
    assert (second.name, second.time, second.run_type) == ("", None, "physics")
    assert second.events["n"].dtype == np.float64 and second.events["x"].tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("n_bytes", [3, 150, 400])
def test_a_broken_stream_ends_with_a_batch_that_cannot_be_read(n_bytes: int) -> None:
    content = stream_of(None, None)
    found = [one.read() for one in arrivals(io.BytesIO(content[: len(content) - 8 - n_bytes]))]
    assert found[-1].events is None and found[-1].cause is Cause.UNREADABLE and "broken" in found[-1].problem
    assert all(one.events is not None for one in found[:-1])


def test_text_is_no_number() -> None:
    (found,) = arrivals(io.BytesIO(stream_of({"name": "a"}, columns={"x": ["u", "v"]})))
    assert found.read().events is None and found.name == "a"

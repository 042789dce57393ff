"""What lies in a folder, or what is wrong with it."""

import numpy as np
import pytest

import wilks
from wilks.monitor import MonitorReference, ReferencePart


@pytest.mark.parametrize(
    ("kind", "text"),
    [(MonitorReference, "`wilks reference build` makes one"), (ReferencePart, "`wilks reference part` makes one")],
)
def test_another_kind_or_nothing_is_named(kind, text: str, tmp_path) -> None:
    with pytest.raises(wilks.StoreError, match=f"but it holds none; {text}"):
        kind.load(tmp_path)
    wilks.calibrate(np.arange(1.0, 4.0)).save(tmp_path)
    with pytest.raises(wilks.StoreError, match=f"but it holds calibration.json; {text}"):
        kind.load(tmp_path)

"""RNTuples as those of NanoAOD: collections of objects, and fields that are projections of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import awkward as ak
import uproot
from uproot.const import RNTupleFieldRole
from uproot.writing import _cascadentuple as cascade

_PROJECTED = 0x02


class _Projection(cascade.NTuple_Field_Description):  # type: ignore[misc]
    """A field without columns of its own; its source stands behind its names."""

    def __init__(self, parent: int, role: Any, name: str, typename: str, *, source: int) -> None:
        super().__init__(parent, role, name, typename, flags=_PROJECTED)
        self._source = source

    def serialize(self) -> bytes:
        return bytes(super().serialize()) + self._source.to_bytes(4, "little")


class _Header(cascade.NTuple_Header):  # type: ignore[misc]
    """With `nX` and `X_y` for every list X of objects with fields y."""

    def generate_field_col_records(self) -> None:
        super().generate_field_col_records()
        records = self._field_records
        for number, record in enumerate(list(records)):
            if record.struct_role != RNTupleFieldRole.COLLECTION or record.field_name not in self._akform.fields:
                continue
            name = record.field_name.removeprefix("_")
            cardinality = "ROOT::RNTupleCardinality<std::uint32_t>"
            records.append(_Projection(len(records), RNTupleFieldRole.LEAF, f"n{name}", cardinality, source=number))
            for inner, one in enumerate(list(records)):
                if one.parent_field_id == number + 1 and inner != number + 1:
                    vector, top = f"std::vector<{one.type_name}>", len(records)
                    of_list = RNTupleFieldRole.COLLECTION
                    records.append(_Projection(top, of_list, f"{name}_{one.field_name}", vector, source=number))
                    records.append(_Projection(top, RNTupleFieldRole.LEAF, "_0", one.type_name, source=inner))


@contextmanager
def _projecting() -> Iterator[None]:
    usual, cascade.NTuple_Header = cascade.NTuple_Header, _Header
    try:
        yield
    finally:
        cascade.NTuple_Header = usual


def write_projections(path: Path, parts: list[ak.Array]) -> None:
    """One cluster for each part."""
    with _projecting(), uproot.recreate(path) as file:
        ntuple = file.mkrntuple("Events", parts[0].layout.form)
        for part in parts:
            ntuple.extend(part)

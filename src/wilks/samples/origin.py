"""Where a sample was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wilks.wording import visible

_MAPS = ("definitions", "precisions", "fill", "absent", "certified", "expected_by_entry")


@dataclass(frozen=True)
class Origin:
    """Where a sample was read from: files, selection, definitions, and how many events were read and kept.

    Attributes:
        expected_events: the sum that the weights of the whole sample were given by `read`, or None.
        precisions: the types of the columns that a file held in less than double precision, by name.
        per_file: the columns that were one number in each file.
        fill: values that stand for objects that an event lacks, by what is made of a column of lists.
        absent: how many events lack an object that ``where``, a feature or the weight needs, by its text.
        n_absent: how many events were left out for that.
        certified: the golden JSON (``file``, ``sha256``), its columns (``run``, ``lumisection``) and how many events it
            left out (``n_left_out``); empty without one.
        entries: the first row that was read, and the first that was not (None: to the end), of all files together.
        expected_by_entry: the sums that the weights of each entry of ``files`` were given.
        scales: of each file how many events were kept, and the factor that their weights were multiplied by for that.
    """

    files: tuple[str, ...]
    tree: str | None
    selection: str | None
    definitions: Mapping[str, str]
    weight: str | None
    n_read: int
    n_selected: int
    expected_events: float | None = None
    precisions: Mapping[str, str] = field(default_factory=dict)
    per_file: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    fill: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, int] = field(default_factory=dict)
    n_absent: int = 0
    certified: Mapping[str, str | int] = field(default_factory=dict)
    entries: tuple[int, int | None] = (0, None)
    expected_by_entry: Mapping[str, float] = field(default_factory=dict)
    scales: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        for name in _MAPS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "per_file", MappingProxyType({name: dict(of) for name, of in self.per_file.items()}))

    @property
    def n_uncertified(self) -> int:
        """How many events are of lumisections that are not certified."""
        return int(self.certified.get("n_left_out", 0))

    @property
    def lacking(self) -> tuple[str, ...]:
        """Sentences on the events that passed and were left out, as they lack what features or weight need.

        >>> Origin(("f.root",), None, "met > 9", {}, None, 90, 60, absent={"Muon_pt[0]": 12}, n_absent=12).lacking
        ("12 of 90 events have no 'Muon_pt[0]' and are left out",)
        """
        counts = {text: count for text, count in self.absent.items() if text != self.selection}
        return tuple(
            f"{count:,} of {self.n_read:,} events have no {visible(text)!r} and are left out"
            for text, count in counts.items()
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentences on all events that were left out for another reason than that they fail the selection."""
        found = list(self.lacking)
        if self.selection in self.absent:
            found.insert(
                0,
                f"{self.absent[str(self.selection)]:,} of {self.n_read:,} events have no object that "
                f"{visible(str(self.selection))!r} needs and do not pass",
            )
        if self.certified:
            found.insert(
                0,
                f"{self.n_uncertified:,} of {self.n_read:,} events are of lumisections that "
                f"{visible(str(self.certified['file']))} does not certify",
            )
        return tuple(found)

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        maps = {name: dict(getattr(self, name)) for name in (*_MAPS, "per_file")}
        lists = {"files": list(self.files), "entries": list(self.entries), "scales": [list(one) for one in self.scales]}
        return {**vars(self), **lists, **maps}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Origin:
        """The inverse of `to_document`."""
        scales = tuple((n, factor) for n, factor in document.get("scales", ()))
        entries = tuple(document.get("entries", (0, None)))
        return cls(**{**document, "files": tuple(document["files"]), "scales": scales, "entries": entries})

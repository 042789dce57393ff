"""Parts of a reference: good events that were read, selected and halved once.

A reference cannot be added up from other references: its Gaussians stand on events, its ranks are of all events, and
the null needs toys of all held-out ones. What can be kept of each run is what all of this is made from: the features of
the selected events. A reference of parts is built from these as from files, and is the same to the last bit.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from wilks.documents import differences
from wilks.errors import InputError
from wilks.monitor.folders import load_one
from wilks.samples import Sample, merge
from wilks.storage import Folder, Storable
from wilks.wording import Printed, listed, table


@dataclass(frozen=True, eq=False, repr=False)
class ReferencePart(Printed, Storable):
    """Good events, in two halves that never mix: what one part held out is held out in every reference it is in.

    Args:
        reference: events for the reference.
        held_out: events for its null and its calibration batches, of the same features.
        reading: how they were read: plain values, which must be equal for parts that are put together.

    Raises:
        InputError: the halves have other features.

    >>> part = ReferencePart(Sample([1.0, 2.0]), Sample([3.0]))
    >>> part.n_events, part.digest == ReferencePart(Sample([1.0, 2.0]), Sample([4.0])).digest
    (3, False)
    """

    reference: Sample
    held_out: Sample
    reading: Mapping[str, Any] | None = None
    stored_as: ClassVar[str] = "reference_part"

    def __post_init__(self) -> None:
        if self.reference.features != self.held_out.features:
            raise InputError(
                f"both halves of a part must have the same features, but {listed(self.reference.features)} and "
                f"{listed(self.held_out.features)} came"
            )
        for name in ("reference", "held_out"):
            object.__setattr__(self, name, getattr(self, name).without_extras())

    @classmethod
    def load(cls, folder: Folder) -> "ReferencePart":
        """The part that was saved in a folder.

        Raises:
            StoreError: nothing usable lies there, or something else.
        """
        return load_one(cls, folder, what="a part of a reference", maker="wilks reference part")

    @property
    def n_events(self) -> int:
        """Of both halves."""
        return self.reference.n_events + self.held_out.n_events

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the events of both halves."""
        return hashlib.sha256((self.reference.digest() + self.held_out.digest()).encode()).hexdigest()

    def to_document(self) -> dict[str, Any]:
        halves = {"reference": self.reference.to_document(), "held_out": self.held_out.to_document()}
        return {**halves, "reading": None if self.reading is None else dict(self.reading)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ReferencePart":
        first, second = (Sample.from_document(document[name]) for name in ("reference", "held_out"))
        return cls(first, second, document["reading"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "features": list(self.reference.features),
            "n_reference": self.reference.n_events,
            "n_held_out": self.held_out.n_events,
            "digest": self.digest,
            "reading": self.reading,
        }

    def __repr__(self) -> str:
        return f"ReferencePart({self.n_events:,} events, {self.digest[:12]})"

    def __str__(self) -> str:
        halves = f"{self.reference.n_events:,} for the reference, {self.held_out.n_events:,} held out"
        return table([("events", halves), ("features", listed(self.reference.features)), ("digest", self.digest[:12])])


def merge_parts(parts: Iterable[ReferencePart]) -> ReferencePart:
    """All parts as one: ``wilks.Analysis(reference=merged.reference, toy_source=merged.held_out, ...)``.

    The parts stand in the order of their digests, so that a reference depends on which parts it has, and not on the
    order in which they were named.

    Raises:
        InputError: no parts, parts that were read in different ways, or events that are in two of them.

    >>> parts = [ReferencePart(Sample([float(i)]), Sample([i + 0.5])) for i in range(3)]
    >>> merge_parts(parts).digest == merge_parts(parts[::-1]).digest, merge_parts(parts).n_events
    (True, 6)
    """
    given = sorted(parts, key=lambda one: one.digest)
    if not given:
        raise InputError("at least one part must be given, but none came")
    first = given[0]
    for one in given[1:]:
        if changed := differences(dict(first.reading or {}), dict(one.reading or {})):
            raise InputError(
                f"parts of a reference must have been read in the same way, but they differ in {listed(changed)}; make "
                "them again with one analysis file"
            )
    return ReferencePart(merge(one.reference for one in given), merge(one.held_out for one in given), first.reading)

"""A reference of monitoring: all that a batch is judged by, in one folder with one digest."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from wilks.analysis import Analysis
from wilks.documents import canonical_json, split_arrays
from wilks.errors import StoreError
from wilks.monitor.folders import load_one
from wilks.monitor.null_laws import NullLaws
from wilks.monitor.options import Decisions, Validity
from wilks.monitor.places import Profile
from wilks.monitor.scoring import Baseline, LinearScorer, Scorer, scorer_of
from wilks.significance.printing import plain
from wilks.storage import Folder, Storable
from wilks.typing import FloatArray
from wilks.wording import Printed, listed, stacked, table

LAYOUT = 2
_NEAR = 1.1  # sizes so near to one of the grid have its null


@dataclass(frozen=True)
class Seen:
    """How often batches with a deviation are seen.

    Attributes:
        deviation: in words.
        feature: that deviates.
        n_events: of a batch.
        n_batches: that were made.
        medium, bad: shares of them that are at least MEDIUM, and BAD.
    """

    deviation: str
    feature: str
    n_events: int
    n_batches: int
    medium: float
    bad: float


@dataclass(frozen=True, eq=False, repr=False)
class MonitorReference(Printed, Storable):
    """What `build_reference` makes and a `Monitor` judges by.

    Attributes:
        name: for people.
        features: of the model, in order.
        model: the model in words.
        described: what defines t: `Analysis.describe` of the reference.
        n_reference: the effective number of events of the reference; ``n_held_out`` those that are not in it, None
            where they come from a generator.
        scorer: statistics of batches.
        null: the null of t at a grid of batch sizes, given this reference.
        calibration: Z of held-out batches of each of these sizes, in the order of ``null``.
        baseline: what windows are compared with, and ``windows`` the null of them; None for a statistic without sums.
        profiles: of the features, for the place of a deviation.
        shown_events: of the reference, raw, at which what kernels learned of a batch is looked at; None for others.
        power: how often batches with standard deviations are seen.
        validity, decisions: for which batches it stands, and at which rates it decides.
        built_with: the options of `build_reference`.
        reading: how batches are read from files: arguments of `wilks.read`. ``where`` and ``define`` are applied to
            columns in memory, too.
        notices: sentences on the samples that it was made from.
    """

    name: str
    features: tuple[str, ...]
    model: str
    described: Mapping[str, Any]
    n_reference: float
    n_held_out: int | None
    scorer: Scorer
    null: NullLaws
    calibration: tuple[FloatArray, ...]
    baseline: Baseline | None
    windows: NullLaws | None
    profiles: tuple[Profile, ...]
    shown_events: FloatArray | None
    power: tuple[Seen, ...]
    validity: Validity
    decisions: Decisions
    built_with: Mapping[str, Any]
    reading: Mapping[str, Any]
    notices: tuple[str, ...]
    analysis: Analysis | None
    stored_as: ClassVar[str] = "monitor_reference"

    @classmethod
    def load(cls, folder: Folder) -> "MonitorReference":
        """The reference that was saved in a folder.

        Raises:
            StoreError: nothing usable lies there, or something else.
        """
        return load_one(cls, folder, what="a reference of monitoring", maker="wilks reference build")

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of all that it holds: two references of one digest give the same verdicts."""
        arrays: dict[str, Any] = {}
        told = hashlib.sha256(canonical_json(split_arrays(self._content, arrays)).encode())
        for place in sorted(arrays):
            array = np.ascontiguousarray(arrays[place])
            told.update(f"{place}:{array.dtype.str}:{array.shape}".encode())
            told.update(array.tobytes())
        return told.hexdigest()

    @property
    def fewest_events(self) -> int:
        """A batch must have so many."""
        return self.validity.fewest_events or math.ceil(self.null.laws[0].n_events / _NEAR)

    @property
    def most_events(self) -> int:
        """A batch may have so many."""
        return self.validity.most_events or math.floor(self.null.laws[-1].n_events * _NEAR)

    @cached_property
    def _content(self) -> dict[str, Any]:
        linear = self.scorer.to_document() if isinstance(self.scorer, LinearScorer) else None
        names = ("name", "model", "described", "n_reference", "n_held_out", "built_with", "reading")
        return {
            "layout": LAYOUT,
            **{name: getattr(self, name) for name in names},
            "features": list(self.features),
            "linear": linear,
            "analysis": None if linear is not None or self.analysis is None else self.analysis.to_document(),
            "null": self.null.to_document(),
            "calibration": list(self.calibration),
            "baseline": None if self.baseline is None else self.baseline.to_document(),
            "windows": None if self.windows is None else self.windows.to_document(),
            "profiles": [one.to_document() for one in self.profiles],
            "shown_events": self.shown_events,
            "power": [dict(vars(one)) for one in self.power],
            "validity": self.validity.to_dict(),
            "decisions": self.decisions.to_dict(),
            "notices": list(self.notices),
        }

    def to_document(self) -> dict[str, Any]:
        return {**self._content, "digest_of_content": self.digest}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "MonitorReference":
        linear, analysis = document["linear"], document["analysis"]
        restored = None if analysis is None else Analysis.from_document(analysis)
        if linear is None and restored is None:
            raise ValueError("it has neither sums nor an analysis")
        names = ("name", "model", "described", "n_reference", "n_held_out", "built_with", "reading")
        found = cls(
            **{name: document[name] for name in names},
            features=tuple(document["features"]),
            scorer=LinearScorer.from_document(linear) if linear is not None else scorer_of(_present(restored)),
            null=NullLaws.from_document(document["null"]),
            calibration=tuple(document["calibration"]),
            baseline=None if document["baseline"] is None else Baseline.from_document(document["baseline"]),
            windows=None if document["windows"] is None else NullLaws.from_document(document["windows"]),
            profiles=tuple(Profile.from_document(one) for one in document["profiles"]),
            shown_events=document["shown_events"],
            power=tuple(Seen(**one) for one in document["power"]),
            validity=Validity(**document["validity"]),
            decisions=Decisions(**document["decisions"]),
            notices=tuple(document["notices"]),
            analysis=restored,
        )
        if found.digest != document["digest_of_content"]:
            raise StoreError("the reference was saved by another version of wilks: build it again")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        laws = self.null.laws
        return {
            "name": self.name,
            "digest": self.digest,
            "features": list(self.features),
            "model": self.model,
            "n_reference": self.n_reference,
            "n_held_out": self.n_held_out,
            "batch_sizes": [one.n_events for one in laws],
            "n_toys": [int(one.t.size) for one in laws],
            "n_calibration": [int(one.size) for one in self.calibration],
            "pool_z_error": [one.pool_z_error for one in laws],
            "power": [dict(vars(one)) for one in self.power],
            "validity": self.validity.to_dict() | {"n_events": [self.fewest_events, self.most_events]},
            "decisions": self.decisions.to_dict(),
            "guarantees": list(self.decisions.describe()),
            "notices": list(self.notices),
        }

    def __repr__(self) -> str:
        return f"MonitorReference({self.name!r}, {self.digest[:12]})"

    def __str__(self) -> str:
        laws = self.null.laws
        rows = [
            ("reference", f"{self.n_reference:,.0f} events of {listed(self.features)}"),
            ("model", self.model),
            ("digest", self.digest),
            ("batches", f"{self.fewest_events:,} to {self.most_events:,} events"),
            *(_law_row(law, of.size) for law, of in zip(laws, self.calibration, strict=True)),
        ]
        power = [(one.deviation, f"{one.n_events:,}", plain(one.medium), plain(one.bad)) for one in self.power]
        seen = table(power, header=("deviation", "events", "at least MEDIUM", "BAD"))
        shares = ("Share of batches with a deviation that are seen:", seen) if power else ()
        return stacked(table(rows), *shares, "Rates:", *(f"- {one}" for one in self.decisions.describe()))


def _law_row(law: Any, n_calibration: int) -> tuple[str, str]:
    error = "" if law.pool_z_error is None else f"; held-out events leave an error of {law.pool_z_error:.2f} on its Z"
    return f"null at {law.n_events:,}", f"{law.t.size:,} toys, {n_calibration:,} calibration batches{error}"


def _present(analysis: Analysis | None) -> Analysis:
    assert analysis is not None
    return analysis

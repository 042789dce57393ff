"""Everything that a validation found on one page: a list of checks, and t and p at every point of the nuisances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from wilks.storage import Storable
from wilks.typing import FloatArray
from wilks.validation.checks import Check, Verdict
from wilks.wording import Printed, stacked, table


@dataclass(frozen=True, eq=False)
class Point:
    """Toys of one point of the nuisances.

    Attributes:
        name: its values, in words.
        t: of the toys that did not fail (n,).
        p: of those that the law answers for (m,), in order.
        tau: of the toys of ``t`` (n,), which nuisances move where t stays; empty in results of earlier versions.
    """

    name: str
    t: FloatArray
    p: FloatArray
    tau: FloatArray = field(default_factory=lambda: np.empty(0))

    @property
    def mean_error(self) -> float:
        """Of the mean of t, from the scatter of the toys."""
        return float(self.t.std(ddof=1) / self.t.size**0.5)

    @property
    def variance_ratio(self) -> float:
        """variance/(2 mean) of t, 1 for a chi-square."""
        return float(self.t.var(ddof=1) / (2.0 * self.t.mean()))

    def to_dict(self) -> dict[str, Any]:
        """Plain figures."""
        error = self.mean_error if self.t.size > 1 else None
        return {"name": self.name, "n_toys": self.t.size, "mean_t": float(self.t.mean()), "mean_error": error}


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Printed, Storable):
    """What can be said of an analysis before the data are seen: each check passed, failed, or was not evaluated.

    A perfect analysis fails a check in 1 of 100 cases at most, and the page, which has six that are decided by chance,
    in 5 of 100 at most, whatever the dependence of the checks.

    Attributes:
        checks: in the order in which they are read.
        points: of the nuisances, nu = 0 first.
        law: where p of the toys comes from, in words.
        fingerprint: of the analysis.
    """

    checks: tuple[Check, ...]
    points: tuple[Point, ...]
    law: str
    fingerprint: str
    stored_as: ClassVar[str] = "validation"

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that failed."""
        return tuple(one for one in self.checks if one.verdict is Verdict.FAIL)

    @property
    def has_tau(self) -> bool:
        """Whether tau of the toys was kept, too; earlier versions kept none."""
        return all(one.tau.size for one in self.points)

    @property
    def is_passed(self) -> bool:
        """Whether no check failed; one that was not evaluated is no failure."""
        return not self.failed

    @property
    def headline(self) -> str:
        """How many checks ended how."""
        counts = {verdict: sum(one.verdict is verdict for one in self.checks) for verdict in Verdict}
        return (
            f"{counts[Verdict.PASS]} of {len(self.checks)} checks passed, {counts[Verdict.FAIL]} failed, "
            f"{counts[Verdict.NOT_EVALUATED]} could not be evaluated"
        )

    def check(self, name: str) -> Check:
        """The check of a name.

        Raises:
            KeyError: there is none.
        """
        return {one.name: one for one in self.checks}[name]

    def __str__(self) -> str:
        rows = ((one.name, one.verdict.value) for one in self.checks)
        sentences = (one.sentence for one in self.checks)
        return stacked(table(rows, header=("check", "verdict")), *sentences, f"{self.headline}.")

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "is_passed": self.is_passed,
            "checks": [one.to_dict() for one in self.checks],
            "points": [one.to_dict() for one in self.points],
            "law": self.law,
            "fingerprint": self.fingerprint,
        }

    def to_document(self) -> dict[str, Any]:
        return {
            "checks": [one.to_dict() for one in self.checks],
            "points": [vars(one) for one in self.points],
            "law": self.law,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Validation":
        checks = tuple(Check.from_dict(one) for one in document["checks"])
        points = tuple(Point(**one) for one in document["points"])
        return cls(checks, points, document["law"], document["fingerprint"])

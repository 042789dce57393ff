"""Power and median Z of several alternatives, by which test: rows, and what is printed and kept of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from wilks.significance.printing import decimals, finite_or_none
from wilks.storage import Storable
from wilks.wording import Printed, stacked, table

LEVELS = (2.0, 3.0, 5.0)
Share = tuple[float, float, float]
"""A share with its 68 % interval."""


@dataclass(frozen=True)
class PowerRow:
    """What one test sees of one alternative.

    Attributes:
        test: its name; ``model`` is that of the analysis.
        alternative: its name.
        sees_count: whether the test knows how many events are expected.
        power: the share of toys with Z of 2, 3 and 5 or more, with intervals; None where null toys do not reach it.
        z_score: the median.
        z_interval: of the median, 68 %, from order statistics.
        is_lower_bound: whether no null toy is as extreme as the median.
        seconds: of one toy, drawing not included.
        asymptotic_z: the median Z from the asymptotic law of the statistic, where it has one, not from toys.
        asimov_z: Z of what is expected under the alternative, from that law, for searches for a signal in bins; None
            where the alternative replaces the distribution.
    """

    test: str
    alternative: str
    sees_count: bool
    power: tuple[Share | None, ...]
    z_score: float
    z_interval: tuple[float, float]
    is_lower_bound: bool
    seconds: float
    asymptotic_z: float | None = None
    asimov_z: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        shares = {
            f"power_{level:g}_sigma": None if one is None else {"share": one[0], "interval": list(one[1:])}
            for level, one in zip(LEVELS, self.power, strict=True)
        }
        numbers = {"z_score": finite_or_none(self.z_score), "z_interval": [finite_or_none(z) for z in self.z_interval]}
        if self.asymptotic_z is not None:
            numbers["asymptotic_z"] = finite_or_none(self.asymptotic_z)
        return {**vars(self), **numbers, "power": shares}


@dataclass(frozen=True, eq=False, repr=False)
class PowerTable(Printed, Storable):
    """Power and median Z of every test for every alternative.

    Attributes:
        rows: in the order of the alternatives, and of the tests for each.
        n_signal: expected signal events by the name of an alternative; NaN where it replaces the distribution.
        n_null, n_toys: toys of the reference, and of each alternative.
    """

    rows: tuple[PowerRow, ...]
    n_signal: Mapping[str, float]
    n_null: int
    n_toys: int
    stored_as: ClassVar[str] = "power_table"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tests."""
        return tuple(dict.fromkeys(row.test for row in self.rows))

    def of(self, test: str) -> tuple[PowerRow, ...]:
        """The rows of one test."""
        return tuple(row for row in self.rows if row.test == test)

    def __str__(self) -> str:
        header = ("alternative", "test", *(f"power {level:g} sigma" for level in LEVELS), "median Z", "ms a toy")
        has_asymptotic = any(row.asymptotic_z is not None for row in self.rows)
        more = ("asymptotic Z", "Asimov Z") if has_asymptotic else ()
        rows = ((*_text_of(row), *_asymptotic_text(row)[: len(more)]) for row in self.rows)
        blind = ", ".join(dict.fromkeys(row.test for row in self.rows if not row.sees_count))
        lines = [
            table(rows, header=(*header, *more)),
            f"Thresholds from {self.n_null:,} toys of the reference, the same for all tests; {self.n_toys:,} toys of "
            "each alternative. Intervals are at 68 %; '-' stands where the toys of the reference do not reach.",
        ]
        if has_asymptotic:
            lines.append("Asymptotic Z is the median of toys by the asymptotic law, Asimov Z that of what is expected.")
        return stacked(*lines, *([f"The number of events is not known to: {blind}."] if blind else []))

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "n_signal": {name: finite_or_none(n) for name, n in self.n_signal.items()},
            "n_null": self.n_null,
            "n_toys": self.n_toys,
        }

    def to_document(self) -> dict[str, Any]:
        rows = [
            {
                **vars(row),
                "power": [None if one is None else list(one) for one in row.power],
                "z_interval": list(row.z_interval),
            }
            for row in self.rows
        ]
        n_signal = {name: finite_or_none(n) for name, n in self.n_signal.items()}
        return {"rows": rows, "n_signal": n_signal, "n_null": self.n_null, "n_toys": self.n_toys}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "PowerTable":
        rows = (
            PowerRow(
                **{
                    **row,
                    "power": tuple(None if one is None else tuple(one) for one in row["power"]),
                    "z_interval": tuple(row["z_interval"]),
                }
            )
            for row in document["rows"]
        )
        n_signal = {name: math.nan if n is None else n for name, n in document["n_signal"].items()}
        return cls(tuple(rows), n_signal, document["n_null"], document["n_toys"])


def _text_of(row: PowerRow) -> tuple[str, ...]:
    powers = ("-" if one is None else f"{one[0]:.2f} [{one[1]:.2f}, {one[2]:.2f}]" for one in row.power)
    bound = "at least " if row.is_lower_bound else ""
    return (row.alternative, row.test, *powers, bound + decimals(row.z_score), f"{1e3 * row.seconds:.3g}")


def _asymptotic_text(row: PowerRow) -> tuple[str, str]:
    one, other = ("-" if z is None else decimals(z) for z in (row.asymptotic_z, row.asimov_z))
    return one, other

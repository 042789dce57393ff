"""What several models say of one data set: rows, and the p of the smallest p."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from wilks.significance.printing import decimals, finite_or_none, probability
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Probability
from wilks.storage import Storable
from wilks.wording import Printed, stacked, table


@dataclass(frozen=True)
class ModelRow:
    """What one model says.

    Attributes:
        name: of the model in the table.
        described: f in words.
        options: the model as it was given, `Statistic.to_dict`.
        t: of the data.
        p_value, interval, z_score: counted among the toys, the interval at 68 %.
        p_text: p with the counts that it comes from.
        n_failed: toys without a valid t, counted as exceeding.
        seconds: of the fit of a toy, on the average.
    """

    name: str
    described: str
    options: Mapping[str, Any]
    t: float
    p_value: float
    interval: tuple[float, float]
    z_score: float
    p_text: str
    n_failed: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        numbers = {name: finite_or_none(getattr(self, name)) for name in ("t", "p_value", "z_score", "seconds")}
        interval = [finite_or_none(end) for end in self.interval]
        return {**vars(self), "options": dict(self.options), **numbers, "interval": interval}


@dataclass(frozen=True, eq=False, repr=False)
class ModelTable(Printed, Storable):
    """Several models on one data set and the same toys. Made by `wilks.model_table`.

    Attributes:
        rows: in the order in which the models were given.
        n_events: of the data.
        n_toys: that all models have in common.
        probability: of the smallest of the p-values, corrected for how many were looked at; None where a fit failed.
        fingerprint: of the analysis, with its own model.
        content: of the data, as in their fits (`FitResult.content`).
        observed: the auxiliary measurements.
    """

    rows: tuple[ModelRow, ...]
    n_events: int
    n_toys: int
    probability: Probability | None
    fingerprint: str = ""
    content: str = ""
    observed: tuple[float, ...] = ()
    stored_as: ClassVar[str] = "model_table"

    @property
    def p_value(self) -> float:
        """The corrected p: how often the smallest p of toys of the reference is as small; NaN where there is none."""
        return self.probability.p_value if self.probability else float("nan")

    @property
    def z_score(self) -> float:
        """The standard deviations of a normal distribution that have this p, one-sided."""
        return self.probability.z_score if self.probability else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Of the corrected p, 68 %."""
        return self.probability.interval if self.probability else (float("nan"), float("nan"))

    @property
    def best(self) -> ModelRow:
        """The row with the smallest p, of equal ones the first."""
        return min(self.rows, key=lambda one: one.p_value if one.p_value == one.p_value else 2.0)

    def of(self, name: str) -> ModelRow:
        """The row of a model."""
        return next(one for one in self.rows if one.name == name)

    def is_of(self, fit: FitResult) -> bool:
        """Whether it is that of the analysis, the data and the auxiliary measurements of this fit."""
        return (self.fingerprint, self.content, self.observed) == (fit.fingerprint, fit.content, fit.observed)

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """Header and rows as text; f in words comes last."""
        return (("model", "t", "p", "Z", "seconds a toy", "f"), *(_cells(one) for one in self.rows))

    @property
    def sentence(self) -> str:
        """What is to be made of several p-values."""
        first = f"The smallest of {len(self.rows)} p-values is not a p-value"
        if self.probability is None:
            return f"{first}; there is no corrected one, for the fit of the data failed in one of the models."
        low, high = (probability(end) for end in self.interval)
        return (
            f"{first}. Corrected for a look at all of them p = {probability(self.p_value)} [{low}, {high}], "
            f"Z = {decimals(self.z_score)}: as often is the smallest as small in the {self.n_toys:,} toys, whose "
            "events all models share. A model that was decided before the data were seen needs no correction."
        )

    def __str__(self) -> str:
        first = f"{len(self.rows)} models on {self.n_events:,} events, {self.n_toys:,} toys of the reference"
        failed = [f"{one.name}: {one.n_failed} of {self.n_toys:,} toys failed." for one in self.rows if one.n_failed]
        header, *rows = (row[:-1] for row in self.cells)
        return stacked(first, table(rows, header=header), self.sentence, *failed)

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "rows": [one.to_dict() for one in self.rows],
            "n_events": self.n_events,
            "n_toys": self.n_toys,
            "p_value": finite_or_none(self.p_value),
            "interval": [finite_or_none(end) for end in self.interval],
            "z_score": finite_or_none(self.z_score),
        }

    def to_document(self) -> dict[str, Any]:
        return {
            "rows": [{**vars(one), "options": dict(one.options), "interval": list(one.interval)} for one in self.rows],
            "n_events": self.n_events,
            "n_toys": self.n_toys,
            "probability": None if self.probability is None else self.probability.to_document(),
            "fingerprint": self.fingerprint,
            "content": self.content,
            "observed": list(self.observed),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ModelTable":
        rows = tuple(ModelRow(**{**one, "interval": tuple(one["interval"])}) for one in document["rows"])
        found = document["probability"]
        probability = None if found is None else Probability.from_document(found)
        # Tables of before this was kept are of no data that anybody could name.
        fingerprint, content = document.get("fingerprint", ""), document.get("content", "")
        observed = tuple(document.get("observed", ()))
        return cls(rows, document["n_events"], document["n_toys"], probability, fingerprint, content, observed)


def _cells(one: ModelRow) -> tuple[str, ...]:
    is_failed = one.p_value != one.p_value
    numbers = decimals(one.t), probability(one.p_value), decimals(one.z_score)
    return (one.name, *(("failed", "none", "none") if is_failed else numbers), f"{one.seconds:.2g}", one.described)

"""A null law of t: what it says of an observed t, and in which words."""

import abc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from wilks.significance import log_p_value, z_score, z_score_from_log
from wilks.significance.printing import decimals, finite_or_none, probability, probability_from_log, z_interval
from wilks.statistics.fits import FitResult

Rows = tuple[tuple[str, ...], ...]
_LEAST = 1e-300


@dataclass(frozen=True)
class Probability:
    """p of an observed t, and Z, with their intervals; ``method`` says where they come from.

    ``log_p_value`` is the natural logarithm of p, finite where ``p_value`` underflows to 0; Z is taken from it there.
    """

    p_value: float
    log_p_value: float
    interval: tuple[float, float]
    z_score: float
    z_interval: tuple[float, float]
    method: str

    @classmethod
    def of(cls, p: float, interval: tuple[float, float], *, method: str) -> "Probability":
        """From p, which must be positive, and its interval.

        >>> Probability.of(0.5, (0.4, 0.6), method="empirical").z_score
        -0.0
        """
        return cls(p, math.log(p), interval, z_score(p), z_interval(*interval), method)

    @classmethod
    def of_log(cls, log_p: float, log_interval: tuple[float, float], *, method: str) -> "Probability":
        """From the logarithms of p and of the ends of its interval.

        >>> one = Probability.of_log(-5000.0, (-5001.0, -4999.0), method="analytic")
        >>> one.p_value, round(one.z_score, 2)
        (0.0, 99.94)
        """
        low, high = log_interval
        return cls(
            math.exp(log_p),
            log_p,
            (math.exp(low), math.exp(high)),
            z_score_from_log(log_p),
            (z_score_from_log(high), z_score_from_log(low)),
            method,
        )

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "interval": list(self.interval), "z_interval": list(self.z_interval)}

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON."""
        return {
            "p_value": self.p_value,
            "log_p_value": self.log_p_value,
            "interval": list(self.interval),
            "z_score": finite_or_none(self.z_score),
            "z_interval": [finite_or_none(z) for z in self.z_interval],
            "method": self.method,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Probability":
        """The inverse of `to_document`."""
        pairs = {name: tuple(document[name]) for name in ("interval", "z_interval")}
        return cls(**{**document, **pairs})

    @property
    def text(self) -> str:
        """p as it is printed, also where it underflows."""
        return _text(self.p_value, self.log_p_value)

    @property
    def ends_text(self) -> tuple[str, str]:
        """The ends of its interval as they are printed; those of an interval that underflows by their Z."""
        low, high = (_text(p, log_p_value(z)) for p, z in zip(self.interval, self.z_interval[::-1], strict=True))
        return low, high

    def rows(self) -> Rows:
        """Rows of p and Z for the table of an answer."""
        p_low, p_high = self.ends_text
        z_low, z_high = (decimals(z) for z in self.z_interval)
        z_text = decimals(self.z_score) if math.isfinite(self.z_score) else f"below {z_high}"
        return (
            ("p-value", self.text, f"[{p_low}, {p_high}]", self.method),
            ("Z", z_text, f"[{z_low}, {z_high}]", self.method),
        )


def _text(p: float, log_p: float) -> str:
    return probability(p) if p > _LEAST else probability_from_log(log_p)


@dataclass(frozen=True)
class Refusal:
    """Why a law says nothing of a t: what it ``needs``, and its ``shortcoming``."""

    needs: str
    shortcoming: str

    def __str__(self) -> str:
        return f"it {self.needs}, but {self.shortcoming}"


class SecondAnswer(Protocol):
    """Another p and Z of the same t, that stand below the first."""

    def rows(self) -> Rows:
        """For the table of an answer."""

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON."""


class Law(abc.ABC):
    """The distribution of t if the null hypothesis holds, from toys, from the reference, or from a formula."""

    kind: ClassVar[str]  # in files
    interval_name: ClassVar[str]  # what its interval of p is called

    @abc.abstractmethod
    def probability(self, t: float) -> Probability | Refusal:
        """P(T >= t), or why the law does not tell. Raises CalibrationError for NaN."""

    @abc.abstractmethod
    def check(self, fit: FitResult) -> None:
        """Raise CalibrationError unless this is the law of the t of this fit."""

    @abc.abstractmethod
    def notices(self, fit: FitResult) -> tuple[str, ...]:
        """What must be known beside an answer for this fit, which may have failed."""

    @abc.abstractmethod
    def p_text(self, t: float, probability: Probability) -> str:
        """p with where it comes from, such as 'p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL)'."""

    @abc.abstractmethod
    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        """What stands below the table of an answer."""

    def of(self, fit: FitResult) -> "Law":
        """The law as far as it is one of the t of this fit: without a second answer that such a t cannot have."""
        return self

    def second(self, t: float) -> SecondAnswer | None:
        """A second answer beside the first, from the shape of the toys; None for most laws."""
        return None

    @abc.abstractmethod
    def facts(self, t: float) -> dict[str, object]:
        """What JSON says of the law, and of a second answer, at the observed t; NaN: of a fit that failed."""

    @abc.abstractmethod
    def stored(self, t: float) -> "Law":
        """The law as an answer at t keeps it: as it is, or as a curve about t."""

    @abc.abstractmethod
    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays, of a law that is `stored`."""

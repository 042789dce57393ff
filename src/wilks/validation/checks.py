"""One check of a validation: what it asks, what came out, and the figures behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from wilks.significance import fisher
from wilks.significance.printing import finite_or_none
from wilks.typing import FloatArray

SIZE = 0.01
"""How often a check of a perfect analysis fails, at most: t, chi-square, p and the closure of responses."""
HALF_SIZE = 0.005
"""The same for nuisances and another reference: 5 % for all six together."""


class Verdict(Enum):
    """How a check ended."""

    PASS = "pass"
    FAIL = "fail"
    NOT_EVALUATED = "not evaluated"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: what is looked at.
        verdict: how it ended.
        text: the finding in a sentence; the reason, where it was not evaluated.
        limit: what decides, in words; empty where it was not evaluated.
        advice: what to do, where it failed.
        numbers: the figures.
    """

    name: str
    verdict: Verdict
    text: str
    limit: str = ""
    advice: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def judged(
        cls, name: str, is_passed: bool, text: str, *, limit: str, advice: str, numbers: Mapping[str, Any]
    ) -> "Check":
        """A check that was evaluated; ``advice`` is kept where it failed."""
        verdict = Verdict.PASS if is_passed else Verdict.FAIL
        return cls(name, verdict, text, limit, "" if is_passed else advice, numbers)

    @classmethod
    def left_out(cls, name: str, reason: str) -> "Check":
        """A check that could not be evaluated."""
        return cls(name, Verdict.NOT_EVALUATED, reason)

    @property
    def sentence(self) -> str:
        """Name, finding, limit and advice."""
        limit = f" (limit: {self.limit})" if self.limit else ""
        return f"{self.name}: {self.text}{limit}.{f' {self.advice}.' if self.advice else ''}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "text": self.text,
            "limit": self.limit,
            "advice": self.advice,
            "numbers": {name: _plain(value) for name, value in self.numbers.items()},
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Check":
        """The inverse of `to_dict`."""
        return cls(**{**document, "verdict": Verdict(document["verdict"])})


def any_of(p_values: Sequence[float] | FloatArray) -> float:
    """p that the smallest of n p-values is as small, whatever their dependence: n times it, at most 1 (Bonferroni).

    >>> any_of([0.3, 0.001])
    0.002
    """
    return min(1.0, len(p_values) * float(np.min(p_values)))


def either_of(p_values: FloatArray) -> float:
    """p of independent p-values of which one, or all a little, may be too small: twice the less of both combinations.

    >>> round(either_of(np.array([0.5, 0.5])), 4), either_of(np.array([0.3, 0.001]))
    (1.0, 0.004)
    """
    return min(1.0, 2.0 * min(any_of(p_values), float(fisher(p_values))))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return finite_or_none(value)
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one) for one in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value

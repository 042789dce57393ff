"""What the networks of a response see of an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from wilks.errors import InputError
from wilks.samples import Expression, Sample, Standardization, parse_expression
from wilks.typing import FloatArray

_MARGIN = 0.5  # of the range of the training events, beyond which inputs stay constant


@dataclass(frozen=True, eq=False)
class NetworkInputs:
    """Features and formulas of features, standardized, and held at ``lower`` and ``upper`` outside this range.

    A formula makes a quantity visible on which the response depends sharply, as the mass of a narrow peak.

    Args:
        features: names of the columns of an event.
        formulas: expressions in the features, each one more input.
        standardization: of the features, then the formulas.
        lower: least standardized value of each.
        upper: largest standardized value of each.

    Raises:
        InputError: numbers of inputs that do not agree, or a formula of something else than features.

    >>> unit = Standardization([0.0, 0.0], [1.0, 1.0])
    >>> inputs = NetworkInputs(("x",), ("x**2",), unit, [-2.0, -2.0], [9.0, 9.0])
    >>> inputs.columns(np.array([[2.0], [1e300]])).tolist()
    [[2.0, 9.0], [4.0, 9.0]]
    """

    features: tuple[str, ...]
    formulas: tuple[str, ...]
    standardization: Standardization
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            values = np.array(getattr(self, name), dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        n_inputs = len(self.features) + len(self.formulas)
        if not (self.standardization.n_features == self.lower.size == self.upper.size == n_inputs):
            raise InputError(
                f"standardization, lower and upper must have one number for each of {n_inputs} inputs, but they have "
                f"{self.standardization.n_features}, {self.lower.size} and {self.upper.size}"
            )
        for formula in self._expressions:
            require_features(formula, self.features)

    @classmethod
    def of(cls, samples: Sequence[Sample], formulas: Sequence[str]) -> "NetworkInputs":
        """Those of the training samples: standardized by the first, held half a range beyond the events of all.

        Raises:
            InputError: a formula that is not finite for an event.
        """
        features, central = samples[0].features, samples[0]
        names = tuple(f"formula {i}" for i in range(len(formulas)))
        expressions = [parse_expression(text) for text in formulas]
        raw = [_raw(one.events, features, expressions) for one in samples]
        for text, values in ((text, one[:, len(features) + i]) for i, text in enumerate(formulas) for one in raw):
            if not np.all(np.isfinite(values)):
                raise InputError(f"the input {text!r} must be finite for every event, but for some it is not")
        described = Sample(raw[0], central.event_weights, features=(*features, *names))
        standardization = Standardization.of(described)
        scaled = [standardization.apply(one) for one in raw]
        least = np.min([one.min(axis=0) for one in scaled], axis=0)
        largest = np.max([one.max(axis=0) for one in scaled], axis=0)
        margin = _MARGIN * (largest - least)
        return cls(features, tuple(formulas), standardization, least - margin, largest + margin)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.features) + len(self.formulas)

    def columns(self, events: FloatArray) -> FloatArray:
        """Inputs (i, n) for raw events (n, d); a formula that has no value counts as at its mean.

        Raises:
            InputError: events with another number of features.
        """
        if events.ndim != 2 or events.shape[1] != len(self.features):
            raise InputError(f"events must have the {len(self.features)} features, but their shape is {events.shape}")
        with np.errstate(over="ignore"):
            scaled = self.standardization.apply(_raw(events, self.features, self._expressions))
        return np.clip(np.nan_to_num(scaled, nan=0.0, posinf=np.inf, neginf=-np.inf), self.lower, self.upper).T

    @cached_property
    def _expressions(self) -> list[Expression]:
        return [parse_expression(text) for text in self.formulas]

    def to_dict(self) -> dict[str, Any]:
        """Plain values that define them."""
        return {
            "features": list(self.features),
            "formulas": list(self.formulas),
            "standardization": self.standardization.to_dict(),
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "NetworkInputs":
        """The inverse of `to_dict`."""
        return cls(
            features=tuple(document["features"]),
            formulas=tuple(document["formulas"]),
            standardization=Standardization.from_dict(document["standardization"]),
            lower=document["lower"],
            upper=document["upper"],
        )


def require_features(formula: Expression, features: Sequence[str]) -> None:
    """Raise unless a formula uses features alone.

    Raises:
        InputError: it uses another column; data have no others when log r is evaluated.
    """
    missing = [name for name in formula.names if name not in features]
    if missing:
        raise InputError(
            f"an input must be a formula of the features ({', '.join(features)}), but {formula.text!r} uses "
            f"{missing[0]!r}; write it in terms of the features"
        )


def _raw(events: FloatArray, features: Sequence[str], expressions: Sequence[Expression]) -> FloatArray:
    if not expressions:
        return events
    named = dict(zip(features, events.T, strict=True))
    return np.column_stack([events, *(one.evaluate(named) for one in expressions)])

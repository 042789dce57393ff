"""What is said of a batch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wilks.monitor.places import Place
from wilks.monitor.windows import WindowResult
from wilks.samples import Events, Sample
from wilks.significance.printing import finite_or_none, probability
from wilks.wording import Printed, visible


class State(StrEnum):
    """Of a batch, and never anything in between."""

    GOOD = "GOOD"
    MEDIUM = "MEDIUM"
    BAD = "BAD"
    NOT_EVALUATED = "NOT EVALUATED"


class Alarm(StrEnum):
    """What may stand beside the state of a batch."""

    JUMP = "jump"
    DRIFT = "drift"
    K_OF_N = "k of n"
    GROWING_WINDOW = "growing window"
    SLIDING_WINDOW = "sliding window"


class Cause(StrEnum):
    """Why a batch is not evaluated."""

    TOO_FEW_EVENTS = "too few events"
    TOO_MANY_EVENTS = "too many events"
    NOT_FINITE = "not finite"
    MISSING_COLUMN = "missing column"
    STALE = "stale"
    OUTSIDE_VALIDITY = "outside validity"
    UNREADABLE = "unreadable"
    NO_FIT = "no fit"


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch with what is known of it.

    Args:
        events: a sample, an array (n, d) in the order of the features, or a table with their names; None: they could
            not be read.
        name: what people call it; the audit log knows batches by it.
        time: when it was taken, in seconds since 1970; None: not known.
        run_type: of its run; None: not known.
        problem: why the events could not be read; ``cause`` in one word.
        digest: of what it was read from.
        left_out: sentences on events that were not read.
    """

    events: Sample | Events | None
    name: str = ""
    time: float | None = None
    run_type: str | None = None
    problem: str = ""
    digest: str = ""
    left_out: tuple[str, ...] = ()
    cause: Cause = Cause.UNREADABLE


@dataclass(frozen=True)
class Verdict(Printed):
    """The answer for one batch.

    Attributes:
        index: of the batch, counted from 0 over all that came.
        name, time, n_events: of the batch.
        state: GOOD, MEDIUM, BAD or NOT EVALUATED.
        cause: why it is not evaluated; None where it is.
        reason: in words.
        p_value, log_p_value, z_score, method: the p by which the state was decided, and where it comes from:
            ``conformal``, its rank among batches, or that of ``null``; None where it is not evaluated. A batch whose t
            is below all toys has p = 1, of which Z is -inf, null in JSON: it has none.
        t: the statistic.
        null: p, Z and method of the null law of its size: the second answer.
        conformal: p among calibration and earlier batches, how many these are, and p among the calibration batches
            alone.
        score: the Z by which batches of all sizes are ranked.
        is_ranked: whether later batches are ranked among this one.
        where: the feature and the interval that deviates most; ``by_feature`` that of each feature, with all counts.
        learned: of a batch that is not GOOD, by kernels: the ratio that the member with the least p learned, in the
            intervals of each feature.
        evidence: e, the sum with it, and its limit.
        n_medium: of the last batches that `Decisions.k_of_n` looks at, how many are MEDIUM or BAD.
        drift_p_value: of the last batches among calibration batches; None before there are enough.
        windows: the growing and the sliding one, for statistics that have sums.
        alarms: which stand.
        latency_s: from the events to the verdict, in seconds.
        reference: the digest of the reference.
        left_out: events that were not read, in words.
    """

    index: int
    name: str
    time: float | None
    n_events: int
    state: State
    reason: str
    reference: str
    cause: Cause | None = None
    p_value: float | None = None
    log_p_value: float | None = None
    z_score: float | None = None
    method: str | None = None
    t: float | None = None
    null: Mapping[str, Any] = field(default_factory=dict)
    conformal: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    is_ranked: bool = False
    where: Place | None = None
    by_feature: tuple[Place, ...] = ()
    learned: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    n_medium: int = 0
    drift_p_value: float | None = None
    windows: Mapping[str, WindowResult] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()
    latency_s: float = math.nan
    left_out: tuple[str, ...] = ()

    @property
    def is_evaluated(self) -> bool:
        """Whether there is an answer."""
        return self.state is not State.NOT_EVALUATED

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {name: _plain(value) for name, value in vars(self).items()}
        return plain | {
            "state": str(self.state),
            "cause": None if self.cause is None else str(self.cause),
            "where": None if self.where is None else self.where.to_dict(),
            "by_feature": [one.to_dict() for one in self.by_feature],
            "alarms": [str(one) for one in self.alarms],
            "windows": {name: one.to_dict() for name, one in self.windows.items()},
        }

    def __str__(self) -> str:
        name = visible(self.name) or f"batch {self.index}"
        return f"{name}: {self.state}. {self.reason}"

    def __repr__(self) -> str:
        z = "" if self.z_score is None else f", z_score={self.z_score:.2f}"
        return f"Verdict({self.name!r}, {self.state}{z})"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return finite_or_none(value)
    if isinstance(value, tuple):
        return list(value)
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def p_and_z(p: float, z: float) -> str:
    """p and Z as a sentence has them; p = 1 has no finite Z, and a p that underflows no digits.

    >>> p_and_z(0.02275, 2.0), p_and_z(1.0, -math.inf), p_and_z(0.0, 50.0)
    ('p = 0.023, Z = 2.0', 'p = 1', 'Z = 50.0')
    """
    shown = [f"p = {probability(p)}"] if p > 1e-300 else []
    return ", ".join([*shown, *([f"Z = {z:.1f}"] if math.isfinite(z) else [])])

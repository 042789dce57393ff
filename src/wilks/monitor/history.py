"""What a monitor remembers of batches, and what it makes of one more."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from wilks.monitor.evidence import Count, Drift, EvidenceSum, Ranks, tie_breaker
from wilks.monitor.null_laws import NullP
from wilks.monitor.reference import MonitorReference
from wilks.monitor.verdict import Alarm, State
from wilks.significance import z_score

CONFORMAL = "conformal"


class Deciding(NamedTuple):
    """The p that decides on the state, and where it comes from."""

    log_p_value: float
    z_score: float
    method: str

    @property
    def p_value(self) -> float:
        """p; 0 where it underflows."""
        return math.exp(self.log_p_value)


@dataclass(frozen=True)
class Standing:
    """One batch among all others.

    Attributes:
        deciding: the p of the state, which is the conformal one or that of ``null``.
        state: of the batch.
        null: p of the null law of its size.
        conformal: its conformal p, among how many batches, and how many of these are calibration batches.
        score: Z by which batches of all sizes are ranked.
        is_ranked: whether later batches are ranked among this one.
        evidence: the sum with this batch, and its limit.
        n_medium: MEDIUM or BAD ones of the last batches.
        drift_p_value: of the last batches; None before there are enough.
        alarms: which stand.
    """

    deciding: Deciding
    state: State
    null: NullP
    conformal: Mapping[str, Any]
    score: float
    is_ranked: bool
    evidence: Mapping[str, float]
    n_medium: int
    drift_p_value: float | None
    alarms: tuple[Alarm, ...]


class History:
    """Ranks, the sum of evidence, k of n, and drift.

    Args:
        reference: that all batches are scored against.
    """

    def __init__(self, reference: MonitorReference) -> None:
        self._reference, rates = reference, reference.decisions
        self._ranks = Ranks(reference.calibration, n_earlier=rates.n_ranks)
        self._sum = EvidenceSum(kappa=rates.kappa, run_length=rates.batches_between_alarms)
        self._count = Count(level=rates.medium, n=rates.n_in_a_row)
        self._drift = Drift(n_batches=rates.window)

    def under(self, reference: MonitorReference) -> "History":
        """The same past under another reference: the sum of evidence and k of n go on, for they add up p; ranks and
        drift begin anew, for they compare batches that were scored against one reference.
        """
        found = History(reference)
        found._sum.value = self._sum.value
        found._count.take_up(self._count)
        return found

    def add(self, t: float, n_events: int, *, index: int) -> Standing:
        """One more batch, the one of this index, with its statistic."""
        laws, rates = self._reference.null, self._reference.decisions
        null, score, which = laws.p(t, n_events), laws.z(t, n_events), laws.nearest(n_events)
        n_ranks = self._ranks.n(which)
        conformal = self._ranks.p(score, which, u=tie_breaker(rates.tie_seed, index))
        deciding = self._deciding(null, conformal, n_ranks)
        is_ranked = not laws.is_beyond_doubt(t, n_events)
        followed = self._follow(score, deciding.p_value, conformal, which)
        if is_ranked:
            self._ranks.add(score)
        told = {"p_value": conformal, "n_ranks": n_ranks, "n_calibration": self._ranks.n_fixed(which)}
        return Standing(deciding, self._state(deciding.p_value), null, told, score, is_ranked, *followed)

    def take_up(self, verdict: Mapping[str, Any]) -> None:
        """An evaluated batch that was judged before, as `Verdict.to_dict` has it."""
        if verdict["reference"] != self._reference.digest:
            self._sum.add(verdict["conformal"]["p_value"])
            self._count.add(verdict["p_value"])
            return
        which = self._reference.null.nearest(verdict["n_events"])
        self._follow(verdict["score"], verdict["p_value"], verdict["conformal"]["p_value"], which)
        if verdict["is_ranked"]:
            self._ranks.add(verdict["score"])

    def _deciding(self, null: NullP, conformal: float, n_ranks: int) -> Deciding:
        """The conformal p where being beyond all suffices for BAD."""
        if n_ranks + 1 > 1.0 / self._reference.decisions.bad:
            return Deciding(math.log(conformal), z_score(conformal), CONFORMAL)
        return Deciding(null.log_p_value, null.z_score, null.method)

    def _state(self, p: float) -> State:
        rates = self._reference.decisions
        return State.BAD if p < rates.bad else State.MEDIUM if p < rates.medium else State.GOOD

    def _follow(
        self, score: float, p_value: float, conformal: float, which: int
    ) -> tuple[Mapping[str, float], int, float | None, tuple[Alarm, ...]]:
        """What a batch does to the sums over time, and which alarms stand then."""
        rates = self._reference.decisions
        reached, is_alarm = self._sum.add(conformal)
        n_medium, n_fixed = self._count.add(p_value), self._ranks.n_fixed(which)
        drift = self._drift.add(self._ranks.mid_rank(score, which), n_fixed=n_fixed)
        standing = {
            Alarm.JUMP: is_alarm,
            Alarm.DRIFT: drift is not None and drift < rates.bad,
            Alarm.K_OF_N: n_medium >= rates.k_of_n,
        }
        alarms = tuple(name for name, stands in standing.items() if stands)
        return {"sum": reached, "limit": self._sum.limit}, n_medium, drift, alarms

"""The end of a fit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from wilks.nuisances import Nuisances
from wilks.optimize.certificate import Certificate
from wilks.problem import Problem
from wilks.search import Search
from wilks.significance.text import probability_from_log
from wilks.statistics.found import FoundRegion
from wilks.storage import Storable
from wilks.typing import FitStatus, FloatArray
from wilks.wording import Printed, table

CONTENDER_MARGIN = 0.1
_ROUNDING = 8e-7  # of t: a difference of two sums over all events

_LISTED = ("members", "regions")
_NUMBERS = (
    "t", "tau", "delta", "newton_decrement", "least_curvature", "kkt_residual", "share_at_bound", "n_starts",
    "start_gap", "n_attempts", "n_iterations", "n_events",
)  # fmt: skip


class Attempt(NamedTuple):
    """One search for the best minimum: how it ended, and t of the best point, also where that is not certified."""

    status: FitStatus
    t: float


@dataclass(frozen=True)
class FittedNuisance:
    """One nuisance at the end of a fit, in the user's units.

    Attributes:
        name: of the nuisance.
        value, error: the best fit, with the square root of its entry of the inverse Hessian of L.
        pull: (value - what the auxiliary measurement prefers) / sigma; NaN for an unconstrained nuisance.
        constraint: error / sigma: 1 where the data say nothing about it.
    """

    name: str
    value: float
    error: float
    pull: float
    constraint: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        numbers = {name: getattr(self, name) for name in ("value", "error", "pull", "constraint")}
        return {"name": self.name} | {name: x if np.isfinite(x) else None for name, x in numbers.items()}


@dataclass(frozen=True)
class MemberFit:
    """One kernel of a set at the end of a fit.

    Attributes:
        width, ridge: which one.
        t: its own statistic.
        log_p_value: log P(gamma >= t) for the gamma law of the null mean and variance of its score statistic;
            approximate.
        name: what tables call it; "width 0.4" unless its features have another name.
        z: its own nuisances, in units of their sigma.
    """

    width: float
    ridge: float
    t: float
    log_p_value: float
    name: str = ""
    z: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "z", tuple(self.z))  # a list where it was read from a file
        object.__setattr__(self, "name", self.name or f"width {self.width:.4g}")

    @property
    def p_value(self) -> float:
        """P(gamma >= t); 0 where it underflows."""
        return math.exp(self.log_p_value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        numbers = {name: getattr(self, name) for name in ("width", "ridge", "t", "p_value", "log_p_value")}
        finite = {name: x if np.isfinite(x) else None for name, x in numbers.items()}
        return {"name": self.name, **finite, "z": list(self.z)}


_PARTS: dict[str, type[FittedNuisance] | type[MemberFit] | type[FoundRegion]] = {
    "nuisances": FittedNuisance,
    "delta_nuisances": FittedNuisance,
    "members": MemberFit,
    "regions": FoundRegion,
}


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(Printed, Storable):
    """The end of a fit. ``t``, ``params`` and the certificate belong to one and the same point.

    Attributes:
        t: tau - delta; NaN if the fit failed.
        tau, delta: -2 min L[w, nu] and -2 min L[0, nu]; without nuisances delta is 0.
        params: w at the best point found, shape (p,), whether or not it is certified.
        status: how the fit ended.
        newton_decrement, least_curvature, kkt_residual, share_at_bound: see `wilks.optimize.Certificate`.
        n_starts: starting points over all attempts; ``start_t`` (s,) holds the t at which the exploration of each
            ended, or was given up in the race, on the thinned reference.
        start_gap: the best minus the second best of ``start_t``: below 0.05 if two starts agree; NaN for one start.
        attempts: one, or more after retries, each on top of those before; the last decided.
        n_iterations: of all descents together.
        n_events: in the data.
        fingerprint: of the analysis.
        observed: the auxiliary measurements, in the order of the nuisances.
        nuisances, delta_nuisances: the best fit of each with f free (tau), and with f = 0 (Delta).
        delta_newton_decrement, delta_kkt_residual: what certifies Delta; 0 without nuisances.
        began_at_delta: whether the best minimum was reached from f = 0 at the nuisances of Delta.
        members: of a `KernelSet`, by width and then by ridge; the certificate is then that of the worst of them, in
            units of its own t.
        regions: of a `Scan`: the one that it found; none where nothing deviates to the side that is looked at.
        joint: fingerprint of the analysis whose t it has, of which this f is that of one region; empty for all others.
        content: of the data, whatever the order of their rows (`row_digest`); empty where nobody asked, as of toys.
    """

    t: float
    tau: float
    delta: float
    params: FloatArray
    status: FitStatus
    newton_decrement: float
    least_curvature: float
    kkt_residual: float
    share_at_bound: float
    n_starts: int
    start_gap: float
    start_t: FloatArray
    attempts: tuple[Attempt, ...]
    n_iterations: int
    n_events: int
    fingerprint: str
    observed: tuple[float, ...] = ()
    nuisances: tuple[FittedNuisance, ...] = ()
    delta_nuisances: tuple[FittedNuisance, ...] = ()
    delta_newton_decrement: float = 0.0
    delta_kkt_residual: float = 0.0
    began_at_delta: bool = False
    members: tuple[MemberFit, ...] = ()
    regions: tuple[FoundRegion, ...] = ()
    joint: str = ""
    content: str = ""
    stored_as: ClassVar[str] = "fit"

    @property
    def converged(self) -> bool:
        """Whether t is certified."""
        return not self.status.is_failure

    @property
    def n_attempts(self) -> int:
        """Searches that were made: 1, or more after retries."""
        return len(self.attempts)

    @property
    def n_hits(self) -> int:
        """Starts whose exploration ended within 0.1 in t of the best of them."""
        ends = self.start_t[np.isfinite(self.start_t)]
        return int(np.sum(ends > np.max(ends) - CONTENDER_MARGIN)) if ends.size else 0

    @property
    def chance_missed(self) -> float:
        """(1 - k/n)^n for k hits of n starts: how often such a search misses a minimum as well hidden as its best.

        A lower bound of the chance that a better minimum was missed, which may be better hidden: of 11 fits with a
        value below 0.01 (13 parameters, 160 starts), 2 had missed the best minimum known by more than 0.1 in t.
        0.37 for one hit of many, below 0.05 from three hits on. Descents that were given up in a race hit nothing, so
        that with a race the value is near its largest.
        """
        return float((1 - self.n_hits / self.n_starts) ** self.n_starts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite becomes None."""
        plain = {name: getattr(self, name) for name in _NUMBERS}
        plain = {name: None if isinstance(x, float) and not np.isfinite(x) else x for name, x in plain.items()}
        return plain | {
            "status": self.status.name.lower(),
            "message": self.status.message,
            "attempts": [[one.status.name.lower(), one.t if np.isfinite(one.t) else None] for one in self.attempts],
            "params": [x if np.isfinite(x) else None for x in self.params.tolist()],
            "start_t": [float(x) if np.isfinite(x) else None for x in self.start_t],
            "fingerprint": self.fingerprint,
            **(self._nuisances_to_dict() if self.nuisances else {}),
            **{name: [one.to_dict() for one in getattr(self, name)] for name in _LISTED if getattr(self, name)},
        }

    def _nuisances_to_dict(self) -> dict[str, Any]:
        return {
            "nuisances": [one.to_dict() for one in self.nuisances],
            "delta_nuisances": [one.to_dict() for one in self.delta_nuisances],
            "observed": list(self.observed),
            "delta_newton_decrement": self.delta_newton_decrement,
            "delta_kkt_residual": self.delta_kkt_residual,
            "began_at_delta": self.began_at_delta,
        }

    def to_document(self) -> dict[str, Any]:
        return {
            **vars(self),
            "status": int(self.status),
            "attempts": [[int(one.status), one.t] for one in self.attempts],
            **{name: [vars(one) for one in getattr(self, name)] for name in _PARTS},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "FitResult":
        restored = {
            "status": FitStatus(document["status"]),
            "attempts": tuple(Attempt(FitStatus(status), t) for status, t in document["attempts"]),
            "observed": tuple(document["observed"]),
            **{name: tuple(part(**one) for one in document.get(name, ())) for name, part in _PARTS.items()},
        }
        return cls(**{**document, **restored})

    def __repr__(self) -> str:
        return f"FitResult(t={self.t:.4g}, status={self.status.name}, n_events={self.n_events})"

    def __str__(self) -> str:
        gap = f", best two {self.start_gap:.2g} apart in t" if np.isfinite(self.start_gap) else ""
        n_parameters = self.params.size + len(self.nuisances)
        rows = (
            ("t", f"{self.t:.4f}"),
            ("status", self.status.message),
            ("newton decrement", f"{self.newton_decrement:.1e} (in units of t)"),
            ("KKT residual", f"{self.kkt_residual:.1e}"),
            (
                "at the bound",
                f"{100 * self.share_at_bound:.0f} % of {n_parameters} parameters",
            ),
            ("starts", f"{self.n_starts}{gap}"),
            *(self._nuisance_rows() if self.nuisances else ()),
            *((one.name, _of_member(one)) for one in self.members),
            *(("region", str(one)) for one in self.regions),
        )
        return table(rows)

    def _nuisance_rows(self) -> Iterator[tuple[str, str]]:
        yield "tau, Delta", f"{self.tau:.4f}, {self.delta:.4f}"
        for at_tau, at_delta in zip(self.nuisances, self.delta_nuisances, strict=True):
            yield at_tau.name, f"{_fitted(at_tau)} with f; {_fitted(at_delta)} without"


def _of_member(one: MemberFit) -> str:
    return f"ridge {one.ridge:.4g}: t {one.t:.4f}, local p {probability_from_log(one.log_p_value)}"


class Data(NamedTuple):
    """One data set: raw events (n, d), and the auxiliary measurements (j,) in the user's units; there may be none."""

    events: FloatArray
    observed: FloatArray


class DeltaFit(NamedTuple):
    """min L[0, nu] of one data set: z (j,) with its variances, the value of L, and what certifies it."""

    z: FloatArray
    variances: FloatArray
    value: float
    certificate: Certificate
    is_certified: bool

    @classmethod
    def of_none(cls) -> "DeltaFit":
        """That of a problem without nuisances: L = 0, and nothing to fit."""
        return cls(np.empty(0), np.empty(0), 0.0, Certificate(0.0, 0.0, 0.0, 0.0), is_certified=True)

    @property
    def is_finite(self) -> bool:
        """Whether L and z have values."""
        return bool(np.isfinite(self.value) and np.all(np.isfinite(self.z)))


class Found(NamedTuple):
    """The best point of f and the nuisances together, whether or not it is certified.

    Attributes:
        t: tau - Delta there.
        params: shape (p,).
        z, variances: of the nuisances, in units of their sigma, shape (j,).
        certificate: of the point.
        n_iterations: of all descents.
    """

    t: float
    params: FloatArray
    z: FloatArray
    variances: FloatArray
    certificate: Certificate
    n_iterations: int


class Searched(NamedTuple):
    """How a search from many starts went; see the attributes of `FitResult` with these names."""

    start_t: FloatArray
    attempts: tuple[Attempt, ...]
    began_at_delta: bool


def status_of(found: Found, delta: DeltaFit, *, search: Search) -> FitStatus:
    """How a fit ended.

    f = 0 lies among all alternatives, so that a negative t is no minimum.
    """
    if not (np.isfinite(found.t) and np.isfinite(found.certificate.newton_decrement) and np.isfinite(delta.value)):
        return FitStatus.NON_FINITE
    if not delta.is_certified:
        return FitStatus.DELTA_NOT_CONVERGED
    is_minimum = bool(search.is_certified(found.certificate)) and found.t >= -_ROUNDING
    return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED


def fit_result(
    problem: Problem,
    found: Found,
    *,
    delta: DeltaFit,
    data: Data,
    members: tuple[MemberFit, ...] = (),
    regions: tuple[FoundRegion, ...] = (),
    searched: Searched | None = None,
) -> "FitResult":
    """The result of a fit; `wilks.fit` stamps it with the fingerprint of the analysis."""
    status, nan = status_of(found, delta, search=problem.search), float("nan")
    how = searched or Searched(np.array([found.t]), (Attempt(status, found.t),), bool(problem.nuisances))
    lowest = -2.0 * delta.value + 0.0
    return FitResult(
        t=nan if status.is_failure else found.t,
        tau=nan if status.is_failure else found.t + lowest,
        delta=nan if status.is_failure else lowest,
        params=found.params,
        status=status,
        newton_decrement=float(found.certificate.newton_decrement),
        least_curvature=float(found.certificate.least_curvature),
        kkt_residual=float(found.certificate.kkt_residual),
        share_at_bound=float(found.certificate.share_at_bound),
        n_starts=how.start_t.size,
        start_gap=_start_gap(how.start_t),
        start_t=how.start_t,
        attempts=how.attempts,
        n_iterations=found.n_iterations,
        n_events=data.events.shape[0],
        fingerprint="",
        observed=tuple(data.observed.tolist()),
        nuisances=fitted_nuisances(problem.nuisances, found.z, found.variances, observed=data.observed),
        delta_nuisances=fitted_nuisances(problem.nuisances, delta.z, delta.variances, observed=data.observed),
        delta_newton_decrement=float(delta.certificate.newton_decrement),
        delta_kkt_residual=float(delta.certificate.kkt_residual),
        began_at_delta=how.began_at_delta,
        members=members,
        regions=regions,
    )


def _start_gap(t: FloatArray) -> float:
    """The best less the second best; NaN for one."""
    finite = np.sort(t[np.isfinite(t)])[::-1]
    return float(finite[0] - finite[1]) if finite.size > 1 else float("nan")


def fitted_nuisances(
    nuisances: Nuisances, z: FloatArray, variances: FloatArray, *, observed: FloatArray
) -> tuple[FittedNuisance, ...]:
    """The nuisances at z (j,) with their variances (j,), both in units of sigma, for these auxiliary measurements."""
    rows = zip(nuisances, z, np.sqrt(variances), nuisances.estimates(observed), strict=True)
    return tuple(
        FittedNuisance(
            name=one.name,
            value=float(at * one.scale),
            error=float(error * one.scale),
            pull=float(at - estimate / one.scale) if one.is_constrained else float("nan"),
            constraint=float(error),
        )
        for one, at, error, estimate in rows
    )


def _fitted(one: FittedNuisance) -> str:
    pull = f" (pull {one.pull:+.2f})" if np.isfinite(one.pull) else ""
    return f"{one.value:.4g} +- {one.error:.2g}{pull}"

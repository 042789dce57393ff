"""The table of toys: one row each, failed ones included."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from wilks.fitting import FitResult
from wilks.hypotheses import Alternative, Null
from wilks.typing import FitStatus, FloatArray, IntArray


@dataclass(frozen=True)
class ToyRow:
    """One toy. ``reason`` is empty, or what the generator or the fit said; ``seconds`` is for people only."""

    index: int
    status: int
    n_events: int
    t: float
    tau: float
    delta: float
    newton_decrement: float
    least_curvature: float
    kkt_residual: float
    share_at_bound: float
    start_gap: float
    n_starts: int
    n_attempts: int
    n_iterations: int
    seconds: float
    reason: str
    params: tuple[float, ...]

    @classmethod
    def of_fit(cls, index: int, fit: FitResult, *, seconds: float) -> "ToyRow":
        """The row of a toy that was fitted, successfully or not."""
        shared = {name: getattr(fit, name) for name in _FROM_FIT}
        reason = fit.status.message if fit.status.is_failure else ""
        params = tuple(fit.params.tolist())
        return cls(index=index, status=int(fit.status), seconds=seconds, reason=reason, params=params, **shared)

    @classmethod
    def not_drawn(cls, index: int, reason: str, *, n_parameters: int) -> "ToyRow":
        """The row of a toy whose events could not be drawn."""
        nothing: dict[str, Any] = {name: float("nan") for name in _FROM_FIT}
        counts = {"n_events": 0, "n_starts": 0, "n_attempts": 0, "n_iterations": 0}
        status, params = int(FitStatus.NOT_DRAWN), (float("nan"),) * n_parameters
        row = nothing | counts
        return cls(index=index, status=status, seconds=0.0, reason=reason, params=params, **row)


_FROM_FIT = tuple(
    field.name for field in fields(ToyRow) if field.name not in {"index", "status", "seconds", "reason", "params"}
)


@dataclass(frozen=True, eq=False)
class Toys:
    """Toys of one hypothesis, ordered by index. Arrays have one entry for each toy; ``t`` is NaN where a toy failed.

    Attributes:
        params: shape (k, p).
        expected_overlap_z_error: see `Analysis.overlap_z_error`; None for a generator.
        rows: the same toys row by row.
    """

    rows: tuple[ToyRow, ...]
    hypothesis: Null | Alternative
    fingerprint: str
    seed: int
    n_parameters: int
    expected_overlap_z_error: float | None

    @property
    def n_toys(self) -> int:
        """Number of toys, failed ones included."""
        return len(self.rows)

    @property
    def n_failed(self) -> int:
        """Number of toys without a valid t."""
        return int(np.sum(self.status != FitStatus.CONVERGED))

    @property
    def index(self) -> IntArray:
        return self._integers("index")

    @property
    def status(self) -> IntArray:
        return self._integers("status")

    @property
    def n_events(self) -> IntArray:
        return self._integers("n_events")

    @property
    def n_starts(self) -> IntArray:
        return self._integers("n_starts")

    @property
    def t(self) -> FloatArray:
        return self._numbers("t")

    @property
    def newton_decrement(self) -> FloatArray:
        return self._numbers("newton_decrement")

    @property
    def kkt_residual(self) -> FloatArray:
        return self._numbers("kkt_residual")

    @property
    def share_at_bound(self) -> FloatArray:
        return self._numbers("share_at_bound")

    @property
    def start_gap(self) -> FloatArray:
        return self._numbers("start_gap")

    @property
    def seconds(self) -> FloatArray:
        return self._numbers("seconds")

    @property
    def params(self) -> FloatArray:
        return np.array([row.params for row in self.rows], dtype=np.float64).reshape(self.n_toys, self.n_parameters)

    def _numbers(self, name: str) -> FloatArray:
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def _integers(self, name: str) -> IntArray:
        return np.array([getattr(row, name) for row in self.rows], dtype=np.int64)

    def __str__(self) -> str:
        done = self.t[np.isfinite(self.t)]
        lines = [f"{self.n_toys} toys of {self.hypothesis.describe()}, seed {self.seed}"]
        if done.size:
            lines.append(f"t: mean {done.mean():.2f}, median {np.median(done):.2f}, largest {done.max():.2f}")
        lines += [f"{count} failed: {FitStatus(code).message}" for code, count in self._failures()]
        return "\n".join(lines)

    def _failures(self) -> Sequence[tuple[int, int]]:
        codes, counts = np.unique(self.status[self.status != FitStatus.CONVERGED], return_counts=True)
        return [(int(code), int(count)) for code, count in zip(codes, counts, strict=True)]

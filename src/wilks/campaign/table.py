"""The table of toys: one row each, failed ones included."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow

from wilks.errors import InputError
from wilks.hypotheses import Hypothesis
from wilks.toys import toy_key
from wilks.typing import BoolArray, FitStatus, FloatArray, IntArray
from wilks.wording import Printed, stacked, table

if TYPE_CHECKING:  # rows are read without what makes a fit
    from wilks.statistics.fits import FitResult


@dataclass(frozen=True)
class ToyIdentity:
    """Which toy a row is: its index, the two words of its Philox key, its hypothesis in words, the machine."""

    index: int
    key_high: int
    key_low: int
    hypothesis: str
    host: str

    @classmethod
    def of(cls, hypothesis: Hypothesis, *, seed: int, index: int, host: str) -> "ToyIdentity":
        """That of toy ``index``."""
        high, low = divmod(toy_key(hypothesis, seed=seed, index=index), 2**64)
        return cls(index, high, low, hypothesis.describe(), host)


@dataclass(frozen=True)
class ToyRow:
    """One toy: what it is, how its fit ended, and what that took.

    Attributes:
        key_high, key_low: the two words of the key of its random numbers.
        reason: empty, or what the generator or the fit said.
        observed: the auxiliary measurements, in the order of the nuisances of the analysis.
        nuisances, delta_nuisances: the best fit of each at tau and at Delta, in the user's units.
        delta_newton_decrement, delta_kkt_residual: what certifies Delta.
        began_at_delta: whether the best minimum was reached from f = 0 at the nuisances of Delta.
        attempt_status, attempt_t: of every search for this toy, the last of which decided; t of the best point even
            where that is not certified.
        seconds, host: for people only.
        params: empty where the campaign does not keep them.
    """

    index: int
    key_high: int
    key_low: int
    hypothesis: str
    status: int
    reason: str
    n_events: int
    t: float
    tau: float
    delta: float
    observed: tuple[float, ...]
    nuisances: tuple[float, ...]
    delta_nuisances: tuple[float, ...]
    delta_newton_decrement: float
    delta_kkt_residual: float
    began_at_delta: bool
    newton_decrement: float
    least_curvature: float
    kkt_residual: float
    share_at_bound: float
    start_gap: float
    n_starts: int
    n_attempts: int
    n_iterations: int
    attempt_status: tuple[int, ...]
    attempt_t: tuple[float, ...]
    seconds: float
    host: str
    params: tuple[float, ...]

    @classmethod
    def of_fit(cls, identity: ToyIdentity, fit: "FitResult", *, seconds: float, keep_params: bool = True) -> "ToyRow":
        """The row of a toy that was fitted, successfully or not."""
        return cls(
            **vars(identity),
            **{name: getattr(fit, name) for name in _FROM_FIT},
            status=int(fit.status),
            reason=fit.status.message if fit.status.is_failure else "",
            nuisances=tuple(one.value for one in fit.nuisances),
            delta_nuisances=tuple(one.value for one in fit.delta_nuisances),
            attempt_status=tuple(int(one.status) for one in fit.attempts),
            attempt_t=tuple(one.t for one in fit.attempts),
            seconds=seconds,
            params=tuple(fit.params.tolist()) if keep_params else (),
        )

    @classmethod
    def not_drawn(cls, identity: ToyIdentity, reason: str, *, n_parameters: int) -> "ToyRow":
        """The row of a toy whose events could not be drawn; as many params as are kept, all NaN."""
        nothing: dict[str, Any] = {name: float("nan") for name in _FROM_FIT}
        counts = dict.fromkeys(("n_events", "n_starts", "n_attempts", "n_iterations"), 0)
        lists = ("observed", "nuisances", "delta_nuisances", "attempt_status", "attempt_t")
        empty: dict[str, Any] = dict.fromkeys(lists, ()) | {"began_at_delta": False}
        return cls(
            **vars(identity),
            **(nothing | counts | empty),
            status=int(FitStatus.NOT_DRAWN),
            reason=reason,
            seconds=0.0,
            params=(float("nan"),) * n_parameters,
        )


_FROM_FIT = (
    *("n_events", "t", "tau", "delta", "newton_decrement", "least_curvature", "kkt_residual", "share_at_bound"),
    *("start_gap", "n_starts", "n_attempts", "n_iterations", "observed", "delta_newton_decrement"),
    *("delta_kkt_residual", "began_at_delta"),
)
_TYPES: dict[Any, pyarrow.DataType] = {
    int: pyarrow.int64(),
    float: pyarrow.float64(),
    str: pyarrow.string(),
    bool: pyarrow.bool_(),
    tuple[float, ...]: pyarrow.list_(pyarrow.float64()),
    tuple[int, ...]: pyarrow.list_(pyarrow.int64()),
}
_WORDS = ("key_high", "key_low")
SCHEMA = pyarrow.schema(
    [(field.name, pyarrow.uint64() if field.name in _WORDS else _TYPES[field.type]) for field in fields(ToyRow)]
)


def table_of(rows: Iterable[ToyRow]) -> pyarrow.Table:
    """Rows as an Arrow table of `SCHEMA`."""
    return pyarrow.Table.from_pylist([vars(row) for row in rows], schema=SCHEMA)


def rows_of(table: pyarrow.Table) -> list[ToyRow]:
    """The rows of a table of `SCHEMA`."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return [ToyRow(**{name: _hashable(value) for name, value in row.items()}) for row in rows]


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, eq=False, repr=False)
class Toys(Printed):
    """Toys of one hypothesis, ordered by index. Arrays have one entry for each toy; ``t`` is NaN where a toy failed.

    Attributes:
        table: an Arrow table with the columns of `ToyRow`.
        expected_overlap_z_error: see `Analysis.overlap_z_error`; None for a generator.
        is_penalized, is_combined: see `Statistic.is_penalized` and `Statistic.is_combined`.
    """

    table: pyarrow.Table
    hypothesis: Hypothesis
    fingerprint: str
    seed: int
    n_parameters: int
    expected_overlap_z_error: float | None
    is_penalized: bool = False
    is_combined: bool = False

    @property
    def degrees_of_freedom(self) -> float | None:
        """Of the chi-square that t may follow: the number of parameters; None with a penalty."""
        return None if self.is_penalized else float(self.n_parameters)

    def first(self, n_toys: int) -> "Toys":
        """The first ``n_toys`` of them, by index."""
        return dataclasses.replace(self, table=self.table.slice(0, n_toys))

    @property
    def rows(self) -> tuple[ToyRow, ...]:
        """The same toys row by row."""
        return tuple(rows_of(self.table))

    @property
    def n_toys(self) -> int:
        """Number of toys, failed ones included."""
        return int(self.table.num_rows)

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
    def tau(self) -> FloatArray:
        return self._numbers("tau")

    @property
    def delta(self) -> FloatArray:
        return self._numbers("delta")

    @property
    def observed(self) -> FloatArray:
        """The auxiliary measurements, shape (k, j)."""
        return self._lists("observed")

    @property
    def nuisances(self) -> FloatArray:
        """The best fit of each nuisance at tau, shape (k, j), in the user's units; NaN where a toy was not drawn."""
        return self._lists("nuisances")

    @property
    def delta_nuisances(self) -> FloatArray:
        """Those at Delta, shape (k, j)."""
        return self._lists("delta_nuisances")

    @property
    def began_at_delta(self) -> BoolArray:
        """Whether the best minimum was reached from f = 0 at the nuisances of Delta."""
        return self.table["began_at_delta"].to_numpy().astype(bool)  # type: ignore[no-any-return]

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
        """Shape (k, p).

        Raises:
            InputError: the campaign does not keep them.
        """
        values = self.table["params"].combine_chunks().flatten().to_numpy()
        if values.size != self.n_toys * self.n_parameters:
            raise InputError("the params of these toys were not kept; plan the campaign with keep_params=True")
        return values.reshape(self.n_toys, self.n_parameters)  # type: ignore[no-any-return]

    def _numbers(self, name: str) -> FloatArray:
        return self.table[name].to_numpy().astype(np.float64)  # type: ignore[no-any-return]

    def _lists(self, name: str) -> FloatArray:
        rows = self.table[name].to_pylist()
        length = max((len(row) for row in rows), default=0)
        return np.array([row or [np.nan] * length for row in rows], dtype=np.float64).reshape(len(rows), length)

    def _integers(self, name: str) -> IntArray:
        return self.table[name].to_numpy().astype(np.int64)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        mean = f", mean_t={np.nanmean(self.t):.4g}" if self.n_failed < self.n_toys else ""
        return f"Toys(n_toys={self.n_toys}, n_failed={self.n_failed}{mean}, seed={self.seed})"

    def __str__(self) -> str:
        done = self.t[np.isfinite(self.t)]
        lines = [f"{self.n_toys} toys of {self.hypothesis.describe()}, seed {self.seed}"]
        if done.size:
            numbers = (f"{value:.2f}" for value in (done.mean(), np.median(done), done.max()))
            lines.append(table([("t", *numbers)], header=("", "mean", "median", "largest")))
        lines += [f"{count} failed: {FitStatus(code).message}" for code, count in self._failures()]
        return stacked(*lines)

    def _failures(self) -> Sequence[tuple[int, int]]:
        codes, counts = np.unique(self.status[self.status != FitStatus.CONVERGED], return_counts=True)
        return [(int(code), int(count)) for code, count in zip(codes, counts, strict=True)]

"""fit(analysis, data): the learned log-ratio, its likelihood ratio t, and what certifies it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from wilks import likelihood
from wilks.analysis import Analysis, require_float64
from wilks.likelihood import Blocks, Events
from wilks.optimize import Box, Ends, Finish, Objective, approach, approach_closely, explore, finish
from wilks.samples import Sample, Standardization, check_data, merge_cells, thin
from wilks.typing import FitStatus, FloatArray

BLOCK_LENGTH = 2048
EXPLORED_CELL_WIDTH = 0.01  # moves t by some thousandths
CONTENDER_MARGIN = 0.1
_ROUNDING = 1e-6
_Tree = TypeVar("_Tree")


@dataclass(frozen=True, eq=False)
class FitResult:
    """The end of a fit. ``t``, ``params`` and the certificate belong to one and the same point.

    Attributes:
        t: tau - delta = -2 min_w L[w]; NaN if the fit failed.
        tau, delta: the two terms; without nuisances delta is 0.
        params: w at the best point found, shape (p,), whether or not it is certified.
        status: how the fit ended.
        newton_decrement, least_curvature, kkt_residual, share_at_bound: see `wilks.optimize.Certificate`.
        n_starts: starting points over all attempts; ``start_t`` (s,) holds the t at which the exploration of each
            ended, on the thinned reference.
        start_gap: the best minus the second best of ``start_t``: below 0.05 if two starts agree; NaN for one start.
        n_attempts: 1, or more after retries.
        n_iterations: of all descents together.
        n_events: in the data.
        fingerprint: of the analysis.
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
    n_attempts: int
    n_iterations: int
    n_events: int
    fingerprint: str
    nuisances: tuple[()] = field(default=())
    delta_nuisances: tuple[()] = field(default=())

    @property
    def converged(self) -> bool:
        """Whether t is certified."""
        return not self.status.is_failure

    @property
    def n_hits(self) -> int:
        """Starts whose exploration ended within 0.1 in t of the best of them."""
        ends = self.start_t[np.isfinite(self.start_t)]
        return int(np.sum(ends > np.max(ends) - CONTENDER_MARGIN)) if ends.size else 0

    @property
    def chance_missed(self) -> float:
        """(1 - k/n)^n for k hits of n starts: how often such a search misses a minimum as well hidden as its best.

        It says nothing of minima that are better hidden, as a better one may be: a small value is no proof.
        0.37 for one hit of many, below 0.05 from three hits on.
        """
        return float((1 - self.n_hits / self.n_starts) ** self.n_starts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite becomes None."""
        plain = {name: getattr(self, name) for name in _NUMBERS}
        plain = {name: None if isinstance(x, float) and not np.isfinite(x) else x for name, x in plain.items()}
        return plain | {
            "status": self.status.name.lower(),
            "message": self.status.message,
            "params": self.params.tolist(),
            "start_t": [float(x) if np.isfinite(x) else None for x in self.start_t],
            "fingerprint": self.fingerprint,
        }

    def __str__(self) -> str:
        gap = f", best two {self.start_gap:.2g} apart in t" if np.isfinite(self.start_gap) else ""
        rows = (
            ("t", f"{self.t:.4f}"),
            ("status", self.status.message),
            ("newton decrement", f"{self.newton_decrement:.1e} (in units of t)"),
            ("KKT residual", f"{self.kkt_residual:.1e}"),
            ("at the bound", f"{100 * self.share_at_bound:.0f} % of {self.params.size} parameters"),
            ("starts", f"{self.n_starts}{gap}"),
        )
        return "\n".join(f"{name:<16}  {text}" for name, text in rows)


_NUMBERS = (
    "t", "tau", "delta", "newton_decrement", "least_curvature", "kkt_residual", "share_at_bound", "n_starts",
    "start_gap", "n_attempts", "n_iterations", "n_events",
)  # fmt: skip


def fit(analysis: Analysis, data: Sample | npt.ArrayLike) -> FitResult:
    """Fit f(x; w) to data and return t = -2 min_w L[w] with its certificate.

    L[w] = sum_R w_e (exp(f) - 1) - sum_D f  (eq. 28 of "Learning New Physics from an Imperfect Machine").
    The search starts from `Search.n_starts` points made from the data and the seed of the search, descends from each
    on a thinned reference in single precision, finishes the best on all events in double precision by Newton's method,
    and keeps the lowest. If that is not certified, it is repeated with new starts, as `Search.n_retries` says. t is a
    function of (analysis, data) alone.

    Args:
        analysis: what defines t.
        data: raw events: a sample with the features of the analysis, or an array (n, d) in their order.

    Raises:
        SampleError: data that cannot be tested against this analysis, before anything is computed.

    >>> from wilks.models import MLP
    >>> from wilks.optimize import Search
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=Sample(rng.exponential(size=2000)), model=MLP(hidden=(1,), weight_clip=2.0),
    ...                     expected_events=100, search=Search(n_starts=2))
    >>> result = fit(analysis, rng.exponential(size=120))
    >>> result.converged, result.kkt_residual < 1e-3, result.t > 0
    (True, True, True)
    """
    require_float64()
    sample = check_data(data, features=analysis.features)
    return fit_events(analysis, sample.events)


def fit_events(analysis: Analysis, events: FloatArray) -> FitResult:
    """`fit` for raw events (n, d) that are known to be usable; there may be none (a toy of a small expectation)."""
    engine = analysis.cached("engine", lambda: Engine(analysis))
    data = engine.data_blocks(events)
    standardized = analysis.standardization.apply(events)
    attempts: list[tuple[Ends, Finish]] = []
    for starts in _starting_points(analysis, standardized):
        ends = engine.explore(starts, data)
        attempts.append((ends, engine.polish(_contenders(ends, engine.margin, analysis.search.n_polished), data)))
        if _is_settled(attempts):
            break
    return _result(analysis, attempts, n_events=events.shape[0])


def evaluate_t(analysis: Analysis, events: FloatArray, params: FloatArray) -> float:
    """-2 L[w] at given params, on all events: what a saved fit must reproduce."""
    engine = analysis.cached("engine", lambda: Engine(analysis))
    return -2.0 * float(engine.value(jnp.asarray(params), engine.data_blocks(events)))


def objective(log_ratio: likelihood.LogRatio, events: Events) -> Objective:
    """The loss of f = ``log_ratio`` on ``events`` as a solver wants it."""
    return Objective(
        value=lambda w: likelihood.value(log_ratio, w, events),
        value_and_gradient=lambda w: likelihood.value_and_gradient(log_ratio, w, events),
        hessian=lambda w: likelihood.hessian(log_ratio, w, events),
        curvature_guess=lambda w: likelihood.information(log_ratio, w, events),
    )


class Engine:
    """The compiled programs of one analysis and the reference on the device.

    It is there as the ``whole``; with events of one feature merged in fine cells (``near``; the whole where there is
    nothing to merge); and thinned in single precision (``coarse``). ``margin`` is how far below the best an end of the
    exploration may lie, in t, and still be the best on all events.
    """

    def __init__(self, analysis: Analysis) -> None:
        model, search, standardization = analysis.model, analysis.search, analysis.standardization
        reference = analysis.reference
        scale, n_coarse = standardization.scale, search.n_coarse
        coarse = thin(reference, scale=scale, n_events=n_coarse, seed=search.seed, cell_width=EXPLORED_CELL_WIDTH)
        near = merge_cells(reference, scale=scale)
        is_merged = near is not reference
        self._analysis = analysis
        self.whole = _reference_blocks(reference, standardization)
        self.coarse = _single(_reference_blocks(coarse, standardization))
        # Merged cells of one feature are so near the whole reference that Newton on them is worth its while.
        self.near = _reference_blocks(near, standardization) if is_merged else self.whole
        self.margin = CONTENDER_MARGIN if is_merged or coarse is reference else np.inf
        lower, upper = model.bounds(reference.n_features)
        box = Box(jnp.asarray(lower), jnp.asarray(upper))
        get_near = approach_closely if is_merged else approach

        def goal(events: Events) -> Objective:
            return objective(model.column_log_ratio, events)

        def polish(start: jax.Array, near: Events, whole: Events) -> Finish:
            return finish(search, goal(whole), get_near(search, goal(near), start, box), box)

        self._explore = jax.jit(lambda starts, events: explore(search, goal(events), starts, box))
        self._polish = jax.jit(polish)
        self._value = jax.jit(lambda params, events: goal(events).value(params))

    def explore(self, starts: FloatArray, data: Blocks) -> Ends:
        """Descents on the thinned reference from starts (s, p)."""
        ends: Ends = _to_numpy(self._explore(jnp.asarray(starts), Events(self.coarse, _single(data))))
        return ends

    def polish(self, starts: FloatArray, data: Blocks) -> Finish:
        """Certified ends on all events from starts (s, p); every entry gains a leading axis s."""
        near, whole = Events(self.near, data), Events(self.whole, data)
        ends = [_to_numpy(self._polish(jnp.asarray(start), near, whole)) for start in starts]
        finish: Finish = jax.tree.map(lambda *parts: np.stack(parts), *ends)
        return finish

    def value(self, params: jax.Array, data: Blocks) -> jax.Array:
        """L[w] on all events."""
        result: jax.Array = self._value(params, Events(self.whole, data))
        return result

    def data_blocks(self, events: FloatArray) -> Blocks:
        """Raw data events, standardized and padded to a size that nearly all data sets of the analysis share."""
        expected = self._analysis.expected_events
        capacity = expected + 6 * np.sqrt(expected)
        while capacity < events.shape[0]:
            capacity *= 2
        return _blocks(self._analysis.standardization.apply(events), np.ones(events.shape[0]), n_events=int(capacity))


def _reference_blocks(reference: Sample, standardization: Standardization) -> Blocks:
    """The standardized events that have a weight."""
    counted = reference.event_weights != 0
    return _blocks(standardization.apply(reference.events[counted]), reference.event_weights[counted])


def _single(blocks: Blocks) -> Blocks:
    """The same events in float32: half the time of a pass, at 1e-4 of error in t."""
    return Blocks(*(array.astype(jnp.float32) for array in blocks))


def _blocks(events: FloatArray, weights: FloatArray, *, n_events: int = 0) -> Blocks:
    """Events (n, d) as blocks with room for at least ``n_events``.

    Padding repeats the first event with weight 0: a point where f is as tame as on the events themselves.
    """
    n, d = events.shape
    n_blocks = max(1, -(-max(n, n_events) // BLOCK_LENGTH))
    columns = np.zeros((n_blocks * BLOCK_LENGTH, d))
    columns[:n] = events
    columns[n:] = events[0] if n else 0.0
    padded = np.zeros(n_blocks * BLOCK_LENGTH)
    padded[:n] = weights
    return Blocks(
        jnp.asarray(columns.reshape(n_blocks, BLOCK_LENGTH, d).transpose(0, 2, 1)),
        jnp.asarray(padded.reshape(n_blocks, BLOCK_LENGTH)),
    )


def _starting_points(analysis: Analysis, events: FloatArray) -> Iterator[FloatArray]:
    """The starts of each attempt, every one with twice as many as the last."""
    rng = np.random.Generator(np.random.Philox(key=analysis.search.seed))
    for attempt in range(analysis.search.n_retries + 1):
        yield analysis.model.starting_points(rng, analysis.search.n_starts * 2**attempt, events=events)


def _contenders(ends: Ends, margin: float, n_polished: int) -> FloatArray:
    """The ends within ``margin`` of the best in t, the best first, at most ``n_polished``."""
    order = np.argsort(ends.values, kind="stable")[:n_polished]
    is_near = ends.values[order] <= ends.values[order[0]] + 0.5 * margin
    best: FloatArray = np.asarray(ends.params)[order[is_near]]
    return best


def _joined(attempts: list[tuple[Ends, Finish]]) -> tuple[Ends, Finish]:
    return jax.tree.map(lambda *parts: np.concatenate(parts), *attempts)  # type: ignore[no-any-return]


def _best(finish: Finish) -> int:
    return int(np.argmin(np.where(np.isfinite(finish.value), finish.value, np.inf)))


def _is_settled(attempts: list[tuple[Ends, Finish]]) -> bool:
    finish = _joined(attempts)[1]
    return not _status(finish, _best(finish)).is_failure


def _result(analysis: Analysis, attempts: list[tuple[Ends, Finish]], *, n_events: int) -> FitResult:
    ends, finish = _joined(attempts)
    best = _best(finish)
    status = _status(finish, best)
    t = float("nan") if status.is_failure else -2.0 * float(finish.value[best])
    certificate = finish.certificate
    return FitResult(
        t=t,
        tau=t,
        delta=float("nan") if status.is_failure else 0.0,
        params=np.asarray(finish.params[best]),
        status=status,
        newton_decrement=float(certificate.newton_decrement[best]),
        least_curvature=float(certificate.least_curvature[best]),
        kkt_residual=float(certificate.kkt_residual[best]),
        share_at_bound=float(certificate.share_at_bound[best]),
        n_starts=int(ends.values.size),
        start_gap=_start_gap(np.asarray(ends.values)),
        start_t=-2.0 * np.asarray(ends.values),
        n_attempts=len(attempts),
        n_iterations=int(np.sum(ends.n_iterations) + np.sum(finish.n_iterations)),
        n_events=n_events,
        fingerprint=analysis.fingerprint(),
    )


def _status(finish: Finish, best: int) -> FitStatus:
    is_finite = np.isfinite(finish.value[best]) and np.isfinite(finish.certificate.newton_decrement[best])
    if not is_finite:
        return FitStatus.NON_FINITE
    # f = 0 lies in every box and has L = 0, so that a negative t is no minimum.
    is_minimum = finish.is_certified[best] and finish.value[best] <= _ROUNDING
    return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED


def _start_gap(values: FloatArray) -> float:
    finite = np.sort(values[np.isfinite(values)])
    return float(2.0 * (finite[1] - finite[0])) if finite.size > 1 else float("nan")


def _to_numpy(tree: _Tree) -> _Tree:
    return jax.tree.map(np.asarray, tree)  # type: ignore[no-any-return]

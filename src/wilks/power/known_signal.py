"""The test of one known signal, with nuisances profiled: what a search made for it would see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Hypothesis
from wilks.kept import kept
from wilks.likelihood import Points
from wilks.optimize import Box, Newton, Objective, certify_by
from wilks.samples import Events, Sample
from wilks.significance import median_interval
from wilks.statistics.delta import Delta
from wilks.statistics.fits import Data
from wilks.statistics.objectives import profiled_objective, shift
from wilks.statistics.points import ProblemPoints
from wilks.statistics.profiled import Profiled
from wilks.toys import check_drawable, draw_auxiliaries, draw_toy
from wilks.typing import FloatArray, is_number, plain_numbers, whole_number
from wilks.wording import Printed

_NEWTON = Newton(max_iterations=200, tolerance=1e-12)
_LARGEST = 1e3
_BEGINNINGS = (0.0, 1.0)


@dataclass(frozen=True)
class KnownSignal:
    """A signal of known shape and unknown strength: n(x | mu, nu) = r(x; nu) n(x|R_0) + mu n_S(x).

    Args:
        density_ratio: ``function(events) -> (n,)``: n_S(x) / n(x|R_0) at raw events (n, d), both in expected events.
        n_signal: the integral of n_S, expected events at mu = 1.

    Raises:
        InputError: a number of events that is not positive.
    """

    density_ratio: Callable[[FloatArray], npt.ArrayLike]
    n_signal: float

    def __post_init__(self) -> None:
        if not (is_number(self.n_signal) and np.isfinite(self.n_signal) and self.n_signal > 0):
            raise InputError(f"n_signal must be a positive number, but {self.n_signal!r} came")

    def ratios(self, events: FloatArray) -> FloatArray:
        """The density ratio at raw events (n, d).

        Raises:
            InputError: it is not one finite number that is not negative for each event.
        """
        ratio = _numbers(self.density_ratio(events))
        if ratio.shape != (events.shape[0],) or not np.all(np.isfinite(ratio) & (ratio >= 0)):
            raise InputError(
                "density_ratio must give one finite number >= 0 for each event, "
                f"but for {events.shape[0]} events it gave an array of shape {ratio.shape}"
                + ("" if ratio.shape != (events.shape[0],) else " with negative or infinite values")
            )
        return ratio


def _numbers(values: object) -> FloatArray:
    try:
        return plain_numbers(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"density_ratio must give numbers, but these cannot be read as such: {error}") from error


@dataclass(frozen=True)
class SignalFit:
    """The fit of a known signal: q_0 with the strength and the nuisances (by name) at its best; certified or not."""

    q0: float
    strength: float
    nuisances: Mapping[str, float]
    is_certified: bool

    @property
    def z_score(self) -> float:
        """sqrt(q_0): the significance in the asymptotic limit, since half of the toys of the null have q_0 = 0."""
        return float(np.sqrt(self.q0))


@dataclass(frozen=True, eq=False)
class SignalTest(Printed):
    """q_0 of toys, shape (k,), NaN where the fit was not certified."""

    q0: FloatArray

    @property
    def n_failed(self) -> int:
        """Toys without a certified fit."""
        return int(np.sum(np.isnan(self.q0)))

    @property
    def median_z_score(self) -> float:
        """median sqrt(q_0), eq. 36 of "Learning New Physics from an Imperfect Machine"."""
        return float(np.sqrt(np.nanmedian(self.q0)))

    @property
    def interval(self) -> tuple[float, float]:
        """68 % interval of the median, from order statistics; infinite below three toys."""
        return median_interval(np.sqrt(self.q0[np.isfinite(self.q0)]))

    def __str__(self) -> str:
        low, high = self.interval
        failed = f"; {self.n_failed} fits failed" if self.n_failed else ""
        return f"median sqrt(q_0) = {self.median_z_score:.2f} [{low:.2f}, {high:.2f}] from {self.q0.size} toys{failed}"


def signal_fit(
    analysis: Analysis,
    data: Sample | Events,
    *,
    signal: KnownSignal,
    auxiliaries: Mapping[str, float] | None = None,
) -> SignalFit:
    """Fit the strength mu >= 0 of a known signal and the nuisances; return q_0.

    q_0 = -2 log [ max_nu L(R_nu|D,A) / max_{mu,nu} L(mu,nu|D,A) ] with the extended likelihood of the analysis, and 0
    where the best mu is 0 (eq. 35 of "Learning New Physics from an Imperfect Machine"; Cowan, Cranmer, Gross and
    Vitells, Eur. Phys. J. C 71 (2011) 1554). The reference, its nuisances and their auxiliary measurements are those of
    the analysis; its model plays no part.

    Raises:
        InputError: data or auxiliary measurements that cannot be used, or a density ratio that is not finite.
    """
    events = analysis.checked(data).events
    return _fit(analysis, events, analysis.nuisances.observed_values(auxiliaries or {}), signal)


def signal_test(
    analysis: Analysis, hypothesis: Hypothesis, *, signal: KnownSignal, n_toys: int, seed: int
) -> SignalTest:
    """q_0 of toys of a hypothesis: the yardstick Z_ref that a model-independent test is measured with.

    The toys are those of `run_toys` with the same hypothesis and seed.

    Raises:
        InputError: toys that cannot be drawn.
    """
    n_toys, seed = whole_number(n_toys, name="n_toys", least=1), whole_number(seed, name="seed", least=0)
    check_drawable(analysis, hypothesis)
    fits = []
    for index in range(n_toys):
        events = draw_toy(analysis, hypothesis, seed=seed, index=index)
        observed = draw_auxiliaries(analysis, hypothesis, seed=seed, index=index)
        fits.append(_fit(analysis, events, observed, signal))
    return SignalTest(np.array([one.q0 if one.is_certified else np.nan for one in fits]))


def _fit(analysis: Analysis, events: FloatArray, observed: FloatArray, signal: KnownSignal) -> SignalFit:
    alone, nuisances = _delta_of(analysis), analysis.nuisances
    # Of strength in the fit, in events, so that q_0 does not depend on what they are at mu = 1.
    unit = float(np.sqrt(max(analysis.expected_events, 1.0)))
    own = alone.points.own(Data(events, observed))
    delta = alone.fit(own)
    ratios = np.zeros(own[0].counts.shape)
    ratios.reshape(-1)[: events.shape[0]] = signal.ratios(events) * (unit / signal.n_signal)
    starts = np.stack([np.append(strength, delta.z) for strength in _BEGINNINGS])
    lower, upper = nuisances.bounds
    largest = max(_LARGEST, 2.0 * events.shape[0] / unit)  # the best signal has at most as many events as the data
    box = Box(*map(jax.device_put, (np.append(0.0, lower), np.append(largest, upper))))
    background = Profiled(None, analysis.problem.effect, analysis.reference.n_features)
    data = _Data(*own, jax.device_put(ratios))
    ends = _descended(background, box, starts, alone.points.whole, data, np.asarray(unit))
    params, values, decrements = map(np.asarray, ends)
    best = int(np.argmin(np.where(np.isfinite(values), values, np.inf)))
    is_certified = delta.is_certified and bool(decrements[best] < analysis.search.decrement_tolerance)
    values_at_best = dict(zip(nuisances.names, (params[best][1:] * nuisances.sigmas).tolist(), strict=True))
    q0 = max(0.0, 2.0 * (delta.value - float(values[best])))
    return SignalFit(q0, float(params[best][0]) * unit / signal.n_signal, values_at_best, is_certified)


@kept(most=1)
def _delta_of(analysis: Analysis) -> Delta:
    return Delta(analysis.problem, ProblemPoints(analysis.problem))


class _Data(NamedTuple):
    """Data with auxiliary measurements (j,) and the density ratio rho at each of their points."""

    points: Points
    observed: jax.Array
    ratios: jax.Array


@jax.jit
def _descended(
    background: Profiled, box: Box, starts: jax.Array, reference: Points, data: _Data, n_signal: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Params (s, 1 + j), values and Newton decrements (s,) at the ends of Newton's method from ``starts``, for

    L[mu, nu] = sum_R w (r - 1) + mu N_S - sum_D log(r + mu rho) - log L(nu|A)/L(0|A).
    """
    without = profiled_objective(background, (reference,), data.observed)

    def value(theta: jax.Array) -> jax.Array:
        strength, z = theta[0], theta[1:]
        log_r = jax.vmap(lambda columns: background.column_log_ratio(z, columns))(data.points.columns)
        log_r = log_r + shift(background, z, (reference,))
        # log(r + mu rho) = log r + log(1 + mu rho / r), exact also where mu = 0.
        terms = log_r + jnp.log1p(strength * data.ratios * jnp.exp(-log_r))
        return without.value(z) + strength * n_signal - jnp.sum(data.points.counts * terms)

    objective = Objective(value, jax.value_and_grad(value), jax.hessian(value), jax.hessian(value))

    def one(start: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        end = _NEWTON.run(objective, start, box)
        certificate = certify_by(end.params, end.gradient, end.memory, box)
        return end.params, end.value, certificate.newton_decrement

    ends: tuple[jax.Array, jax.Array, jax.Array] = jax.lax.map(one, starts)
    return ends

"""The binned analysis of one variable, with templates of signal and nuisances: what a search for it would see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, ToySource
from wilks.nuisances import Nuisances
from wilks.nuisances.effect import Auxiliaries
from wilks.optimize import Box, Newton, Objective, certify_by
from wilks.power.binning import Binning
from wilks.problem import Problem
from wilks.samples import Events, Sample
from wilks.significance import chi2_z_score
from wilks.typing import BoolArray, FloatArray, finite_number

_NEWTON = Newton(max_iterations=200, tolerance=1e-12)
_TOGETHER, _N_DRAWN, _LARGEST = 64, 100_000, 1e3


@dataclass(frozen=True, eq=False)
class Templates:
    """What is expected in each bin b.

        n_b(mu, z) = B_b prod_j (1 + f_j z_j) exp(sum_j s_bj z_j + sum_jk c_bjk z_j z_k / 2) + mu S_b

    Args:
        edges: shape (b + 1,).
        background: B, expected events of the reference (b,).
        slopes: s (b, j), per sigma of a nuisance.
        bends: c (b, j, j).
        signal: S, the share of the signal that falls into each bin (b,); the outside of the edges lacks.
        factors: f, sigma of a normalization that is the factor 1 + nu, whose s and c are 0; 0 of others (j,).
    """

    edges: FloatArray
    background: FloatArray
    slopes: FloatArray
    bends: FloatArray
    signal: FloatArray
    factors: FloatArray

    def expected(self, z: FloatArray, n_signal: float = 0.0) -> FloatArray:
        """n_b at nuisances z (j,), in sigmas, with ``n_signal`` events of signal; shape (b,)."""
        shift = self.slopes @ z + 0.5 * np.einsum("bjk,j,k->b", self.bends, z, z)
        shift = shift + np.sum(np.log1p(self.factors * z))
        return np.asarray(self.background * np.exp(shift) + n_signal * self.signal)


@dataclass(frozen=True, eq=False)
class BinnedFits:
    """Fits of k data sets, the numbers of which have shape (k,); not certified ones are not to be used.

    Args:
        q0: of the signal strength, 0 where the best one is 0.
        strength: events of signal, in and outside the bins.
        z: the nuisances in sigmas (k, j) beside this strength.
        goodness: the likelihood ratio to the saturated model, without signal.
        is_certified: by the Newton decrements of all three minima.
    """

    q0: FloatArray
    strength: FloatArray
    z: FloatArray
    goodness: FloatArray
    is_certified: BoolArray


@dataclass(frozen=True)
class BinnedFit:
    """The binned fit of one data set: q_0 with strength (events) and nuisances (by name) at its best, and its goodness.

    ``goodness_dof`` is the number of bins less that of unconstrained nuisances.
    """

    q0: float
    strength: float
    nuisances: Mapping[str, float]
    goodness: float
    goodness_dof: int
    is_certified: bool

    @property
    def z_score(self) -> float:
        """sqrt(q_0), one-sided, in the asymptotic limit."""
        return float(np.sqrt(self.q0))

    @property
    def goodness_z_score(self) -> float:
        """Z of the goodness of fit from a chi-square, in the asymptotic limit; NaN without degrees of freedom."""
        return goodness_z_score(self.goodness, self.goodness_dof)


class BinnedSearch:
    """Counts in bins of one variable against templates of a known signal and of the nuisances of an analysis.

    The model-dependent yardstick of section 4.4 of "Learning New Physics from an Imperfect Machine" (eq. 38 to 41),
    with Poisson counts n_b and auxiliary measurements A:

        log L(mu, nu) = sum_b [ n_b log n_b(mu, nu) - n_b(mu, nu) ] + log L(nu|A),    n_b(mu, nu): `Templates`,
        q_0 = 2 [ max_{mu >= 0, nu} log L - max_nu log L(0, nu) ],    Z = sqrt(q_0)
        goodness of fit = 2 [ max over any n_b and nu  of log L - max_nu log L(0, nu) ]

    Templates are the histogram of the reference at each nuisance moved by one sigma up and down, and at each pair moved
    up, by the responses of the analysis: w r(x; nu). Between and beyond, the logarithm of a bin is a quadratic
    polynomial through these: exact for a normalization by exp(nu), which eq. 38 has, equal to the polynomial of eq. 38
    to second order, and never negative. A normalization by 1 + nu (`LogNormal`, `PoissonCount`) is that factor itself.
    The signal has no nuisances, as that of toys (`wilks.Alternative`), and the templates no statistical error.

    Args:
        analysis: its reference, nuisances and auxiliary measurements; its model plays no part.
        binning: the variable and its bins.
        signal: events of the signal, weighted or not, or a generator, of which 100,000 are drawn.

    Raises:
        InputError: a variable that cannot be computed, bins without events, or a signal outside of all of them; several
            regions.

    >>> import wilks
    >>> x = np.linspace(0.0, 4.0, 400, endpoint=False)
    >>> analysis = wilks.Analysis(reference=wilks.Sample(x), model=wilks.Kernel(width=1.0), standardize=False)
    >>> search = BinnedSearch(analysis, Binning("x0", bins=(0, 1, 2, 3, 4)), signal=wilks.Sample([2.5]))
    >>> round(search.asimov(30.0).z_score, 3)  # sqrt(2 (130 log 1.3 - 30))
    2.866
    """

    def __init__(self, analysis: Analysis, binning: Binning, *, signal: ToySource) -> None:
        analysis.require_one_region("a binned search")
        self.analysis, self.binning, self._signal = analysis, binning, signal
        self.templates = _templates(analysis.problem, binning, _signal_sample(signal, analysis.features))

    @property
    def name(self) -> str:
        """In tables."""
        return f"binned {self.binning.variable} ({self.templates.background.size} bins)"

    @property
    def goodness_dof(self) -> int:
        """Degrees of freedom of the goodness of fit in the asymptotic limit."""
        return self.templates.background.size - sum(not one.is_constrained for one in self.analysis.nuisances)

    def counts(self, events: FloatArray) -> FloatArray:
        """Events in each bin (b,) of raw events (n, d)."""
        values = self.binning.values(events, features=self.analysis.features)
        return np.histogram(values, self.templates.edges)[0].astype(np.float64)

    def fit(self, data: Sample | Events, *, auxiliaries: Mapping[str, float] | None = None) -> BinnedFit:
        """Fit strength and nuisances to data, with auxiliary measurements by name.

        Raises:
            InputError: data or auxiliary measurements that cannot be used.
        """
        events = self.analysis.checked(data).events
        observed = self.analysis.nuisances.observed_values(auxiliaries or {})
        return self._one(self.counts(events), observed)

    def asimov(self, alternative: float | Alternative) -> BinnedFit:
        """The fit of what an alternative expects: its Z is about the median one.

        Cowan, Cranmer, Gross and Vitells, Eur. Phys. J. C 71 (2011) 1554, section 3.2.

        Args:
            alternative: with a signal of its own, also another one than that of the templates, whose background at the
                true nuisances these give; or how many events of the signal of the templates, nuisances at 0.

        Raises:
            InputError: an alternative that replaces the distribution, a nuisance that the analysis does not have, or a
                measurement that cannot come out so.
        """
        if not isinstance(alternative, Alternative):
            n_signal = finite_number(alternative, name="n_signal")
            return self._expected(self.templates.expected(np.zeros(len(self.analysis.nuisances)), n_signal), {}, {})
        if alternative.source is not None:
            raise InputError("an alternative must add a signal to what the templates expect, but it replaces all of it")
        return self._expected(self._counts_of(alternative), alternative.nuisances, alternative.auxiliary_offsets)

    def _counts_of(self, alternative: Alternative) -> FloatArray:
        """Expected events in each bin (b,)."""
        expected = self.templates.expected(self.analysis.nuisances.in_sigmas(alternative.nuisances))
        if alternative.expected_background is not None:
            expected = expected * (alternative.expected_background / self.analysis.expected_events)
        if alternative.signal is None or alternative.n_signal is None:
            return expected
        shares = self.templates.signal
        if alternative.signal is not self._signal:
            shares = _shares(
                _signal_sample(alternative.signal, self.analysis.features), self.binning, self.templates.edges
            )
        return expected + alternative.n_signal * shares

    def _expected(self, counts: FloatArray, true: Mapping[str, float], offsets: Mapping[str, float]) -> BinnedFit:
        """The fit of expected counts (b,) with the measurements that are expected at true nuisances, with offsets."""
        nuisances = self.analysis.nuisances
        centers = nuisances.values(true) + nuisances.values(offsets)
        values = {one.name: one.auxiliary.observed_at(float(at)) for one, at in zip(nuisances, centers, strict=True)}
        return self._one(counts, nuisances.observed_values(values))

    def fits(self, counts: FloatArray, observed: FloatArray) -> BinnedFits:
        """Fits of k data sets, from counts (k, b) and auxiliary measurements (k, j)."""
        parts = [
            self._chunk(counts[k : k + _TOGETHER], observed[k : k + _TOGETHER])
            for k in range(0, len(counts), _TOGETHER)
        ]
        return BinnedFits(*(np.concatenate(one) for one in zip(*parts, strict=True)))

    def _one(self, counts: FloatArray, observed: FloatArray) -> BinnedFit:
        found, nuisances = self.fits(counts[None], observed[None]), self.analysis.nuisances
        values = dict(zip(nuisances.names, (found.z[0] * nuisances.sigmas).tolist(), strict=True))
        numbers = float(found.q0[0]), float(found.strength[0]), values, float(found.goodness[0])
        return BinnedFit(*numbers, self.goodness_dof, bool(found.is_certified[0]))

    def _chunk(self, counts: FloatArray, observed: FloatArray) -> Iterator[FloatArray | BoolArray]:
        """The entries of `BinnedFits`; few data sets are filled up to the shape that is compiled."""
        templates, nuisances = self.templates, self.analysis.nuisances
        n, lacking = counts.shape[0], _TOGETHER - counts.shape[0]
        counts = np.concatenate([counts, np.tile(templates.background, (lacking, 1))])
        observed = np.concatenate([observed, np.tile(nuisances.observed, (lacking, 1))])
        lower, upper = nuisances.bounds
        estimates = np.array([nuisances.estimates(one) for one in observed]).reshape(observed.shape) / nuisances.sigmas
        unit = float(np.sqrt(max(templates.background.sum(), 1.0)))
        given = (templates.background, templates.slopes, templates.bends, templates.signal * unit)
        factors = jnp.asarray(templates.factors) if np.any(templates.factors) else None
        arrays = _Arrays(*map(jnp.asarray, given))._replace(factors=factors)
        own = _Own(*map(jnp.asarray, (counts, observed, np.clip(estimates, lower, upper))))
        ends = _ends(arrays, own, Box(jnp.asarray(lower), jnp.asarray(upper)), self.analysis.problem.effect.auxiliaries)
        q0, theta, goodness, decrement = (np.asarray(one)[:n] for one in ends)
        is_certified = np.isfinite(q0) & (decrement < self.analysis.search.decrement_tolerance)
        yield from (np.where(theta[:, 0] > 0, q0, 0.0), theta[:, 0] * unit, theta[:, 1:], goodness, is_certified)


def goodness_z_score(goodness: float, dof: int) -> float:
    """Z of a goodness of fit from the chi-square of its asymptotic limit; NaN of a fit that failed, or without any dof.

    >>> round(goodness_z_score(9.0, 1), 2)
    2.78
    """
    return math.nan if math.isnan(goodness) or dof < 1 else chi2_z_score(float(goodness), dof)


def _signal_sample(signal: ToySource, features: tuple[str, ...]) -> Sample:
    if isinstance(signal, Generator):
        rng = np.random.Generator(np.random.Philox(0))
        return Sample(signal.draw(rng, _N_DRAWN, n_features=len(features), nuisances={}), features=features)
    if signal.features != features:
        raise InputError(
            f"the signal must have the features {', '.join(features)} in this order, but it has "
            f"{', '.join(signal.features)}"
        )
    return signal


def _templates(problem: Problem, binning: Binning, signal: Sample) -> Templates:
    reference, edges = problem.reference, binning.edges(problem.reference)
    values = binning.values(reference.events, features=reference.features)
    shares = _shares(signal, binning, edges)
    if not np.all(shares >= 0) or not shares.sum() > 0:
        raise InputError(
            f"the signal must have positive sums of weights in the bins of {binning.variable!r}, none of them "
            f"negative, but they are {shares.tolist()}; give other bins"
        )
    background = np.histogram(values, edges, weights=reference.event_weights)[0]
    slopes, bends = _shifts(problem.nuisances, reference, _Bins(values, edges, background))
    factors = np.array([one.scale if one.is_factor else 0.0 for one in problem.nuisances])
    return Templates(edges, background, slopes, bends, shares, factors)


def _shares(signal: Sample, binning: Binning, edges: FloatArray) -> FloatArray:
    """The share of a signal that falls into each bin (b,)."""
    values = binning.values(signal.events, features=signal.features)
    return np.asarray(np.histogram(values, edges, weights=signal.event_weights)[0] / signal.expected_events)


class _Bins(NamedTuple):
    values: FloatArray
    edges: FloatArray
    background: FloatArray


def _shifts(nuisances: Nuisances, reference: Sample, bins: _Bins) -> tuple[FloatArray, FloatArray]:
    """Slopes (b, j) and bends (b, j, j) of the logarithms of the bins; 0 of factors 1 + nu, which are exact."""
    j, b = len(nuisances), bins.background.size
    slopes, bends = np.zeros((b, j)), np.zeros((b, j, j))
    if not j:
        return slopes, bends
    on, steps = nuisances.on(reference.events), np.diag(np.minimum(1.0, -0.5 * nuisances.bounds[0]))

    def log_content(z: FloatArray) -> FloatArray:
        weights = reference.event_weights * np.exp(on.shifted_log_ratio(z, reference.event_weights))
        ratio = np.histogram(bins.values, bins.edges, weights=weights)[0] / bins.background
        if not np.all(ratio > 0):
            raise InputError(
                "nuisances must leave a positive content in every bin, but at "
                f"{dict(zip(nuisances.names, (z * nuisances.sigmas).tolist(), strict=True))} bins from "
                f"{bins.edges[:-1][ratio <= 0].tolist()} have none; give wider bins"
            )
        return np.log(ratio)

    chosen = [one for one, nuisance in enumerate(nuisances) if not nuisance.is_factor]
    up = {one: log_content(steps[one]) for one in chosen}
    for one in chosen:
        step = steps[one]
        h, down = step[one], log_content(-step)
        slopes[:, one], bends[:, one, one] = (up[one] - down) / (2 * h), (up[one] + down) / h**2
        for other in (other for other in chosen if other < one):
            mixed = (log_content(step + steps[other]) - up[one] - up[other]) / (h * steps[other, other])
            bends[:, one, other] = bends[:, other, one] = mixed
    return slopes, bends


class _Arrays(NamedTuple):
    """Of `Templates`, the signal in other units; no factors where all are 0, so that programs do without them."""

    background: jax.Array
    slopes: jax.Array
    bends: jax.Array
    signal: jax.Array
    factors: jax.Array | None = None


class _Own(NamedTuple):
    """Of data sets: counts (k, b), auxiliary measurements (k, j), and the nuisances that these prefer."""

    counts: jax.Array
    observed: jax.Array
    estimates: jax.Array


@jax.jit
def _ends(arrays: _Arrays, own: _Own, box: Box, auxiliaries: Auxiliaries) -> tuple[jax.Array, ...]:
    """q0, theta = (mu, z) at the best, goodness and the larger of the Newton decrements, for each data set."""

    def one(data: _Own) -> tuple[jax.Array, ...]:
        objective, zeros = _objective(arrays, data, auxiliaries), jnp.zeros_like(data.estimates)
        without = Box(jnp.append(0.0, box.lower), jnp.append(0.0, box.upper))
        # The best mu is at most the number of events over the share of signal in the bins: log L falls beyond.
        largest = jnp.maximum(_LARGEST, 2.0 * jnp.sum(data.counts) / jnp.sum(arrays.signal))
        with_signal = without._replace(upper=jnp.append(largest, box.upper))
        base = _best(objective, [jnp.append(0.0, zeros), jnp.append(0.0, data.estimates)], without)
        begins = [base.params, base.params.at[0].set(1.0), jnp.append(1.0, zeros)]
        best, saturated = _best(objective, begins, with_signal), _saturated(arrays, data, auxiliaries)
        q0, goodness = (jnp.maximum(2.0 * (base.value - least), 0.0) for least in (best.value, saturated))
        return q0, best.params, goodness, jnp.maximum(base.decrement, best.decrement)

    ends: tuple[jax.Array, ...] = jax.lax.map(one, own)
    return ends


def _objective(arrays: _Arrays, data: _Own, auxiliaries: Auxiliaries) -> Objective:
    """-log L(mu, nu) + log L(0, 0) of counts (b,) and auxiliary measurements (j,), as a function of (mu, z)."""

    def value(theta: jax.Array) -> jax.Array:
        mu, z = theta[0], theta[1:]
        shift = arrays.slopes @ z + 0.5 * (arrays.bends @ z) @ z
        if arrays.factors is not None:
            shift = shift + jnp.sum(jnp.log1p(arrays.factors * z))
        # log(B e^s + mu S) = log B + s + log1p(mu S e^-s / B), exact also where mu = 0.
        terms = shift + jnp.log1p(mu * arrays.signal / arrays.background * jnp.exp(-shift))
        change = arrays.background @ jnp.expm1(shift) + mu * jnp.sum(arrays.signal)
        return change - data.counts @ terms - auxiliaries.log_ratio(z, data.observed)

    return Objective(value, jax.value_and_grad(value), jax.hessian(value), jax.hessian(value))


def _saturated(arrays: _Arrays, data: _Own, auxiliaries: Auxiliaries) -> jax.Array:
    """The same where every bin expects its count, and nuisances are what their measurements prefer."""
    excess = jax.scipy.special.xlogy(data.counts, data.counts / arrays.background)
    of_bins = jnp.sum(data.counts - arrays.background - excess)
    return of_bins - auxiliaries.log_ratio(data.estimates, data.observed)


class _End(NamedTuple):
    params: jax.Array
    value: jax.Array
    decrement: jax.Array


def _best(objective: Objective, starts: list[jax.Array], region: Box) -> _End:
    """The lowest end of descents in a box."""
    ends = jax.lax.map(lambda start: _NEWTON.run(objective, start, region), jnp.stack(starts))
    at = jnp.argmin(jnp.where(jnp.isfinite(ends.value), ends.value, jnp.inf))
    end = jax.tree.map(lambda entry: entry[at], ends)
    certificate = certify_by(end.params, end.gradient, end.memory, region)
    return _End(end.params, end.value, certificate.newton_decrement)

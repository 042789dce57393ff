"""The learned log ratio f of a fit at all events that took part."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.kept import kept
from wilks.samples import Sample
from wilks.samples.rows import row_digest
from wilks.statistics.fits import FitResult, FittedNuisance
from wilks.typing import FloatArray

_MOST_NUMBERS = 2**24  # 128 MiB


@dataclass(frozen=True, eq=False)
class LearnedRatio:
    """The learned log ratio f of one fit, at all events that took part.

    Attributes:
        analysis: of the fit.
        params: w of f(x; w), shape (p,).
        data: f of the data (n,); minus infinity where a model says that none can lie, as does a histogram.
        reference: f of the reference events (m,).
        reference_weights: w r(x; nu) of the reference events (m,), nu the nuisances of tau; they sum to the number of
            events expected there.
        nuisances, delta_nuisances: those of tau and of Delta by name, in the user's units.
        t: of the fit.
    """

    analysis: Analysis
    params: FloatArray
    data: FloatArray
    reference: FloatArray
    reference_weights: FloatArray
    nuisances: Mapping[str, float] = field(default_factory=dict)
    delta_nuisances: Mapping[str, float] = field(default_factory=dict)
    t: float = math.nan

    @property
    def is_score(self) -> bool:
        """Whether f is the first step of a fit, by a loss that is expanded to second order."""
        return bool(getattr(self.analysis.model, "is_score", False))

    @cached_property
    def delta_weights(self) -> FloatArray:
        """w r(x; nu) of the reference events (m,), nu the nuisances of Delta."""
        return self.analysis.moved_weights(self.delta_nuisances)

    @property
    def expected_events(self) -> float:
        """The sum of the reference weights."""
        return float(np.sum(self.reference_weights))

    @property
    def bounded(self) -> tuple[FloatArray, FloatArray]:
        """f of the data and of the reference, infinite values replaced by one beyond all finite ones."""
        both = np.concatenate([self.data, self.reference])
        finite = both[np.isfinite(both)]
        low, high = (float(np.min(finite)), float(np.max(finite))) if finite.size else (0.0, 0.0)
        data, reference = (np.clip(one, low - 1.0, high + 1.0) for one in (self.data, self.reference))
        return data, reference

    def log_ratio(self, sample: Sample) -> FloatArray:
        """f of any sample (n,) that has the features of the analysis among its columns, in any order.

        Raises:
            SampleError: a feature is missing.
        """
        return self.analysis.log_ratio(self._events(sample), self.params)

    def columns(self, data: Sample) -> tuple[str, ...]:
        """`common_columns` of the analysis and the data."""
        return common_columns(self.analysis, data)

    def log_r(self, sample: Sample) -> tuple[FloatArray, FloatArray]:
        """log r(x; nu) of any such sample at the nuisances of tau and at those of Delta, each (n,).

        Where a yield is known, with the shift to it.
        """
        if not self.nuisances or not sample.n_events:
            return np.zeros(sample.n_events), np.zeros(sample.n_events)
        nuisances = self.analysis.nuisances
        response, z = nuisances.on(self._events(sample)), self._in_sigmas
        at_tau, at_delta = (response.log_ratio(one) + shift for one, shift in zip(z, self._shifts, strict=True))
        return at_tau, at_delta

    def moves(self, sample: Sample) -> FloatArray:
        """log r at the nuisances of tau less that at those of Delta, of any such sample (n,)."""
        at_tau, at_delta = self.log_r(sample)
        return at_tau - at_delta

    @property
    def _in_sigmas(self) -> tuple[FloatArray, FloatArray]:
        """The nuisances of tau and of Delta in units of their sigma, each (j,)."""
        in_sigmas = self.analysis.nuisances.in_sigmas
        return in_sigmas(self.nuisances), in_sigmas(self.delta_nuisances)

    @cached_property
    def _shifts(self) -> tuple[float, ...]:
        """What a known yield adds to log r, the same at all events, at tau and at Delta."""
        nuisances, reference = self.analysis.nuisances, self.analysis.reference
        if not nuisances.is_shifted:
            return 0.0, 0.0
        response, weights = nuisances.on(reference.events), reference.event_weights
        return tuple(
            float(response.shifted_log_ratio(z, weights)[0] - response.log_ratio(z)[0]) for z in self._in_sigmas
        )

    def _events(self, sample: Sample) -> FloatArray:
        return np.stack([sample.column(name) for name in self.analysis.features], axis=1)


def learned_ratio(analysis: Analysis, data: Sample, *, fit: FitResult) -> LearnedRatio:
    """f of the data and the reference, with the reference weights at the nuisances of tau.

    Raises:
        InputError: a fit that failed, or of another analysis or other data.
    """
    check_fit(analysis, data, fit)
    return learned_at(analysis, data, fit=fit)


def learned_at(analysis: Analysis, data: Sample, *, fit: FitResult) -> LearnedRatio:
    """The same of a fit that is known to be of such an analysis."""
    of_data = analysis.log_ratio(data.events, fit.params)
    return _learned(analysis, fit, of_data, reference_log_ratio(analysis, fit.params))


def learned_by(analysis: Analysis, data: Sample, *, fits: Sequence[FitResult]) -> Iterator[LearnedRatio]:
    """`learned_at` of several fits, evaluated together."""
    both = log_ratios_at(analysis, data, fits=fits), reference_log_ratios(analysis, fits=fits)
    for fit, of_data, of_reference in zip(fits, *both, strict=True):
        yield _learned(analysis, fit, of_data, of_reference)


def _learned(analysis: Analysis, fit: FitResult, of_data: FloatArray, of_reference: FloatArray) -> LearnedRatio:
    at_tau, at_delta = values_of(fit.nuisances), values_of(fit.delta_nuisances)
    weights = analysis.moved_weights(at_tau)
    return LearnedRatio(analysis, fit.params, of_data, of_reference, weights, at_tau, at_delta, fit.t)


@kept(most=2, key=lambda params: params.tobytes())
def reference_log_ratio(analysis: Analysis, params: FloatArray) -> FloatArray:
    """f at all events of the reference (m,), which takes longest of all; the last two are kept."""
    f = analysis.log_ratio(analysis.reference.events, params)
    f.flags.writeable = False
    return f


def reference_log_ratios(analysis: Analysis, *, fits: Sequence[FitResult]) -> Iterable[FloatArray]:
    """The same by each of several fits, evaluated together; the last ones are kept where they fit into some memory."""
    if len(fits) * analysis.reference.n_events > _MOST_NUMBERS:
        return log_ratios_at(analysis, analysis.reference, fits=fits)
    return _kept_log_ratios(analysis, fits=fits)


@kept(most=1, key=lambda fits: tuple(one.params.tobytes() for one in fits))
def _kept_log_ratios(analysis: Analysis, *, fits: Sequence[FitResult]) -> tuple[FloatArray, ...]:
    return tuple(log_ratios_at(analysis, analysis.reference, fits=fits))


def log_ratios_at(analysis: Analysis, sample: Sample, *, fits: Sequence[FitResult]) -> Iterator[FloatArray]:
    """f of a sample (n,) by each of several fits, as many together as fit into some memory."""
    n_together = max(1, _MOST_NUMBERS // max(1, sample.n_events))
    events = analysis.standardization.apply(sample.events[:])
    for first in range(0, len(fits), n_together):
        params = [one.params for one in fits[first : first + n_together]]
        yield from analysis.model.log_ratios(params, events)


def values_of(fitted: tuple[FittedNuisance, ...]) -> dict[str, float]:
    """Fitted values by name."""
    return {one.name: one.value for one in fitted}


def common_columns(analysis: Analysis, data: Sample) -> tuple[str, ...]:
    """Names of the features, then of the carried columns in which the reference and the data have values."""
    carried = (name for name in analysis.reference.extras if name in data.extras)
    samples = analysis.reference, data
    return (
        *analysis.features,
        *(name for name in carried if all(one.n_without(name) < one.n_events for one in samples)),
    )


def check_fit(analysis: Analysis, data: Sample, fit: object) -> None:
    """Raise unless a fit is a converged one of this analysis and these data.

    Raises:
        InputError: what is wrong, and what to give.
    """
    if not isinstance(fit, FitResult):
        raise InputError(
            f"fit must be what wilks.fit returns, but {type(fit).__name__} came; of an answer give result.fit"
        )
    if not fit.converged:
        raise InputError(
            f"a region needs the f of a converged fit, but this one failed: {fit.status.message}; fit again, then ask"
        )
    require_own(analysis, fit)
    if fit.n_events != data.n_events:
        raise InputError(
            f"the data must be those of the fit, which had {fit.n_events:,} events, but {data.n_events:,} came; "
            "give the data that were fitted"
        )
    if fit.content and fit.content != row_digest(data.events):
        raise InputError(
            f"the data must be those of the fit, but other values came in these {data.n_events:,} events; give "
            "the data that were fitted"
        )


def require_own(analysis: Analysis, fit: FitResult) -> None:
    """Raise InputError unless a fit is one of this analysis."""
    if fit.fingerprint != analysis.fingerprint():
        raise InputError(
            f"the fit must be of this analysis, {analysis.fingerprint()[:12]}, but it is of {fit.fingerprint[:12]}; "
            "give the analysis that it was made with"
        )

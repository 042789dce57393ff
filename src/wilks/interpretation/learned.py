"""The learned log ratio f of a fit at all events that took part."""

from dataclasses import dataclass

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray


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
    """

    analysis: Analysis
    params: FloatArray
    data: FloatArray
    reference: FloatArray
    reference_weights: FloatArray

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
        columns = [sample.column(name) for name in self.analysis.features]
        return self.analysis.log_ratio(np.stack(columns, axis=1), self.params)


def learned_ratio(analysis: Analysis, data: Sample, *, fit: FitResult) -> LearnedRatio:
    """f of the data and the reference, with the reference weights at the nuisances of tau.

    Raises:
        InputError: a fit that failed, or of another analysis or other data.
    """
    _check_fit(analysis, data, fit)
    return LearnedRatio(
        analysis=analysis,
        params=fit.params,
        data=analysis.log_ratio(data.events, fit.params),
        reference=analysis.log_ratio(analysis.reference.events, fit.params),
        reference_weights=analysis.moved_weights({one.name: one.value for one in fit.nuisances}),
    )


def common_columns(analysis: Analysis, data: Sample) -> tuple[str, ...]:
    """Names of the features, then of the carried columns in which the reference and the data have values."""
    carried = (name for name in analysis.reference.extras if name in data.extras)
    samples = analysis.reference, data
    return (
        *analysis.features,
        *(name for name in carried if all(one.n_without(name) < one.n_events for one in samples)),
    )


def _check_fit(analysis: Analysis, data: Sample, fit: object) -> None:
    if not isinstance(fit, FitResult):
        raise InputError(
            f"fit must be what wilks.fit returns, but {type(fit).__name__} came; of an answer give result.fit"
        )
    if not fit.converged:
        raise InputError(
            f"a region needs the f of a converged fit, but this one failed: {fit.status.message}; fit again, then ask"
        )
    if fit.fingerprint != analysis.fingerprint():
        raise InputError(
            f"the fit must be of this analysis, {analysis.fingerprint()[:12]}, but it is of {fit.fingerprint[:12]}; "
            "give the analysis that it was made with"
        )
    if fit.n_events != data.n_events:
        raise InputError(
            f"the data must be those of the fit, which had {fit.n_events:,} events, but {data.n_events:,} came; "
            "give the data that were fitted"
        )

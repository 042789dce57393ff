"""The main question: do these data agree with the reference?"""

import dataclasses
from typing import overload

import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.calibration import AnalyticGoodnessOfFit, Calibration, GoodnessOfFit, analytic_answer, score_null
from wilks.fitting import fit
from wilks.samples import Sample, check_data, shared_events


@overload
def goodness_of_fit(analysis: Analysis, data: Sample | npt.ArrayLike, *, calibration: Calibration) -> GoodnessOfFit: ...
@overload
def goodness_of_fit(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, calibration: None = None
) -> AnalyticGoodnessOfFit: ...
def goodness_of_fit(
    analysis: Analysis, data: Sample | npt.ArrayLike, *, calibration: Calibration | None = None
) -> GoodnessOfFit | AnalyticGoodnessOfFit:
    """Fit the data and return p and Z of their t among the toys of the calibration.

    p = (k + m + 1)/(n + 1) for k of n null toys at or above the t of the data and m failed toys,
    with a Clopper-Pearson interval. If the toys follow the chi-square of the model's number of
    parameters, its p and Z stand beside it with their label. A fit that failed gives no p.

    Without a calibration the analytic null answers, for the score statistic of a kernel alone
    (`ScoreNull`); its result has the same names.

    Raises CalibrationError, before the fit, without a calibration that the analysis needs, or
    with toys of another analysis or of another hypothesis than the null; SampleError for data
    that the analysis cannot use.

    For a fit that exists already, ``calibration.evaluate(fit)`` gives the same numbers:

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from wilks.calibration import calibrate
    >>> from wilks.typing import FitStatus
    >>> calibration = calibrate(np.random.default_rng(1).chisquare(13, size=1000), degrees_of_freedom=13)
    >>> fit = SimpleNamespace(t=48.0, converged=True, status=FitStatus.CONVERGED, fingerprint="",
    ...     n_events=2000, n_starts=10, start_gap=0.0, share_at_bound=0.2)
    >>> calibration.evaluate(fit).p_text
    'p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL)'
    """
    sample = check_data(data, features=analysis.features)
    if calibration is None:
        null = score_null(analysis)
        null.require_confirmed()
        return analytic_answer(fit(analysis, sample), null, warnings=tuple(_sample_notices(analysis, sample)))
    calibration.check_usable(analysis.fingerprint())
    calibration.check_count(sample.n_events)
    result = calibration.evaluate(fit(analysis, sample))
    return dataclasses.replace(result, warnings=(*result.warnings, *_sample_notices(analysis, sample)))


def _sample_notices(analysis: Analysis, data: Sample) -> list[str]:
    """What the reference, and the data beside it, make of the answer."""
    notices = []
    negative = analysis.reference.event_weights < 0
    if negative.any():
        notices.append(
            f"{int(negative.sum()):,} reference events have negative weights: the loss is then not convex in f, and "
            "where the net weight is negative the weight clip alone bounds it"
        )
    n_shared = shared_events(analysis.reference, data)
    if n_shared:
        notices.append(
            f"{n_shared:,} of {data.n_events:,} data events are in the reference too: the two look too much alike"
        )
    return notices

"""The null law of t that needs no toys, for the statistics that have one."""

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.kept import kept
from wilks.statistics import known_nulls
from wilks.statistics.analytic import AnalyticLaw
from wilks.statistics.fits import FitResult
from wilks.threads import one_blas_thread
from wilks.toys import require_like_reference
from wilks.typing import whole_number


@one_blas_thread()
def analytic_null(analysis: Analysis, fit: FitResult | None = None, *, n_events: int | None = None) -> AnalyticLaw:
    """The null law of t; without nuisances it is made once and kept with the analysis.

    It is the law given this reference, as far as the pool of the analysis says where the reference is off nature; the
    law over references of this size if toys come from elsewhere. With nuisances it is the law at those of Delta and the
    auxiliary measurements of a fit, were they the true ones.

    Args:
        analysis: with a model whose null law is known, such as ``Kernel(is_score=True)``.
        fit: of the data, with nuisances; else None.
        n_events: of every data set, where their number is fixed, as in `Null`; None: Poisson counts.

    Raises:
        CalibrationError: t has no law without toys; a fit is missing, failed, or given where none is needed.
        InputError: ``n_events`` is no number of at least 2 events; a source of toys that is not like the reference.

    >>> import numpy as np
    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> reference, pool = wilks.split(wilks.Sample(rng.exponential(size=20_000)), n_first=4_000, seed=0)
    >>> kernel = wilks.Kernel(n_centers=20, width=1.0, ridge=3.0, is_score=True)
    >>> analysis = Analysis(reference=reference, model=kernel, expected_events=1_000, toy_source=pool)
    >>> null = analytic_null(analysis, n_events=1_000)
    >>> round(null.figures.known_share, 6), null.figures.mean < analytic_null(analysis).figures.mean
    (0.8, True)
    """
    require_law(analysis)
    _check_fit(analysis, fit)
    if n_events is not None:
        n_events = whole_number(n_events, name="n_events", least=2)
    return _law_of_analysis(analysis, n_events) if fit is None else _law(analysis, fit, n_events)


def require_law(analysis: Analysis) -> None:
    """Raise unless the null law of t is known without toys.

    Raises:
        CalibrationError: it is not.
    """
    if not analysis.model.has_law(is_profiled=bool(analysis.nuisances)):
        raise CalibrationError(
            "a p-value of this model needs null toys, got calibration=None; run "
            "toys = run_toys(analysis, Null(), n_toys=400, seed=1) and give calibration=calibrate(toys). "
            f"The null is known without toys for {known_nulls()}{', of one region' if analysis.regions else ''}"
        )


@kept(most=4)
def _law_of_analysis(analysis: Analysis, n_events: int | None) -> AnalyticLaw:
    return _law(analysis, None, n_events)


def _law(analysis: Analysis, fit: FitResult | None, n_events: int | None) -> AnalyticLaw:
    pool = None if analysis.nuisances else analysis.nominal_pool
    if pool is not None:
        require_like_reference(analysis)
    law = analysis.model.law(analysis.engine, at=fit, pool=pool, n_events=n_events)
    assert law is not None, "a model that has a law gives it"
    return law


def _check_fit(analysis: Analysis, fit: FitResult | None) -> None:
    """Raise CalibrationError unless there is a usable fit where nuisances need one, and none elsewhere."""
    names = ", ".join(analysis.nuisances.names)
    if names and fit is None:
        raise CalibrationError(
            "with nuisances the null depends on where they are, and this asks for one of the analysis alone, which "
            f"has {names}; use analytic_null(analysis, fit(analysis, data))"
        )
    if fit is not None and not names:
        raise CalibrationError(
            "this null is one at fitted nuisances, but the analysis has none; use analytic_null(analysis)"
        )
    if fit is not None and not fit.converged:
        raise CalibrationError(f"a p-value needs a fit of the data, but it failed: {fit.status.message}")

"""The table of regions of a report."""

from wilks.analysis import Analysis
from wilks.interpretation import region_shares
from wilks.reports.tables import Table, count, number
from wilks.samples import Sample
from wilks.statistics.fits import FitResult


def share_tables(analysis: Analysis | None, data: Sample | None, fit: FitResult | None) -> tuple[Table, ...]:
    """Events and part of t of each region; nothing of one region, or of a fit that failed."""
    if analysis is None or data is None or fit is None or not (analysis.regions and fit.converged):
        return ()
    has_gain = not getattr(analysis.model, "is_score", False)
    rows = tuple(
        (one.name, count(one.n_observed), number(one.n_expected), *((number(one.gain),) if has_gain else ()))
        for one in region_shares(analysis, data, fit=fit)
    )
    header = ("region", "events", "expected at Δ", *(("part of t",) if has_gain else ()))
    note = (
        "The parts sum to t, less what the auxiliary measurements and penalties change between Δ and τ."
        if has_gain
        else "f is the first step of a fit, so that no part of t belongs to a region."
    )
    return (Table("Regions", rows, header, note),)

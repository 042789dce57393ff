"""What an answer can say and what it cannot, in sentences: for those who decide whether to believe it."""

from collections.abc import Iterator

from wilks.analysis import Analysis
from wilks.laws import AnalyticLaw, Calibration, GoodnessOfFit, SequentialLaw
from wilks.laws.splitting.law import SplitLaw
from wilks.reports.tables import count, number
from wilks.samples import Sample
from wilks.statistics.fits import FitResult

_DIRECTION = (
    "A small p says that data and reference disagree, not why: a deficient simulation, a background that is missing, "
    "or an uncertainty that is not among the nuisances gives one as well as new physics.",
    "A large p says that this test sees nothing. What it would have seen, `wilks power` says before the data are "
    "looked at.",
)


def limits(
    result: GoodnessOfFit | Calibration, analysis: Analysis | None, data: Sample | None, *, fit: FitResult | None
) -> tuple[str, ...]:
    """The sentences, in the order of the analysis."""
    of_law = result if isinstance(result, Calibration) else result.law
    return (
        *_DIRECTION,
        *_of_law(of_law),
        *(_of_reference(analysis, of_law) if analysis is not None else ()),
        *(_of_nuisances(analysis) if analysis is not None else ()),
        *(_of_description(fit) if data is not None and fit is not None and fit.converged else ()),
    )


def _of_law(law: object) -> Iterator[str]:
    if isinstance(law, SplitLaw):
        yield "p is an estimate by splitting for this t alone; its interval is the spread between independent runs."
    if isinstance(law, AnalyticLaw):
        yield f"p is computed, no toy was made for it: the law is that {law.scope}."
    calibration = law.distribution if isinstance(law, SequentialLaw) else law
    if not isinstance(calibration, Calibration):
        return
    if not isinstance(law, SequentialLaw):
        yield (
            f"{count(calibration.n_toys)} toys give no p below {calibration.null.smallest_p_value:.2g} (Z = "
            f"{calibration.reach_z:.2f}); a number beyond that is labelled as extrapolated and rests on a law that no "
            "toy has tested there."
        )
    if calibration.n_failed:
        yield (
            f"{count(calibration.n_failed)} of the toys have no t, as their fits failed: they are counted as if they "
            "had exceeded the observed one."
        )
    if calibration.overlap_z_error:
        yield (
            "Toys share the events of one pool: Z has a common error of about "
            f"{number(calibration.overlap_z_error)}, which more toys do not reduce."
        )


def _of_reference(analysis: Analysis, law: object) -> Iterator[str]:
    for name, one in (analysis.regions or {"": analysis}).items():
        where, share = f" of {name}" if name else "", one.reference_share
        told = f"{_events(one.reference)} for {count(one.expected_events)} that are expected"
        if isinstance(law, AnalyticLaw):
            yield (
                f"The reference{where} has {told}, and the law is that {law.scope}: given all of this reference, Z may "
                f"differ by about {number(law.reference_z_error(share))}."
            )
        else:
            yield (
                f"The test is conditional on the reference{where}, of {told}. A null that averages over references of "
                f"this size would change Z by about {number(share)}."
            )


def _events(sample: Sample) -> str:
    """How many, and how many of equal weight are as good where that is less."""
    text, effective = f"{count(sample.n_events)} events", sample.n_effective
    if effective > 0.99 * sample.n_events:
        return text
    return f"{text}, as good as {count(round(effective))} of equal weight,"


def _of_nuisances(analysis: Analysis) -> Iterator[str]:
    if not analysis.nuisances:
        yield (
            "No systematic uncertainty enters: whatever the reference describes less well than its events tell, counts."
        )
        return
    names = ", ".join(analysis.nuisances.names)
    yield (
        f"Systematic uncertainties enter as far as these nuisances describe them: {names}. What they can move, the "
        "response says; a deviation that it cannot imitate counts as disagreement, one that it can is profiled away."
    )


def _of_description(fit: FitResult) -> Iterator[str]:
    yield (
        "Ratios, regions and local Z of the figures were found by looking at these data: they describe where t comes "
        "from, and have no p-value of their own."
    )
    if fit.n_starts > 1:
        yield (
            "The surface of the fit has many minima, and another search may find a better one. Data and toys are "
            "searched alike, so that p is valid whichever is found."
        )

"""Everything that the page shows, gathered from the results."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.interpretation import Region, most_discrepant_region
from wilks.laws import Calibration, GoodnessOfFit
from wilks.models import ModelTable
from wilks.plots import common_columns
from wilks.reports import pictures, sections
from wilks.reports.joint import share_tables
from wilks.reports.limits import limits
from wilks.reports.models import several_tables
from wilks.reports.nuisances import nuisance_tables
from wilks.reports.nulls import NullContent, null_content
from wilks.reports.picture import Picture
from wilks.reports.regions import found_tables, region_note, region_tables, smallest_tables
from wilks.reports.tables import Table, count, words
from wilks.responses import Closure, ResponseStudy
from wilks.samples import Sample
from wilks.statistics import Words
from wilks.statistics.fits import FitResult


@dataclass(frozen=True)
class ReportInputs:
    """What a report is written from."""

    result: GoodnessOfFit | Calibration
    analysis: Analysis | None
    data: Sample | None
    toys: Toys | None
    title: str
    labels: Mapping[str, str]
    study: ResponseStudy | None = None
    closure: Closure | None = None
    notices: tuple[str, ...] = ()
    reproduction: Mapping[str, str] = field(default_factory=dict)
    models: ModelTable | None = None

    @property
    def answer(self) -> GoodnessOfFit | None:
        """The answer for data, if there is one."""
        return None if isinstance(self.result, Calibration) else self.result

    @property
    def calibration(self) -> Calibration | None:
        """The toys, if the null distribution comes from them."""
        found = self.result.law if isinstance(self.result, GoodnessOfFit) else self.result
        return found if isinstance(found, Calibration) else None

    @property
    def fit(self) -> FitResult | None:
        """The fit of the data with all of its certificates, if there is one."""
        return self.answer.fit if self.answer else None

    @property
    def fingerprint(self) -> str | None:
        """Of the analysis, if anything tells it."""
        if self.analysis is not None:
            return self.analysis.fingerprint()
        if self.fit is not None and self.fit.fingerprint:
            return self.fit.fingerprint
        return self.calibration.fingerprint if self.calibration else None


@dataclass(frozen=True)
class Report:
    """The page; its fields stand in the order in which they are read."""

    title: str
    subtitle: str
    headline: tuple[str, ...]
    is_failed: bool
    key_figures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    question: tuple[str, ...]
    words: Words | None
    origin: str
    has_nuisances: bool
    nuisance_tables: tuple[Table, ...]
    nuisance_pictures: tuple[Picture, ...]
    response_pictures: tuple[Picture, ...]
    limits: tuple[str, ...]
    null_pictures: tuple[Picture, ...]
    null_tables: tuple[Table, ...]
    verdict: str
    several_tables: tuple[Table, ...]
    ratio_pictures: tuple[Picture, ...]
    ratio_note: str
    region_note: str
    region_tables: tuple[Table, ...]
    region_pictures: tuple[Picture, ...]
    fit_tables: tuple[Table, ...]
    fit_pictures: tuple[Picture, ...]
    start_values: str
    sample_tables: tuple[Table, ...]
    model_tables: tuple[Table, ...]
    reproduction: Table


def build_report(inputs: ReportInputs) -> Report:
    """Gather the page. Raises InputError when the inputs do not belong together."""
    _check(inputs)
    analysis, fit, answer = inputs.analysis, inputs.fit, inputs.answer
    null, region = null_content(inputs.result, toys=inputs.toys), _region(inputs)
    family = analysis.model.words(is_profiled=bool(analysis.nuisances)) if analysis else None
    return Report(
        title=inputs.title or (analysis.name if analysis else "") or "Goodness of fit",
        subtitle=_subtitle(is_answer=answer is not None),
        headline=null.headline,
        is_failed=answer is not None and not answer.is_answered,
        key_figures=null.key_figures,
        warnings=tuple(dict.fromkeys((*null.warnings, *inputs.notices))),
        question=_question(inputs, null),
        words=family,
        origin=null.origin,
        has_nuisances=bool(analysis and analysis.nuisances),
        nuisance_tables=nuisance_tables(analysis, fit, inputs.closure) if analysis else (),
        nuisance_pictures=(pictures.pull_picture(analysis, fit),) if analysis and fit and fit.nuisances else (),
        response_pictures=pictures.response_pictures(inputs.study, inputs.closure, labels=inputs.labels),
        limits=limits(inputs.result, analysis, inputs.data, fit=fit),
        null_pictures=null.pictures,
        null_tables=null.tables,
        verdict=null.verdict,
        several_tables=several_tables(inputs.models),
        ratio_pictures=_ratio_pictures(inputs),
        ratio_note=_ratio_note(inputs),
        region_note=region_note(region) if region else "",
        region_tables=_region_tables(inputs, region),
        region_pictures=(pictures.region_picture(region),) if region else (),
        fit_tables=(*share_tables(analysis, inputs.data, fit), *(sections.fit_tables(fit, family) if fit else ())),
        fit_pictures=(pictures.start_picture(fit),) if fit and fit.n_starts > 1 else (),
        start_values=sections.start_values(fit) if fit and (family is None or family.is_searched) else "",
        sample_tables=sections.sample_tables(analysis, inputs.data) if analysis else (),
        model_tables=sections.model_tables(analysis) if analysis else (),
        reproduction=sections.reproduction_table(inputs.fingerprint, more=inputs.reproduction),
    )


def _subtitle(*, is_answer: bool) -> str:
    what = "Goodness of fit of data to a reference" if is_answer else "Calibration of a goodness-of-fit test"
    return f"{what}, by a likelihood-ratio test with a learned alternative (wilks)"


def _question(inputs: ReportInputs, null: NullContent) -> tuple[str, ...]:
    analysis = inputs.analysis
    if analysis is None:
        return ("Do the data agree with the reference? The reference itself was not given to this report.",)
    n_data = f"{count(inputs.data.n_events)} observed events" if inputs.data is not None else "the data"
    return (
        f"Do {n_data} agree with the reference, which expects {count(analysis.expected_events)} events, in the joint "
        f"distribution of {words(analysis.features, limit=40)} and in their number?",
        null.condition,
    )


def _ratio_pictures(inputs: ReportInputs) -> tuple[Picture, ...]:
    if inputs.analysis is None or inputs.data is None:
        return ()
    return pictures.ratio_pictures(inputs.analysis, inputs.data, fit=inputs.fit, labels=inputs.labels)


def _region(inputs: ReportInputs) -> Region | None:
    if inputs.analysis is None or inputs.data is None or inputs.fit is None or not inputs.fit.converged:
        return None
    return most_discrepant_region(inputs.analysis, inputs.data, fit=inputs.fit)


def _region_tables(inputs: ReportInputs, region: Region | None) -> tuple[Table, ...]:
    if region is None or inputs.analysis is None or inputs.data is None or inputs.fit is None:
        return ()
    cuts = smallest_tables(inputs.analysis, inputs.data, inputs.fit)
    return (*found_tables(inputs.answer), *cuts, *region_tables(region))


def _ratio_note(inputs: ReportInputs) -> str:
    if inputs.analysis is None or inputs.data is None:
        return ""
    notes = ["Points: data with 68 % Poisson intervals. Blue: reference with its statistical error."]
    if inputs.fit is not None and inputs.fit.converged:
        is_score = getattr(inputs.analysis.model, "is_score", False)
        notes.append(
            f"Dashed: the reference reweighted by {_learned_text(inputs.fit)}; its band is the statistical error of "
            "the reference events at the fitted parameters. "
            + (
                _OF_A_SCORE
                if is_score
                else "Being fitted to these data, it follows them as far as the model can, whatever p."
            )
        )
        if inputs.fit.nuisances:
            notes.append(
                "Dash-dotted: the reference at the best-fit nuisances of Δ; t is what the dashed line gains on it."
            )
    columns = common_columns(inputs.analysis, inputs.data)
    if len(columns) > pictures.MAX_COLUMNS:
        notes.append(f"The first {pictures.MAX_COLUMNS} of {len(columns)} columns are shown.")
    empty = [name for name in inputs.analysis.reference.extras if name in inputs.data.extras and name not in columns]
    if empty:
        notes.append(
            f"Carried along without a value in any event of data or reference, and so not shown: {words(empty)}."
        )
    lost = [name for name in inputs.analysis.reference.extras if name not in inputs.data.extras]
    if lost:
        notes.append(f"Carried along in the reference but not in the data, and so not shown: {words(lost)}.")
    return " ".join(notes)


_OF_A_SCORE = (
    "The f of a score statistic is the first step of a fit: it shows where data and reference differ and in which "
    "direction, but exp(f) was not fitted to the data and may lie far from them where f is large."
)


def _learned_text(fit: FitResult) -> str:
    if not fit.nuisances:
        return "the learned ratio exp(f)"
    return "the learned ratio exp(f) and by r at the best-fit nuisances of τ"


def _check(inputs: ReportInputs) -> None:
    answer = inputs.answer
    if inputs.data is not None and answer is None:
        raise InputError(
            "a report of a calibration alone holds no data; give the result of goodness_of_fit, or no data="
        )
    expected = inputs.analysis.fingerprint() if inputs.analysis else None
    parts = {
        "result": answer.fit.fingerprint if answer else None,
        "toys": inputs.toys.fingerprint if inputs.toys is not None else None,
        "calibration": inputs.calibration.fingerprint if inputs.calibration else None,
    }
    for name, fingerprint in parts.items():
        if expected is not None and fingerprint is not None and fingerprint != expected:
            raise InputError(
                f"a report must be of one analysis, but the {name} belongs to fingerprint {fingerprint[:12]} and the "
                f"analysis has {expected[:12]}; give the analysis that it was made with"
            )
    if inputs.data is not None and answer is not None and inputs.data.n_events != answer.fit.n_events:
        raise InputError(
            f"the data must be those of the fit, which had {answer.fit.n_events} events, "
            f"but {inputs.data.n_events} came; give the data that were tested"
        )

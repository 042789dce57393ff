"""Everything that the page shows, gathered from the results."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from wilks.analysis import Analysis
from wilks.calibration import Calibration, GoodnessOfFit
from wilks.calibration.notices import toy_notices
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.fitting import FitResult
from wilks.interpretation import Region, most_discrepant_region
from wilks.plots import common_columns
from wilks.reports import pictures, sections
from wilks.reports.nuisances import nuisance_tables
from wilks.reports.pictures import Picture
from wilks.reports.regions import region_note, region_tables
from wilks.reports.tables import Table, count, words
from wilks.responses import Closure, ResponseStudy
from wilks.samples import Sample


@dataclass(frozen=True)
class Inputs:
    """What a report is written from."""

    result: GoodnessOfFit | Calibration
    analysis: Analysis | None
    data: Sample | None
    toys: Toys | None
    title: str
    labels: Mapping[str, str]
    study: ResponseStudy | None = None
    closure: Closure | None = None

    @property
    def calibration(self) -> Calibration:
        """The null distribution."""
        return self.result.calibration if isinstance(self.result, GoodnessOfFit) else self.result

    @property
    def fit(self) -> FitResult | None:
        """The fit of the data with all of its certificates, if there is one."""
        fit = self.result.fit if isinstance(self.result, GoodnessOfFit) else None
        return fit if isinstance(fit, FitResult) else None


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
    has_nuisances: bool
    nuisance_tables: tuple[Table, ...]
    nuisance_pictures: tuple[Picture, ...]
    response_pictures: tuple[Picture, ...]
    null_pictures: tuple[Picture, ...]
    null_tables: tuple[Table, ...]
    verdict: str
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


def build_report(inputs: Inputs) -> Report:
    """Gather the page. Raises InputError when the inputs do not belong together."""
    _check(inputs)
    analysis, fit, calibration = inputs.analysis, inputs.fit, inputs.calibration
    answer = inputs.result if isinstance(inputs.result, GoodnessOfFit) else None
    region = _region(inputs)
    return Report(
        title=inputs.title or (analysis.name if analysis else "") or "Goodness of fit",
        subtitle=_subtitle(answer),
        headline=headline(answer) if answer else calibration_headline(calibration),
        is_failed=answer is not None and not answer.is_answered,
        key_figures=key_figures(answer) if answer else _calibration_figures(calibration),
        warnings=answer.warnings
        if answer
        else toy_notices(calibration.null, calibration.compatibility, calibration.summary),
        question=_question(inputs),
        has_nuisances=bool(analysis and analysis.nuisances),
        nuisance_tables=nuisance_tables(analysis, fit, inputs.closure) if analysis else (),
        nuisance_pictures=(pictures.pull_picture(analysis, fit),) if analysis and fit and fit.nuisances else (),
        response_pictures=pictures.response_pictures(inputs.study, inputs.closure),
        null_pictures=pictures.null_pictures(inputs.result),
        null_tables=sections.null_tables(calibration, inputs.toys),
        verdict=calibration.compatibility.verdict,
        ratio_pictures=_ratio_pictures(inputs),
        ratio_note=_ratio_note(inputs),
        region_note=region_note(region) if region else "",
        region_tables=region_tables(region) if region else (),
        region_pictures=(pictures.region_picture(region),) if region else (),
        fit_tables=sections.fit_tables(fit) if fit else (),
        fit_pictures=(pictures.start_picture(fit),) if fit and fit.n_starts > 1 else (),
        start_values=sections.start_values(fit) if fit else "",
        sample_tables=sections.sample_tables(analysis, inputs.data) if analysis else (),
        model_tables=sections.model_tables(analysis) if analysis else (),
        reproduction=sections.reproduction_table(analysis, calibration, fit),
    )


def headline(result: GoodnessOfFit) -> tuple[str, ...]:
    """The answer in sentences: p, Z, method and interval; then what they mean."""
    if not result.is_answered:
        return ("No p-value: the fit of the data failed.", "The warnings below give the reason.")
    first = (
        f"{result.p_text}, Z = {_z(result.z_score)} ({result.method}); "
        f"68 % interval of p {_p_interval(result.interval)}, of Z {_z_interval(result.z_interval)}."
    )
    meaning = (
        f"The test statistic is t = {result.t:.2f}. If the reference described the data, a t at least as large would "
        "come in a fraction p of repetitions. p = (k + 1)/(n + 1): k of n toys have a t at least as large or failed."
    )
    return (first, meaning, *_limits(result), *_chi2_sentences(result))


def calibration_headline(calibration: Calibration) -> tuple[str, ...]:
    """What the toys allow, before any data are looked at."""
    smallest = calibration.null.smallest_p_value
    return (
        f"Null distribution of t from {count(calibration.n_toys)} toys. No data enter this report.",
        f"These toys reach p = {smallest:.2g}, Z = {calibration.reach_z:.2f} (empirical).",
        _verdict(calibration),
    )


def key_figures(result: GoodnessOfFit) -> tuple[tuple[str, str], ...]:
    """The few numbers that are looked for first."""
    if not result.is_answered:
        return (("t", "failed"), ("p-value", "none"), ("Z", "none"))
    return (
        ("t", f"{result.t:.2f}"),
        ("p-value", f"{result.p_value:.2g}"),
        ("68 % interval of p", _p_interval(result.interval)),
        ("Z", _z(result.z_score)),
        ("68 % interval of Z", _z_interval(result.z_interval)),
        ("method", result.method),
    )


def _calibration_figures(calibration: Calibration) -> tuple[tuple[str, str], ...]:
    return (
        ("toys", count(calibration.n_toys)),
        ("failed", count(calibration.n_failed)),
        ("mean of t", f"{calibration.compatibility.mean:.2f}"),
        ("degrees of freedom", f"{calibration.degrees_of_freedom:.4g}"),
        ("largest Z of these toys", f"{calibration.reach_z:.2f}"),
    )


def _verdict(calibration: Calibration) -> str:
    if not calibration.compatible:
        return calibration.compatibility.verdict
    return f"The toys are compatible with a chi-square with {calibration.degrees_of_freedom:.4g} degrees of freedom."


def _limits(result: GoodnessOfFit) -> tuple[str, ...]:
    if result.calibration.count(result.t):
        return ()
    return (
        "No toy reaches this t: p is the smallest that these toys can give, and only more toys can show a smaller one.",
    )


def _chi2_sentences(result: GoodnessOfFit) -> tuple[str, ...]:
    chi2 = result.chi2
    if chi2 is None:
        return (f"There is no chi-square answer. {result.calibration.compatibility.verdict}",)
    text = (
        f"Second answer, from the chi-square with {chi2.degrees_of_freedom:.4g} degrees of freedom: p = {chi2.p_text}, "
        f"Z = {_z(chi2.z_score)}, 68 % band {_z_interval(chi2.z_interval)} ({chi2.method})."
    )
    if chi2.method != "extrapolated":
        return (text,)
    beyond = (
        f"It lies beyond what the toys reach (Z = {result.calibration.reach_z:.2f}) and is extrapolated: "
        "the band knows nothing of a tail that differs from the chi-square there."
    )
    return (f"{text} {beyond}",)


def _subtitle(answer: GoodnessOfFit | None) -> str:
    what = "Goodness of fit of data to a reference" if answer else "Calibration of a goodness-of-fit test"
    return f"{what}, by a likelihood-ratio test with a learned alternative (wilks)"


def _question(inputs: Inputs) -> tuple[str, ...]:
    analysis = inputs.analysis
    if analysis is None:
        return ("Do the data agree with the reference? The reference itself was not given to this report.",)
    n_data = f"{count(inputs.data.n_events)} observed events" if inputs.data is not None else "the data"
    return (
        f"Do {n_data} agree with the reference, which expects {count(analysis.expected_events)} events, in the joint "
        f"distribution of {words(analysis.features, limit=40)} and in their number?",
        "The null hypothesis is the reference as it is; the test is conditional on this one reference sample.",
    )


def _ratio_pictures(inputs: Inputs) -> tuple[Picture, ...]:
    if inputs.analysis is None or inputs.data is None:
        return ()
    return pictures.ratio_pictures(inputs.analysis, inputs.data, fit=inputs.fit, labels=inputs.labels)


def _region(inputs: Inputs) -> Region | None:
    if inputs.analysis is None or inputs.data is None or inputs.fit is None or not inputs.fit.converged:
        return None
    return most_discrepant_region(inputs.analysis, inputs.data, fit=inputs.fit)


def _ratio_note(inputs: Inputs) -> str:
    if inputs.analysis is None or inputs.data is None:
        return ""
    notes = ["Points: data with 68 % Poisson intervals. Blue: reference with its statistical error."]
    if inputs.fit is not None and inputs.fit.converged:
        notes.append(
            f"Dashed: the reference reweighted by {_learned_text(inputs.fit)}; its band is the statistical error of "
            "the reference events at the fitted parameters. Being fitted to these data, it follows them in any case."
        )
        if inputs.fit.nuisances:
            notes.append(
                "Dash-dotted: the reference at the best-fit nuisances of Δ; t is what the dashed line gains on it."
            )
    columns = common_columns(inputs.analysis, inputs.data)
    if len(columns) > pictures.MAX_COLUMNS:
        notes.append(f"The first {pictures.MAX_COLUMNS} of {len(columns)} columns are shown.")
    lost = [name for name in inputs.analysis.reference.extras if name not in inputs.data.extras]
    if lost:
        notes.append(f"Carried along in the reference but not in the data, and so not shown: {words(lost)}.")
    return " ".join(notes)


def _learned_text(fit: FitResult) -> str:
    if not fit.nuisances:
        return "the learned ratio exp(f)"
    return "the learned ratio exp(f) and by r at the best-fit nuisances of τ"


def _check(inputs: Inputs) -> None:
    answer = inputs.result if isinstance(inputs.result, GoodnessOfFit) else None
    if inputs.data is not None and answer is None:
        raise InputError(
            "a report of a calibration alone holds no data; give the result of goodness_of_fit, or no data="
        )
    expected = inputs.analysis.fingerprint() if inputs.analysis else None
    parts = {
        "result": answer.fit.fingerprint if answer else None,
        "toys": inputs.toys.fingerprint if inputs.toys is not None else None,
    }
    for name, fingerprint in {**parts, "calibration": inputs.calibration.fingerprint}.items():
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


def _z(value: float) -> str:
    """Z of a p; p = 1 has none."""
    return f"{value:.2f}" if math.isfinite(value) else "not defined, p = 1,"


def _p_interval(interval: tuple[float, float]) -> str:
    return " to ".join(f"{p:.2g}" for p in interval)


def _z_interval(interval: tuple[float, float]) -> str:
    """An interval of Z whose ends may be open."""
    low, high = interval
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:.2f} to {high:.2f}"
    return f"above {low:.2f}" if math.isfinite(low) else f"below {high:.2f}"

"""What a report says of p and of the null distribution that it comes from: toys, or the analytic null."""

import math
from typing import NamedTuple

from wilks.campaign import Toys
from wilks.laws import AnalyticLaw, Calibration, GoodnessOfFit, Probability, SequentialLaw
from wilks.laws.answer import NO_NUMBERS
from wilks.laws.calibration import moments
from wilks.laws.notices import toy_notices
from wilks.laws.splitting.law import SplitLaw
from wilks.reports import pictures, sections
from wilks.reports.picture import Picture
from wilks.reports.tables import Table, count, number
from wilks.significance.printing import probability_from_log

_LOG_LARGEST = 700.0
_NO_TOYS = "No toys were made."
_NO_ANSWER = ("No p-value: the fit of the data failed.", "The warnings below give the reason.")


class NullContent(NamedTuple):
    """The parts of the page that depend on where p comes from.

    Attributes:
        condition: what the null hypothesis says of the reference.
        origin: where p comes from.
    """

    headline: tuple[str, ...]
    key_figures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    condition: str
    origin: str
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    verdict: str


def null_content(result: GoodnessOfFit | Calibration, *, toys: Toys | None) -> NullContent:
    """These parts for an answer, or for a calibration alone."""
    if isinstance(result, Calibration):
        return _toy_content(result, answer=None, toys=toys)
    if isinstance(result.law, Calibration):
        return _toy_content(result.law, answer=result, toys=toys)
    if isinstance(result.law, SequentialLaw):
        return _sequential_content(result, result.law, toys=toys)
    if isinstance(result.law, SplitLaw):
        return _splitting_content(result, result.law)
    return _analytic_content(result, result.law if isinstance(result.law, AnalyticLaw) else None)


def _toy_content(calibration: Calibration, *, answer: GoodnessOfFit | None, toys: Toys | None) -> NullContent:
    of_toys = toy_notices(calibration.null, calibration.compatibility, calibration.summary)
    return NullContent(
        headline=headline(answer) if answer else calibration_headline(calibration),
        key_figures=key_figures(answer) if answer else _calibration_figures(calibration),
        warnings=answer.warnings if answer else of_toys,
        condition="The null hypothesis is the reference as it is; the test is conditional on this one sample.",
        origin="It is taken from toys; a chi-square is compared with them, never assumed."
        if calibration.compatibility
        else "It is taken from toys.",
        pictures=pictures.null_pictures(answer or calibration),
        tables=sections.null_tables(calibration, toys),
        verdict=calibration.compatibility.verdict if calibration.compatibility else moments(calibration.t),
    )


def _sequential_content(result: GoodnessOfFit, law: SequentialLaw, *, toys: Toys | None) -> NullContent:
    used = None if toys is None else toys.first(law.tally.n_draws)
    return NullContent(
        headline=_sequential_headline(result, law),
        key_figures=key_figures(result),
        warnings=result.warnings,
        condition="The null hypothesis is the reference as it is; the test is conditional on this one sample.",
        origin="It is taken from toys that were made one after the other until enough of them reached the observed t.",
        pictures=pictures.sequential_pictures(result),
        tables=(sections.toy_table(law.distribution, used, reach_z=law.reach_z),),
        verdict="",
    )


def _sequential_headline(result: GoodnessOfFit, law: SequentialLaw) -> tuple[str, ...]:
    if result.probability is None:
        return _NO_ANSWER
    first = (
        f"{result.p_text}, Z = {_z(result.z_score)} ({result.method}); 68 % interval of p "
        f"{_p_interval(result.probability)}, of Z {_z_interval(result.z_interval)}."
    )
    meaning = (
        f"The test statistic is t = {result.t:.2f}. If the reference described the data, a t at least as large would "
        "come in a fraction p of repetitions. p = h/L where toy L is the h-th one that has a t as large or failed, "
        "(k + 1)/(n + 1) where only k of all n do."
    )
    return (first, meaning, law.meaning)


def _splitting_content(result: GoodnessOfFit, law: SplitLaw) -> NullContent:
    return NullContent(
        headline=_splitting_headline(result),
        key_figures=key_figures(result),
        warnings=result.warnings,
        condition="The null hypothesis is the reference as it is; the test is conditional on this one sample.",
        origin=f"p of the observed t is estimated by multilevel splitting of toys, drawn from {law.drawn}: the more "
        "extreme toys are copied and changed step by step, and the shares that go on from level to level are "
        "multiplied. Of the rest of the distribution it says nothing.",
        pictures=(),
        tables=(_splitting_table(law),),
        verdict="",
    )


def _splitting_headline(result: GoodnessOfFit) -> tuple[str, ...]:
    if result.probability is None:
        return _NO_ANSWER
    return (
        f"{result.p_text}. Z = {_z(result.z_score)}; 68 % interval of p {_p_interval(result.probability)}, of Z "
        f"{_z_interval(result.z_interval)}.",
        f"The test statistic is t = {result.t:.2f}. If the reference described the data, a t at least as large would "
        "come in a fraction p of repetitions. The interval comes from the spread between independent runs.",
    )


def _splitting_table(law: SplitLaw) -> Table:
    runs = law.tail.runs
    rows = tuple(
        (
            str(k),
            probability_from_log(run.log_p),
            f"{run.least_moved:.0%}",
            f"{run.most_memory:.2f}",
            f"{run.n_families:.0f}",
        )
        for k, run in enumerate(runs, 1)
    )
    note = (
        "Moved: the least share of toys that moved at a level. Memory: the largest correlation of t before and after "
        "the moves of a level. Families: how many draws those that reached t descend from, effectively."
    )
    return Table("Runs of splitting", rows, ("run", "p", "moved", "memory", "families"), note)


def _analytic_content(result: GoodnessOfFit, law: AnalyticLaw | None) -> NullContent:
    return NullContent(
        headline=_NO_ANSWER if law is None else analytic_headline(result, law),
        key_figures=key_figures(result),
        warnings=result.warnings,
        condition="The null hypothesis is the reference."
        if law is None
        else f"The null hypothesis is the reference; the law of t is that {law.scope}.",
        origin=_NO_TOYS if law is None else f"It is computed from the reference: {law.words.origin}. {_NO_TOYS}",
        pictures=pictures.analytic_pictures(result),
        tables=() if law is None else (_analytic_table(result, law),),
        verdict="",
    )


def analytic_headline(result: GoodnessOfFit, law: AnalyticLaw) -> tuple[str, ...]:
    """The answer in sentences: p, Z, method and interval; then what they mean."""
    if result.probability is None:
        return _NO_ANSWER
    first = (
        f"{result.p_text}, Z = {_z(result.z_score)}; interval of p {_p_interval(result.probability)}, of Z "
        f"{_z_interval(result.z_interval)}."
    )
    meaning = (
        f"The test statistic is t = {result.t:.2f}. If the reference described the data, a t at least as large would "
        f"come in a fraction p of repetitions. The interval is {law.words.interval}."
    )
    return (first, meaning, law.words.methods[result.method])


def _analytic_table(result: GoodnessOfFit, law: AnalyticLaw) -> Table:
    limit = law.gaussian_log_p_value(result.t)
    factor = result.log_p_value - limit  # its logarithm
    words = law.words
    rows = (
        ("mean of t", f"{law.figures.mean:.2f}", "exact"),
        ("standard deviation of t", f"{math.sqrt(law.figures.variance):.2f}", "with the excess variance"),
        ("excess variance", f"{law.figures.excess:.3f}", words.excess),
        ("terms", str(law.figures.n_terms), words.terms),
        (f"p in the {words.limit}", probability_from_log(limit), words.limit_note),
        ("correction", _number_from_log(factor), words.correction),
        ("method", result.method, "what the p-value is worth"),
    )
    return Table("The analytic null", rows, ("", "value", "meaning"))


def _number_from_log(log: float) -> str:
    """exp(log), as a power of ten where that is no float.

    >>> _number_from_log(0.0), _number_from_log(1243.0)
    ('1', '10^540')
    """
    return number(math.exp(log)) if abs(log) < _LOG_LARGEST else f"10^{log / math.log(10.0):.0f}"


def headline(result: GoodnessOfFit) -> tuple[str, ...]:
    """The answer among toys in sentences: p, Z, method and interval; then what they mean."""
    if result.probability is None:
        return _NO_ANSWER
    calibration: Calibration = result.calibration
    first = (
        f"{result.p_text}, Z = {_z(result.z_score)} ({result.method}); "
        f"68 % interval of p {_p_interval(result.probability)}, of Z {_z_interval(result.z_interval)}."
    )
    meaning = (
        f"The test statistic is t = {result.t:.2f}. If the reference described the data, a t at least as large would "
        "come in a fraction p of repetitions. p = (k + 1)/(n + 1): k of n toys have a t at least as large or failed."
    )
    return (first, meaning, *_limits(result, calibration), *_chi2_sentences(result, calibration))


def calibration_headline(calibration: Calibration) -> tuple[str, ...]:
    """What the toys allow, before any data are looked at."""
    smallest = calibration.null.smallest_p_value
    return (
        f"Null distribution of t from {count(calibration.n_toys)} toys. No data enter this report.",
        f"These toys reach p = {smallest:.2g}, Z = {calibration.reach_z:.2f} (empirical).",
        *_verdict(calibration),
    )


def key_figures(result: GoodnessOfFit) -> tuple[tuple[str, str], ...]:
    """The few numbers that are looked for first."""
    if result.probability is None or result.law is None:
        return NO_NUMBERS
    interval = result.law.interval_name
    return (
        ("t", f"{result.t:.2f}"),
        ("p-value", result.probability.text),
        (f"{interval} of p", _p_interval(result.probability)),
        ("Z", _z(result.z_score)),
        (f"{interval} of Z", _z_interval(result.z_interval)),
        ("method", result.method),
    )


def _calibration_figures(calibration: Calibration) -> tuple[tuple[str, str], ...]:
    dof = calibration.degrees_of_freedom
    return (
        ("toys", count(calibration.n_toys)),
        ("failed", count(calibration.n_failed)),
        ("mean of t", f"{calibration.t.mean():.2f}"),
        *((("degrees of freedom", f"{dof:.4g}"),) if dof is not None else ()),
        ("largest Z of these toys", f"{calibration.reach_z:.2f}"),
    )


def _verdict(calibration: Calibration) -> tuple[str, ...]:
    compatibility = calibration.compatibility
    if compatibility is None:
        return ()
    if not compatibility.is_compatible:
        return (compatibility.verdict,)
    return (
        f"The toys are compatible with a chi-square with {compatibility.degrees_of_freedom:.4g} degrees of freedom.",
    )


def _limits(result: GoodnessOfFit, calibration: Calibration) -> tuple[str, ...]:
    if calibration.count(result.t):
        return ()
    return (
        "No toy reaches this t: p is the smallest that these toys can give, and only more toys can show a smaller one.",
    )


def _chi2_sentences(result: GoodnessOfFit, calibration: Calibration) -> tuple[str, ...]:
    chi2, compatibility = result.chi2, calibration.compatibility
    if compatibility is None:
        return ()
    if chi2 is None:
        return (f"There is no chi-square answer. {compatibility.verdict}", *_gamma_sentences(result))
    text = (
        f"Second answer, from the chi-square with {chi2.degrees_of_freedom:.4g} degrees of freedom: p = {chi2.p_text}, "
        f"Z = {_z(chi2.z_score)}, 68 % band {_z_interval(chi2.z_interval)} ({chi2.method})."
    )
    if chi2.method != "extrapolated":
        return (text,)
    beyond = (
        f"It lies beyond what the toys reach (Z = {calibration.reach_z:.2f}) and is extrapolated: "
        "the band knows nothing of a tail that differs from the chi-square there."
    )
    return (f"{text} {beyond}",)


def _gamma_sentences(result: GoodnessOfFit) -> tuple[str, ...]:
    found = result.gamma
    if found is None:
        return ()
    return (
        f"Second answer, from the gamma law with the mean and the variance of the toys: p = {found.text}, Z = "
        f"{_z(found.z_score)}, 68 % band {_z_interval(found.z_interval)} ({found.method}). Two moments know "
        "nothing of the tail: it stands here only near the toys.",
    )


def _z(value: float) -> str:
    """Z of a p; p = 1 has none."""
    return f"{value:.2f}" if math.isfinite(value) else "not defined, p = 1,"


def _p_interval(found: Probability) -> str:
    return " to ".join(found.ends_text)


def _z_interval(interval: tuple[float, float]) -> str:
    """An interval of Z whose ends may be open."""
    low, high = interval
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:.2f} to {high:.2f}"
    return f"above {low:.2f}" if math.isfinite(low) else f"below {high:.2f}"

"""The page of a comparison of two samples."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wilks import plots
from wilks.comparison import Comparison, FeatureAnswer, Interval, MemberAnswer
from wilks.plots.comparisons import SamplePairs, sample_pair
from wilks.reports.files import checked_target, put
from wilks.reports.picture import Picture, picture_of
from wilks.reports.rendering import NO_LABELS, render
from wilks.reports.samples import samples_table
from wilks.reports.tables import Table, count, number
from wilks.samples import Sample
from wilks.significance.printing import decimals, probability, probability_from_log
from wilks.storage import as_path

_MOST_PICTURES, _MOST_ROWS = 12, 40
_SHADED_BELOW = 0.05


@dataclass(frozen=True)
class ComparisonPage:
    """What the template shows."""

    title: str
    subtitle: str
    headline: tuple[str, ...]
    key_figures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    question: tuple[str, ...]
    features: Table
    pictures: tuple[Picture, ...]
    members: Table
    member_pictures: tuple[Picture, ...]
    samples: Table
    reproduction: Table


def write_comparison_report(
    result: Comparison,
    path: str | os.PathLike[str],
    *,
    a: Sample,
    b: Sample,
    names: tuple[str, str] = ("first sample", "second sample"),
    labels: Mapping[str, str] = NO_LABELS,
    reproduction: Mapping[str, str] = NO_LABELS,
) -> Path:
    """Write a self-contained HTML page of a comparison and return where it is.

    Args:
        result: the answer.
        path: the file, ending on .html; a report that is there is replaced in one step.
        a, b: the samples.
        names: what to call them.
        labels: axis labels by feature.
        reproduction: what was asked for, for the table at the end.

    Raises:
        InputError: a path that is not .html.
        StoreError: a path that cannot be written.
    """
    target = checked_target(as_path(path))
    put(target, render("comparison.html.j2", page=_page(result, a, b, names, labels, reproduction)))
    return target


def _page(
    result: Comparison,
    a: Sample,
    b: Sample,
    names: tuple[str, str],
    labels: Mapping[str, str],
    reproduction: Mapping[str, str],
) -> ComparisonPage:
    first, second = names
    return ComparisonPage(
        title=f"{first} against {second}",
        subtitle="Are the two samples drawn from one distribution?",
        headline=_headline(result),
        key_figures=_key_figures(result, a, b),
        warnings=result.warnings,
        question=_question(result),
        features=_feature_table(result),
        pictures=tuple(
            _feature_picture(one, a=a, b=b, names=names, labels=labels) for one in result.by_feature[:_MOST_PICTURES]
        ),
        members=_member_table(result),
        member_pictures=_member_pictures(result),
        samples=samples_table(_named(names, a, b), digests={}),
        reproduction=Table("", tuple(reproduction.items())),
    )


def _named(names: tuple[str, str], a: Sample, b: Sample) -> dict[str, Sample]:
    """Both samples by their names, which may be one."""
    first, second = names if names[0] != names[1] else (f"{names[0]} (first)", f"{names[1]} (second)")
    return {first: a, second: b}


def _headline(result: Comparison) -> tuple[str, ...]:
    sentences = [f"{result.p_text}; Z {'' if _is_limit(result) else '= '}{_z(result)}."]
    if result.counts is not None:
        sentences.append(
            f"The sizes alone have p = {result.counts.text} against an expected ratio of "
            f"{result.counts.expected_ratio:g}, the distributions alone p = {probability(result.counts.shape_p_value)}."
        )
    return tuple(sentences)


def _key_figures(result: Comparison, a: Sample, b: Sample) -> tuple[tuple[str, str], ...]:
    p = f"below {result.probability.text}" if _is_limit(result) else result.probability.text
    figures = [("p-value", p), ("Z", _z(result)), ("method", result.method)]
    first, second = (a.n_events, b.n_events) if result.method == "bootstrap" else result.sizes
    figures += [("t", decimals(result.t)), ("events of the first", count(first))]
    figures += [("events of the second", count(second)), ("features", str(len(result.features)))]
    return tuple(figures)


def _is_limit(result: Comparison) -> bool:
    """Whether t lies beyond the reach that was asked for, so that p is a limit."""
    return result.tail is not None and result.interval[0] == 0.0


def _z(result: Comparison) -> str:
    return f"above {decimals(result.z_score)}" if _is_limit(result) else decimals(result.z_score)


def _question(result: Comparison) -> tuple[str, ...]:
    ways = {
        "permutation": "The p-value is the share of relabellings of the pooled events in which t is at least as large "
        "as observed. All that scales or chooses is a function of the pooled set, so that it is exact for any "
        "distribution, any sizes and any ties.",
        "splitting": "The p-value is the chance that t is at least as large as observed, over relabellings of the "
        "pooled events. It was not counted but estimated by multilevel splitting: many relabellings are drawn, the "
        "more extreme ones are copied and changed step by step, and the shares that go on from level to level are "
        "multiplied. The interval comes from the spread between independent runs.",
        "bootstrap": "With weights the labels of events are not exchangeable. The p-value is the share of draws in "
        "which each weight is multiplied by a normal number; it is approximate.",
        "analytic": "The p-value is that of a weighted sum of chi-squares with the mean and the variance that t has "
        "over all relabellings of the pooled events.",
    }
    both = "That is the p-value of the distributions; the one above is Fisher's product of it and of that of the sizes."
    return (
        "Under the null hypothesis both samples come from one distribution, whatever it is; neither is a model of the "
        "other.",
        ways[result.method],
        *(() if result.counts is None else (both,)),
    )


def _feature_table(result: Comparison) -> Table:
    rows = tuple(_feature_row(one) for one in result.by_feature[:_MOST_ROWS])
    note = (
        "Local p-values are of one feature, by all waves on its ranks; the corrected one is the chance that any "
        "feature is as extreme. The interval is where the counts of the second sample are farthest from their share; "
        "it is the extreme of many, and its local Z is no significance."
    )
    return Table("", rows, ("feature", "local p", "corrected p", "from", "to", "events", "expected", "local Z"), note)


def _feature_row(one: FeatureAnswer) -> tuple[str, ...]:
    place = one.interval
    numbers = (number(place.low), number(place.high), count(place.second), f"{place.expected:,.1f}")
    local = probability_from_log(one.log_p_value), probability(one.corrected_p_value)
    return (one.feature, *local, *numbers, decimals(place.local_z))


def binned_features(
    result: Comparison,
    a: Sample,
    b: Sample,
    *,
    names: tuple[str, str],
    labels: Mapping[str, str] = NO_LABELS,
) -> SamplePairs:
    """The first features of a comparison in bins, for `wilks.plots.figures_of`, shaded as on the page."""
    return SamplePairs(
        tuple(
            sample_pair(a, b, feature=one.feature, interval=_shaded(one), names=names, labels=labels)
            for one in result.by_feature[:_MOST_PICTURES]
        )
    )


def _shaded(one: FeatureAnswer) -> Interval | None:
    return one.interval if one.corrected_p_value <= _SHADED_BELOW else None


def _feature_picture(
    one: FeatureAnswer, *, a: Sample, b: Sample, names: tuple[str, str], labels: Mapping[str, str]
) -> Picture:
    interval = _shaded(one)
    draw = partial(plots.two_samples, a, b, feature=one.feature, interval=interval, names=names, labels=labels)
    shading = "" if interval is None else ", shaded where they differ most"
    return picture_of(
        draw,
        caption=f"{one.feature}: both samples{shading}; below, the second over the first.",
        alt=f"Histograms of both samples in {one.feature}, and their ratio.",
    )


def _member_table(result: Comparison) -> Table:
    best = sorted(result.members, key=lambda one: one.log_p_value)
    rows = tuple(_member_row(one) for one in best[:_MOST_ROWS])
    more = f" {len(best) - len(rows)} more are in the saved result." if len(best) > len(rows) else ""
    note = f"The {len(rows)} most extreme of {len(best)} members. Local p-values are approximate.{more}"
    return Table("", rows, ("member", "kind", "t", "local p", "corrected p"), note)


def _member_row(one: MemberAnswer) -> tuple[str, ...]:
    return (
        one.name,
        one.kind,
        decimals(one.t),
        probability_from_log(one.log_p_value),
        "" if one.corrected_p_value != one.corrected_p_value else probability(one.corrected_p_value),
    )


def _member_pictures(result: Comparison) -> tuple[Picture, ...]:
    if len(result.members) < 2:
        return ()
    return (
        picture_of(
            partial(plots.member_significances, result),
            caption="Local Z of each member, by kind, and the Z of all together, which knows how many were looked at.",
            alt=f"Local Z of {len(result.members)} members.",
        ),
    )

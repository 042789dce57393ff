"""The most discrepant region in a report: its counts, where its events lie, and what its Z is not."""

from collections.abc import Iterator
from math import isfinite

from wilks.analysis import Analysis
from wilks.interpretation import Counted, Region, local_gains
from wilks.interpretation.counting import with_error
from wilks.interpretation.gains import LocalGains
from wilks.interpretation.regions import column_rows, expected_text, source_text
from wilks.interpretation.smallest import region_of
from wilks.laws import GoodnessOfFit
from wilks.laws.found import over_local
from wilks.reports.tables import Table, count, number
from wilks.samples import Sample
from wilks.significance.printing import probability_from_log
from wilks.statistics.fits import FitResult


def found_tables(answer: GoodnessOfFit | None) -> Iterator[Table]:
    """What a scan found."""
    if answer is None or not answer.is_answered:
        return
    for one in answer.fit.regions:
        ratio = over_local(one, answer.p_value)
        cost = "" if ratio is None else f" It is {ratio:.3g} times the local p: what it costs to look at all of them."
        rows = (
            ("region", one.where),
            ("observed", count(one.n_observed)),
            ("expected", number(one.n_expected)),
            ("local p", probability_from_log(one.log_p_value)),
            ("local Z", f"{one.z_score:.2f}"),
            ("global p", answer.p_text),
        )
        note = (
            f"The best of {count(one.n_regions)} regions, shaded in the figures of the features. The local p is that "
            f"of a Poisson count in this region alone, the global p that of the best of all.{cost}"
        )
        yield Table("Region of the scan", rows, note=note)


def region_tables(region: Region) -> tuple[Table, ...]:
    """Counts of the region and of its opposite; the columns of the region."""
    shown = [region] if region.opposite is None else [region, region.opposite]
    learned = region.learned
    at = " at the nuisances of τ" if learned.analysis.nuisances else ""
    cells = [_cells(one) for one in shown]
    names = ("observed", "expected", "local Z", "f from, to")
    counts = Table(
        "",
        tuple(zip(names, *cells, strict=True)),
        ("", *(_name(one) for one in shown)),
        f"All data: {count(learned.data.size)} observed, {count(learned.expected_events)} expected{at}. Errors of "
        "expectations are the statistical ones of the reference.",
    )
    header, *rows = column_rows(region)
    extreme = "event with the largest f" if region.is_excess else "event with the smallest f"
    note = f"First the {extreme}. The ranges hold the central 68 % of {source_text(region)}."
    return counts, Table(f"Where its events lie: {_name(region)}", tuple(rows), header, note)


def smallest_tables(analysis: Analysis, data: Sample, fit: FitResult) -> tuple[Table, ...]:
    """The smallest region with a share of t, as cuts; nothing where f adds nothing to t."""
    gains = local_gains(analysis, data, fit=fit)
    if not gains.total > 0:
        return ()
    found = region_of(gains, data)
    part, rule = found.excess if found.is_excess else found.deficit, found.rule
    share = found.excess_share if found.is_excess else found.deficit_share
    rows = (
        (f"share of {gains.whole}", f"{share:.0%}", f"{rule.coverage:.0%} of it"),
        ("observed", count(part.n_observed), count(rule.counted.n_observed)),
        ("expected", *(_expected(one) for one in (part, rule.counted))),
        ("local Z", *(_z(one) for one in (part, rule.counted))),
    )
    what = "an excess" if found.is_excess else "a deficit"
    note = (
        f"The region with the fewest expected events that carries {found.share:.0%} of {_whole(gains)}, the part of it "
        f"that is {what}; and a rectangle that holds most of it: {rule.purity:.0%} of the events there are of the "
        "region. Both were chosen by the f of these data, so that their Z is no test. Other programs can select the "
        "rectangle."
    )
    return (Table(f"Where t comes from: {rule.text}", rows, ("", "region", "rectangle"), note),)


def _whole(gains: LocalGains) -> str:
    return "t" if gains.whole == "t" else f"{gains.whole} ({number(gains.total)}; t is {number(gains.learned.t)})"


def _expected(one: Counted) -> str:
    return with_error(one.n_expected, one.n_expected_error).replace("+-", "±")


def _z(one: Counted) -> str:
    return f"{one.local_z_score:.2f}" if isfinite(one.local_z_score) else ""


def region_note(region: Region) -> str:
    """What the region is, and that its Z is local."""
    tau = " (the reference with the nuisances of τ)" if region.learned.analysis.nuisances else ""
    return (
        "The events whose learned f is above, or below, a threshold: the one at which the count of data departs most "
        f"from its expectation{tau}. The Z of this count is local and describes: f was fitted to these data and the "
        "threshold chosen among them, so that large values come without any discrepancy. The p-value is that of t."
    )


def _cells(region: Region) -> tuple[str, ...]:
    low, high = region.log_ratio_range
    expected = expected_text(region).replace("+-", "±")
    return count(region.n_observed), expected, f"{region.local_z_score:.2f}", f"{number(low)}, {number(high)}"


def _name(region: Region) -> str:
    word, sign = ("excess", "≥") if region.is_excess else ("deficit", "≤")
    return f"{word}, f {sign} {region.threshold:.3g}"

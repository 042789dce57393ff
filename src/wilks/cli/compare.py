"""The command that compares two samples."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from wilks import reports
from wilks.cli.compare_folder import as_written, require_same
from wilks.cli.compare_network import network
from wilks.cli.compare_reading import asked_of, reading_options
from wilks.cli.compare_streams import (
    WORKERS,
    check_stream_options,
    prepare_from_files,
    stream_options,
    streamed,
    worker_options_given,
)
from wilks.cli.fail_on import FailOn, fail_on_option, judge, require_within_reach
from wilks.cli.options import FilePath, json_option, reach_option, style_options
from wilks.cli.places import COMPARED, HISTOGRAMS, REPORT, SPLITTING, SUMS
from wilks.cli.progress import every_ten_seconds
from wilks.cli.session import Session
from wilks.comparison import Comparison
from wilks.comparison.comparing import ComparisonOptions, compare_prepared, prepare_samples
from wilks.comparison.contents import Asked, contents_of_files, two_samples
from wilks.comparison.counting import MOST_DRAWS, stopping_for
from wilks.comparison.prepared import Prepared
from wilks.comparison.streamed import remove_sums
from wilks.storage import save
from wilks.wording import visible


@click.command("compare", short_help="Compare two samples on equal terms, with nothing to choose.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@reading_options
@stream_options
@style_options
@click.option(
    "--permutations", type=click.IntRange(min=1), metavar="N", help="How many relabellings p is counted among."
)
@reach_option("relabellings")
@click.option(
    "--expected-ratio", type=float, metavar="R", help="Also test the number of events: that of A over that of B."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the relabellings.")
@click.option(
    "--output",
    "-o",
    type=FilePath(),
    default="comparison",
    metavar="FOLDER",
    show_default=True,
    help="Folder of the results.",
)
@click.option(
    "--hidden",
    metavar="N[,N...]",
    help="Compare by a network with these hidden neurons, fitted to either sample against both (symmetrised).",
)
@click.option("--weight-clip", type=click.FloatRange(min=0, min_open=True), metavar="W", help="Box of its parameters.")
@fail_on_option
@json_option
def compare_command(a: str, b: str, output: Path, fail_on: FailOn | None, as_json: bool, **options: Any) -> None:
    """Are the samples in the files A and B drawn from one distribution?

    A and B are files, or patterns in quotes such as "run1*.root". The columns that both have are compared; columns that
    number events are left out, and a column named as weights are weighs the events. There is nothing to choose.
    """
    session = Session("compare", as_json=as_json)
    wanted = asked_of(options)
    check_stream_options(options)

    def work() -> None:
        _check_gate(fail_on, options, n_most=options["permutations"] or MOST_DRAWS)
        samples = streamed((a, b), wanted, options)
        asked = as_written({"A": a, "B": b, **_given({**options, "stream": samples is not None})})
        require_same(output, asked)
        session.outcome.numbers["asked"] = asked
        notices: tuple[str, ...] = ()
        if samples is not None:
            prepared = prepare_from_files(session, samples, options, output=output)
        else:
            for option in worker_options_given(options):
                session.warn(f"{option} is for samples that are streamed, but these are held in memory; see --stream")
            prepared, notices = _held((a, b), wanted, options)
        _check_gate(fail_on, options, n_most=stopping_for(prepared.statistics, options["permutations"]).n_most)
        left_out = [*notices, *_left_out(prepared)]
        for notice in left_out:
            session.note(f"{notice}.")
        result = compare_prepared(
            prepared,
            ComparisonOptions(
                with_counts=options["expected_ratio"] is not None,
                expected_ratio=options["expected_ratio"],
                n_permutations=options["permutations"],
                seed=options["seed"],
                reach=options["reach"],
            ),
            store=None if options["reach"] is None else output / SPLITTING,
            report=every_ten_seconds(session.note),
        )
        session.outcome.numbers["left_out"] = left_out
        _answer(session, result, fail_on=fail_on)
        _keep(session, dataclasses.replace(result, asked=asked), prepared, output=output)

    session.run(work)


def _check_gate(fail_on: FailOn | None, options: Mapping[str, Any], *, n_most: int) -> None:
    """Raise ConfigError for a condition that so many relabellings can never meet; with the sizes p is not limited."""
    if fail_on is None or options["expected_ratio"] is not None:
        return
    remedy = (
        f"give --permutations {1.0 / max(fail_on.p_limit, 1e-300):.0f} or more, or, for samples in memory without "
        f"weights, --reach {fail_on.p_limit / 10.0:.0e}"
    )
    require_within_reach(fail_on, n_draws=n_most, reach=options["reach"], what="relabellings", remedy=remedy)


def _held(
    files: tuple[str, str], wanted: tuple[Asked, Asked], options: Mapping[str, Any]
) -> tuple[Prepared, tuple[str, ...]]:
    """Both samples in memory, and what was taken for what."""
    first, second = (contents_of_files(some, of) for some, of in zip(files, wanted, strict=True))
    samples = two_samples(first, second, uses_weights=not options["no_weights"])
    needs_labels = options["reach"] is not None
    model = network(options["hidden"], options["weight_clip"])
    seed = options["seed"]
    prepared = prepare_samples(samples.a, samples.b, model=model, seed=seed, needs_labels=needs_labels)
    return prepared._replace(notices=(*samples.notices, *prepared.notices)), samples.notices


def _answer(session: Session, result: Comparison, *, fail_on: FailOn | None) -> None:
    """Print the answer, before any figure is drawn."""
    session.say(str(result))
    session.outcome.numbers["comparison"] = result.to_dict()
    session.outcome.warn(*result.warnings)
    if fail_on is None or judge(session, fail_on, p_value=result.p_value, z_score=result.z_score):
        return
    if result.tally is not None and result.tally.n_hits == 0 and result.tail is None:
        session.warn(
            f"--fail-on {fail_on.text} is beyond the reach of {result.tally.n_draws:,} relabellings, none of which has "
            "a t as large: more of them must decide; give --permutations"
        )


def _keep(session: Session, result: Comparison, prepared: Prepared, *, output: Path) -> None:
    """The saved result, the report and result.json."""
    session.output, asked = output, result.asked
    save(result, output / COMPARED, is_replacing=True)
    names = _names(asked["A"], asked["B"])
    save(reports.binned_features(result, *prepared.samples, names=names), output / HISTOGRAMS, is_replacing=True)
    page = reports.write_comparison_report(
        result,
        output / REPORT,
        a=prepared.samples[0],
        b=prepared.samples[1],
        names=names,
        reproduction={name.replace("_", " "): _text(value) for name, value in asked.items()},
    )
    remove_sums(output / SUMS)
    session.outcome.files |= {"report": str(page), "result": str(output / COMPARED)}
    session.say(f"The report is {page}")


def _text(value: Any) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value)


def _left_out(prepared: Prepared) -> Iterator[str]:
    """Which events were not read; the answer itself warns of those that lack what is compared."""
    for which, sample in zip(("first", "second"), prepared.samples, strict=True):
        if sample.origin is not None:
            found = [one for one in sample.origin.left_out if one not in sample.origin.lacking]
            yield from (f"of the {which} sample {one}" for one in found)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that were left out."""
    given = {
        name: value for name, value in options.items() if value not in (None, False, (), []) and name not in WORKERS
    }
    return given if "golden_json" in given else {name: value for name, value in given.items() if name != "run_columns"}


def _names(a: str, b: str) -> tuple[str, str]:
    """What samples are called in figures: the names of their files, with as many folders as make them differ."""
    first, second = Path(a).parts, Path(b).parts
    n = next((n for n in range(1, max(len(first), len(second)) + 1) if first[-n:] != second[-n:]), 1)
    return visible("/".join(first[-n:])), visible("/".join(second[-n:]))

"""The command that compares two samples."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from wilks import reports
from wilks.cli.compare_reading import asked_of, reading_options
from wilks.cli.fail_on import FailOn, fail_on_option, judge
from wilks.cli.options import FilePath, json_option, reach_option
from wilks.cli.places import REPORT, SPLITTING, require_free
from wilks.cli.progress import every_ten_seconds
from wilks.cli.session import RESULT_FILE, Session
from wilks.comparison import Comparison, compare
from wilks.comparison.contents import TwoSamples, contents_of_files, two_samples
from wilks.errors import StoreError
from wilks.storage import save
from wilks.wording import visible

SAVED = "comparison"


@click.command("compare", short_help="Compare two samples on equal terms, with nothing to choose.")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@reading_options
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
    type=FilePath(),
    default="comparison",
    metavar="FOLDER",
    show_default=True,
    help="Folder of the results.",
)
@fail_on_option
@json_option
def compare_command(a: str, b: str, output: Path, fail_on: FailOn | None, as_json: bool, **options: Any) -> None:
    """Are the samples in the files A and B drawn from one distribution?

    A and B are files, or patterns in quotes such as "run1*.root". The columns that both have are compared; columns that
    number events are left out, and a column named as weights are weighs the events. There is nothing to choose.
    """
    session = Session("compare", as_json=as_json)
    asked = {"A": a, "B": b, **_given(options)}
    wanted = asked_of(options)

    def work() -> None:
        _require_same(output, asked)
        first, second = (contents_of_files(files, of) for files, of in zip((a, b), wanted, strict=True))
        samples = two_samples(first, second, uses_weights=not options["no_weights"])
        notices = [*samples.notices, *_left_out(samples)]
        for notice in notices:
            session.note(f"{notice}.")
        result = compare(
            samples.a,
            samples.b,
            with_counts=options["expected_ratio"] is not None,
            expected_ratio=options["expected_ratio"],
            n_permutations=options["permutations"],
            reach=options["reach"],
            seed=options["seed"],
            store=None if options["reach"] is None else output / SPLITTING,
            report=every_ten_seconds(session.note),
        )
        session.outcome.numbers |= {"asked": asked, "left_out": notices}
        _answer(session, result, fail_on=fail_on)
        _keep(session, result, samples, output=output, asked=asked)

    session.run(work)


def _answer(session: Session, result: Comparison, *, fail_on: FailOn | None) -> None:
    """Print the answer, before any figure is drawn."""
    session.say(str(result))
    session.outcome.numbers["comparison"] = result.to_dict()
    session.outcome.warn(*result.warnings)
    if fail_on is not None:
        judge(session, fail_on, p_value=result.p_value, z_score=result.z_score)


def _keep(session: Session, result: Comparison, samples: TwoSamples, *, output: Path, asked: Mapping[str, Any]) -> None:
    """The saved result, the report and result.json."""
    session.output = output
    save(result, output / SAVED, is_replacing=True)
    page = reports.write_comparison_report(
        result,
        output / REPORT,
        a=samples.a,
        b=samples.b,
        names=(_name(asked["A"]), _name(asked["B"])),
        reproduction={name.replace("_", " "): _text(value) for name, value in asked.items()},
    )
    session.outcome.files |= {"report": str(page), "result": str(output / SAVED)}
    session.say(f"The report is {page}")


def _require_same(output: Path, asked: Mapping[str, Any]) -> None:
    """Raise StoreError unless the folder is new, empty, or holds the comparison that is asked for."""
    if not (output / SAVED).exists():
        require_free(output, config_file=output / RESULT_FILE)
        return
    try:
        there = json.loads((output / RESULT_FILE).read_bytes())["numbers"]["asked"]
    except (OSError, ValueError, KeyError, TypeError):
        there = {}
    there, now = _given(there), json.loads(json.dumps(asked))
    if there != now:
        differing = sorted(name for name in {**there, **now} if there.get(name) != now.get(name))
        raise StoreError(
            f"{output} must be new, empty or hold this comparison, but it holds another one ({', '.join(differing)} "
            "differ); give another --output. Nothing was overwritten"
        )


def _text(value: Any) -> str:
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _left_out(samples: TwoSamples) -> Iterator[str]:
    """Which events were not read; the answer itself warns of those that lack what is compared."""
    for which, sample in (("first", samples.a), ("second", samples.b)):
        if sample.origin is not None:
            found = [one for one in sample.origin.left_out if one not in sample.origin.lacking]
            yield from (f"of the {which} sample {one}" for one in found)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that were left out."""
    given = {name: value for name, value in options.items() if value not in (None, False, (), [])}
    return given if "golden_json" in given else {name: value for name, value in given.items() if name != "run_columns"}


def _name(files: str) -> str:
    """What a sample is called in figures: the name of its file."""
    return visible(Path(files).name)

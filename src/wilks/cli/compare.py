"""The command that compares two samples."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from wilks import reports
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
@click.option("--where", metavar="EXPRESSION", help='Which events to keep, such as "pt > 20 and abs(eta) < 2.4".')
@click.option("--weight", metavar="EXPRESSION", help="The weight of events, in both samples.")
@click.option("--no-weights", is_flag=True, help="Every row counts one, whatever its columns hold.")
@click.option("--tree", metavar="NAME", help="TTree, RNTuple or HDF5 table inside the files.")
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
    if options["weight"] is not None and options["no_weights"]:
        raise click.UsageError("--weight and --no-weights exclude each other")
    asked = {"A": a, "B": b, **options}

    def work() -> None:
        _require_same(output, asked)
        given = {name: options[name] for name in ("tree", "where", "weight")}
        tables = [contents_of_files(files, **given) for files in (a, b)]
        samples = two_samples(*tables, uses_weights=not options["no_weights"])
        for notice in samples.notices:
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
        session.outcome.numbers |= {"asked": asked, "left_out": list(samples.notices)}
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
        reproduction={
            name.replace("_", " "): str(value) for name, value in asked.items() if value not in (None, False)
        },
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
    if there != json.loads(json.dumps(asked)):
        differing = sorted(name for name in asked if there.get(name) != asked[name])
        raise StoreError(
            f"{output} must be new, empty or hold this comparison, but it holds another one ({', '.join(differing)} "
            "differ); give another --output. Nothing was overwritten"
        )


def _name(files: str) -> str:
    """What a sample is called in figures: the name of its file."""
    return visible(Path(files).name)

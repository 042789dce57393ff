"""Commands for a first start: init, schema and demo."""

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import click

from wilks.cli.commands import run_all
from wilks.cli.options import json_option
from wilks.cli.outcome import strict_json
from wilks.cli.places import require_free
from wilks.cli.session import Session
from wilks.config import FoundSample, find_data, find_reference, json_schema, template
from wilks.config.data_weights import ONE_EACH
from wilks.errors import ConfigError
from wilks.samples import file_identity, find_files
from wilks.storage import as_path, write_text
from wilks.wording import in_shell, listed

_MAX_FILES_NAMED = 6
_SEEN_BELOW, _LARGE_RATIO = 0.05, 4
SCHEMA_FILE = "analysis.schema.json"


class _DataTakesMany(click.Command):
    """A command whose option --data takes every file that follows, as a shell gives those of a pattern."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, repeated(args, option="--data"))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return ["REFERENCE...", "[--data FILE...]", "[OPTIONS]"]


def repeated(words: Sequence[str], *, option: str) -> list[str]:
    """Words of a command line with ``option`` before each word that follows it, up to the next option.

    >>> repeated(["mc.csv", "--data", "a.csv", "b.csv", "--tree", "t"], option="--data")
    ['mc.csv', '--data', 'a.csv', '--data', 'b.csv', '--tree', 't']
    """
    found: list[str] = []
    is_taking = needs_option = False
    for k, word in enumerate(words):
        if word == "--":
            return [*found, *words[k:]]
        if word.startswith("-"):
            is_taking, needs_option = word == option or word.startswith(f"{option}="), word != option
        elif is_taking:
            found += [option] if needs_option else []
            needs_option = True
        found.append(word)
    return found


@click.command(cls=_DataTakesMany, short_help="Write a commented analysis file from sample files.")
@click.argument("reference", nargs=-1)
@click.option("--data", multiple=True, metavar="FILE...", help="Files of observed data: all up to the next option.")
@click.option("--tree", metavar="NAME", help="TTree, RNTuple or HDF5 table inside the files.")
@click.option("--output", "-o", default="ANALYSIS.yaml", metavar="FILE", show_default=True, help="The file to write.")
@click.option("--schema", "with_schema", is_flag=True, help=f"Also write {SCHEMA_FILE} beside it, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def init(
    reference: tuple[str, ...], data: tuple[str, ...], tree: str | None, output: str, with_schema: bool, as_json: bool
) -> None:
    """Write a commented analysis file for the REFERENCE files; every numeric column found becomes a feature.

    REFERENCE files come first, then --data and the files of observed data.
    """
    session = Session("init", as_json=as_json)
    target = as_path(output)

    def work() -> None:
        _check_roles(reference, data)
        names = (target, target.with_name(SCHEMA_FILE)) if with_schema else (target,)
        _refuse_existing(names)
        samples = {"reference": find_reference(reference, tree=tree, folder=target.parent)}
        if data:
            like = samples["reference"]
            samples["data"] = find_data(data, reference=like, tree=tree, folder=target.parent)
        schema_file = SCHEMA_FILE if with_schema else None
        _write(target, template(samples["reference"], data=samples.get("data"), tree=tree, schema=schema_file))
        if with_schema:
            _write(target.with_name(SCHEMA_FILE), strict_json(json_schema()) + "\n")
        session.outcome.files = {"analysis": str(target)}
        _say_roles(session, samples)
        _say_compare(session, samples)
        session.say(f"Wrote {target}. Edit it (the lines marked EDIT first), then: wilks check {in_shell(target)}")

    session.run(work)


def _check_roles(reference: Sequence[str], data: Sequence[str]) -> None:
    """Raise ConfigError without a reference file, and for a file that is given as reference and as data."""
    if not reference:
        taken = f", but every file came after --data: {listed(data)}" if data else ", but none was"
        raise ConfigError(
            f"files of the reference must be named, before --data{taken}; "
            "write wilks init REFERENCE_FILE... --data DATA_FILE..."
        )
    own, observed = (
        {file_identity(path): path for path in find_files(files)} if files else {} for files in (reference, data)
    )
    both = [str(path) for identity, path in observed.items() if identity in own]
    if both:
        raise ConfigError(
            f"a file must be of the reference or of the data, but {listed(sorted(both))} came as both: data "
            "must be independent of the reference; name each file once, those of the data after --data"
        )


def _say_roles(session: Session, samples: Mapping[str, FoundSample]) -> None:
    """Which files were taken for what, and what their columns suggest."""
    for role, found in samples.items():
        shown, n_more = found.files[:_MAX_FILES_NAMED], len(found.files) - _MAX_FILES_NAMED
        more = f" and {n_more} more" if n_more > 0 else ""
        session.say(f"{role}: {listed(shown)}{more} ({found.n_events:,} events)")
        for reason in found.reasons:
            session.say(f"  left out: {reason}")
        if role == "reference" and found.weights:
            session.say(f"  weights: {listed(found.weights)}")
        session.outcome.numbers[role] = {"files": list(found.files), "n_events": found.n_events}
    if "data" in samples and samples["data"].not_one:
        session.warn(
            f"the data carry {listed(samples['data'].not_one)}, not one in every event, but data are counts: unweight "
            f"them first, or, if it is no weight of these events, {ONE_EACH}"
        )


def _say_compare(session: Session, samples: Mapping[str, FoundSample]) -> None:
    """A reference that is no larger than the data is no model of them."""
    if "data" not in samples:
        return
    n_reference, n_data = (samples[role].n_events for role in ("reference", "data"))
    if n_reference < _LARGE_RATIO * n_data:
        files = [samples[role].files for role in ("reference", "data")]
        names = " ".join(in_shell(one[0]) for one in files) if all(len(one) == 1 for one in files) else "A B"
        session.note(
            f"the reference has {n_reference:,} events for {n_data:,} of the data: toys need many times more. Two "
            f"samples of like size are compared by: wilks compare {names}"
        )


@click.command(short_help="Print the JSON Schema of an analysis file, for editors.")
def schema() -> None:
    """Print the JSON Schema of an analysis file.

    Editors with a YAML language server use it for completion and checks, when the first line of the file is
    `# yaml-language-server: $schema=analysis.schema.json`.
    """
    click.echo(strict_json(json_schema()))


@click.command(short_help="Run the exponential problem with a signal injected.")
@click.option(
    "--output", "-o", default="demo-output", metavar="FOLDER", show_default=True, help="Folder of the results."
)
@click.option("--toys", "n_toys", default=1_000, type=click.IntRange(min=1), show_default=True, help="Number of toys.")
@json_option
def demo(output: str, n_toys: int, as_json: bool) -> None:
    """Run the exponential problem: 2000 events expected, a peak of 10 injected in the tail.

    Writes ANALYSIS.yaml into the folder and does what `wilks run` does with it. With more --toys the campaign goes on.
    """
    session = Session("demo", as_json=as_json)

    def work() -> None:
        folder = as_path(output)
        config_file = folder / "ANALYSIS.yaml"
        require_free(folder, config_file=config_file)
        _write_demo(config_file, n_toys=n_toys)
        run_all(session, config_file, fail_on=None)
        _say_what_was_injected(session, config_file)

    session.run(work)


def _say_what_was_injected(session: Session, config_file: Path) -> None:
    """Who reads p should know what there was to be seen: a peak of twice the size of a publication."""
    p_value = session.outcome.numbers.get("answer", {}).get("p_value")
    if p_value is not None:
        seen = "is seen at the level of 5 %" if p_value < _SEEN_BELOW else "is too small to be seen in these data"
        session.say(
            f"The peak of 20 events that was injected {seen} (p = {p_value:.2g}). For one of the published size write "
            f"data.inject.expected_events: 10 and another `output` into {config_file}, then wilks run "
            f"{in_shell(config_file)}"
        )


def _write_demo(path: Path, *, n_toys: int) -> None:
    """Write the analysis file of the demo; another one that is there is not overwritten."""
    text = _with_toys(resources.files("wilks.cli").joinpath("demo.yaml").read_text(encoding="utf-8"), n_toys)
    if path.exists() and _with_toys(path.read_text(encoding="utf-8"), n_toys) != text:
        raise ConfigError(f"{path}: this file must be that of the demo, but it is another one; give another --output")
    _write(path, text)


def _with_toys(text: str, n_toys: int) -> str:
    return re.sub(r"(?m)^  n_toys: \d+$", f"  n_toys: {n_toys}", text)


def _refuse_existing(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise ConfigError(f"{path}: this file exists already and is not overwritten; give another --output")


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(f"{path}: the file must be writable, but: {error.strerror}; give another --output") from error

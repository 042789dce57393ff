"""Commands for a first start: init, schema and demo."""

import os
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import click

from wilks.cli.commands import run_all
from wilks.cli.folder import require_free
from wilks.cli.options import json_option
from wilks.cli.outcome import strict_json
from wilks.cli.session import Session
from wilks.config import FoundSample, json_schema, template
from wilks.errors import ConfigError, SampleError
from wilks.samples import columns, read
from wilks.storage import write_text
from wilks.wording import in_shell

_MAX_FEATURES = 20
SCHEMA_FILE = "analysis.schema.json"


@click.command(short_help="Write a commented analysis file from sample files.")
@click.argument("reference", nargs=-1, required=True)
@click.option("--data", multiple=True, metavar="FILE", help="A file of observed data; may be repeated.")
@click.option("--tree", metavar="NAME", help="TTree, RNTuple or HDF5 table inside the files.")
@click.option("--output", default="ANALYSIS.yaml", metavar="FILE", show_default=True, help="The file to write.")
@click.option("--schema", "with_schema", is_flag=True, help=f"Also write {SCHEMA_FILE} beside it, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def init(
    reference: tuple[str, ...], data: tuple[str, ...], tree: str | None, output: str, with_schema: bool, as_json: bool
) -> None:
    """Write a commented analysis file for the REFERENCE files; every numeric column found becomes a feature."""
    session = Session("init", as_json=as_json)
    target = Path(output)

    def work() -> None:
        names = (target, target.with_name(SCHEMA_FILE)) if with_schema else (target,)
        _refuse_existing(names)
        text = template(
            _found(reference, tree=tree, folder=target.parent),
            data=_found(data, tree=tree, folder=target.parent) if data else None,
            tree=tree,
            schema=SCHEMA_FILE if with_schema else None,
        )
        _write(target, text)
        if with_schema:
            _write(target.with_name(SCHEMA_FILE), strict_json(json_schema()) + "\n")
        session.outcome.files = {"analysis": str(target)}
        session.say(f"Wrote {target}. Edit it (the lines marked EDIT first), then: wilks check {in_shell(target)}")

    session.run(work)


@click.command(short_help="Print the JSON Schema of an analysis file, for editors.")
def schema() -> None:
    """Print the JSON Schema of an analysis file.

    Editors with a YAML language server use it for completion and checks, when the first line of the file is
    `# yaml-language-server: $schema=analysis.schema.json`.
    """
    click.echo(strict_json(json_schema()))


@click.command(short_help="Run the exponential problem with a signal injected.")
@click.option("--output", default="demo-output", metavar="FOLDER", show_default=True, help="Folder of the results.")
@click.option("--toys", "n_toys", default=40, type=click.IntRange(min=1), show_default=True, help="Number of toys.")
@json_option
def demo(output: str, n_toys: int, as_json: bool) -> None:
    """Run the exponential problem: 2000 events expected, a peak of 10 injected in the tail.

    Writes ANALYSIS.yaml into the folder and does what `wilks run` does with it. With more --toys the campaign goes on.
    """
    session = Session("demo", as_json=as_json)

    def work() -> None:
        config_file = Path(output) / "ANALYSIS.yaml"
        require_free(Path(output), config_file=config_file)
        _write_demo(config_file, n_toys=n_toys)
        run_all(session, config_file, fail_on=None)

    session.run(work)


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


def _found(files: Sequence[str], *, tree: str | None, folder: Path) -> FoundSample:
    """Numeric, finite columns of the files and the number of rows."""
    usable: list[str] = []
    n_events, reason = 0, "no column was found"
    for name in columns(list(files), tree=tree):
        if len(usable) == _MAX_FEATURES:
            break
        try:
            n_events = read(list(files), features=[name], tree=tree).n_events
        except SampleError as error:
            reason = str(error)
        else:
            usable.append(name)
    if not usable:
        raise SampleError(
            f"{', '.join(files)}: at least one column must be numeric and finite in all events, but none is; {reason}"
        )
    return FoundSample(tuple(_relative(path, folder) for path in files), tuple(usable), n_events)


def _relative(path: str, folder: Path) -> str:
    return path if "://" in path or os.path.isabs(path) else os.path.relpath(path, folder)

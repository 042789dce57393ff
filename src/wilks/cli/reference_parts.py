"""wilks reference part, wilks reference merge: references from runs that are read once, here or on many machines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from wilks.cli.options import FilePath, json_option, module_folder_option
from wilks.cli.reference_build import (
    built_reference,
    keep_reference,
    reading_of,
    require_free,
    say_events,
    with_held_out,
)
from wilks.cli.session import Session
from wilks.config import LoadedConfig, Sources, load_config, read_sources
from wilks.config.reading import certified_of, yields_of
from wilks.documents import differences
from wilks.errors import ConfigError, InputError
from wilks.monitor import MonitorReference, ReferencePart, merge_parts
from wilks.samples import Sample
from wilks.storage import save
from wilks.wording import listed


@click.command("part", short_help="Read good events once, as a part of references.")
@click.argument("files", nargs=-1)
@click.option(
    "--analysis", "analysis_file", required=True, metavar="ANALYSIS.yaml", help="Features, selection, weight."
)
@click.option(
    "--output", "-o", type=FilePath(), required=True, metavar="FOLDER", help="Folder of the part, new or empty."
)
@module_folder_option
@json_option
def part(files: tuple[str, ...], analysis_file: str, output: Path, as_json: bool) -> None:
    """Read FILES of good events, or those that the analysis file names, select and halve them, and keep the features.

    `wilks reference merge` builds a reference from any parts without another look at the files. Model, sizes of batches
    and rates may change until then.
    """
    session = Session("reference part", as_json=as_json)

    def work() -> None:
        require_free(output, ReferencePart)
        loaded = load_config(analysis_file, reference_files=files)
        made = _part(loaded)
        save(made, output)
        session.say(str(made))
        session.output = output
        session.outcome.numbers["part"] = made.to_dict()
        session.outcome.files["part"] = str(output)
        session.say(f"The part is {output}")

    session.run(work)


@click.command("merge", short_help="Build a reference from parts.")
@click.argument("parts", nargs=-1, required=True, type=FilePath())
@click.option("--analysis", "analysis_file", required=True, metavar="ANALYSIS.yaml", help="Model, sizes, rates.")
@click.option(
    "--output", "-o", type=FilePath(), required=True, metavar="FOLDER", help="Folder of the reference, new or empty."
)
@click.option("--replace", "is_replacing", is_flag=True, help="Replace the reference that is in the folder, at once.")
@module_folder_option
@json_option
def merge(parts: tuple[Path, ...], analysis_file: str, output: Path, is_replacing: bool, as_json: bool) -> None:
    """Build a reference from PARTS, folders of `wilks reference part`, as from all their files.

    The order of the parts does not matter. With --replace a monitor that runs with --reload goes on with the reference.
    """
    session = Session("reference merge", as_json=as_json)

    def work() -> None:
        require_free(output, MonitorReference)
        loaded = load_config(analysis_file, reference_files=[str(one) for one in parts])
        sources = _sources(loaded, parts)
        say_events(session, sources)
        built = built_reference(loaded, sources)
        keep_reference(session, built, output, is_replacing=is_replacing)

    session.run(work)


def _part(loaded: LoadedConfig) -> ReferencePart:
    _require_own_events(loaded)
    sources = with_held_out(loaded, read_sources(loaded))
    assert isinstance(sources.toy_source, Sample)
    return ReferencePart(sources.reference, sources.toy_source, _read_as(loaded))


def _sources(loaded: LoadedConfig, folders: Sequence[Path]) -> Sources:
    """Events of all parts, once they are known to be those that the analysis file means."""
    _require_own_events(loaded)
    wanted = _read_as(loaded)
    parts = [ReferencePart.load(folder) for folder in folders]
    for folder, one in zip(folders, parts, strict=True):
        if changed := differences(dict(one.reading or {}), wanted):
            raise InputError(
                f"the part {folder} must have been read as {loaded.path} says, but it differs in {listed(changed)}; "
                "make it again with this file"
            )
    whole = merge_parts(parts)
    total, given = whole.reference.expected_events, loaded.config.reference.expected_events
    return Sources(whole.reference, float(given) if isinstance(given, float | int) else total, whole.held_out, total)


def _read_as(loaded: LoadedConfig) -> dict[str, Any]:
    """All that decides which events a part has of its files, with which weights, and in which columns.

    Numbers and yields that belong to single files are not in it: each part has its own.
    """
    reference = loaded.config.reference
    more = {
        "certified": _certified(loaded),
        "per_file": sorted(reference.per_file),
        "entry_start": reference.entry_start,
        "entry_stop": reference.entry_stop,
        "expected_events by entry of files": yields_of(reference) is not None,
    }
    # What is not asked for is left out, as in parts that were made before this was looked at.
    asked = {name: value for name, value in more.items() if value}
    return {"features": list(loaded.config.features), "weight": reference.weight, **reading_of(loaded), **asked}


def _certified(loaded: LoadedConfig) -> dict[str, Any] | None:
    """The golden JSON of the reference by its content, wherever it lies."""
    golden = certified_of(loaded, loaded.config.reference)
    if golden is None:
        return None
    return {"sha256": golden.load().digest, "run": golden.run, "lumisection": golden.lumisection}


def _require_own_events(loaded: LoadedConfig) -> None:
    if loaded.config.toys.has_source:
        raise ConfigError(
            loaded.document.message(
                ("toys",),
                "a part must hold out a share of its own events, monitor.held_out, but `toys` names another source; "
                "delete it",
            )
        )

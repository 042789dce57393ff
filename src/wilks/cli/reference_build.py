"""wilks reference build: from files of good events to the reference that batches are judged by."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from wilks.analysis import Analysis
from wilks.cli.options import FilePath, json_option, module_folder_option
from wilks.cli.session import Session
from wilks.config import LoadedConfig, Sources, build_analysis, load_config, read_sources
from wilks.config.formulas import closure
from wilks.errors import ConfigError, StoreError
from wilks.monitor import BuildOptions, Decisions, MonitorReference, Validity, build_reference
from wilks.samples import Sample, parse_selection, split
from wilks.storage import Storable, save, saved_kinds

_Options = TypeVar("_Options", BuildOptions, Decisions, Validity)


@click.command("build", short_help="Build the reference that batches are judged by.")
@click.argument("files", nargs=-1)
@click.option("--analysis", "analysis_file", required=True, metavar="ANALYSIS.yaml", help="Features, model, selection.")
@click.option(
    "--output", "-o", type=FilePath(), required=True, metavar="FOLDER", help="Folder of the reference, new or empty."
)
@click.option("--replace", "is_replacing", is_flag=True, help="Replace the reference that is in the folder, at once.")
@module_folder_option
@json_option
def build(files: tuple[str, ...], analysis_file: str, output: Path, is_replacing: bool, as_json: bool) -> None:
    """Build a reference from FILES of good events, or from those that the analysis file names.

    Files, model, selection and the section `monitor` are those of the analysis file: sizes of batches, rates, validity.
    A part of the events is held out: batches of it tell what good batches look like against the rest.
    """
    session = Session("reference build", as_json=as_json)

    def work() -> None:
        require_free(output, MonitorReference)
        loaded = load_config(analysis_file, reference_files=files)
        sources = with_held_out(loaded, read_sources(loaded))
        say_events(session, sources)
        built = built_reference(loaded, sources)
        keep_reference(session, built, output, is_replacing=is_replacing)

    session.run(work)


def say_events(session: Session, sources: Sources) -> None:
    """What is there to build from, before a minute or two of toys."""
    held_out = f", {sources.toy_source.n_events:,} held out" if isinstance(sources.toy_source, Sample) else ""
    session.note(f"{sources.reference.n_events:,} events for the reference{held_out}; making toys of batches")


def built_reference(loaded: LoadedConfig, sources: Sources) -> MonitorReference:
    """The reference that an analysis file describes, of these events."""
    analysis = _analysis(loaded, sources)
    with loaded.located("monitor"):
        return build_reference(
            analysis,
            options=_options(BuildOptions, loaded),
            validity=_options(Validity, loaded),
            decisions=_options(Decisions, loaded),
            reading=reading_of(loaded, columns=_given(loaded)["columns"]),
        )


def _analysis(loaded: LoadedConfig, sources: Sources) -> Analysis:
    config = loaded.config
    sizes = _given(loaded)["batch_sizes"]
    if sizes:
        sources = replace(sources, expected_events=float(sorted(sizes)[len(sizes) // 2]))
    elif config.reference.expected_events is None:
        raise ConfigError(
            loaded.document.message(
                ("monitor",),
                "the size of a batch must be known, but neither monitor.batch_sizes nor reference.expected_events is "
                "given; write monitor: {batch_sizes: [500]}",
            )
        )
    if config.nuisances:
        raise ConfigError(
            loaded.document.message(
                ("nuisances",),
                "a reference of monitoring must have no nuisances: conditions that may differ belong into its held-out "
                "events; delete them",
            )
        )
    return build_analysis(loaded, sources)


def with_held_out(loaded: LoadedConfig, sources: Sources) -> Sources:
    """With a part of the reference held out, where the file names no other source."""
    if sources.toy_source is not None:
        return sources
    share, whole = loaded.config.monitor.held_out, sources.reference
    with loaded.located("monitor", "held_out"):
        n_first = max(1, round((1.0 - share) * whole.n_events))
        reference, rest = split(whole, n_first=n_first, seed=loaded.config.reference.split_seed)
    return replace(sources, reference=reference, toy_source=rest)


def _options(kind: type[_Options], loaded: LoadedConfig) -> _Options:
    given, make = _given(loaded), cast(Callable[..., _Options], kind)
    with loaded.located("monitor"):
        return make(**{one.name: given[one.name] for one in fields(kind)})


def _given(loaded: LoadedConfig) -> dict[str, Any]:
    """The section `monitor`, with tuples for lists."""
    given = loaded.config.monitor.model_dump()
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def reading_of(loaded: LoadedConfig, *, columns: Sequence[str] = ()) -> dict[str, Any]:
    """How events with these columns beside the features are read; definitions that nothing needs are left out."""
    config = loaded.config
    wanted = [
        *config.features,
        *columns,
        *(parse_selection(config.where).names if config.where else ()),
    ]
    needed = closure(wanted, config.define)
    return {
        "tree": config.reference.tree or config.tree,
        "where": config.where,
        "define": {name: text for name, text in config.define.items() if name in needed},
        "fill": {name: number for name, number in config.fill.items() if name in needed},
    }


def require_free(output: Path, kind: type[Storable]) -> None:
    """Raise StoreError unless the folder is new, empty, or holds one of this kind."""
    found = saved_kinds(output)
    if output.is_file() or (output.is_dir() and any(output.iterdir()) and found != [kind.stored_as]):
        raise StoreError(
            f"{output} must be a new or empty folder, or hold what is made again, but it holds something else; give "
            "another --output. Nothing was written"
        )


def keep_reference(session: Session, built: MonitorReference, output: Path, *, is_replacing: bool) -> None:
    """Say what was built, and save it."""
    session.say(str(built))
    for notice in built.notices:
        session.warn(notice.rstrip("."))
    save(built, output, is_replacing=is_replacing)
    session.output = output
    session.outcome.analysis = {"name": built.name, "fingerprint": None}
    session.outcome.numbers["reference"] = built.to_dict()
    session.outcome.files["reference"] = str(output)
    session.say(f"The reference is {output}")

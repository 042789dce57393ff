"""Reading and checking everything that a command needs, before anything is fitted or written."""

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from wilks.analysis import Analysis
from wilks.cli.checks import Findings, check_data_sample, check_reference, note_toy_source, refuse_overlap
from wilks.cli.folder import check_folder, check_ownership, claim
from wilks.cli.session import Session
from wilks.config import LoadedConfig, Sources, build_analysis, read_data, read_sources
from wilks.errors import ConfigError
from wilks.hypotheses import Null
from wilks.samples import Sample
from wilks.toys import check_drawable


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that was read and found in order; ``data`` is None where a command must not look at them."""

    loaded: LoadedConfig
    output: Path
    analysis: Analysis
    data: Sample | None
    findings: Findings


def prepare(session: Session, loaded: LoadedConfig, *, with_data: bool) -> Prepared:
    """Read and check everything that a command needs; nothing is fitted or written."""
    output = check_folder(loaded)
    found = Findings()
    sources = read_sources(loaded)
    with loaded.located("reference"):
        check_reference(found, sources.reference, expected_events=sources.expected_events)
    analysis = _checked_analysis(loaded, sources)
    note_toy_source(found, analysis)
    if check_ownership(loaded, output, analysis):
        session.output = output
    data = read_data(loaded) if with_data else None
    if data is not None:
        check_data_sample(found, data, reference=sources.reference, expected_events=sources.expected_events)
    found.add("features", ", ".join(analysis.features))
    found.add("model", f"{analysis.model.describe()}, {analysis.n_parameters} parameters")
    session.outcome.analysis = {
        "name": analysis.name,
        "file": str(loaded.path),
        "fingerprint": analysis.fingerprint(),
    }
    session.outcome.numbers["check"] = found.numbers | {"n_parameters": analysis.n_parameters}
    session.outcome.warn(*found.warnings)
    return Prepared(loaded, output, analysis, data, found)


def _checked_analysis(loaded: LoadedConfig, sources: Sources) -> Analysis:
    """The analysis, after a look at what its toys are drawn from."""
    if isinstance(sources.toy_source, Sample):
        with loaded.located("toys"):
            refuse_overlap(sources.toy_source, reference=sources.reference)
    analysis = build_analysis(loaded, sources)
    if sources.toy_source is not None:
        with loaded.located("toys"):
            check_drawable(analysis, Null())
    return analysis


def show_check(session: Session, prepared: Prepared) -> None:
    """Print the table of ``check`` and its warnings."""
    table = Table(title=f"wilks check {prepared.loaded.path}", show_header=False, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in (*prepared.findings.rows, ("output", str(prepared.output))):
        table.add_row(name, text)
    session.show(table)
    for text in prepared.findings.warnings:
        session.say(f"Warning: {text}.")


def claim_output(session: Session, prepared: Prepared) -> None:
    """Make the output folder and put the analysis into it; from here on results are written there."""
    with prepared.loaded.located("output"):
        claim(prepared.output, prepared.analysis)
    session.output = prepared.output


def require_toy_source(prepared: Prepared) -> None:
    """Raise ConfigError unless toys can be drawn."""
    if prepared.analysis.toy_source is None:
        raise ConfigError(
            prepared.loaded.document.message(
                ("toys",),
                "a calibration needs a source of toys, but none is given; set reference.n_training (the rest of "
                "the reference becomes the pool), toys.pool or toys.generator",
            )
        )

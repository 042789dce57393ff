"""Reading and checking everything that a command needs, before anything is fitted or written."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from wilks.analysis import Analysis
from wilks.campaign import Ledger
from wilks.campaign.ledger import PLAN
from wilks.cli.checks import (
    Findings,
    check_data_sample,
    check_reference,
    note_answer,
    note_samples,
    note_toy_source,
    refuse_overlap,
)
from wilks.cli.folder import ANALYSIS, LEARNED, TOYS, check_folder, check_ownership, claim
from wilks.cli.learned import Learned, load_learned, require_current
from wilks.cli.nuisance_checks import check_variation_set, note_moved_toys, note_nuisances
from wilks.cli.session import IncompleteError, Session
from wilks.config import LoadedConfig, Sources, Systematics, build_analysis, read_data, read_sources
from wilks.errors import ConfigError, StoreError
from wilks.hypotheses import Null
from wilks.nuisances import Nuisances
from wilks.samples import Sample
from wilks.toys import check_drawable


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that was read and found in order.

    Attributes:
        systematics: the nuisances of the file, and the variations, which are read when they are asked for.
        learned: the responses in the output folder, None where there are none.
        analysis: without the nuisances whose responses are still to be learned.
        data: None where a command must not look at them; ``observed`` are their auxiliary measurements.
    """

    loaded: LoadedConfig
    output: Path
    sources: Sources
    systematics: Systematics
    learned: Learned | None
    analysis: Analysis
    data: Sample | None
    observed: dict[str, float]
    findings: Findings

    @property
    def has_responses(self) -> bool:
        """Whether every nuisance has its response, so that ``analysis`` is that of the file."""
        return not self.systematics.to_learn or (self.learned is not None and not self.learned.changed)

    @property
    def n_toys(self) -> int:
        """Number of toys that calibrate the test: of the file, or those planned in the output folder where it has none.

        0: the analytic null of a score statistic does.
        """
        wanted, folder = self.loaded.config.n_toys, self.output / TOYS
        return wanted or (Ledger.open(folder).plan.n_toys if (folder / PLAN).exists() else 0)


def prepare(session: Session, loaded: LoadedConfig, *, with_data: bool, needs_responses: bool = True) -> Prepared:
    """Read and check everything that a command needs; nothing is fitted or written."""
    output = check_folder(loaded)
    found = Findings()
    sources = read_sources(loaded)
    with loaded.located("reference"):
        check_reference(found, sources.reference, expected_events=sources.expected_events)
    systematics = Systematics(loaded, sources)
    systematics.check_covariance()
    observed = systematics.observed()
    learned = _learned(loaded, output, systematics, needs_responses=needs_responses)
    nuisances = _nuisances(systematics, learned)
    analysis = _checked_analysis(loaded, sources, nuisances)
    note_toy_source(found, analysis)
    note_samples(found, analysis)
    data = read_data(loaded) if with_data else None
    if data is not None:
        with loaded.located("data"):
            check_data_sample(found, data, analysis=analysis)
    prepared = Prepared(loaded, output, sources, systematics, learned, analysis, data, observed, found)
    _check_ownership(session, prepared)
    found.add("features", ", ".join(analysis.features))
    found.add("model", f"{analysis.model.describe()}, {analysis.n_parameters} parameters")
    note_nuisances(found, systematics, has_responses=prepared.has_responses)
    _note_outcome(session, prepared)
    return prepared


def with_responses(prepared: Prepared, learned: Learned) -> Prepared:
    """The same with the responses that were just learned."""
    analysis = _checked_analysis(prepared.loaded, prepared.sources, prepared.systematics.nuisances(learned.nuisances))
    return replace(prepared, learned=learned, analysis=analysis)


def _learned(loaded: LoadedConfig, output: Path, systematics: Systematics, *, needs_responses: bool) -> Learned | None:
    if not systematics.to_learn:
        return None
    learned = load_learned(output, systematics)
    if learned is None and needs_responses:
        raise IncompleteError(
            f"the responses of {', '.join(systematics.to_learn)} must be learned first, but {output / LEARNED} is not "
            f"there; run `wilks learn-nuisances {loaded.path}`"
        )
    if learned is not None and needs_responses:
        require_current(output, learned, analysis_file=loaded.path)
    return learned


def _nuisances(systematics: Systematics, learned: Learned | None) -> Nuisances | None:
    if not systematics:
        return None
    if not systematics.to_learn:
        return systematics.nuisances(Nuisances())
    return systematics.nuisances(learned.nuisances if learned is not None and not learned.changed else None)


def _checked_analysis(loaded: LoadedConfig, sources: Sources, nuisances: Nuisances | None) -> Analysis:
    """The analysis, after a look at what its toys are drawn from."""
    if isinstance(sources.toy_source, Sample):
        with loaded.located("toys"):
            refuse_overlap(sources.toy_source, reference=sources.reference)
    analysis = build_analysis(loaded, sources, nuisances)
    if sources.toy_source is not None:
        with loaded.located("toys"):
            check_drawable(analysis, Null())
    return analysis


def _check_ownership(session: Session, prepared: Prepared) -> None:
    """Raise StoreError if the output folder holds another analysis; without responses nothing can be compared."""
    if prepared.has_responses:
        if check_ownership(prepared.loaded, prepared.output, prepared.analysis):
            session.output = prepared.output
    elif prepared.learned is None and (prepared.output / ANALYSIS).exists():
        raise StoreError(
            prepared.loaded.document.message(
                ("output",),
                f"the output folder {prepared.output} must hold this analysis alone, but it holds another one: "
                f"{LEARNED} is not there. Nothing was overwritten; give another `output`, or delete that folder",
            )
        )


def _note_outcome(session: Session, prepared: Prepared) -> None:
    analysis, found = prepared.analysis, prepared.findings
    session.outcome.analysis = {
        "name": analysis.name,
        "file": str(prepared.loaded.path),
        "fingerprint": analysis.fingerprint() if prepared.has_responses else None,
    }
    if prepared.learned is not None and prepared.learned.is_poor:
        found.warnings.append("the learned responses do not reproduce the variations, and were accepted nonetheless")
    session.outcome.numbers["check"] = found.numbers | {"n_parameters": analysis.n_parameters}
    session.outcome.warn(*found.warnings)


def note_variations(prepared: Prepared) -> None:
    """Read and check the variations, and transforms where toys are moved by them, for the table of ``check``."""
    with prepared.loaded.located("toys", "unselected"):
        note_moved_toys(prepared.findings, prepared.systematics)
    check_variation_set(prepared.findings, prepared.systematics)


def show_check(session: Session, prepared: Prepared) -> None:
    """Print the table of ``check`` and its warnings."""
    note_answer(prepared.findings, prepared.analysis, n_toys=prepared.n_toys)
    session.outcome.numbers["check"].update(prepared.findings.numbers)
    session.outcome.warn(*prepared.findings.warnings)
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
                "the reference becomes the pool), toys.pool, toys.unselected or toys.generator",
            )
        )

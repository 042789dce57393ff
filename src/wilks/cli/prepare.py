"""Reading and checking everything that a command needs, before anything is fitted or written."""

from dataclasses import dataclass, replace
from pathlib import Path

from wilks.analysis import Analysis
from wilks.cli.answers import check_same_data
from wilks.cli.checks import Findings, note_answer, note_data_driven, note_samples
from wilks.cli.folder import check_folder, check_ownership, claim
from wilks.cli.learned import Learned, load_learned, require_current
from wilks.cli.nuisance_checks import check_variation_set, note_moved_toys, note_nuisances
from wilks.cli.places import ANALYSIS, LEARNED
from wilks.cli.session import IncompleteError, Session
from wilks.cli.toy_counts import least_toys, usable_toys
from wilks.config import LoadedConfig, LoadedRegions, Sources, Systematics, build_analysis, read_data, read_sources
from wilks.errors import ConfigError, StoreError
from wilks.hypotheses import Null
from wilks.nuisances import Nuisances
from wilks.samples import Sample, check_data_once
from wilks.toys import check_drawable
from wilks.wording import in_shell


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
        """The least number of toys to have; 0: the analytic null of a score statistic answers."""
        return least_toys(self.loaded)


def prepare(
    session: Session,
    loaded: LoadedConfig,
    *,
    with_data: bool,
    needs_responses: bool = True,
    may_learn_again: bool = False,
) -> Prepared:
    """Read and check everything that a command needs, and that the output folder belongs to it; nothing is fitted.

    Args:
        session: gets the findings.
        loaded: the analysis file.
        with_data: whether the data are read; without, a command must not look at them.
        needs_responses: whether all responses must have been learned.
        may_learn_again: whether responses may be there that were learned from something else.
    """
    if isinstance(loaded, LoadedRegions):
        return _prepared_regions(session, loaded, with_data=with_data)
    output = check_folder(loaded)
    sources = read_sources(loaded)
    systematics = Systematics(loaded, sources)
    systematics.check_covariance()
    observed = systematics.observed()
    learned = _learned(loaded, output, systematics, is_needed=needs_responses)
    if learned is not None and not may_learn_again:
        require_current(output, learned, analysis_file=loaded.path)
    analysis = _analysis(loaded, sources, _nuisances(systematics, learned))
    data = _data(loaded, analysis) if with_data else None
    prepared = Prepared(loaded, output, sources, systematics, learned, analysis, data, observed, Findings())
    return _checked(session, prepared)


def _checked(session: Session, prepared: Prepared) -> Prepared:
    """The same, after a look at its output folder, and with its findings."""
    _check_ownership(session, prepared)
    _check_answer(prepared)
    _note_findings(session, prepared)
    return prepared


def _prepared_regions(session: Session, loaded: LoadedRegions, *, with_data: bool) -> Prepared:
    """Several regions as one analysis: each is read by its own file, and its responses lie in its own output folder."""
    output = check_folder(loaded)
    analyses: dict[str, Analysis] = {}
    data: dict[str, Sample] = {}
    observed: dict[str, float] = {}
    for name, part in loaded.parts.items():
        with loaded.located("regions", name):
            sources = read_sources(part)
            systematics = Systematics(part, sources)
            learned = _learned(part, part.output, systematics, is_needed=True)
            analyses[name] = _analysis(part, sources, _nuisances(systematics, learned))
            if with_data:
                data[name] = _data(part, analyses[name])
                observed |= _agreeing(observed, systematics.observed())
    with loaded.located("regions"):
        analysis = Analysis.of_regions(analyses, name=loaded.config.name)
    together = Sources(analysis.reference, analysis.expected_events, None, analysis.expected_events)
    systematics = Systematics(loaded, together)
    sample = analysis.checked(data) if with_data else None
    prepared = Prepared(loaded, output, together, systematics, None, analysis, sample, observed, Findings())
    for one in analysis.nuisances:
        shared = [name for name, part in analysis.regions.items() if one.name in part.nuisances.names]
        prepared.findings.add(f"nuisance {one.name}", f"{one.describe().partition(': ')[2]}; of {', '.join(shared)}")
    return _checked(session, prepared)


def _agreeing(known: dict[str, float], given: dict[str, float]) -> dict[str, float]:
    """Auxiliary measurements of a further region.

    Raises:
        ConfigError: one has another value in an earlier region.
    """
    for name, value in given.items():
        if known.get(name, value) != value:
            raise ConfigError(
                f"data.auxiliaries: {name} was measured once, for all regions, but {known[name]:g} and {value:g} are "
                "given; give one value"
            )
    return given


def with_responses(prepared: Prepared, learned: Learned) -> Prepared:
    """The same with the responses that were just learned."""
    analysis = _analysis(prepared.loaded, prepared.sources, prepared.systematics.nuisances(learned.nuisances))
    return replace(prepared, learned=learned, analysis=analysis)


def _learned(loaded: LoadedConfig, output: Path, systematics: Systematics, *, is_needed: bool) -> Learned | None:
    if not systematics.to_learn:
        return None
    learned = load_learned(output, systematics)
    if learned is None and is_needed:
        raise IncompleteError(
            f"the responses of {', '.join(systematics.to_learn)} must be learned first, but {output / LEARNED} is not "
            f"there; run `wilks learn-nuisances {in_shell(loaded.path)}`"
        )
    return learned


def _nuisances(systematics: Systematics, learned: Learned | None) -> Nuisances | None:
    if not systematics:
        return None
    if not systematics.to_learn:
        return systematics.nuisances(Nuisances())
    return systematics.nuisances(learned.nuisances if learned is not None and not learned.changed else None)


def _analysis(loaded: LoadedConfig, sources: Sources, nuisances: Nuisances | None) -> Analysis:
    """The analysis, from which toys can be drawn if it has a source of them."""
    analysis = build_analysis(loaded, sources, nuisances)
    if sources.toy_source is not None:
        with loaded.located("toys"):
            check_drawable(analysis, Null())
    return analysis


def _data(loaded: LoadedConfig, analysis: Analysis) -> Sample:
    data = read_data(loaded)
    with loaded.located("data"):
        check_data_once(data, reference=analysis.reference)
    return data


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


def _check_answer(prepared: Prepared) -> None:
    """Refuse a folder whose stored answer is for other data, or other auxiliary measurements."""
    if prepared.data is not None:
        observed = prepared.analysis.nuisances.observed_values(prepared.observed) if prepared.has_responses else None
        check_same_data(prepared.output, prepared.data, observed=observed)


def _note_findings(session: Session, prepared: Prepared) -> None:
    analysis, found = prepared.analysis, prepared.findings
    note_samples(found, analysis, prepared.data, reference=prepared.sources.reference)
    if prepared.loaded.config.reference.data_driven:
        note_data_driven(found, analysis)
    found.add("features", ", ".join(analysis.features))
    found.add("model", f"{analysis.model.describe()}, {analysis.n_parameters} parameters")
    note_nuisances(found, prepared.systematics, has_responses=prepared.has_responses)
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
    note_answer(prepared.findings, prepared.analysis, n_toys=usable_toys(prepared.loaded))
    session.outcome.numbers["check"].update(prepared.findings.numbers)
    session.outcome.warn(*prepared.findings.warnings)
    session.show(f"wilks check {prepared.loaded.path}", (*prepared.findings.rows, ("output", str(prepared.output))))
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

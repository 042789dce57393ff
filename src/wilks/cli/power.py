"""wilks power: what would be seen of an injected signal, beside other tests on the same toys."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from wilks import plots, reports
from wilks.analysis import Analysis
from wilks.campaign import LocalProcesses
from wilks.cli.options import (
    analysis_argument,
    json_option,
    module_folder_option,
    parse_values,
    processes_option,
    style_options,
)
from wilks.cli.places import POWER, POWER_TABLE
from wilks.cli.prepare import Prepared, claim_output, prepare, require_toy_source
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.cli.steps import reproduction_of
from wilks.config import LoadedConfig, LoadedRegions, load_any
from wilks.config.reading import make_generator, read_selected
from wilks.config.sections import FUNCTION, GeneratorConfig, SampleFiles
from wilks.errors import ConfigError
from wilks.hypotheses import Alternative, ToySource
from wilks.power import BinnedSearch, Binning, PowerTable, excess_left, power_table
from wilks.power.binning import N_BINS
from wilks.power.other_tests import STANDARD_TESTS, Classifier, Mmd, OtherTest
from wilks.samples import Sample
from wilks.selection.selecting import ToyMaker, kept_toys
from wilks.storage import save, whole_file

_PAGE, _FIGURE, _TOYS = "power.html", "power.png", "toys"
_MORE: dict[str, OtherTest] = {"classifier": Classifier(), "mmd": Mmd()}


def _bins(context: click.Context, option: click.Parameter, text: str) -> int | tuple[float, ...]:
    """``20`` as a number of bins, ``100,150,inf`` as edges."""
    try:
        return tuple(float(word) for word in text.split(",")) if "," in text else int(text)
    except ValueError as error:
        wanted = "write a number of bins, such as 20, or edges, such as 100,150,250,inf"
        raise click.BadParameter(wanted, context, option) from error


@click.command(short_help="What would be seen of an injected signal, beside other tests.")
@analysis_argument
@style_options
@click.option(
    "--signal",
    "signals",
    multiple=True,
    required=True,
    metavar="FILE|module:function",
    help="Signal events, selected as those of the analysis, or the function that makes them. Of several regions those "
    "of each that has some, REGION=FILE; their weights say how many it has of them.",
)
@click.option("--weight", metavar="EXPRESSION", help="The weight of the events of a signal file.")
@click.option(
    "--n-signal",
    "n_signal",
    multiple=True,
    required=True,
    type=click.FloatRange(min=0.0, min_open=True),
    help="Expected signal events in the data; may be repeated.",
)
@click.option("--n-null", type=click.IntRange(min=20), default=1_000, show_default=True, help="Toys of the reference.")
@click.option("--n-toys", type=click.IntRange(min=20), default=300, show_default=True, help="Toys with the signal.")
@click.option(
    "--binned",
    multiple=True,
    metavar="EXPRESSION",
    help="Search for the signal in bins of a variable that features give, with templates of the nuisances; may be "
    "repeated.",
)
@click.option(
    "--bins",
    callback=_bins,
    default=str(N_BINS),
    show_default=True,
    metavar="N|EDGES",
    help="For --binned: a number of bins of equal content, or edges such as 100,150,250,inf.",
)
@click.option(
    "--contamination",
    multiple=True,
    type=click.FloatRange(min=0.0, min_open=True),
    help="Share of the signal that the reference holds as well, as one from data may; may be repeated.",
)
@click.option(
    "--auxiliary-offset",
    "offsets",
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda context, option, texts: parse_values(texts),
    help="By how much the signal raises the auxiliary measurement of a nuisance, in its units; may be repeated.",
)
@click.option("--model-alone", is_flag=True, help="No other test beside the model of the analysis.")
@click.option(
    "--with",
    "more",
    multiple=True,
    type=click.Choice(list(_MORE)),
    help="One more test; may be repeated.",
)
@processes_option
@module_folder_option
@json_option
def power(
    analysis_file: str,
    signals: tuple[str, ...],
    weight: str | None,
    n_signal: tuple[float, ...],
    n_null: int,
    n_toys: int,
    binned: tuple[str, ...],
    bins: int | tuple[float, ...],
    contamination: tuple[float, ...],
    offsets: Mapping[str, float],
    model_alone: bool,
    more: tuple[str, ...],
    processes: int | None,
    as_json: bool,
) -> None:
    """How often a signal would be seen at 2, 3 and 5 sigma, and its median Z; the data are not read.

    All tests are given the same toys, and each has its thresholds from those of the reference. An interrupted run goes
    on where it stopped.
    """
    session = Session("power", as_json=as_json)
    tests = () if model_alone else (*STANDARD_TESTS, *(_MORE[name] for name in dict.fromkeys(more)))

    def work() -> None:
        for test in tests:
            test.require()
        binnings = [Binning(text, bins) for text in dict.fromkeys(binned)]
        prepared = prepare(session, load_any(analysis_file).with_processes(processes), with_data=False)
        require_toy_source(prepared)
        source = _source(prepared, signals, weight=weight)
        searches = [_search(prepared, one, source) for one in binnings]
        claim_output(session, prepared)
        folder = prepared.output / POWER
        session.interrupted = f"interrupted; the finished toys are kept in {folder}: the same command goes on"
        alternatives = {
            f"{n:g} signal events": Alternative(signal=source, n_signal=n, auxiliary_offsets=offsets)
            for n in dict.fromkeys(n_signal)
        }
        with _toys(session, prepared, folder / _TOYS) as run:
            found = power_table(
                prepared.analysis,
                alternatives,
                run=run,
                tests=tests,
                binned=searches,
                contaminations=tuple(dict.fromkeys(contamination)),
                n_null=n_null,
                n_toys=n_toys,
                seed=prepared.loaded.config.toys.seed,
                report=lambda done, wanted, what: session.note(f"{what} ({done + 1} of {wanted})"),
            )
        _keep(session, prepared, found)
        for share in dict.fromkeys(contamination):
            session.say(
                f"A reference with {share:g} of the signal leaves at most {excess_left(share):.2g} of the excess of t: "
                f"the signal is seen like one of {max(0.0, 1.0 - share):.2g} times the events, or less."
            )

    session.run(work)


def _source(prepared: Prepared, signals: Sequence[str], *, weight: str | None) -> ToySource:
    """The signal as a pool, or as a generator; of several regions as their joint sample."""
    if isinstance(prepared.loaded, LoadedRegions):
        return _joint_signal(prepared.analysis, prepared.loaded, signals, weight=weight)
    if len(signals) > 1:
        raise ConfigError(f"--signal must be given once, but {len(signals)} came; only a file of regions has several")
    (signal,) = signals
    if FUNCTION.match(signal):
        return make_generator(prepared.loaded, GeneratorConfig(function=signal))
    return _read_signal(prepared.loaded, signal, weight=weight)


def _joint_signal(analysis: Analysis, loaded: LoadedRegions, signals: Sequence[str], *, weight: str | None) -> Sample:
    """Events of all regions, each selected as those of its own file.

    Raises:
        ConfigError: what is no REGION=FILE of a region, or names one twice.
    """
    pairs = [text.partition("=") for text in signals]
    names = [name for name, _, _ in pairs]
    for name, equals, file in pairs:
        if not equals or name not in loaded.parts or names.count(name) > 1 or FUNCTION.match(file):
            raise ConfigError(
                f"--signal must be REGION=FILE, once for a region ({', '.join(loaded.parts)}), for an analysis of "
                f"several, but {name}{equals}{file} came"
            )
    return analysis.joined({name: _read_signal(loaded.parts[name], file, weight=weight) for name, _, file in pairs})


def _read_signal(loaded: LoadedConfig, file: str, *, weight: str | None) -> Sample:
    return read_selected(loaded, SampleFiles(files=[str(Path(file).absolute())]), weight=weight).without_extras()


def _search(prepared: Prepared, binning: Binning, source: ToySource) -> BinnedSearch:
    """With what the analysis file defines; its names are those of the file."""
    known = replace(binning, define=prepared.loaded.config.define)
    return BinnedSearch(prepared.analysis, known, signal=source)


@contextlib.contextmanager
def _toys(session: Session, prepared: Prepared, folder: Path) -> Iterator[ToyMaker]:
    """What makes toys in the folder, by the processes that the file or the command asks for."""
    n_processes = prepared.loaded.config.toys.processes
    with contextlib.ExitStack() as stack:
        reporter = stack.enter_context(progress(session.notes))
        workers = None if n_processes is None else stack.enter_context(LocalProcesses(n_processes))
        yield stack.enter_context(kept_toys(prepared.analysis, store=folder, executor=workers, progress=reporter))


def _keep(session: Session, prepared: Prepared, found: PowerTable) -> None:
    folder = prepared.output / POWER
    session.say(str(found))
    save(found, folder / POWER_TABLE, is_replacing=True)
    with whole_file(folder / _FIGURE) as file:
        file.write(plots.to_png(plots.power_curves(found)))
    reports.write_power_report(
        found, folder / _PAGE, analysis=prepared.analysis, reproduction=reproduction_of(prepared)
    )
    session.outcome.numbers["power"] = found.to_dict()
    session.outcome.files |= {
        "report": str(folder / _PAGE),
        "figure": str(folder / _FIGURE),
        "table": str(folder / POWER_TABLE),
    }
    session.say(f"The page is {folder / _PAGE}")

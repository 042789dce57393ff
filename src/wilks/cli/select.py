"""wilks select: the weight clip of a network, the effort of its search, and its layers."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from wilks import plots, reports
from wilks.analysis import Analysis
from wilks.campaign import LocalProcesses
from wilks.cli.options import analysis_argument, json_option, module_folder_option, processes_option, style_options
from wilks.cli.outcome import ExitCode
from wilks.cli.places import SELECTED, SELECTION, SELECTION_RESULT, SELECTION_SCAN
from wilks.cli.prepare import Prepared, prepare, require_toy_source
from wilks.cli.progress import Reporter, progress
from wilks.cli.session import Session
from wilks.cli.steps import reproduction_of
from wilks.config import document_text, load_config, with_values
from wilks.errors import ConfigError, InputError, StoreError
from wilks.selection import ArchitectureScan, WeightClipSelection, select_architecture, select_weight_clip
from wilks.storage import save, whole_file, write_text
from wilks.wording import in_shell

_TOYS, _PAGE, _FIGURE = "toys", "selection.html", "weight_clips.png"
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "": 1.0}
_Changes = dict[tuple[str | int, ...], str | int | float | list[int]]


def _layers(context: click.Context, option: click.Parameter, text: str | None) -> list[tuple[int, ...]]:
    """``4,5x5`` as [(4,), (5, 5)]."""
    words = text.split(",") if text else []
    if not all(re.fullmatch(r"[1-9]\d{0,3}(x[1-9]\d{0,3})*", word.strip()) for word in words):
        raise click.BadParameter("write neurons of the hidden layers, such as 4,5x5,5x5x5", context, option)
    return [tuple(map(int, word.strip().split("x"))) for word in words]


def _seconds(context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    """``30min`` as 1800."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *(s|min|h|)", text.strip())
    if not found or not float(found[1]):
        raise click.BadParameter("write a time such as 90s, 30min or 2h", context, option)
    return float(found[1]) * _UNITS[found[2]]


@click.command(short_help="Choose the weight clip of a network on toys of the reference.")
@analysis_argument
@style_options
@click.option("--bracket", nargs=2, type=float, metavar="LOW HIGH", help="Clips to begin with.")
@click.option(
    "--n-toys",
    multiple=True,
    type=click.IntRange(min=20),
    help="Toys of a stage; may be repeated, ascending. 40, 100 and 400 for a clip, 40 and 100 for layers.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0),
    default=0.05,
    show_default=True,
    help="Error of the mean of t, in standard deviations, at which it ends.",
)
@click.option("--most-starts", type=click.IntRange(min=1), help="Starts of the search that are tried; eight times.")
@click.option("--architectures", callback=_layers, metavar="4,5x5,...", help="Networks to choose among.")
@click.option("--budget", callback=_seconds, metavar="30min", help="Time for these networks, as far as toys take it.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the toys of the selection.")
@processes_option
@module_folder_option
@json_option
def select(
    analysis_file: str,
    bracket: tuple[float, float] | None,
    n_toys: tuple[int, ...],
    tolerance: float,
    most_starts: int | None,
    architectures: list[tuple[int, ...]],
    budget: float | None,
    seed: int,
    processes: int | None,
    as_json: bool,
) -> None:
    """Choose the weight clip and the starts of the search so that t follows its chi-square; the data are not read.

    With --architectures and --budget also the layers: each of these networks with its clip, cost, spread and its power
    on random signals, as far as the time goes.

    Writes ANALYSIS.selected.yaml beside the file, for `wilks run`. Toys that had no part in the choice judge it; exit
    code 4 if they do not follow the chi-square and `quality.require_chi2` is in the file, or if no network is left. An
    interrupted selection goes on where it stopped.
    """
    if bool(architectures) != (budget is not None):
        raise click.UsageError("--architectures and --budget belong together: give both, or neither")
    if architectures and bracket:
        raise click.UsageError("--bracket is for one network; with --architectures each begins at the clip of the last")
    options: dict[str, Any] = {"tolerance": tolerance, "most_starts": most_starts, "seed": seed}
    if n_toys:
        options["n_toys"] = n_toys
    session = Session("select", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file).with_processes(processes), with_data=False)
        require_toy_source(prepared)
        with _toys(session, prepared) as (executor, reporter), prepared.loaded.located("model"):
            own: dict[str, Any] = {
                "store": prepared.output / SELECTION / _TOYS,
                "executor": executor,
                "progress": reporter,
            }
            if budget is None:
                found = select_weight_clip(prepared.analysis, bracket=bracket, **options, **own)
            else:
                scan = select_architecture(prepared.analysis, architectures, budget_seconds=budget, **options, **own)
        session.output = prepared.output
        if budget is None:
            _show_clip(session, prepared, found)
        else:
            _show_scan(session, prepared, scan)

    session.run(work)


@contextlib.contextmanager
def _toys(session: Session, prepared: Prepared) -> Iterator[tuple[LocalProcesses | None, Reporter]]:
    """The processes that the file or the command asks for, and a reporter."""
    folder = prepared.output / SELECTION
    session.interrupted = f"interrupted; the finished toys are kept in {folder}: the same command goes on"
    processes = prepared.loaded.config.toys.processes
    with contextlib.ExitStack() as stack:
        reporter = stack.enter_context(progress(session.notes))
        workers = None if processes is None else stack.enter_context(LocalProcesses(processes))
        yield workers, reporter


def _show_clip(session: Session, prepared: Prepared, found: WeightClipSelection) -> None:
    folder = prepared.output / SELECTION
    _keep(session, found, folder / SELECTION_RESULT, name="selection")
    session.outcome.warn(*found.warnings)
    _draw(session, found, folder / _FIGURE)
    _page(session, prepared, found)
    assert found.analysis is not None
    _write(session, prepared, found.analysis)
    if not found.is_compatible and prepared.loaded.config.quality.require_chi2:
        session.outcome.end_with(ExitCode.QUALITY_GATE)


def _show_scan(session: Session, prepared: Prepared, scan: ArchitectureScan) -> None:
    folder = prepared.output / SELECTION
    _keep(session, scan, folder / SELECTION_SCAN, name="scan")
    _page(session, prepared, scan)
    chosen = scan.recommended
    if chosen is None or chosen.selection is None or scan.analysis is None:
        session.outcome.end_with(ExitCode.QUALITY_GATE)
        session.outcome.warn("no network was found to be compatible within the time")
        return
    session.outcome.warn(*chosen.selection.warnings)
    _draw(session, chosen.selection, folder / _FIGURE)
    _write(session, prepared, scan.analysis)


def _keep(session: Session, found: WeightClipSelection | ArchitectureScan, folder: Path, *, name: str) -> None:
    save(found, folder, is_replacing=True)
    session.outcome.files[name] = str(folder)
    session.say(str(found))
    session.outcome.numbers[name] = found.to_dict()


def _page(session: Session, prepared: Prepared, found: WeightClipSelection | ArchitectureScan) -> None:
    path = prepared.output / SELECTION / _PAGE
    reports.write_selection_report(found, path, analysis=prepared.analysis, reproduction=reproduction_of(prepared))
    session.outcome.files["report"] = str(path)
    session.say(f"The page is {path}")


def _draw(session: Session, found: WeightClipSelection, path: Path) -> None:
    try:
        with whole_file(path) as file:
            file.write(plots.to_png(plots.weight_clips(found)))
    except OSError as error:
        raise StoreError(f"the figure must be written to {path}, but: {error.strerror}") from error
    session.outcome.files["figure"] = str(path)


def _write(session: Session, prepared: Prepared, chosen: Analysis) -> None:
    path = write_selected(prepared, chosen)
    session.outcome.files["analysis"] = str(path)
    session.say(f"The analysis with this choice is {path}: wilks run {in_shell(path)}")


def write_selected(prepared: Prepared, chosen: Analysis) -> Path:
    """Write the analysis file with what was chosen, and an output folder of its own.

    Raises:
        ConfigError: another file of that name is there, or it cannot be written.
    """
    loaded = prepared.loaded
    path = loaded.path.with_name(f"{loaded.path.stem}.selected{loaded.path.suffix}")
    text = with_values(document_text(loaded.path), _changes(prepared, chosen), path=loaded.path)
    if path.exists() and document_text(path) != text and not _is_own(path, text):
        raise ConfigError(f"{path}: the analysis with the chosen clip goes there, but it is another file; move it away")
    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(f"{path}: the file must be writable, but: {error.strerror}") from error
    return path


def _changes(prepared: Prepared, chosen: Analysis) -> _Changes:
    """Keys of the file with values that differ, and those of clip and starts in any case."""
    config, model = prepared.loaded.config, chosen.model.to_dict()
    changes: _Changes = {
        ("output",): f"{config.output.rstrip('/')}/{SELECTED}",
        ("model", config.model.kind, "weight_clip"): model["weight_clip"],
        ("search", "n_starts"): chosen.search.n_starts,
    }
    if model.get("hidden") != prepared.analysis.model.to_dict().get("hidden"):
        changes["model", config.model.kind, "hidden"] = model["hidden"]
    if chosen.search.n_kept != prepared.analysis.search.n_kept:
        changes["search", "n_kept"] = chosen.search.n_kept
    return changes


def _is_own(path: Path, text: str) -> bool:
    """Whether a file is what an earlier selection wrote: it differs in values that are chosen alone."""
    same: _Changes = {("search", "n_starts"): 1, ("search", "n_kept"): 1}
    try:
        kind = load_config(path).config.model.kind
        same |= {("model", kind, "weight_clip"): 1.0, ("model", kind, "hidden"): [1]}
        return with_values(document_text(path), same, path=path) == with_values(text, same, path=path)
    except InputError:
        return False

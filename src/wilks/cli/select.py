"""wilks select: the weight clip of a network, and the effort of its search."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from wilks import plots
from wilks.campaign import LocalProcesses
from wilks.cli.options import analysis_argument, json_option, module_folder_option, processes_option
from wilks.cli.outcome import ExitCode
from wilks.cli.places import SELECTED, SELECTION
from wilks.cli.prepare import Prepared, prepare, require_toy_source
from wilks.cli.progress import Reporter, progress
from wilks.cli.session import Session
from wilks.config import document_text, load_config, with_values
from wilks.errors import ConfigError, InputError, StoreError
from wilks.selection import WeightClipSelection, select_weight_clip
from wilks.selection.selecting import N_TOYS
from wilks.storage import save, whole_file, write_text
from wilks.wording import in_shell

_TOYS, _RESULT, _FIGURE = "toys", "result", "weight_clips.png"


@click.command(short_help="Choose the weight clip of a network on toys of the reference.")
@analysis_argument
@click.option("--bracket", nargs=2, type=float, metavar="LOW HIGH", help="Clips to begin with.")
@click.option(
    "--n-toys",
    multiple=True,
    type=click.IntRange(min=20),
    default=N_TOYS,
    show_default=True,
    help="Toys of a stage; may be repeated, ascending.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0),
    default=0.1,
    show_default=True,
    help="Error of the mean of t, in standard deviations, at which it ends.",
)
@click.option("--most-starts", type=click.IntRange(min=1), help="Starts of the search that are tried; eight times.")
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
    seed: int,
    processes: int | None,
    as_json: bool,
) -> None:
    """Choose the weight clip and the starts of the search so that t follows its chi-square; the data are not read.

    Writes ANALYSIS.selected.yaml beside the file, for `wilks run`. Toys that had no part in the choice judge it; exit
    code 4 if they do not follow the chi-square. An interrupted selection goes on where it stopped.
    """
    session = Session("select", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file).with_processes(processes), with_data=False)
        require_toy_source(prepared)
        with _toys(session, prepared) as (executor, reporter), prepared.loaded.located("model"):
            found = select_weight_clip(
                prepared.analysis,
                bracket=bracket,
                n_toys=n_toys,
                tolerance=tolerance,
                most_starts=most_starts,
                seed=seed,
                store=prepared.output / SELECTION / _TOYS,
                executor=executor,
                progress=reporter,
            )
        session.output = prepared.output
        _show(session, prepared, found)

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


def _show(session: Session, prepared: Prepared, found: WeightClipSelection) -> None:
    folder = prepared.output / SELECTION
    save(found, folder / _RESULT, is_replacing=True)
    session.outcome.files["selection"] = str(folder / _RESULT)
    session.say(str(found))
    session.outcome.numbers["selection"] = found.to_dict()
    session.outcome.warn(*found.warnings)
    _draw(session, found, folder / _FIGURE)
    path = write_selected(prepared, found)
    session.outcome.files["analysis"] = str(path)
    session.say(f"The analysis with this clip and search is {path}: wilks run {in_shell(path)}")
    if not found.is_compatible:
        session.outcome.end_with(ExitCode.QUALITY_GATE)


def _draw(session: Session, found: WeightClipSelection, path: Path) -> None:
    try:
        with whole_file(path) as file:
            file.write(plots.to_png(plots.weight_clips(found)))
    except OSError as error:
        raise StoreError(f"the figure must be written to {path}, but: {error.strerror}") from error
    session.outcome.files["figure"] = str(path)


def write_selected(prepared: Prepared, found: WeightClipSelection) -> Path:
    """Write the analysis file with the clip and the starts that were chosen, and an output folder of its own.

    Raises:
        ConfigError: another file of that name is there, or it cannot be written.
    """
    loaded = prepared.loaded
    path = loaded.path.with_name(f"{loaded.path.stem}.selected{loaded.path.suffix}")
    search, kind = found.search, loaded.config.model.kind
    changes: dict[tuple[str | int, ...], str | int | float] = {
        ("output",): f"{loaded.config.output.rstrip('/')}/{SELECTED}",
        ("model", kind, "weight_clip"): found.weight_clip,
        ("search", "n_starts"): search.n_starts,
    }
    if search.n_kept != prepared.analysis.search.n_kept:
        changes[("search", "n_kept")] = search.n_kept
    text = with_values(document_text(loaded.path), changes, path=loaded.path)
    if path.exists() and document_text(path) != text and not _is_own(path, text):
        raise ConfigError(f"{path}: the analysis with the chosen clip goes there, but it is another file; move it away")
    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(f"{path}: the file must be writable, but: {error.strerror}") from error
    return path


def _is_own(path: Path, text: str) -> bool:
    """Whether a file is what an earlier selection wrote: it differs in values that are chosen alone."""
    same: dict[tuple[str | int, ...], str | int | float] = {("search", "n_starts"): 1, ("search", "n_kept"): 1}
    try:
        kind = load_config(path).config.model.kind
        same |= {("model", kind, "weight_clip"): 1.0}
        return with_values(document_text(path), same, path=path) == with_values(text, same, path=path)
    except InputError:
        return False

"""wilks figures: every figure of what other commands stored, and the numbers that they show."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wilks import plots
from wilks.campaign import load_toys
from wilks.campaign.ledger import PLAN
from wilks.cli.answers import has_answer, load_answer
from wilks.cli.options import FilePath, json_option, style_options
from wilks.cli.places import (
    ANALYSIS,
    CLOSURE,
    COMPARED,
    HISTOGRAMS,
    MONITORED,
    POWER,
    POWER_TABLE,
    RESPONSES,
    SELECTION,
    SELECTION_RESULT,
    SELECTION_SCAN,
    STUDY,
    TOYS,
    VALIDATION,
    VALIDATION_RESULT,
)
from wilks.cli.session import Session
from wilks.errors import InputError, StoreError
from wilks.monitor.audit import lines
from wilks.plots.looks import FORMATS
from wilks.storage import load, read_document, saved_kinds, write_document

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LIST = "figures.json"
_MAX_NAMED = 6
_BESIDE = {
    RESPONSES: (STUDY, CLOSURE),
    POWER: (POWER_TABLE,),
    VALIDATION: (VALIDATION_RESULT,),
    SELECTION: (SELECTION_RESULT, SELECTION_SCAN),
    COMPARED: ("",),
    HISTOGRAMS: ("",),
}


def _axes(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    found = dict[str, str]()
    for text in texts:
        name, _, label = text.partition("=")
        if not (name.strip() and label.strip()):
            raise click.BadParameter(f"must be NAME=TEXT, but it is {text!r}; e.g. 'pt1=leading muon pT [GeV]'")
        found[name.strip()] = label.strip()
    return found


@click.command(short_help="Write every figure of stored results, and their numbers.")
@click.argument("results", type=FilePath())
@click.option(
    "--output", "-o", type=FilePath(), default="figures", metavar="FOLDER", show_default=True, help="Where to."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(FORMATS),
    default=("pdf",),
    show_default=True,
    help="pdf, png, svg: figures; csv: the numbers of each; hepdata: all numbers as a submission. May be repeated.",
)
@click.option(
    "--axis",
    "labels",
    multiple=True,
    metavar="NAME=TEXT",
    callback=_axes,
    help="Axis label of a column; may be repeated.",
)
@style_options
@json_option
def figures(results: Path, output: Path, formats: tuple[str, ...], labels: Mapping[str, str], as_json: bool) -> None:
    """Write every figure of the folder RESULTS, each under its name; nothing is fitted.

    The folder --output is new, empty, or one that this command wrote, of which figures of the same name are replaced.
    RESULTS is the output folder of an analysis, of `wilks compare` or of `wilks monitor`, a campaign of toys, or a
    folder to which a result was saved in Python.
    """
    session = Session("figures", as_json=as_json)

    def work() -> None:
        found = stored_figures(results, labels=labels)
        with _claimed(output):
            written = plots.save_figures(found, output, formats=formats)
        session.say(f"{len(found)} figures: {', '.join(found)}")
        session.say(f"{len(written)} files in {output}")
        session.outcome.numbers["figures"] = list(found)
        session.outcome.files |= {str(path.relative_to(output)): str(path) for path in written}

    session.run(work)


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """A folder of figures, whose files are listed in it while it is written.

    Raises:
        StoreError: it holds something else, or cannot be written.
    """
    known = _listed(folder)
    foreign = sorted(_files(folder) - known)
    if foreign or folder.is_file():
        names = ", ".join(foreign[:_MAX_NAMED]) + (", ..." if len(foreign) > _MAX_NAMED else "")
        raise StoreError(
            f"the folder of figures {folder} must be new, empty, or hold what `wilks figures` wrote alone, but "
            f"{f'it holds {names}' if foreign else 'it is a file'}; give another --output. Nothing was written"
        )
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            _list(folder)
        raise
    _list(folder)


def _list(folder: Path) -> None:
    if folder.is_dir():
        write_document(folder / _LIST, {"files": sorted(_files(folder))})


def _listed(folder: Path) -> set[str]:
    path = folder / _LIST
    return set(read_document(path, what="the list of figures")["files"]) if path.exists() else set()


def _files(folder: Path) -> set[str]:
    """All files below the folder but its list and hidden ones, which no figure is."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix() for path in paths}
    return {name for name in names if name != _LIST and not any(part.startswith(".") for part in name.split("/"))}


def stored_figures(folder: Path, *, labels: Mapping[str, str]) -> dict[str, Callable[[], Figure]]:
    """What draws each figure of all that is stored in a folder.

    Raises:
        StoreError: nothing is, or it cannot be read.
    """
    found: dict[str, Callable[[], Figure]] = {}
    for part in _parts(folder, labels):
        found |= part
    if not found:
        raise StoreError(
            f"{folder} must hold results of wilks, but there are none to draw; give the output folder of `wilks run`, "
            "`learn-nuisances`, `compare`, `select`, `validate`, `power` or `monitor`, a campaign, or a folder with a "
            "result"
        )
    return found


def _parts(folder: Path, labels: Mapping[str, str]) -> Iterator[dict[str, Callable[[], Figure]]]:
    if (folder / MONITORED).exists():
        yield {"timeline": _timeline(folder / MONITORED)}
    if (folder / PLAN).exists():
        yield plots.figures_of(load_toys(folder), labels=labels)
    elif saved_kinds(folder):
        yield plots.figures_of(load(folder), labels=labels)
    if (folder / ANALYSIS).exists():
        yield _of_analysis(folder, labels)
    for place, names in _BESIDE.items():
        for name in names:
            if saved_kinds(folder / place / name):
                yield plots.figures_of(load(folder / place / name), labels=labels)


def _of_analysis(folder: Path, labels: Mapping[str, str]) -> dict[str, Callable[[], Figure]]:
    """Of the answer, or of the toys before there is one."""
    analysis = load(folder / ANALYSIS)
    toys = load_toys(folder / TOYS) if (folder / TOYS / PLAN).exists() else None
    if has_answer(folder):
        result, data, own = load_answer(folder)
        return plots.figures_of(result, analysis=analysis, data=data, toys=own or toys, labels=labels)
    return {} if toys is None else plots.figures_of(toys, labels=labels)


def _timeline(log: Path) -> Callable[[], Figure]:
    """Of a log, read now and drawn later."""
    verdicts, decisions = list[Mapping[str, Any]](), dict[str, Any]()
    for entry in lines(log):
        if "verdict" in entry:
            verdicts.append(entry["verdict"])
        else:
            decisions = entry.get("decisions", decisions)
    if not verdicts:
        raise InputError(f"a timeline needs a batch, but {log} has none yet; let `wilks monitor` judge one")
    return lambda: plots.timeline(verdicts, decisions=decisions)

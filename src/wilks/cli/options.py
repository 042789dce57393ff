"""Arguments and options that several commands have."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wilks.campaign.modules import naming_folders
from wilks.cli.groups import WORDS
from wilks.errors import InputError
from wilks.plots.looks import STYLES, styled
from wilks.storage import as_path
from wilks.wording import in_shell

if TYPE_CHECKING:
    _PathType = click.ParamType[Path]
    _ChoiceType = click.Choice[str]
else:  # of older versions of click these are no generic types
    _PathType = click.ParamType
    _ChoiceType = click.Choice

_Command = TypeVar("_Command", bound=Callable[..., Any])


class FilePath(_PathType):
    """A path, in which ``~`` stands for the home folder also where a shell leaves it, as in ``--output=~/x``."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        try:
            return as_path(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


def _name_folders(context: click.Context, option: click.Parameter, paths: tuple[Path, ...]) -> None:
    try:
        context.with_resource(naming_folders(paths))
    except InputError as error:
        raise click.BadParameter(str(error), context, option) from error


analysis_argument = click.argument("analysis_file", metavar="ANALYSIS.yaml")
campaign_argument = click.argument("campaign", type=FilePath())
processes_option = click.option(
    "--processes", type=click.IntRange(min=1), help="Worker processes, in place of toys.processes of the file."
)
module_folder_option = click.option(
    "--module-folder",
    multiple=True,
    type=FilePath(),
    expose_value=False,
    callback=_name_folders,
    help="A folder of modules that a campaign of others may use; may be repeated.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the content of result.json, and nothing else."
)


class Style(_ChoiceType):
    """A style of figures, in small letters or large ones; a mistake is told with the names as they are written."""

    def __init__(self) -> None:
        super().__init__(STYLES, case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = {name.lower(): name for name in STYLES}.get(str(value).lower())
        if found is None:
            self.fail(f"must be one of {', '.join(STYLES)}, but it is {value!r}", param, ctx)
        return found


def _with_style(context: click.Context, option: click.Parameter, style: str | None) -> None:
    context.with_resource(styled(style))


def _with_label(context: click.Context, option: click.Parameter, label: str | None) -> None:
    context.with_resource(styled(label=label))


_STYLE = click.option(
    "--style",
    type=Style(),
    expose_value=False,
    callback=_with_style,
    help="Of the figures: fonts, ticks and places of labels. plain is the default.",
)
_LABEL = click.option(
    "--label",
    metavar="TEXT",
    expose_value=False,
    callback=_with_label,
    help='At the top of every figure, after the name of the experiment of --style: "Preliminary". Nothing by default.',
)


def style_options(command: _Command) -> _Command:
    """``--style`` and ``--label``, which hold for all figures that the command draws."""
    return _STYLE(_LABEL(command))


def reach_option(what: str) -> Callable[[_Command], _Command]:
    """``--reach``: how far p is wanted by splitting; ``what`` is drawn."""
    return click.option(
        "--reach",
        type=click.FloatRange(min=0.0, max=1.0, min_open=True, max_open=True),
        metavar="P",
        help=f"The least p that is wanted, such as 1e-7: where few {what} reach t, p is estimated by splitting.",
    )


def as_typed() -> str:
    """The command that runs, as it was given; empty outside of one."""
    context = click.get_current_context(silent=True)
    words = () if context is None else context.meta.get(WORDS, ())
    return " ".join(("wilks", *map(in_shell, words))) if words else ""


def parse_values(texts: Sequence[str]) -> Mapping[str, float]:
    """Numbers by name. Raises click.BadParameter for anything else than NAME=VALUE, each name once.

    >>> parse_values(["scale=0.15", "offset=-0.1"])
    {'scale': 0.15, 'offset': -0.1}
    """
    values: dict[str, float] = {}
    for text in texts:
        name, separator, number = (part.strip() for part in text.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (name and separator and math.isfinite(value)) or name in values:
            raise click.BadParameter(f"must be NAME=VALUE, each name once, but it is {text!r}; e.g. scale=0.15")
        values[name] = value
    return values

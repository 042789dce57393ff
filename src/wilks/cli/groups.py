"""Groups of commands of which only the one that is run is loaded."""

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import click

from wilks.cli.streams import make_streams_forgiving

WORDS = "wilks.words"  # of the command line, in `click.Context.meta`


@dataclass(frozen=True)
class Entry:
    """Where a command is, as ``module:name``, and its one-line text."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for, so that --help is quick."""

    entries: ClassVar[Mapping[str, Entry]]

    def main(self, *args: Any, **kwargs: Any) -> Any:
        make_streams_forgiving()
        # No command opens a window, and matplotlib cannot be imported with the name of a backend that is not there.
        os.environ["MPLBACKEND"] = "agg"
        return super().main(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.parent is None:
            ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.entries:
            return None
        module, _, name = self.entries[cmd_name].target.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

"""The ``wilks`` command: names and one-line texts; a command's own module is loaded when it is run."""

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import click


@dataclass(frozen=True)
class _Entry:
    target: str
    help: str


COMMANDS = {
    "init": _Entry("wilks.cli.start:init", "Write a commented analysis file from sample files."),
    "check": _Entry("wilks.cli.commands:check", "Check the analysis file and everything it names, without a fit."),
    "calibrate": _Entry("wilks.cli.commands:calibrate", "Fit toys under the reference; the data are not read."),
    "test": _Entry("wilks.cli.commands:answer", "Fit the data and give the p-value."),
    "report": _Entry("wilks.cli.commands:report", "Write report.html from what the other commands stored."),
    "run": _Entry("wilks.cli.commands:run", "check, calibrate, test and report in one go."),
    "demo": _Entry("wilks.cli.start:demo", "Run the exponential problem with a signal injected."),
    "toys": _Entry("wilks.cli.campaigns:toys", "Campaigns: plan, run, status, submit, merge, extend."),
    "schema": _Entry("wilks.cli.start:schema", "Print the JSON Schema of an analysis file, for editors."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].target.split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def _version() -> str:
    try:
        return version("wilks")
    except PackageNotFoundError:
        return "unknown (not installed as a package)"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="wilks")
def main() -> None:
    """Do the data agree with the reference model, and if not, where and how?

    \b
    Start:  wilks init reference.root --data data.root
            wilks run ANALYSIS.yaml

    \b
    Exit codes: 0 done; 1 unexpected error; 2 bad usage, configuration or input;
    3 campaign incomplete; 4 a quality gate failed (calibration rejected, too many
    failed fits); 5 --fail-on tripped. A significant result alone is not a failure.
    """

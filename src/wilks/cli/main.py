"""The ``wilks`` command: names and one-line texts; a command's own module is loaded when it is run."""

import logging
from importlib.metadata import PackageNotFoundError, version

import click

from wilks.cli.groups import Entry, LazyGroup
from wilks.cli.loudness import Loudness, messages_shown

COMMANDS = {
    "compare": Entry(
        "wilks.cli.compare:compare_command", "Compare two samples on equal terms, with nothing to choose."
    ),
    "init": Entry("wilks.cli.start:init", "Write a commented analysis file from sample files."),
    "check": Entry("wilks.cli.commands:check", "Check the analysis file and everything it names, without a fit."),
    "learn-nuisances": Entry(
        "wilks.cli.learn:learn_nuisances", "Learn the responses of the nuisances from varied samples."
    ),
    "select": Entry("wilks.cli.select:select", "Choose the weight clip of a network on toys of the reference."),
    "calibrate": Entry("wilks.cli.commands:calibrate", "Fit toys under the reference; the data are not read."),
    "validate": Entry(
        "wilks.cli.validate:validate_command",
        "Check everything that needs no data: nuisances, p, responses, reference, seeds.",
    ),
    "power": Entry("wilks.cli.power:power", "What would be seen of an injected signal, beside other tests."),
    "models": Entry("wilks.cli.models:models", "Test the data with several models on the same toys, in one table."),
    "test": Entry("wilks.cli.commands:answer", "Fit the data and give the p-value."),
    "parts": Entry("wilks.cli.parts:parts", "Test the data in parts, and combine their p-values."),
    "halves": Entry("wilks.cli.parts:halves", "Learn on one half of the data, and test the other half."),
    "explain": Entry(
        "wilks.cli.explain:explain",
        "Where data and reference differ, by the stored answer; the learned f as files.",
    ),
    "report": Entry("wilks.cli.commands:report", "Write report.html from what the other commands stored."),
    "figures": Entry("wilks.cli.figures:figures", "Write every figure of stored results, and their numbers."),
    "run": Entry("wilks.cli.commands:run", "check, learn-nuisances, calibrate, test and report in one go."),
    "demo": Entry("wilks.cli.start:demo", "Run the exponential problem with a signal injected."),
    "toys": Entry("wilks.cli.campaigns:toys", "Campaigns: plan, run, status, submit, merge, extend, shrink."),
    "reference": Entry("wilks.cli.references:reference", "References of monitoring: build, part, merge."),
    "monitor": Entry("wilks.cli.monitor:monitor", "Judge batches as they come, at declared rates of false alarms."),
    "completion": Entry("wilks.cli.completion:completion", "Print what makes a shell complete commands and options."),
    "schema": Entry("wilks.cli.start:schema", "Print the JSON Schema of an analysis file, for editors."),
}


class _Commands(LazyGroup):
    entries = COMMANDS


def _version() -> str:
    try:
        return version("wilks")
    except PackageNotFoundError:
        return "unknown (not installed as a package)"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="wilks")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes: the answer, warnings and errors alone.")
@click.option("-v", "--verbose", count=True, help="Messages of the logger `wilks`, with -vv those for debugging too.")
@click.pass_context
def main(context: click.Context, quiet: bool, verbose: int) -> None:
    """Do the data agree with the reference model, and if not, where and how?

    \b
    Start:  wilks compare reference.root data.root

    \b
    With an analysis file, for systematic uncertainties or a model of your own:
            wilks init reference.root --data data.root
            wilks run ANALYSIS.yaml

    \b
    Exit codes: 0 done; 1 unexpected error; 2 bad usage, configuration or input;
    3 campaign incomplete; 4 a quality gate failed (too many failed fits; a
    chi-square that the file requires); 5 --fail-on tripped; 6 a fault of disk or
    network: try again. A significant result alone is not a failure.
    """
    context.obj = Loudness(is_quiet=quiet)
    if verbose:
        context.with_resource(messages_shown(logging.DEBUG if verbose > 1 else logging.INFO))

"""Commands on references of monitoring: names and one-line texts, as in `wilks.cli.main`."""

import click

from wilks.cli.groups import Entry, LazyGroup

COMMANDS = {
    "build": Entry("wilks.cli.reference_build:build", "Build the reference that batches are judged by."),
    "part": Entry("wilks.cli.reference_parts:part", "Read good events once, as a part of references."),
    "merge": Entry("wilks.cli.reference_parts:merge", "Build a reference from parts."),
}


class _Commands(LazyGroup):
    entries = COMMANDS


@click.group(
    cls=_Commands,
    short_help="References of monitoring: build, part, merge.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def reference() -> None:
    """What `wilks monitor` judges by: statistic, null and calibration batches of good events, in one folder.

    \b
    wilks reference build "good/run*.root" --analysis dqm.yaml --output ref
    wilks reference part good/run7.root --analysis dqm.yaml --output parts/run7
    wilks reference merge parts/* --analysis dqm.yaml --output ref --replace
    wilks monitor --reference ref --input incoming --follow
    """

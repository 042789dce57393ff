"""Arguments and options that several commands have."""

from pathlib import Path

import click

analysis_argument = click.argument("analysis_file", metavar="ANALYSIS.yaml")
campaign_argument = click.argument("campaign", type=click.Path(path_type=Path))
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the content of result.json, and nothing else."
)

"""What stands at the end of a page on an analysis whose data play no part: the analysis, and how to repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass

from wilks.analysis import Analysis
from wilks.reports.sections import model_tables, reproduction_table, sample_tables
from wilks.reports.tables import Table


@dataclass(frozen=True)
class Ending:
    """What `page.html.j2` shows last: samples and model, empty where the analysis is not given, and the last table."""

    samples: tuple[Table, ...]
    model: tuple[Table, ...]
    reproduction: Table


def ending_of(analysis: Analysis | None, *, reproduction: Mapping[str, str], fingerprint: str | None = None) -> Ending:
    """The end of a page.

    Args:
        analysis: adds samples and model.
        reproduction: rows for the last table, such as the command that wrote the page.
        fingerprint: of the analysis where it is not given.
    """
    return Ending(
        samples=sample_tables(analysis, None) if analysis else (),
        model=model_tables(analysis) if analysis else (),
        reproduction=reproduction_table(analysis.fingerprint() if analysis else fingerprint, more=reproduction),
    )

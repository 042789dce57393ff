"""The table of several models on one data set in a report."""

from wilks.models import ModelTable
from wilks.reports.tables import Table


def several_tables(models: ModelTable | None) -> tuple[Table, ...]:
    """Models with t, p, Z and seconds, and what is to be made of the smallest p."""
    if models is None:
        return ()
    header, *rows = models.cells
    return (Table("", tuple(rows), header, models.sentence),)

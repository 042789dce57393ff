"""Reports: one self-contained HTML file for the people who decide."""

from wilks.reports.write import write_report

__all__ = ["write_report"]

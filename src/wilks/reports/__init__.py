"""Reports: self-contained HTML files for the people who decide."""

from wilks.reports.campaign import write_campaign_report
from wilks.reports.write import write_report

__all__ = ["write_campaign_report", "write_report"]

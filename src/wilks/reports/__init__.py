"""Reports: self-contained HTML files for the people who decide."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.reports.campaign": ["write_campaign_report"],
    "wilks.reports.comparison": ["binned_features", "write_comparison_report"],
    "wilks.reports.files": ["is_foreign"],
    "wilks.reports.power": ["write_power_report"],
    "wilks.reports.selection": ["write_selection_report"],
    "wilks.reports.validation": ["write_validation_report"],
    "wilks.reports.write": ["write_report"],
}

if TYPE_CHECKING:
    from wilks.reports.campaign import write_campaign_report
    from wilks.reports.comparison import binned_features, write_comparison_report
    from wilks.reports.files import is_foreign
    from wilks.reports.power import write_power_report
    from wilks.reports.selection import write_selection_report
    from wilks.reports.validation import write_validation_report
    from wilks.reports.write import write_report
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "binned_features",
    "is_foreign",
    "write_campaign_report",
    "write_comparison_report",
    "write_power_report",
    "write_report",
    "write_selection_report",
    "write_validation_report",
]

"""Samples of events: reading, selecting, standardizing, splitting, unweighting and checking them."""

from wilks.samples.checks import check_data
from wilks.samples.expressions import Expression, Selection, parse_expression, parse_selection
from wilks.samples.overlap import repeated_events, shared_events
from wilks.samples.reading import columns, read
from wilks.samples.sample import Origin, Sample
from wilks.samples.splitting import split
from wilks.samples.standardization import Standardization, require_varying
from wilks.samples.storage import load_samples, save_samples
from wilks.samples.thinning import cell_width_of, has_cells, in_cells, merge_cells, thin
from wilks.samples.unweighting import unweight

__all__ = [
    "Expression",
    "Origin",
    "Sample",
    "Selection",
    "Standardization",
    "cell_width_of",
    "check_data",
    "columns",
    "has_cells",
    "in_cells",
    "load_samples",
    "merge_cells",
    "parse_expression",
    "parse_selection",
    "read",
    "repeated_events",
    "require_varying",
    "save_samples",
    "shared_events",
    "split",
    "thin",
    "unweight",
]

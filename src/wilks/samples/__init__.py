"""Samples of events: reading, selecting, standardizing, splitting, unweighting and checking them."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.samples.certified": ["Certified"],
    "wilks.samples.checked_arrays": ["closest", "effective_number", "in_order", "weighted_quantile"],
    "wilks.samples.checks": ["check_data"],
    "wilks.samples.choosing": ["Events"],
    "wilks.samples.containers": ["as_sample", "is_events"],
    "wilks.samples.counters": ["bookkeeping"],
    "wilks.samples.derived": ["recomputed"],
    "wilks.samples.enriching": ["enrich", "merge"],
    "wilks.samples.expressions": ["Expression", "Selection", "parse_expression", "parse_selection"],
    "wilks.samples.file_names": ["FileIdentity", "file_identity", "find_files"],
    "wilks.samples.origin": ["Origin"],
    "wilks.samples.outliers": ["central_interval", "far_events", "far_values"],
    "wilks.samples.overlap": ["KnownEvents", "shared_events"],
    "wilks.samples.quadrature": ["gauss_cells"],
    "wilks.samples.reading": ["columns", "read"],
    "wilks.samples.region_layout": ["RegionLayout"],
    "wilks.samples.repeats": ["repeated_events"],
    "wilks.samples.roles": ["check_data_once", "check_pool", "data_notices", "reference_notices", "unit_notices"],
    "wilks.samples.sample": ["Sample"],
    "wilks.samples.splitting": ["split"],
    "wilks.samples.standardization": ["Standardization", "StandardizedEvents", "require_varying", "scale_notices"],
    "wilks.samples.streaming": ["Stream", "stream"],
    "wilks.samples.support": ["Outsider", "ReferenceSupport", "Support"],
    "wilks.samples.thinning": ["cell_width_of", "has_cells", "in_cells", "merge_cells", "some_distinct", "thin"],
    "wilks.samples.unweighting": ["unweight"],
    "wilks.samples.weight_names": ["is_nominal_weight", "is_variation", "looks_like_weight"],
}

if TYPE_CHECKING:
    from wilks.samples.certified import Certified
    from wilks.samples.checked_arrays import closest, effective_number, in_order, weighted_quantile
    from wilks.samples.checks import check_data
    from wilks.samples.choosing import Events
    from wilks.samples.containers import as_sample, is_events
    from wilks.samples.counters import bookkeeping
    from wilks.samples.derived import recomputed
    from wilks.samples.enriching import enrich, merge
    from wilks.samples.expressions import Expression, Selection, parse_expression, parse_selection
    from wilks.samples.file_names import FileIdentity, file_identity, find_files
    from wilks.samples.origin import Origin
    from wilks.samples.outliers import central_interval, far_events, far_values
    from wilks.samples.overlap import KnownEvents, shared_events
    from wilks.samples.quadrature import gauss_cells
    from wilks.samples.reading import columns, read
    from wilks.samples.region_layout import RegionLayout
    from wilks.samples.repeats import repeated_events
    from wilks.samples.roles import check_data_once, check_pool, data_notices, reference_notices, unit_notices
    from wilks.samples.sample import Sample
    from wilks.samples.splitting import split
    from wilks.samples.standardization import Standardization, StandardizedEvents, require_varying, scale_notices
    from wilks.samples.streaming import Stream, stream
    from wilks.samples.support import Outsider, ReferenceSupport, Support
    from wilks.samples.thinning import cell_width_of, has_cells, in_cells, merge_cells, some_distinct, thin
    from wilks.samples.unweighting import unweight
    from wilks.samples.weight_names import is_nominal_weight, is_variation, looks_like_weight
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "Certified",
    "Events",
    "Expression",
    "FileIdentity",
    "KnownEvents",
    "Origin",
    "Outsider",
    "ReferenceSupport",
    "RegionLayout",
    "Sample",
    "Selection",
    "Standardization",
    "StandardizedEvents",
    "Stream",
    "Support",
    "as_sample",
    "bookkeeping",
    "cell_width_of",
    "central_interval",
    "check_data",
    "check_data_once",
    "check_pool",
    "closest",
    "columns",
    "data_notices",
    "effective_number",
    "enrich",
    "far_events",
    "far_values",
    "file_identity",
    "find_files",
    "gauss_cells",
    "has_cells",
    "in_cells",
    "in_order",
    "is_events",
    "is_nominal_weight",
    "is_variation",
    "looks_like_weight",
    "merge",
    "merge_cells",
    "parse_expression",
    "parse_selection",
    "read",
    "recomputed",
    "reference_notices",
    "repeated_events",
    "require_varying",
    "scale_notices",
    "shared_events",
    "some_distinct",
    "split",
    "stream",
    "thin",
    "unit_notices",
    "unweight",
    "weighted_quantile",
]

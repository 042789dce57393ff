"""Events with their learned weights, as ROOT or Parquet files."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.learned import learned_at, require_own
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.storage import Folder, as_path, whole_path
from wilks.typing import FloatArray, require_kind
from wilks.wording import listed

TREE = "events"
ADDED = ("event_weight", "log_ratio", "ratio", "r_tau", "r_delta", "weight_tau", "weight_delta")


def event_columns(analysis: Analysis, sample: Sample, *, fit: FitResult) -> dict[str, FloatArray]:
    """Features and carried columns of a sample, and what the fit makes of its weights, each (n,).

    ``event_weight`` w, ``log_ratio`` f, ``ratio`` e^f, ``r_tau`` and ``r_delta`` r(x; nu) at the nuisances of tau and
    of Delta (1 without nuisances), ``weight_tau`` w e^f r_tau, which makes of the reference what was learned, and
    ``weight_delta`` w r_delta, which makes of it what the nuisances alone do.

    Raises:
        InputError: a fit of another analysis; a column of the sample that has one of these names.
        SampleError: a feature is missing.
    """
    require_kind(analysis, Analysis, name="analysis")
    require_own(analysis, fit)
    names = (*sample.features, *sample.extras)
    taken = [name for name in names if name in ADDED]
    if taken:
        raise InputError(f"columns of the sample must not be called {listed(taken)}, which are added; rename them")
    learned = learned_at(analysis, Sample(np.empty((0, len(analysis.features))), features=analysis.features), fit=fit)
    f, weights = learned.log_ratio(sample), sample.event_weights
    r_tau, r_delta = map(np.exp, learned.log_r(sample))
    added = (weights, f, np.exp(f), r_tau, r_delta, weights * np.exp(f) * r_tau, weights * r_delta)
    return {name: sample.column(name) for name in names} | dict(zip(ADDED, added, strict=True))


def write_events(analysis: Analysis, sample: Sample, *, fit: FitResult, path: Folder) -> None:
    """Write `event_columns` to a ROOT file (a tree ``events``) or a Parquet file, by the ending of its name.

    Args:
        analysis: what the fit was made with.
        sample: the reference, the data, or any other with its features.
        fit: of the analysis.
        path: ending in ``.root`` or ``.parquet``; a file that is there is replaced.

    Raises:
        InputError: another ending; as `event_columns`.
        SampleError: a feature is missing.
    """
    where = as_path(path)
    if where.suffix not in (".root", ".parquet"):
        raise InputError(f"events are written to a file that ends in .root or .parquet, but {where.name!r} came")
    columns = event_columns(analysis, sample, fit=fit)
    where.parent.mkdir(parents=True, exist_ok=True)
    with whole_path(where, ending=where.suffix) as partial:
        if where.suffix == ".parquet":
            pq.write_table(pa.table(columns), partial)
            return
        with uproot.recreate(partial) as file:
            tree = file.mktree(TREE, {name: "float64" for name in columns})
            tree.extend(columns)

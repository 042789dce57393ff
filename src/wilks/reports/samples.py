"""The table that says where samples come from."""

from collections.abc import Mapping

import numpy as np

from wilks.reports.tables import Table, count, number, words
from wilks.samples import Origin, Sample


def samples_table(samples: Mapping[str, Sample], *, digests: Mapping[str, str], note: str = "") -> Table:
    """One column for each sample; rows that are empty for all are left out.

    Args:
        samples: by what they are called.
        digests: those that are known already, by the same names.
        note: what stands below.
    """
    columns = [_sample_cells(sample, digests.get(role) or sample.digest()) for role, sample in samples.items()]
    names = [name for name in columns[0] if any(column[name] for column in columns)]
    rows = tuple((name, *(column[name] for column in columns)) for name in names)
    return Table("", rows, ("", *samples), note)


def _sample_cells(sample: Sample, digest: str) -> dict[str, str]:
    origin = sample.origin or Origin((), None, None, {}, None, 0, 0)
    ratio = sample.expected_events / sample.n_events if sample.n_events else float("nan")
    return {
        "files": words(origin.files, limit=8) or "none: made in memory",
        "tree": origin.tree or "",
        "selection": origin.selection or "",
        "definitions": "; ".join(f"{name} = {text}" for name, text in origin.definitions.items()),
        "in each file": "; ".join(f"{name} = {_in_each(of)}" for name, of in origin.per_file.items()),
        "weight column": origin.weight or "",
        "read, selected": f"{count(origin.n_read)}, {count(origin.n_selected)}" if origin.n_read else "",
        "left out": "; ".join(origin.left_out),
        "in place of absent objects": "; ".join(f"{text} = {value:.6g}" for text, value in origin.fill.items()),
        "certified by": _certified(origin.certified),
        "rows": _rows(origin),
        "scaled to": _in_each(origin.expected_by_entry) if origin.expected_by_entry else "",
        "events used": count(sample.n_events),
        "sum of weights": count(sample.expected_events),
        "weights": _weights(sample),
        "sum of weights / events": number(ratio) if sample.is_weighted else "",
        "features": words(sample.features, limit=40),
        "carried columns": words(sample.extras, limit=40),
        "SHA-256 of the arrays": digest,
    }


def _certified(of: Mapping[str, str | int]) -> str:
    return "{file} (SHA-256 {sha256}), by {run} and {lumisection}".format(**of) if of else ""


def _rows(origin: Origin) -> str:
    start, stop = origin.entries
    if (start, stop) == (0, None):
        return ""
    return f"from {count(start)} " + ("to the end" if stop is None else f"to {count(stop - 1)}")


def _in_each(of: Mapping[str, float]) -> str:
    return words([f"{value:.6g} in {path}" for path, value in of.items()], limit=8)


def _weights(sample: Sample) -> str:
    if not sample.is_weighted:
        return "none"
    low, high = float(sample.event_weights.min()), float(sample.event_weights.max())
    n_negative = int(np.count_nonzero(sample.event_weights < 0))
    spread = f"all {low:.6g}" if low == high else f"{low:.4g} to {high:.4g}"
    return f"{spread}, {count(n_negative)} negative" if n_negative else spread

"""The table of `wilks check`. Faults are errors of the library; oddities are its warnings, in words."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wilks import lazy
from wilks.analysis import Analysis
from wilks.answer import AUTOMATIC_TOYS
from wilks.hypotheses import Generator
from wilks.inspection import analysis_notices, count_notices, data_notices, independent_toys, negative_share
from wilks.nuisances import RegionSources, Unselected
from wilks.samples import Sample, unit_notices
from wilks.toys import sample_notices

if TYPE_CHECKING:
    from wilks.power import contamination
else:
    contamination = lazy.Module("wilks.power.contamination")

_SHARES, _FEW = (0.1, 0.5), 10.0
_FEW_EVENTS = (
    ". With so few, sets of kernels lose more: what one reference is off moves the p of all members in all toys alike; "
    "one kernel loses less, and `wilks compare` takes both samples on equal terms"
)


@dataclass
class Findings:
    """Rows of the table of ``check``, numbers for ``result.json``, and warnings."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    numbers: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, text: str) -> None:
        self.rows.append((name, text))


def note_samples(found: Findings, analysis: Analysis, data: Sample | None, *, reference: Sample) -> None:
    """One row for each sample, the numbers behind it, and what is to be said of them.

    ``reference`` is that of the analysis with its weights as they were read.
    """
    _note_reference(found, analysis, reference)
    _note_toy_source(found, analysis)
    found.warnings.extend(analysis_notices(analysis))
    if data is None:
        found.warnings.extend((*sample_notices(analysis), *analysis.model.notices(analysis.problem, None)))
        return
    expected = analysis.expected_events
    excess = (data.n_events - expected) / math.sqrt(expected)
    found.add("data", f"{_origin(data)}; {excess:+.1f} sqrt(N) from the expected {expected:,.6g}")
    found.numbers["data"] = {"n_events": data.n_events}
    units = unit_notices(data, reference=analysis.reference)
    found.warnings.extend((*count_notices(analysis, data), *units, *data_notices(analysis, data)))


def _note_reference(found: Findings, analysis: Analysis, reference: Sample) -> None:
    share = negative_share(reference)
    found.add("reference", f"{_origin(reference)}; expected in the data: {analysis.expected_events:,.6g}")
    found.numbers["reference"] = {
        "n_events": reference.n_events,
        "effective_events": reference.n_effective,
        "expected_events": analysis.expected_events,
    }
    if share:
        found.numbers["negative_weight_share"] = share


def _note_toy_source(found: Findings, analysis: Analysis) -> None:
    """How many independent toys a pool gives, and the error on Z that toys from one pool share."""
    source, error = analysis.toy_source, analysis.overlap_z_error
    if source is None:
        found.add("toys", "no source: toys need reference.n_training, toys.pool or toys.generator")
    elif isinstance(source, Generator):
        found.add("toys", f"from the generator {source.name}")
    elif isinstance(source, RegionSources):
        found.add("toys", "of each region from its own source")
    pool, n_independent = analysis.nominal_pool, independent_toys(analysis)
    if pool is None or error is None or n_independent is None:
        return
    n_usable = n_independent * analysis.expected_events
    found.numbers["pool"] = {"n_events": pool.n_events, "usable_events": n_usable, "common_z_error": error}
    found.add(
        "toys", f"{_pool_text(source, pool)}; {n_independent:.1f} independent toys; common error of Z: {error:.2f}"
    )


def note_data_driven(found: Findings, analysis: Analysis) -> None:
    """What a signal costs that a reference from data holds as well."""
    ratio = 1.0 / analysis.reference_share
    left = {share: contamination.excess_left(share, n_reference_per_data=ratio) for share in _SHARES}
    of_itself = contamination.excess_left(0.0, n_reference_per_data=ratio)
    found.numbers["excess_left"] = {f"{share:g}": value for share, value in left.items()}
    costs = ", ".join(f"{value:.2f} for {share:g}" for share, value in left.items())
    found.warnings.append(
        "the reference comes from data: of a signal that it holds too, at the share c of that in the data, 1 - c is "
        "seen at most, and nothing where both are alike. Of the excess of t with an exact reference without signal "
        f"{of_itself:.2f} are left by {ratio:.3g} events for each expected one, and at most {costs} with such a share; "
        "`wilks power --contamination` makes toys of it" + (_FEW_EVENTS if ratio < _FEW else "")
    )


def note_answer(found: Findings, analysis: Analysis, *, n_toys: int) -> None:
    """Where p will come from; ``n_toys`` 0: from the analytic null."""
    found.numbers["n_toys"] = n_toys
    if n_toys:
        found.add("answer", f"counted among {n_toys:,} toys under the reference")
        return
    has_source = analysis.toy_source is not None
    rest = f"counted among {AUTOMATIC_TOYS:,} toys made for it" if has_source else "none: there is no source of toys"
    found.add("answer", f"from the analytic null, or, where that is too rough, {rest}")


def _pool_text(source: object, pool: Sample) -> str:
    if isinstance(source, Unselected):
        return f"{pool.n_events:,} of {source.sample.n_events:,} events before the selection pass it"
    return _origin(pool)


def _origin(sample: Sample) -> str:
    count = f"{sample.n_events:,} events"
    if sample.is_weighted:
        count += f", weights sum to {sample.expected_events:,.6g}"
    origin = sample.origin
    if origin is None or origin.n_selected == origin.n_read:
        return count
    return "; ".join((f"{count}; {origin.n_selected:,} of {origin.n_read:,} selected", *origin.left_out))

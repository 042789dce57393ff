"""Whether a response reproduces varied samples: the reweighted reference against each of them, in bins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError, ResponseError
from wilks.nuisances import Nuisances, cell_of
from wilks.responses.counts import quantile_edges
from wilks.responses.text import number
from wilks.responses.variation import Variation, check_variations, compared_columns
from wilks.samples import Sample
from wilks.significance import chi2_sf
from wilks.storage import Storable
from wilks.typing import BoolArray, FloatArray
from wilks.wording import Printed, stacked, table

REACH = 3.0
"""Variations within so many sigma decide on a response; the fit hardly goes further."""
ALPHA = 0.01
TOLERANCE = 0.5
_N_BINS = 20


@dataclass(frozen=True, eq=False)
class ClosureColumn:
    """One column at one variation.

    Args:
        name: of the column.
        edges: of its bins, (b + 1,); the outermost are open.
        central: events expected in each bin at nu = 0, (b,).
        reweighted: those of the reference times r(x; nu).
        varied: those of the varied sample.
        central_errors, difference_errors: standard deviations of ``central`` and of reweighted - varied.
        varied_errors: of ``varied``.
    """

    name: str
    edges: FloatArray
    central: FloatArray
    reweighted: FloatArray
    varied: FloatArray
    central_errors: FloatArray
    varied_errors: FloatArray
    difference_errors: FloatArray

    @property
    def is_counted(self) -> BoolArray:
        """Bins in which the comparison has an error and events are expected."""
        return np.asarray((self.difference_errors > 0) & (self.varied > 0))

    @property
    def chi2(self) -> float:
        """sum over bins of (reweighted - varied)^2 / variance."""
        kept = self.is_counted
        return float(np.sum(((self.reweighted - self.varied)[kept] / self.difference_errors[kept]) ** 2))

    @property
    def dof(self) -> int:
        """Bins that count."""
        return int(np.count_nonzero(self.is_counted))

    @property
    def p_value(self) -> float:
        """Of chi2; 1 where no bin counts."""
        return chi2_sf(self.chi2, self.dof) if self.dof else 1.0

    @property
    def shift_in_t(self) -> float:
        """sum over bins of [ (reweighted - varied)^2 - variance ] / varied.

        What a wrong response adds to t on average if f can follow it bin by bin and no nuisance absorbs it, less the
        part that the finite samples fake.
        """
        kept = self.is_counted
        square = (self.reweighted - self.varied)[kept] ** 2 - self.difference_errors[kept] ** 2
        return float(np.sum(square / self.varied[kept]))

    @property
    def shift_error(self) -> float:
        """Standard deviation of ``shift_in_t`` for a perfect response."""
        kept = self.is_counted
        return float(np.sqrt(2.0 * np.sum((self.difference_errors[kept] ** 2 / self.varied[kept]) ** 2)))


@dataclass(frozen=True, eq=False)
class ClosureRow:
    """One variation.

    Args:
        values: its nuisances.
        distance: the largest abs(nu) / sigma.
        is_judged: whether it lies near enough to decide on the response.
        columns: one result for each column.
        yields: expected events of the reweighted reference and of the varied sample.
    """

    values: Mapping[str, float]
    distance: float
    is_judged: bool
    columns: tuple[ClosureColumn, ...]
    yields: tuple[float, float]

    @property
    def p_value(self) -> float:
        """The least p of the columns times their number (Bonferroni), at most 1."""
        return min(1.0, len(self.columns) * min(one.p_value for one in self.columns))

    @property
    def worst(self) -> ClosureColumn:
        """The column that shifts t most."""
        return max(self.columns, key=lambda one: one.shift_in_t)


@dataclass(frozen=True, eq=False)
class Closure(Printed, Storable):
    """Reconstructed against true log r (figures 3 and 14 of "Learning New Physics from an Imperfect Machine").

    A response is poor if a judged variation contradicts it (p below ``alpha`` after a factor for the number of
    variations and columns) and the deviation matters (``shift_in_t`` above ``tolerance``). Without a difference that is
    there, a response is refused with a probability below ``alpha``.
    """

    rows: tuple[ClosureRow, ...]
    names: tuple[str, ...]
    alpha: float
    tolerance: float
    reach: float
    stored_as: ClassVar[str] = "closure"

    @property
    def poor_rows(self) -> tuple[ClosureRow, ...]:
        """Variations that refute the response."""
        judged = [row for row in self.rows if row.is_judged]
        level = self.alpha / max(1, len(judged))
        return tuple(row for row in judged if any(self._is_poor(one, level / len(row.columns)) for one in row.columns))

    def _is_poor(self, column: ClosureColumn, level: float) -> bool:
        return column.p_value < level and column.shift_in_t > self.tolerance

    @property
    def is_good(self) -> bool:
        """Whether no judged variation refutes the response."""
        return not self.poor_rows

    def p_value(self, name: str) -> float:
        """The quality of one nuisance: the least p of the judged variations that move it, times their number."""
        found = [row.p_value for row in self.rows if row.is_judged and row.values.get(name, 0.0) != 0.0]
        return min(1.0, len(found) * min(found)) if found else float("nan")

    def require_good(self) -> None:
        """Raise if the response is poor.

        Raises:
            ResponseError: with the variations that it does not reproduce.
        """
        if self.is_good:
            return
        places = "; ".join(_complaint(row) for row in self.poor_rows)
        raise ResponseError(
            f"the response must reproduce the varied samples, but it does not at {places}. Give a higher order or "
            "samples nearer to 0, larger samples, other networks or inputs, or accept_poor=True to go on with it"
        )

    def __str__(self) -> str:
        header = ("variation", "sigmas", "worst in", "chi2/bins", "p, all columns", "shift in t", "")
        rows = (_line(row, row in self.poor_rows) for row in self.rows)
        return stacked(table(rows, header=header), *self._sentences())

    def _sentences(self) -> list[str]:
        beyond = sum(not row.is_judged for row in self.rows)
        verdict = (
            f"Good: no judged variation contradicts the response (p below {self.alpha:g} for all together) with a "
            f"shift of t above {self.tolerance:g}."
            if self.is_good
            else f"Poor: {len(self.poor_rows)} of {len(self.rows)} variations contradict the response."
        )
        sentences = [verdict]
        if beyond:
            sentences.append(f"Variations beyond {self.reach:g} sigma are shown and decide nothing: {beyond}.")
        for name in self.names:
            least = max((row.distance for row in self.rows if row.values.get(name, 0.0) != 0.0), default=0.0)
            if least < 1.0:
                sentences.append(
                    f"No variation of {name} reaches 1 sigma: the response is not checked where it is used."
                )
        return sentences

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the counts of the bins."""
        return {
            "is_good": self.is_good,
            "alpha": self.alpha,
            "tolerance": self.tolerance,
            "reach": self.reach,
            "p_values": {name: self.p_value(name) for name in self.names},
            "variations": [_row_to_dict(row) for row in self.rows],
        }

    def to_document(self) -> dict[str, Any]:
        rows = [
            {**vars(row), "values": dict(row.values), "columns": [vars(one) for one in row.columns]}
            for row in self.rows
        ]
        return {**vars(self), "rows": rows}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Closure":
        rows = (
            {**row, "columns": tuple(ClosureColumn(**one) for one in row["columns"]), "yields": tuple(row["yields"])}
            for row in document["rows"]
        )
        return cls(**{**document, "rows": tuple(ClosureRow(**row) for row in rows), "names": tuple(document["names"])})


def check_responses(
    reference: Sample,
    nuisances: Nuisances,
    *,
    variations: Sequence[Variation],
    columns: Sequence[str] | None = None,
    n_bins: int = _N_BINS,
    alpha: float = ALPHA,
    tolerance: float = TOLERANCE,
    reach: float = REACH,
) -> Closure:
    """The reference times r(x; nu) against samples at nu, in bins of every column.

    The chi-square of a column counts the errors of both samples; where the varied sample is the same events with other
    weights, the error of their difference. Samples that were transformed from the same events are taken as independent:
    their chi-square is then too small, and small differences go unseen. A response that was learned from these very
    samples follows part of their scatter, which makes the chi-square smaller by about the number of its parameters that
    the bins can see; on other samples its own statistical error counts as a deviation.

    Args:
        reference: the central sample, weighted to the expected events of the data.
        nuisances: with their responses.
        variations: samples at known values, those of the training or others.
        columns: features or carried columns to look at; None: the features, and the columns that all samples carry.
        n_bins: of equal contents in each column; tails are divided further while events last.
        alpha: probability at which a perfect response is called poor.
        tolerance: shift in t that is accepted.
        reach: variations within so many sigma decide; without any for a nuisance, its nearest ones.

    Raises:
        InputError: variations that do not fit the reference, or columns that a sample does not have.
    """
    check_variations(reference, tuple(nuisances), variations)
    names = _columns(reference, variations, columns)
    edges = {name: quantile_edges(reference.column(name), reference.event_weights, n_bins=n_bins) for name in names}
    judged = _judged(nuisances, variations, reach)
    response, weights = nuisances.on(reference.events), reference.event_weights
    ratios = (np.exp(response.shifted_log_ratio(nuisances.in_sigmas(one.values), weights)) for one in variations)
    rows = tuple(
        _row(reference, one, edges, ratio, distance, is_judged)
        for one, ratio, (distance, is_judged) in zip(variations, ratios, judged, strict=True)
    )
    moved = tuple(name for name in nuisances.names if any(row.values.get(name, 0.0) for row in rows))
    return Closure(rows, moved, alpha, tolerance, reach)


def _columns(reference: Sample, variations: Sequence[Variation], columns: Sequence[str] | None) -> tuple[str, ...]:
    if columns is not None and not columns:
        raise InputError("there must be a column to compare, but none was named")
    return compared_columns(reference, variations, columns)


def _judged(nuisances: Nuisances, variations: Sequence[Variation], reach: float) -> list[tuple[float, bool]]:
    """Distance of each variation in sigma, and whether it decides."""
    scaled = np.array([np.abs(nuisances.in_sigmas(one.values)) for one in variations])
    distances = scaled.max(axis=1)
    is_judged = distances <= reach * (1.0 + 1e-9)
    for column in scaled.T:
        moved = column > 0
        if moved.any() and not np.any(is_judged & moved):
            is_judged |= moved & (distances <= distances[moved].min() * (1.0 + 1e-9))
    return list(zip(distances.tolist(), is_judged.tolist(), strict=True))


def _row(
    reference: Sample,
    variation: Variation,
    edges: Mapping[str, FloatArray],
    ratio: FloatArray,
    distance: float,
    is_judged: bool,
) -> ClosureRow:
    columns = tuple(_column(reference, variation.sample, name, one, ratio) for name, one in edges.items())
    yields = (float(np.sum(reference.event_weights * ratio)), variation.sample.expected_events)
    return ClosureRow(variation.values, distance, is_judged, columns, yields)


def _column(reference: Sample, varied: Sample, name: str, edges: FloatArray, ratio: FloatArray) -> ClosureColumn:
    cells = [cell_of(one.column(name)[:, None], (edges,)) for one in (reference, varied)]
    n_bins = len(edges) - 1

    def filled(cell: int, weights: FloatArray) -> FloatArray:
        return np.bincount(cells[cell], weights, minlength=n_bins).astype(np.float64)

    central, reweighted = reference.event_weights, reference.event_weights * ratio
    variance = filled(0, reweighted**2) + filled(1, varied.event_weights**2)
    if np.array_equal(reference.events, varied.events) and np.array_equal(cells[0], cells[1]):
        variance = filled(0, (reweighted - varied.event_weights) ** 2)
    return ClosureColumn(
        name=name,
        edges=edges,
        central=filled(0, central),
        reweighted=filled(0, reweighted),
        varied=filled(1, varied.event_weights),
        central_errors=np.sqrt(filled(0, central**2)),
        varied_errors=np.sqrt(filled(1, varied.event_weights**2)),
        difference_errors=np.sqrt(variance),
    )


def _line(row: ClosureRow, is_poor: bool) -> tuple[str, ...]:
    worst = row.worst
    return (
        ", ".join(f"{name} = {value:g}" for name, value in row.values.items()),
        number(row.distance),
        worst.name,
        f"{worst.chi2:.1f}/{worst.dof}",
        number(row.p_value),
        f"{worst.shift_in_t:.2f} +- {worst.shift_error:.2f}",
        "poor" if is_poor else "" if row.is_judged else "not judged",
    )


def _complaint(row: ClosureRow) -> str:
    place = ", ".join(f"{name} = {value:g}" for name, value in row.values.items())
    return f"{place} (p = {number(row.p_value)}, t would shift by {row.worst.shift_in_t:.2g} in {row.worst.name})"


def _row_to_dict(row: ClosureRow) -> dict[str, Any]:
    return {
        "values": dict(row.values),
        "sigmas": row.distance,
        "is_judged": row.is_judged,
        "p_value": row.p_value,
        "expected_events": {"reweighted": row.yields[0], "varied": row.yields[1]},
        "columns": [
            {
                "name": one.name,
                "chi2": one.chi2,
                "n_bins": one.dof,
                "p_value": one.p_value,
                "shift_in_t": one.shift_in_t,
                "shift_error": one.shift_error,
            }
            for one in row.columns
        ],
    }

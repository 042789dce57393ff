"""How a reference depends on each nuisance, in bins: which order it needs, and where to train."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.nuisances import Nuisance, cell_of
from wilks.responses.closure import ALPHA, REACH, TOLERANCE
from wilks.responses.counts import Counts, count, quantile_edges
from wilks.responses.polynomials import PolynomialFit, fit_polynomials
from wilks.responses.text import number
from wilks.responses.variation import Variation, check_variations, compared_columns, points_of
from wilks.samples import Sample
from wilks.significance import chi2_sf
from wilks.storage import Storable
from wilks.typing import BoolArray, FloatArray
from wilks.wording import Printed, stacked, table

_N_BINS = 10
_HIGHEST = 4


@dataclass(frozen=True, eq=False)
class StudyColumn:
    """log[ N_b(nu_i) / N_b(0) ] in the bins of one column, and the polynomials that were fitted.

    Args:
        name: of the column.
        edges: of its bins, (b + 1,); the outermost are open.
        log_ratios: (m, b) at the points of the nuisance.
        errors: their standard deviations, the common central sample included.
        fits: for each order the coefficients (b, order) per power of nu / power!, of all points within reach.
    """

    name: str
    edges: FloatArray
    log_ratios: FloatArray
    errors: FloatArray
    fits: tuple[FloatArray, ...]

    def curve(self, order: int, nu: FloatArray) -> FloatArray:
        """The polynomial of this order at nu (n,), shape (n, b)."""
        powers = np.cumprod(nu[:, None] / np.arange(1.0, order + 1), axis=1)
        return np.asarray(powers @ self.fits[order - 1].T)


@dataclass(frozen=True)
class OrderResult:
    """How well polynomials of one order describe the points within reach.

    Args:
        order: of the polynomials.
        chi2, dof: of all bins of the column that it describes worst.
        p_value: the least p of the columns times their number.
        shift_in_t: the most that residuals would add to t at one of the points, less what statistics fakes.
        valid_up_to: the largest abs(nu) up to which points are described.
    """

    order: int
    chi2: float
    dof: int
    p_value: float
    shift_in_t: float
    valid_up_to: float

    @property
    def is_enough(self) -> bool:
        """Whether nothing contradicts it, or only by what does not matter."""
        return _is_enough(self.p_value, self.shift_in_t)


@dataclass(frozen=True, eq=False)
class NuisanceStudy:
    """One nuisance.

    Args:
        name, sigma: of the nuisance.
        points: nu of the samples that move it alone, ascending, (m,).
        is_within_reach: (m,), whether a point decides on the order.
        p_values_of_effect: of the hypothesis that a sample does not differ from the reference, (m,).
        columns: what was fitted.
        orders: results by order.
        order: the one proposed.
        training_points: nu proposed for training, ascending.
    """

    name: str
    sigma: float
    points: FloatArray
    is_within_reach: BoolArray
    p_values_of_effect: FloatArray
    columns: tuple[StudyColumn, ...]
    orders: tuple[OrderResult, ...]
    order: int
    training_points: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ResponseStudy(Printed, Storable):
    """The binned study of figures 2 and 13 of "Learning New Physics from an Imperfect Machine"."""

    nuisances: tuple[NuisanceStudy, ...]
    reach: float
    stored_as: ClassVar[str] = "response_study"

    @property
    def order(self) -> dict[str, int]:
        """The proposed order of each nuisance, as `learn_responses` takes it."""
        return {one.name: one.order for one in self.nuisances}

    def training(self, variations: Sequence[Variation]) -> tuple[Variation, ...]:
        """Those of the variations that are proposed for training; samples that move several nuisances are kept."""
        chosen = {(one.name, nu) for one in self.nuisances for nu in one.training_points}
        return tuple(one for one in variations if len(_moved(one)) > 1 or set(_moved(one).items()) <= chosen)

    def __str__(self) -> str:
        first, *more = (_text(one, self.reach) for one in self.nuisances)
        return stacked(first, *(text for one in more for text in ("", one)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the bins."""
        return {"reach": self.reach, "nuisances": [_to_dict(one) for one in self.nuisances]}

    def to_document(self) -> dict[str, Any]:
        nuisances = [
            {
                **vars(one),
                "columns": [vars(column) for column in one.columns],
                "orders": [vars(result) for result in one.orders],
            }
            for one in self.nuisances
        ]
        return {"reach": self.reach, "nuisances": nuisances}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ResponseStudy":
        return cls(tuple(_from_document(one) for one in document["nuisances"]), document["reach"])


def study_responses(
    reference: Sample,
    nuisances: Sequence[Nuisance],
    *,
    variations: Sequence[Variation],
    columns: Sequence[str] | None = None,
    n_bins: int = _N_BINS,
    reach: float = REACH,
) -> ResponseStudy:
    """The dependence of binned contents on each nuisance, with the order and the training points that follow.

    For each nuisance, polynomials of rising order in nu are fitted to log[ N_b(nu_i) / N_b(0) ] in bins of each column
    (generalised least squares, the error of the central sample common to all points). Points within ``reach`` sigma
    decide; where there are too few, all do. The order proposed is the lowest that the points do not contradict, or
    contradict by what would shift t by less than 0.5. Of its training points, all within reach, the largest lies where
    this order still holds, since effects should stand out of the noise; for every lower order one follows that is as
    large as that order allows, so that each term of the polynomial is exposed (section 3.2); both signs where there are
    both.

    Args:
        reference: the central sample, weighted to the expected events of the data.
        nuisances: those to study; those with a ``log_ratio`` are left out.
        variations: samples at several values; those that move more than one nuisance are left out.
        columns: features or carried columns; None: the features, and the columns that all samples carry.
        n_bins: of equal contents in each column.
        reach: in units of sigma.

    Raises:
        InputError: variations that do not fit the reference, or none of a nuisance.
    """
    studied = [one for one in nuisances if one.log_ratio is None]
    check_variations(reference, studied, variations)
    names = compared_columns(reference, variations, columns)
    results = []
    for one in studied:
        alone = [variation for variation in variations if set(_moved(variation)) == {one.name}]
        if not alone:
            raise InputError(f"there must be samples that move {one.name!r} alone, but there are none")
        ordered = sorted(alone, key=lambda variation: variation.values[one.name])
        results.append(_Bins(reference, one, ordered, names, n_bins).study(reach))
    return ResponseStudy(tuple(results), reach)


class _Bins:
    """Counts of one nuisance in every column."""

    def __init__(
        self, reference: Sample, nuisance: Nuisance, variations: Sequence[Variation], names: Sequence[str], n_bins: int
    ) -> None:
        self.nuisance, self.names = nuisance, names
        self.points = points_of([nuisance.name], variations)
        samples = [reference, *(one.sample for one in variations)]
        self.edges, self.counts = [], []
        for name in names:
            edges = quantile_edges(reference.column(name), reference.event_weights, n_bins=n_bins)
            cells = [cell_of(one.column(name)[:, None], (edges,)) for one in samples]
            counts = count(samples, cells, n_cells=len(edges) - 1)
            if np.any(counts.sums <= 0):
                raise InputError(
                    f"every bin of {name!r} must have events in every sample; give fewer than {n_bins} bins"
                )
            self.edges.append(edges)
            self.counts.append(counts)

    def study(self, reach: float) -> NuisanceStudy:
        sizes = np.abs(self.points[:, 0])
        is_near = sizes <= reach * self.nuisance.scale * (1.0 + 1e-9)
        if np.count_nonzero(is_near) < 2:
            is_near = np.ones_like(is_near)
        highest = min(_HIGHEST, int(np.count_nonzero(is_near)))
        orders = tuple(self.order_result(order, is_near) for order in range(1, highest + 1))
        enough = [one.order for one in orders if one.is_enough]
        order = enough[0] if enough else highest
        effects = np.array([self.p_value_of_effect(i) for i in range(len(sizes))])
        return NuisanceStudy(
            name=self.nuisance.name,
            sigma=self.nuisance.scale,
            points=self.points[:, 0],
            is_within_reach=is_near,
            p_values_of_effect=effects,
            columns=tuple(self.column(i, is_near, highest) for i in range(len(self.names))),
            orders=orders,
            order=order,
            training_points=_training_points(
                self.points[is_near, 0], effects[is_near], [one.valid_up_to for one in orders[:order]]
            ),
        )

    def order_result(self, order: int, is_near: BoolArray) -> OrderResult:
        fits = [self.fit(one, order, is_near) for one in self.counts]
        p_values = [_p_value(one) for one in fits]
        worst = fits[int(np.argmin(p_values))]
        valid = 0.0
        for size in np.unique(np.abs(self.points)):
            inside = np.abs(self.points[:, 0]) <= size
            if np.count_nonzero(inside) >= order and self.is_enough(order, inside):
                valid = float(size)
        chi2, dof = float(worst.chi2.sum()), worst.dof * worst.chi2.size
        return OrderResult(order, chi2, dof, _joint(p_values), self.shift(fits, is_near), valid)

    def is_enough(self, order: int, kept: BoolArray) -> bool:
        fits = [self.fit(one, order, kept) for one in self.counts]
        return _is_enough(_joint([_p_value(one) for one in fits]), self.shift(fits, kept))

    def fit(self, counts: Counts, order: int, kept: BoolArray) -> PolynomialFit:
        chosen = np.flatnonzero(kept)
        covariance = counts.log_ratio_covariance[:, chosen[:, None], chosen[None, :]]
        terms = tuple((power,) for power in range(1, order + 1))
        return fit_polynomials(self.points[kept], terms, counts.log_ratios[kept], covariance)

    def shift(self, fits: Sequence[PolynomialFit], kept: BoolArray) -> float:
        """The largest sum over bins of N_b (residual^2 - its variance) of a point."""
        shifts = [
            (counts.sums[1:][kept] * (fit.residuals**2 - fit.residual_variance)).sum(axis=1).max()
            for counts, fit in zip(self.counts, fits, strict=True)
        ]
        return float(max(shifts))

    def p_value_of_effect(self, point: int) -> float:
        p_values = []
        for one in self.counts:
            variance = one.log_ratio_covariance[:, point, point]
            p_values.append(chi2_sf(float(np.sum(one.log_ratios[point] ** 2 / variance)), variance.size))
        return _joint(p_values)

    def column(self, index: int, is_near: BoolArray, highest: int) -> StudyColumn:
        counts = self.counts[index]
        errors = np.sqrt(np.diagonal(counts.log_ratio_covariance, axis1=1, axis2=2)).T
        fits = tuple(self.fit(counts, order, is_near).coefficients for order in range(1, highest + 1))
        return StudyColumn(self.names[index], self.edges[index], counts.log_ratios, errors, fits)


def _p_value(fit: PolynomialFit) -> float:
    dof = fit.dof * fit.chi2.size
    return chi2_sf(float(fit.chi2.sum()), dof) if dof else 1.0


def _joint(p_values: Sequence[float]) -> float:
    return min(1.0, len(p_values) * min(p_values))


def _is_enough(p_value: float, shift_in_t: float) -> bool:
    return p_value >= ALPHA or shift_in_t <= TOLERANCE


def _training_points(points: FloatArray, effects: FloatArray, valid: Sequence[float]) -> tuple[float, ...]:
    """Sizes as large as each order allows, highest order first, one more below the smallest; with both signs."""
    sizes = np.unique(np.abs(points))
    seen = np.array([np.any(effects[np.abs(points) == size] < ALPHA) for size in sizes])
    usable = sizes[seen] if np.count_nonzero(seen) >= len(valid) else sizes
    chosen: list[float] = []
    for limit in valid[::-1]:
        below = [size for size in usable if size <= limit and size < min(chosen, default=np.inf)]
        left = [size for size in usable if size not in chosen]
        if below or left:
            chosen.append(max(below) if below else min(left))
    smaller = [size for size in usable if size < min(chosen)]
    if len(chosen) == 1 and smaller:
        chosen.append(max(smaller))
    return tuple(float(nu) for nu in points if abs(nu) in chosen)


def _moved(variation: Variation) -> dict[str, float]:
    """The nuisances that are not at 0."""
    return {name: value for name, value in variation.values.items() if value}


def _text(study: NuisanceStudy, reach: float) -> str:
    rows = [
        (
            str(one.order),
            f"{one.chi2:.1f}/{one.dof}",
            number(one.p_value),
            f"{one.shift_in_t:.2f}",
            number(one.valid_up_to),
        )
        for one in study.orders
    ]
    n_near = int(np.count_nonzero(study.is_within_reach))
    where = f"within {reach:g} sigma" if n_near < len(study.points) else "of all samples"
    points = ", ".join(f"{nu:g}" for nu in study.training_points)
    enough = any(one.is_enough for one in study.orders)
    return stacked(
        f"{study.name} (sigma {study.sigma:g}): polynomials fitted to {n_near} points {where}",
        table(rows, header=("order", "chi2/dof", "p-value", "shift in t", "holds up to")),
        f"Proposed: order {study.order}{'' if enough else ', though no order describes the points'}, "
        f"trained at {points}.",
    )


def _to_dict(study: NuisanceStudy) -> dict[str, Any]:
    return {
        "name": study.name,
        "sigma": study.sigma,
        "points": study.points.tolist(),
        "p_values_of_effect": study.p_values_of_effect.tolist(),
        "orders": [vars(one) | {"is_enough": one.is_enough} for one in study.orders],
        "order": study.order,
        "training_points": list(study.training_points),
    }


def _from_document(document: Mapping[str, Any]) -> NuisanceStudy:
    columns = (StudyColumn(**{**one, "fits": tuple(one["fits"])}) for one in document["columns"])
    orders = tuple(OrderResult(**one) for one in document["orders"])
    points = tuple(document["training_points"])
    return NuisanceStudy(**{**document, "columns": tuple(columns), "orders": orders, "training_points": points})

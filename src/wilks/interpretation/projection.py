"""One column of the data, the reference and the learned alternative, in the same bins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.binning import Binning, automatic_binning
from wilks.interpretation.learned import (
    check_fit,
    common_columns,
    reference_log_ratio,
    reference_log_ratios,
    values_of,
)
from wilks.interpretation.refits import Refits
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray
from wilks.wording import Printed, visible

ONE_SIGMA = 0.6826894921370859


Band = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Projection(Printed):
    """Counts of the data (m,), expected events of the reference and of the learned alternative (m,).

    ``learned`` is the reference reweighted by exp(f), and by r at the nuisances of tau where there are some; None when
    there is no converged fit. ``moved`` is the reference at the nuisances of Delta, None without nuisances.
    Errors are statistical: of the data 68 % central Poisson intervals, of the reference
    sqrt(sum w^2), of the learned ratio those of the reference events at the fitted parameters. ``reference_label``
    names the reference in the legend. ``n_lacking`` counts events of the reference and of the data without a value.
    ``shaded`` are the ends of what a scan found there. ``tau_band`` and ``delta_band`` say how surely the learned ratio
    and that of the nuisances alone are known, low and high of each (m,), by ``refits``; None without.
    """

    name: str
    binning: Binning
    has_outliers: bool
    n_data: FloatArray
    reference: FloatArray
    reference_error: FloatArray
    learned: FloatArray | None
    learned_ratio_error: FloatArray | None
    moved: FloatArray | None = None
    reference_label: str = "reference"
    n_lacking: tuple[int, int] = (0, 0)
    shaded: tuple[float, float] | None = None
    tau_band: Band | None = None
    delta_band: Band | None = None
    refits: Refits | None = None

    @property
    def edges(self) -> FloatArray:
        """Of the bins (m + 1,); values beyond them are in the outermost bins."""
        return self.binning.edges

    @property
    def data_ratio(self) -> FloatArray:
        """Data over reference (m,); NaN where the reference is not positive, as in all ratios."""
        return ratio_to(self, self.n_data)

    @property
    def tau(self) -> FloatArray | None:
        """e^f r at the nuisances of tau, averaged over the reference in each bin (m,); None without a fit."""
        return None if self.learned is None else ratio_to(self, self.learned)

    @property
    def delta(self) -> FloatArray | None:
        """r at the nuisances of Delta in the same way (m,); None without nuisances."""
        return None if self.moved is None else ratio_to(self, self.moved)

    def columns(self) -> dict[str, FloatArray]:
        """All numbers by name, each (m,): a table with one row for each bin."""
        low, high = poisson_interval(self.n_data)
        found = {
            "low": self.edges[:-1],
            "high": self.edges[1:],
            "data": self.n_data,
            "reference": self.reference,
            "reference_error": self.reference_error,
            "data_ratio": self.data_ratio,
            "data_ratio_low": ratio_to(self, low),
            "data_ratio_high": ratio_to(self, high),
        }
        for name, ratio, band in (("tau", self.tau, self.tau_band), ("delta", self.delta, self.delta_band)):
            if ratio is not None:
                found[name] = ratio
            if band is not None:
                found |= {f"{name}_low": band[0], f"{name}_high": band[1]}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        plain = {
            name: [float(x) if np.isfinite(x) else None for x in values] for name, values in self.columns().items()
        }
        return {"column": self.name, "band": None if self.refits is None else self.refits.text, **plain}

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def poisson_interval(counts: FloatArray, *, level: float = ONE_SIGMA) -> tuple[FloatArray, FloatArray]:
    """Central confidence interval of a Poisson mean for observed counts (m,): low (m,) and high (m,).

    Garwood: half the chi-square quantiles with 2 n and 2 n + 2 degrees of freedom (F. Garwood,
    Biometrika 28 (1936) 437). For n = 0 the interval starts at zero.

    >>> low, high = poisson_interval(np.array([0.0, 4.0]))
    >>> [round(float(value), 3) for value in (*low, *high)]
    [0.0, 2.086, 1.841, 7.163]
    """
    tail = 0.5 * (1.0 - level)
    low = np.where(counts > 0, gammaincinv(np.maximum(counts, 1.0), tail), 0.0)
    high = gammaincinv(counts + 1.0, 1.0 - tail)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def learned_weights(analysis: Analysis, fit: FitResult | None) -> FloatArray | None:
    """Weights (n,) of the reference events times exp(f) and r at the nuisances of tau; None without a converged fit."""
    if fit is None or not fit.converged:
        return None
    log_ratio = reference_log_ratio(analysis, fit.params)
    return analysis.moved_weights(values_of(fit.nuisances)) * np.exp(log_ratio)


def moved_weights(analysis: Analysis, fit: FitResult | None) -> FloatArray | None:
    """Weights (n,) of the reference events times r at the nuisances of Delta; None without nuisances."""
    if fit is None or not fit.converged or not fit.delta_nuisances:
        return None
    return analysis.moved_weights(values_of(fit.delta_nuisances))


def found_ends(fit: FitResult | None, name: str) -> tuple[float, float] | None:
    """The ends of the region that a scan found, in one of its features; None elsewhere."""
    for one in fit.regions if fit is not None else ():
        if name in one.features:
            place = one.features.index(name)
            return one.lower[place], one.upper[place]
    return None


def projected_ratio(
    analysis: Analysis,
    data: Sample | npt.ArrayLike,
    *,
    feature: str,
    fit: FitResult,
    refits: Refits | None = None,
) -> Projection:
    """The learned ratio in one column, a feature or a carried one, beside data over reference.

    In each bin the mean over the reference of e^f r(x; nu_tau), the alternative that was learned, and of
    r(x; nu_Delta), what the nuisances alone make of the reference:

        tau = sum_bin w e^f r(x; nu_tau) / sum_bin w,   Delta = sum_bin w r(x; nu_Delta) / sum_bin w.

    The column need not be an input of the model. With ``refits`` each has a band of 68 %: where R is the ratio of the
    fit, and R_16, R_50 and R_84 quantiles of those of the refits, from R - (R_50 - R_16) to R + (R_84 - R_50). It is
    what chance in the data does to the fit: that a penalty or a box holds f back is not in it.

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`, with the column.
        feature: the column.
        fit: of these data, converged.
        refits: `bootstrap_fits` of them; None: no band.

    Raises:
        InputError: a column that reference or data lack; a fit that failed, or of another analysis or other data.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> analysis = Analysis(reference=wilks.Sample(rng.uniform(size=2_000), features=["x"]), expected_events=200,
    ...                     model=wilks.Histogram(edges=([0.0, 0.5, 1.0],)))
    >>> data = wilks.Sample(np.append(rng.uniform(size=200), np.full(50, 0.75)), features=["x"])
    >>> found = projected_ratio(analysis, data, feature="x", fit=wilks.fit(analysis, data))
    >>> found.tau[[0, -1]].round(2).tolist()
    [1.08, 1.42]
    """
    return projected_ratios(analysis, data, fit=fit, columns=(feature,), refits=refits)[feature]


def projected_ratios(
    analysis: Analysis,
    data: Sample | npt.ArrayLike,
    *,
    fit: FitResult,
    columns: Sequence[str] | None = None,
    refits: Refits | None = None,
) -> dict[str, Projection]:
    """`projected_ratio` of several columns, by default all of `common_columns`: refits are evaluated once."""
    sample = analysis.checked(data)
    check_fit(analysis, sample, fit)
    names = common_columns(analysis, sample) if columns is None else tuple(columns)
    for name in names:
        check_column(analysis.reference, sample, name)
    learned, moved = learned_weights(analysis, fit), moved_weights(analysis, fit)
    found = {name: project(analysis.reference, sample, name=name, learned=learned, moved=moved) for name in names}
    found = {name: replace(one, shaded=found_ends(fit, name)) for name, one in found.items()}
    return found if refits is None else with_bands(analysis, found, refits=refits)


def with_bands(analysis: Analysis, projections: dict[str, Projection], *, refits: Refits) -> dict[str, Projection]:
    """The same with the bands of 68 % that refits give.

    Raises:
        InputError: fewer than two of them converged.
    """
    if refits.n_refits < 2:
        raise InputError(f"a band needs at least two refits that converged, but there are {refits.text}")
    ratios: dict[str, list[tuple[FloatArray, FloatArray | None]]] = {name: [] for name in projections}
    for one, f in zip(refits.fits, reference_log_ratios(analysis, fits=refits.fits), strict=True):
        learned, moved = analysis.moved_weights(values_of(one.nuisances)) * np.exp(f), moved_weights(analysis, one)
        for name, projection in projections.items():
            values = analysis.reference.column(name)
            at_delta = None if moved is None else _projected(projection, values, moved)
            ratios[name].append((_projected(projection, values, learned), at_delta))
    found = {}
    for name, projection in projections.items():
        of_tau, of_delta = zip(*ratios[name], strict=True)
        delta = None if projection.delta is None else _band(projection.delta, np.array(of_delta))
        tau = None if projection.tau is None else _band(projection.tau, np.array(of_tau))
        found[name] = replace(projection, tau_band=tau, delta_band=delta, refits=refits)
    return found


def _projected(projection: Projection, values: FloatArray, weights: FloatArray) -> FloatArray:
    there = np.isfinite(values)
    return ratio_to(projection, projection.binning.fill(values[there], weights[there])[0])


def _band(ratio: FloatArray, refits: FloatArray) -> Band:
    """The scatter of refits (k, m) about their median, put about a ratio (m,); a ratio is not negative."""
    tail = 0.5 * (1.0 - ONE_SIGMA)
    low, middle, high = np.quantile(refits, [tail, 0.5, 1.0 - tail], axis=0)
    return np.maximum(ratio - (middle - low), 0.0), ratio + (high - middle)


def check_column(reference: Sample, data: Sample, name: str) -> None:
    """Raise InputError unless both samples have a column."""
    for word, sample in (("reference", reference), ("data", data)):
        known = (*sample.features, *sample.extras)
        if name not in known:
            raise InputError(
                f"the column to draw must be in the {word}, but {name!r} is not one of {', '.join(known)}; "
                "carry it along when reading: wilks.read(..., carry=[...])"
            )


def project(
    reference: Sample, data: Sample, *, name: str, learned: FloatArray | None, moved: FloatArray | None = None
) -> Projection:
    """Bin the column ``name``, a feature or a carried column that both samples have.

    Events without a value of a carried column are left out, and counted.

    Raises:
        InputError: no event of the reference has one.
    """
    there, is_observed = np.isfinite(reference.column(name)), np.isfinite(data.column(name))
    if not there.any():
        raise InputError(f"a column that is shown must have values, but {name!r} has none in the reference")
    values, weights = reference.column(name)[there], reference.event_weights[there]
    observed = data.column(name)[is_observed]
    binning = automatic_binning(values, weights, data=observed)
    of_values = None if learned is None else learned[there]
    projection = project_values(values, weights, name=name, data=observed, binning=binning, learned=of_values)
    projection = replace(projection, n_lacking=(int(np.sum(~there)), int(np.sum(~is_observed))))
    return projection if moved is None else replace(projection, moved=binning.fill(values, moved[there])[0])


def project_values(
    reference: FloatArray,
    weights: FloatArray,
    *,
    name: str,
    data: FloatArray,
    binning: Binning,
    learned: FloatArray | None,
) -> Projection:
    """Bin values of the reference (n,) with its weights and learned weights (n,), and those of the data (m,)."""
    total, squared = binning.fill(reference, weights)
    counts, _ = binning.fill(data)
    reweighted, error = None, None
    if learned is not None:
        reweighted, _ = binning.fill(reference, learned)
        error = _ratio_error(binning, reference, weights=weights, learned=learned)
    outliers = binning.holds_outliers(reference) or binning.holds_outliers(data)
    return Projection(name, binning, outliers, counts, total, np.sqrt(squared), reweighted, error)


def ratio_to(projection: Projection, values: FloatArray) -> FloatArray:
    """Values (m,) over the reference (m,); NaN where the reference is not positive."""
    safe = np.where(projection.reference > 0, projection.reference, np.nan)
    return values / safe


def _ratio_error(binning: Binning, values: FloatArray, *, weights: FloatArray, learned: FloatArray) -> FloatArray:
    """Error of R = sum w e^f / sum w in each bin: sqrt(sum w^2 (e^f - R)^2) / sum w."""
    total, squared = binning.fill(values, weights)
    mixed, _ = binning.fill(values, weights * learned)
    reweighted, reweighted_squared = binning.fill(values, learned)
    safe = np.where(total > 0, total, np.nan)
    ratio = reweighted / safe
    variance = reweighted_squared - 2.0 * ratio * mixed + ratio**2 * squared
    return np.sqrt(np.maximum(variance, 0.0)) / safe


def _lines(projection: Projection) -> Iterator[str]:
    """A table with one row for each bin."""
    names = [name for name in projection.columns() if not name.startswith("data_ratio_") and name != "reference_error"]
    columns = projection.columns()
    rows = [[f"{x:.4g}" for x in columns[name]] for name in names]
    widths = [max(len(name), *map(len, cells)) for name, cells in zip(names, rows, strict=True)]
    yield f"{visible(projection.name)}: data, reference, and ratios to the reference"
    yield "  ".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    for cells in zip(*rows, strict=True):
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    if projection.has_outliers:
        yield "The outermost bins hold all values beyond."
    if projection.refits is not None:
        yield f"Bands of 68 %, by {projection.refits.text}."

"""One column of the data, the reference and the learned alternative, in the same bins."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincinv

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.plots.binning import Binning, automatic_binning
from wilks.plots.numbers import Column, Numbers, bins, with_error
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

ONE_SIGMA = 0.6826894921370859


@dataclass(frozen=True, eq=False)
class Projection:
    """Counts of the data (m,), expected events of the reference and of the learned alternative (m,).

    ``learned`` is the reference reweighted by exp(f), and by r at the nuisances of tau where there are some; None when
    there is no converged fit. ``moved`` is the reference at the nuisances of Delta, None without nuisances.
    Errors are statistical: of the data 68 % central Poisson intervals, of the reference
    sqrt(sum w^2), of the learned ratio those of the reference events at the fitted parameters. ``reference_label``
    names the reference in the legend. ``n_lacking`` counts events of the reference and of the data without a value.
    ``shaded`` are the ends of what a scan found there.
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
    log_ratio = analysis.log_ratio(analysis.reference.events, fit.params)
    return analysis.moved_weights({one.name: one.value for one in fit.nuisances}) * np.exp(log_ratio)


def moved_weights(analysis: Analysis, fit: FitResult | None) -> FloatArray | None:
    """Weights (n,) of the reference events times r at the nuisances of Delta; None without nuisances."""
    if fit is None or not fit.converged or not fit.delta_nuisances:
        return None
    return analysis.moved_weights({one.name: one.value for one in fit.delta_nuisances})


def found_ends(fit: FitResult | None, name: str) -> tuple[float, float] | None:
    """The ends of the region that a scan found, in one of its features; None elsewhere."""
    for one in fit.regions if fit is not None else ():
        if name in one.features:
            place = one.features.index(name)
            return one.lower[place], one.upper[place]
    return None


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


def projection_numbers(projection: Projection, *, label: str, unit: str = "") -> Numbers:
    """Counts, expectations and their ratios in the bins."""
    edges, n = projection.binning.edges, projection.n_data
    low, high = poisson_interval(n)
    ratios = [ratio_to(projection, one) for one in (n, low, high)]
    found = [
        Column("data", n, "", low, high),
        with_error("reference", projection.reference, projection.reference_error),
        Column("data over reference", ratios[0], "", *ratios[1:]),
    ]
    if projection.learned is not None and projection.learned_ratio_error is not None:
        ratio = ratio_to(projection, projection.learned)
        found += [
            Column("learned", projection.learned),
            with_error("learned over reference", ratio, projection.learned_ratio_error),
        ]
    if projection.moved is not None:
        found.append(Column("reference at Delta", projection.moved))
    beyond = " End bins hold all values beyond." if projection.has_outliers else ""
    text = f"Data, reference and learned alternative in {label}.{beyond}"
    intervals = "68 % Poisson interval of data, statistical error of the others"
    return Numbers(projection.name, text, (bins(label, edges, unit=unit),), tuple(found), intervals)


def _ratio_error(binning: Binning, values: FloatArray, *, weights: FloatArray, learned: FloatArray) -> FloatArray:
    """Error of R = sum w e^f / sum w in each bin: sqrt(sum w^2 (e^f - R)^2) / sum w."""
    total, squared = binning.fill(values, weights)
    mixed, _ = binning.fill(values, weights * learned)
    reweighted, reweighted_squared = binning.fill(values, learned)
    safe = np.where(total > 0, total, np.nan)
    ratio = reweighted / safe
    variance = reweighted_squared - 2.0 * ratio * mixed + ratio**2 * squared
    return np.sqrt(np.maximum(variance, 0.0)) / safe

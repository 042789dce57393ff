"""The local Z of all intervals of a scan."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.plots.feature_ratios import NO_LABELS
from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import BLACK, axis_label, new_figure, style
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.statistics.histogram.bins import found_in
from wilks.statistics.histogram.contents import counts_in
from wilks.statistics.histogram.deviance import deviance
from wilks.statistics.scan import Scan
from wilks.statistics.scan.places import axes_of
from wilks.typing import FloatArray

_LEAST_SCALE = 3.0


def tomography(
    analysis: Analysis, data: Sample, *, fit: FitResult | None = None, labels: Mapping[str, str] = NO_LABELS
) -> Figure:
    """The local Z of every interval that a scan of one feature looks at, at its lower and its upper end.

    Z = sgn(n - b) sqrt( 2 [ n log(n/b) - n + b ] ), with b at the nuisances of Delta where the fit has some; the
    circle is the region that the fit found. Infinite ends are drawn one step beyond the last finite one; in the numbers
    of the figure they are none.

    Raises:
        InputError: the model is no scan, or one of two features.

    >>> x = np.linspace(0.0, 1.0, 400)
    >>> analysis = Analysis(reference=Sample(x), model=Scan(n_bins=10), expected_events=100)
    >>> figure = tomography(analysis, Sample(np.append(x[::4], np.full(9, 0.72))))
    >>> len(figure.axes)
    2
    """
    model = analysis.model
    if not isinstance(model, Scan) or len(model.regions.shape) != 1:
        raise InputError(f"a tomography needs a scan of one feature, but the model is a {model.describe()}")
    (j,) = axes_of(model.bins)
    lower, upper = np.array([model.regions.ends(index)[0] for index in range(model.regions.n_regions)]).T
    values = np.full((model.bins.n_bins, model.bins.n_bins), np.nan)
    values[upper - 1, lower] = z = _local_z(analysis, model, data, fit)
    edges = _finite(np.array(model.bins.given[j]))
    with style():
        figure = new_figure(5.2, 4.4)
        axes = figure.subplots()
        size = max(float(np.nanmax(np.abs(values))), _LEAST_SCALE)
        mesh = axes.pcolormesh(edges[:-1], edges[1:], values, cmap="cividis", norm=TwoSlopeNorm(0.0, -size, size))
        _circle(axes, fit, edges)
        label = axis_label(analysis.features[j], labels)
        axes.set_xlabel(f"{label}, lower end")
        axes.set_ylabel(f"{label}, upper end")
        figure.colorbar(mesh, ax=axes, label="local $Z$")
        ends = np.array(model.bins.given[j])
        given = Column("lower end", ends[lower]), Column("upper end", ends[upper])
        text = f"Local Z of intervals of {label}; one without an end has no limit there."
        figure.keep(Numbers("intervals", text, given, (Column("local Z", z),)))
    return figure


def _local_z(analysis: Analysis, model: Scan, data: Sample, fit: FitResult | None) -> FloatArray:
    told = {one.name: one.value for one in fit.delta_nuisances} if fit is not None else {}
    places = found_in(model.bins, analysis.problem, analysis.reference.events)
    sums = np.bincount(places, analysis.moved_weights(told), minlength=model.bins.n_bins + 1)
    b = model.regions.sums(sums[:-1].astype(np.float64))
    n = model.regions.sums(counts_in(model.bins, analysis.problem, data.events)[:-1].astype(np.float64))
    return np.sign(n - b) * np.sqrt(deviance(n, b))


def _finite(edges: FloatArray) -> FloatArray:
    """Infinite ends one step beyond the last finite ones."""
    inner = edges[np.isfinite(edges)]
    first, last = (inner[1] - inner[0], inner[-1] - inner[-2]) if inner.size > 1 else (1.0, 1.0)
    return np.where(edges == -np.inf, inner[0] - first, np.where(edges == np.inf, inner[-1] + last, edges))


def _circle(axes: Axes, fit: FitResult | None, edges: FloatArray) -> None:
    for one in fit.regions if fit is not None else ():
        ends = np.clip([one.lower[0], one.upper[0]], edges[0], edges[-1])
        axes.plot(*ends, "o", mfc="none", mec=BLACK, ms=10)

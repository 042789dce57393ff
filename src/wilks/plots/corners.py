"""The learned ratio in every pair of features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.binning import Binning, automatic_binning
from wilks.interpretation.projection import learned_weights, project_values, ratio_to
from wilks.plots.feature_ratios import NO_LABELS
from wilks.plots.numbers import STATISTICAL, Column, Numbers, bins, with_error
from wilks.plots.style import (
    BLUE,
    GRAY,
    VERMILLION,
    Drawing,
    axis_label,
    binned_scale,
    name_and_unit,
    new_figure,
    plain_log_ticks,
    style,
)
from wilks.samples import weighted_quantile
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

MAX_FEATURES = 6
_MAX_BINS, _LEAST_EVENTS, _TAIL = 16, 4.0, 0.005
_RANGE, _SHOWN = (1.1, 10.0), 97.0


def corner(
    analysis: Analysis,
    *,
    fit: FitResult,
    features: Sequence[str] | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> Figure:
    """The learned ratio in every pair of features, and in each of them on the diagonal.

    In a cell it is sum w e^f r / sum w, over the reference events in it: the reference as the fit has it over the
    reference as it is. Cells of fewer than 4 effective reference events, (sum w)^2 / sum w^2, are left blank. Lighter
    means more data than expected, also in print without colors. Values beyond an axis are counted in its end bins.

    Args:
        analysis: with two features or more.
        fit: of it, converged.
        features: two to six of them; the first six if not given.
        labels: axis labels by feature.

    Raises:
        InputError: a fit that failed; fewer than two features, more than six, or one that is no input.

    >>> from wilks.fitting import fit
    >>> from wilks.samples import Sample
    >>> from wilks.statistics.linear import Kernel
    >>> events = np.random.default_rng(1).normal(size=(600, 2))
    >>> analysis = Analysis(reference=Sample(events), model=Kernel(n_centers=10, width=1.0), expected_events=100)
    >>> figure = corner(analysis, fit=fit(analysis, events[::5]))
    >>> len(figure.axes)
    4
    """
    names = _checked(analysis, features)
    learned = learned_weights(analysis, fit)
    if learned is None:
        raise InputError("a corner view is of a fit that converged, but this one failed; see fit.status")
    sides = [_side(analysis, name, learned, label=axis_label(name, labels)) for name in names]
    n, weights = len(sides), (analysis.reference.event_weights, learned)
    cells = {(i, j): _ratio(sides[j], sides[i], weights) for i in range(n) for j in range(i)}
    with style():
        figure = new_figure(1.5 + 1.9 * n, 1.1 + 1.75 * n)
        grid, norm = figure.subplots(n, n, squeeze=False), _norm(list(cells.values()))
        for i, side in enumerate(sides):
            _draw_side(grid[i, i], side)
            figure.keep(_numbers_of_one(side))
            for j in range(i + 1, n):
                grid[i, j].remove()
        for (i, j), ratio in cells.items():
            mesh = _draw_cells(grid[i, j], sides[j], sides[i], ratio=ratio, norm=norm)
            figure.keep(_numbers_of_two(sides[j], sides[i], ratio))
        _name_axes(grid.tolist(), sides)
        _colorbar(figure, mesh, n_features=n)
    return figure


@dataclass(frozen=True, eq=False)
class _Side:
    """One feature of the reference (n,), its bins (m,), and the learned ratio in them with its error (m,)."""

    label: str
    values: FloatArray
    binning: Binning
    ratio: FloatArray
    error: FloatArray

    @property
    def places(self) -> FloatArray:
        """The values, those beyond the axis in its end bins."""
        edges = self.binning.edges
        return np.clip(self.values, edges[0], np.nextafter(edges[-1], -np.inf))


def _side(analysis: Analysis, name: str, learned: FloatArray, *, label: str) -> _Side:
    values, weights = analysis.reference.column(name), analysis.reference.event_weights
    low, high = (weighted_quantile(values, np.abs(weights), share) for share in (_TAIL, 1.0 - _TAIL))
    inside = (values >= low) & (values <= high)
    binning = _coarse(automatic_binning(values[inside], np.abs(weights[inside]), data=values[inside]))
    found = project_values(values, weights, name=name, data=np.empty(0), binning=binning, learned=learned)
    assert found.learned is not None and found.learned_ratio_error is not None
    return _Side(label, values, binning, ratio_to(found, found.learned), found.learned_ratio_error)


def _checked(analysis: Analysis, features: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(features) if features is not None else analysis.features[:MAX_FEATURES]
    unknown = [name for name in names if name not in analysis.features]
    if unknown or not 2 <= len(set(names)) == len(names) <= MAX_FEATURES:
        came = f"{unknown[0]!r} is no input of the model" if unknown else f"{', '.join(names) or 'none'} came"
        raise InputError(
            f"a corner view needs two to {MAX_FEATURES} of the features {', '.join(analysis.features)}, each once, but "
            f"{came}"
        )
    return names


def _coarse(binning: Binning) -> Binning:
    """At most 16 bins: neighbors are joined."""
    step = -(-binning.n_bins // _MAX_BINS)
    edges = np.append(binning.edges[:-1:step], binning.edges[-1])
    return Binning(edges, binning.is_log, None)


def _ratio(x: _Side, y: _Side, weights: tuple[FloatArray, FloatArray]) -> FloatArray:
    """In the cells of a pair, x along the first axis; NaN where there are too few events."""
    edges = [x.binning.edges, y.binning.edges]
    own, squared, learned = (
        np.histogram2d(x.places, y.places, bins=edges, weights=w)[0] for w in (weights[0], weights[0] ** 2, weights[1])
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        is_known = (own > 0) & (own**2 >= _LEAST_EVENTS * squared)
        return np.where(is_known, learned / own, np.nan)


def _norm(ratios: list[FloatArray]) -> LogNorm:
    known = np.concatenate([one[np.isfinite(one) & (one > 0)] for one in ratios])
    reach = float(np.exp(np.percentile(np.abs(np.log(known)), _SHOWN))) if known.size else 1.0
    most = float(np.clip(reach, *_RANGE))
    return LogNorm(1.0 / most, most)


def _draw_side(axes: Axes, side: _Side) -> None:
    ratio, band, edges = side.ratio, np.nan_to_num(side.error), side.binning.edges
    axes.stairs(ratio + band, edges, baseline=ratio - band, fill=True, color=VERMILLION, alpha=0.25, lw=0)
    axes.stairs(ratio, edges, color=VERMILLION, baseline=None)
    axes.axhline(1.0, color=BLUE, lw=0.8, ls="--")
    axes.set_xlim(edges[0], edges[-1])
    binned_scale(axes, "x", side.binning)


def _draw_cells(axes: Axes, x: _Side, y: _Side, *, ratio: FloatArray, norm: LogNorm) -> QuadMesh:
    edges = x.binning.edges, y.binning.edges
    mesh = axes.pcolormesh(*edges, np.ma.masked_invalid(ratio.T), norm=norm, cmap="cividis", rasterized=True)
    binned_scale(axes, "x", x.binning)
    binned_scale(axes, "y", y.binning)
    return mesh


def _name_axes(grid: Sequence[Sequence[Axes]], sides: Sequence[_Side]) -> None:
    n = len(sides)
    for i in range(n):
        for j in range(i + 1):
            axes, is_last = grid[i][j], i == n - 1
            axes.tick_params(labelsize=8, labelbottom=is_last, labelleft=j == 0 and i > 0)
            axes.set_xlabel(sides[j].label if is_last else "")
            axes.set_ylabel(sides[i].label if j == 0 and i > 0 else "")
            if i == j:
                axes.yaxis.tick_right()
                axes.tick_params(axis="y", labelsize=8, labelright=True)
                axes.yaxis.set_label_position("right")
                axes.set_ylabel("ratio", fontsize=9, color=GRAY)


def _colorbar(figure: Drawing, mesh: QuadMesh, *, n_features: int) -> None:
    place = figure.add_axes((0.62, 0.92, 0.33, 0.02) if n_features > 2 else (0.60, 0.86, 0.34, 0.025))
    bar = figure.colorbar(mesh, cax=place, orientation="horizontal", extend="both")
    low, high = mesh.get_clim()
    plain_log_ticks(bar.ax.xaxis, span=(high or 1.0) / (low or 1.0))
    bar.ax.tick_params(labelsize=8)
    bar.set_label("learned / reference", fontsize=9)


def _numbers_of_one(side: _Side) -> Numbers:
    name, unit = name_and_unit(side.label)
    given, found = (
        bins(name, side.binning.edges, unit=unit),
        with_error("learned over reference", side.ratio, side.error),
    )
    return Numbers(name, f"Learned ratio in {name}.", (given,), (found,), STATISTICAL)


def _numbers_of_two(x: _Side, y: _Side, ratio: FloatArray) -> Numbers:
    """One row for each cell."""
    columns = []
    for side, shape in ((x, (-1, 1)), (y, (1, -1))):
        low, high = (np.broadcast_to(one.reshape(shape), ratio.shape).ravel() for one in
                     (side.binning.edges[:-1], side.binning.edges[1:]))  # fmt: skip
        name, unit = name_and_unit(side.label)
        columns.append(Column(name, 0.5 * (low + high), unit, low, high))
    found = (Column("learned over reference", ratio.ravel()),)
    names = [one.name for one in columns]
    return Numbers(" ".join(names), f"Learned ratio in {' and '.join(names)}.", tuple(columns), found)

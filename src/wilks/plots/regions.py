"""The most discrepant region in the learned log ratio."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from wilks.interpretation import Region
from wilks.interpretation.binning import automatic_binning
from wilks.interpretation.projection import Projection, project_values
from wilks.interpretation.regions import expected_text
from wilks.plots.feature_ratios import draw_projection, keep_projection
from wilks.plots.style import VERMILLION, new_figure, style

_NAME = "f"
_LABEL = r"learned log ratio $f$"
_SHADE = 0.15


def region(found: Region) -> Figure:
    """Data and reference as functions of the learned log ratio f, with the region shaded.

    Above: data with 68 % Poisson intervals, the reference with its statistical error, with nuisances at those of tau,
    and the reference reweighted by exp(f). Below: the same divided by the reference; the learned curve is exp(f) there,
    which the data follow where f describes them. The threshold of the region is an edge of the bins: the counts in
    the shaded bins are those of the region. Values beyond the axis are counted in the end bins.

    >>> from wilks.analysis import Analysis
    >>> from wilks.fitting import fit
    >>> from wilks.interpretation import most_discrepant_region
    >>> from wilks.statistics.linear import Kernel
    >>> from wilks.samples import Sample
    >>> x = np.linspace(0.0, 1.0, 400)
    >>> analysis = Analysis(reference=Sample(x), model=Kernel(n_centers=10, width=0.5), expected_events=100)
    >>> data = Sample(np.append(x[::4], np.full(9, 0.7)))
    >>> figure = region(most_discrepant_region(analysis, data, fit=fit(analysis, data)))
    >>> figure.axes[1].get_xlabel()
    'learned log ratio $f$'
    """
    with style():
        figure = new_figure(5.2, 4.4)
        projection = _projection(found)
        draw_projection(figure, projection, {_NAME: _LABEL})
        keep_projection(figure, projection, {_NAME: _LABEL})
        for axes in figure.axes:
            _shade(axes, found)
        _add_legend(figure.axes[0], found)
    return figure


def _projection(found: Region) -> Projection:
    learned = found.learned
    weights = learned.reference_weights
    of_data, of_reference = learned.bounded
    binning = automatic_binning(of_reference, weights, data=of_data, may_be_log=False)
    projection = project_values(
        learned.reference,
        weights,
        name=_NAME,
        data=learned.data,
        binning=binning.with_edge(found.threshold),
        learned=weights * np.exp(learned.reference),
    )
    label = r"reference at $\tau$" if learned.analysis.nuisances else "reference"
    return replace(projection, reference_label=label)


def _shade(axes: Axes, found: Region) -> None:
    low, high = axes.get_xlim()
    ends = (found.threshold, high) if found.is_excess else (low, found.threshold)
    axes.axvspan(*ends, color=VERMILLION, alpha=_SHADE, lw=0, zorder=0)
    axes.axvline(found.threshold, color=VERMILLION, lw=1.0, zorder=1)


def _add_legend(axes: Axes, found: Region) -> None:
    """The counts of the region in a line above the legend that is there."""
    first = axes.get_legend()
    shading = Patch(color=VERMILLION, alpha=_SHADE, lw=0, label=_counts_text(found))
    axes.legend(handles=[shading], loc="lower left", bbox_to_anchor=(0.0, 1.08), handlelength=1.6)
    if first is not None:
        axes.add_artist(first)


def _counts_text(found: Region) -> str:
    sign = "\u2265" if found.is_excess else "\u2264"
    text = (
        f"$f$ {sign} {found.threshold:.3g}:  {found.n_observed:,} observed, {expected_text(found)} expected, "
        f"local Z {found.local_z_score:.1f}"
    )
    return text.replace("+-", "\u00b1").replace("-", "\u2212")

"""How a campaign of toys goes."""

import numpy as np
from matplotlib.figure import Figure

from wilks.plots.numbers import STATISTICAL, Column, Numbers, with_error
from wilks.plots.style import BLUE, GRAY, SKY, VERMILLION, new_figure, style
from wilks.typing import FloatArray

_MOST_POINTS = 2000


def running_mean(t: FloatArray, *, n_parameters: int | None = None) -> Figure:
    """Mean of t over the first k toys that have one, with its standard error, beside the number of parameters.

    >>> running_mean(np.array([9.0, 15.0, np.nan, 12.0]), n_parameters=13).axes[0].get_xlabel()
    'toys'
    """
    values = t[np.isfinite(t)]
    n = np.arange(1, values.size + 1)
    mean = np.cumsum(values) / n
    variance = np.maximum(np.cumsum(values**2) / n - mean**2, 0.0) * n / np.maximum(n - 1, 1)
    error = np.where(n > 1, np.sqrt(variance / n), np.nan)
    shown = np.unique(np.linspace(0, max(values.size - 1, 0), min(values.size, _MOST_POINTS)).astype(np.int64))
    with style():
        figure = new_figure(5.2, 3.4)
        axes = figure.subplots()
        axes.fill_between(
            n[shown], (mean - error)[shown], (mean + error)[shown], color=SKY, alpha=0.5, lw=0, label="± its error"
        )
        axes.plot(n[shown], mean[shown], color=BLUE, label="mean of $t$ so far")
        if n_parameters is not None:
            axes.axhline(n_parameters, color=VERMILLION, lw=1.2, ls="--", label=f"{n_parameters} parameters")
        axes.set_xlim(0, max(values.size, 2))
        axes.set_xlabel("toys")
        axes.set_ylabel("mean of $t$")
        axes.grid(axis="y", color=GRAY, alpha=0.3, lw=0.6)
        figure.legend(loc="outside upper left", ncols=3, handlelength=1.6)
        found = (with_error("mean of t", mean[shown], error[shown]),)
        given = (Column("toys", n[shown].astype(np.float64)),)
        figure.keep(Numbers("mean of t", "Mean of t over the first toys that have one.", given, found, STATISTICAL))
    return figure

"""How the search of a fit ended."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wilks.plots.numbers import Column, Numbers, ranks
from wilks.plots.style import BLUE, GRAY, VERMILLION, new_figure, style
from wilks.statistics.fits import FitResult
from wilks.typing import require_kind


def starts(fit: FitResult) -> Figure:
    """t at the end of each start, best first, with the value that the fit returned.

    Starts that agree in the best value speak for it; one start alone at the top asks for a
    larger search. Starts without a finite t are counted in the legend.
    """
    require_kind(fit, FitResult, name="fit")
    ordered = np.sort(fit.start_t[np.isfinite(fit.start_t)])[::-1]
    n_lost = fit.n_starts - len(ordered)
    with style():
        figure = new_figure(5.2, 3.4)
        axes = figure.subplots()
        if np.isfinite(fit.t):
            axes.axhline(fit.t, color=VERMILLION, lw=1.2, label=f"returned: $t$ = {fit.t:.2f}")
        note = f" ({n_lost} without a valid $t$)" if n_lost else ""
        axes.plot(np.arange(1, len(ordered) + 1), ordered, "o", color=BLUE, ms=5, label=f"{fit.n_starts} starts{note}")
        axes.set_xlim(0.5, max(fit.n_starts, 1) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_tick_params(which="minor", bottom=False, top=False)
        axes.set_xlabel("rank of the start")
        axes.set_ylabel("$t$ at the end of the start")
        axes.grid(axis="y", color=GRAY, alpha=0.3, lw=0.6)
        figure.legend(loc="outside upper left", ncols=2, handlelength=1.6)
        given = (Column("rank of the start", ranks(len(ordered))),)
        figure.keep(Numbers("starts", "t at the end of each start, best first.", given, (Column("t", ordered),)))
    return figure

"""Figures of learned responses: the binned study and the closure, one of each for every nuisance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from wilks import plots

if TYPE_CHECKING:  # a command loads matplotlib when it draws, and JAX where responses were learned
    from matplotlib.figure import Figure

    from wilks.responses import Closure, ResponseStudy


def response_figures(study: ResponseStudy | None, closure: Closure | None) -> dict[str, Callable[[], Figure]]:
    """What draws each of them, by name: ``study-NUISANCE`` and ``closure-NUISANCE``."""
    figures: dict[str, Callable[[], Figure]] = {}
    if study is not None:
        figures |= {f"study-{one.name}": partial(plots.response_study, study, name=one.name) for one in study.nuisances}
    if closure is not None:
        figures |= {f"closure-{name}": partial(_draw_closure, closure, name) for name in closure.names}
    return figures


def _draw_closure(closure: Closure, name: str) -> Figure:
    return plots.response_closure(_of(closure, name))


def _of(closure: Closure, name: str) -> Closure:
    """The variations that move one nuisance."""
    return replace(closure, rows=tuple(row for row in closure.rows if row.values.get(name, 0.0)))

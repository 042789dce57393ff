"""Figures of learned responses: the binned study and the closure, one of each for every nuisance."""

from dataclasses import replace

from matplotlib.figure import Figure

from wilks import plots
from wilks.responses import Closure, ResponseStudy


def response_figures(study: ResponseStudy | None, closure: Closure | None) -> dict[str, Figure]:
    """By name: ``study-NUISANCE`` and ``closure-NUISANCE``."""
    figures: dict[str, Figure] = {}
    if study is not None:
        figures |= {f"study-{one.name}": plots.response_study(study, name=one.name) for one in study.nuisances}
    if closure is not None:
        figures |= {f"closure-{name}": plots.response_closure(_of(closure, name)) for name in closure.names}
    return figures


def _of(closure: Closure, name: str) -> Closure:
    """The variations that move one nuisance."""
    return replace(closure, rows=tuple(row for row in closure.rows if row.values.get(name, 0.0)))

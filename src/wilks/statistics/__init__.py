"""Families of models, a room each: f(x; w), the engine that fits it, its null law, its words for reports.

A family is found by its kind, as a reader is by the ending of a file name, and loaded when it is.
"""

from collections.abc import Mapping
from typing import Any

from wilks.errors import InputError
from wilks.functions import import_function
from wilks.statistics.base import Engine, Parts, Statistic
from wilks.statistics.words import Words
from wilks.storage import named

STATISTICS = {
    "mlp": "wilks.statistics.network:MLP",
    "kernel": "wilks.statistics.linear:Kernel",
    "kernel_set": "wilks.statistics.linear:KernelSet",
    "histogram": "wilks.statistics.histogram:Histogram",
    "scan": "wilks.statistics.scan:Scan",
}
REGIONS = {
    "histogram_regions": "wilks.statistics.regions.steps:HistogramRegions",
    "linear_regions": "wilks.statistics.regions.maps:LinearRegions",
    "network_regions": "wilks.statistics.regions.networks:NetworkRegions",
    "fixed": "wilks.statistics.regions.fixed:Fixed",
}
"""What analyses of several regions are made of; no model of one."""
DEFAULT = "kernel_set"


def family_of(kind: str) -> type[Statistic]:
    """The class of a kind; ``module:Class`` for one that is not registered, which every process can import.

    Raises:
        InputError: there is no such family.

    >>> family_of("mlp").__name__
    'MLP'
    """
    known = STATISTICS | REGIONS
    if kind in known:
        family: type[Statistic] = named(known[kind])
        return family
    if ":" not in kind:
        raise InputError(
            f"the kind of a model must be one of {sorted(STATISTICS)}, or module:Class of another, but {kind!r} came"
        )
    found: Any = import_function(kind, role="the class of a model")
    if not (isinstance(found, type) and issubclass(found, Statistic)):
        raise InputError(f"the class of a model must be a wilks.statistics.Statistic, but {kind} is {found!r}")
    return found


def default_statistic() -> Statistic:
    """What an analysis has whose model was left to this package.

    >>> default_statistic().kind
    'kernel_set'
    """
    return family_of(DEFAULT)()


def known_nulls() -> str:
    """The models whose null is known without toys, for messages.

    >>> known_nulls()
    'wilks.Kernel(is_score=True) or wilks.Histogram() without nuisances'
    """
    return " or ".join(text for text in (family_of(kind).known_null for kind in STATISTICS) if text)


def statistic_from_dict(document: Mapping[str, Any]) -> Statistic:
    """The model that `Statistic.to_dict` described.

    Raises:
        InputError: its family is not known, or refuses the options.
    """
    options = dict(document)
    return family_of(str(options.pop("kind", None)))(**options)


__all__ = [
    "REGIONS",
    "STATISTICS",
    "Engine",
    "Parts",
    "Statistic",
    "Words",
    "family_of",
    "known_nulls",
    "statistic_from_dict",
]

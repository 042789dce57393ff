"""Which style figures have, said without a library that draws: a command may be asked for one and draw nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wilks.errors import InputError

FORMATS = ("pdf", "png", "svg", "csv", "hepdata")
STYLES = ("plain", "CMS", "ATLAS", "LHCb")


@dataclass(frozen=True)
class Look:
    """What figures look like.

    Attributes:
        style: one of `STYLES`.
        label: text at the top of every figure, after the name of the experiment; empty: neither stands there.
    """

    style: str = STYLES[0]
    label: str = ""

    @property
    def experiment(self) -> str:
        """The name that goes before a label; none for the plain style."""
        return "" if self.style == STYLES[0] else self.style


_PLAIN = Look()
_LOOK: ContextVar[Look] = ContextVar("wilks_look", default=_PLAIN)


def current_look() -> Look:
    """What figures that are made now look like."""
    return _LOOK.get()


@contextmanager
def styled(style: str | None = None, *, label: str | None = None) -> Iterator[None]:
    """Figures that are made inside have this style, and keep it when they are saved elsewhere.

    Styles differ in fonts, ticks and the places of labels; colors are the same, distinguishable with the common forms
    of color blindness, and what is drawn differs in markers or lines too. matplotlib's own settings are not touched.
    No figure names an experiment by itself: with ``label`` it stands before the text, as in "CMS Preliminary".

    Args:
        style: ``plain``, ``CMS``, ``ATLAS`` or ``LHCb``; None: that which holds outside.
        label: text at the top of every figure, empty for none; None: that which holds outside.

    Raises:
        InputError: there is no such style.

    >>> with styled("LHCb", label="Simulation"):
    ...     current_look()
    Look(style='LHCb', label='Simulation')
    >>> current_look()
    Look(style='plain', label='')
    """
    if style is not None and style not in STYLES:
        raise InputError(f"the style of figures must be one of {', '.join(STYLES)}, but {style!r} came")
    outer = _LOOK.get()
    token = _LOOK.set(Look(outer.style if style is None else style, outer.label if label is None else label))
    try:
        yield
    finally:
        _LOOK.reset(token)

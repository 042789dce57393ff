"""The look of all figures, and how a figure becomes bytes.

Colors are those of M. Okabe and K. Ito, distinguishable with the common forms of color blindness.
Figures are plain ``matplotlib.figure.Figure`` objects: no window, no pyplot state, no change of the
user's settings. These do not change the figures either: with ``text.usetex`` one without LaTeX could draw none.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import mplhep
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from wilks.wording import in_figure, visible

BLACK = "#000000"
BLUE = "#0072b2"
SKY = "#56b4e9"
VERMILLION = "#d55e00"
GREEN = "#009e73"
GRAY = "#5f5f5f"

PNG_DPI = 130
MANY_TIMES = 40.0

_OVERRIDES: dict[str, object] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 11,
    "axes.labelpad": 4,
    "axes.autolimit_mode": "data",
    "axes.formatter.limits": [-3, 5],
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "ytick.major.size": 6,
    "ytick.minor.size": 3,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "legend.fontsize": 9.5,
    "legend.borderpad": 0.2,
    "legend.borderaxespad": 0.3,
    "svg.fonttype": "path",
    "svg.hashsalt": "wilks",
}
# What a figure looks like alone: a backend, and what belongs to windows and to a session, stay the user's.
_OF_THE_SESSION = re.compile(
    r"backend|interactive|toolbar|timezone|date\.|webagg|tk\.|figure\.(max_o|raise)|docstr|keymap"
)
_DEFAULTS = {name: value for name, value in mpl.rcParamsDefault.items() if not _OF_THE_SESSION.match(name)}
_RC: dict[Any, Any] = {**_DEFAULTS, **mplhep.style.ATLAS, **_OVERRIDES}

_UNITS = {"gev": "GeV", "tev": "TeV", "mev": "MeV", "kev": "keV", "rad": "rad", "mm": "mm", "cm": "cm", "ns": "ns"}


@contextmanager
def style() -> Iterator[None]:
    """Settings for drawing; the user's own come back afterwards."""
    with mpl.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) that keeps labels and legends from overlapping."""
    return Figure(figsize=(width, height), layout="constrained")


def plain_log_ticks(axis: Axis, *, span: float) -> None:
    """Label a logarithmic axis that covers a factor ``span`` with ordinary numbers at round places."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if span < MANY_TIMES else (1.0, 3.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(LogLocator(subs=tuple(range(1, 10)), numticks=50))
    axis.set_minor_formatter(NullFormatter())


def to_svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    with style():
        return _saved(figure, "svg")


def to_png(figure: Figure) -> bytes:
    """The figure as PNG."""
    with style():
        return _saved(figure, "png")


def _saved(figure: Figure, suffix: str) -> bytes:
    stream = io.BytesIO()
    metadata = {"Date": None} if suffix == "svg" else {"Software": None}
    figure.savefig(stream, format=suffix, dpi=PNG_DPI, metadata=metadata)
    return stream.getvalue()


def axis_label(name: str, labels: Mapping[str, str]) -> str:
    """Text of the axis of a feature: the label given for it, or its name with the unit that the name ends on.

    >>> axis_label("mass_gev", {})
    'mass [GeV]'
    >>> axis_label("pt1", {"pt1": "leading muon pT [GeV]"})
    'leading muon pT [GeV]'
    """
    if name in labels:
        return drawable(labels[name])
    stem, _, suffix = name.rpartition("_")
    unit = _UNITS.get(suffix) if stem else None
    return in_figure(f"{stem} [{unit}]" if unit else name)


def unit_of(label: str) -> str:
    """The unit in square brackets at the end of a label, with a space before it; empty when there is none.

    >>> unit_of("mass [GeV]")
    ' GeV'
    """
    found = re.search(r"\[([^\[\]]+)\]\s*$", label)
    return f" {found.group(1)}" if found else ""


def drawable(text: str) -> str:
    """Text with its formulae between dollar signs, or as plain text when they cannot be read.

    >>> drawable("$p_T$ [GeV]"), drawable("price in $"), drawable(r"$\\oops$")
    ('$p_T$ [GeV]', 'price in \\\\$', '\\\\$\\\\oops\\\\$')
    """
    shown = visible(text)
    if "$" not in shown:
        return shown
    try:
        MathTextParser("path").parse(shown)
    except ValueError:
        return in_figure(text)
    return shown if shown.replace(r"\$", "").count("$") % 2 == 0 else in_figure(text)

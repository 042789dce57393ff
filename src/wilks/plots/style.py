"""The look of all figures, and how a figure becomes bytes.

Colors are those of M. Okabe and K. Ito, distinguishable with the common forms of color blindness. What could be taken
for one another differs in marker or line too, and is told apart in print without colors.
Figures are ``matplotlib.figure.Figure`` objects: no window, no pyplot state, no change of the
user's settings. These do not change the figures either: with ``text.usetex`` one without LaTeX could draw none.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal, NamedTuple

import matplotlib as mpl
import mplhep
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure, FigureBase
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from wilks.interpretation.binning import Binning
from wilks.plots.looks import Look, current_look
from wilks.plots.numbers import Numbers
from wilks.wording import in_figure, visible

BLACK = "#000000"
BLUE = "#0072b2"
SKY = "#56b4e9"
VERMILLION = "#d55e00"
GREEN = "#009e73"
GRAY = "#5f5f5f"


class Mark(NamedTuple):
    """How one of several alike is drawn: no two of the first six share a color, a marker or a line."""

    color: str
    marker: str
    line: str | tuple[int, tuple[int, ...]]


_MARKS = (
    Mark(BLACK, "o", "-"),
    Mark(BLUE, "s", "--"),
    Mark(VERMILLION, "^", "-."),
    Mark(GREEN, "D", ":"),
    Mark(SKY, "v", (0, (6, 1, 1, 1, 1, 1))),
    Mark(GRAY, "P", (0, (8, 3))),
)


def mark(i: int) -> Mark:
    """Of the i-th of several alike; beyond the sixth, lines are exchanged among the colors.

    >>> mark(0), mark(7).color == mark(1).color, mark(7).line == mark(1).line
    (Mark(color='#000000', marker='o', line='-'), True, False)
    """
    n = len(_MARKS)
    return _MARKS[i % n]._replace(line=_MARKS[(i + i // n) % n].line)


PNG_DPI = 130
_STRIP = 0.28  # inches of a label
MANY_TIMES = 40.0
_FEW_TIMES, _FEW_TICKS = 4.0, 4

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
    "pdf.fonttype": 42,
}
# What a figure looks like alone: a backend, and what belongs to windows and to a session, stay the user's.
_OF_THE_SESSION = re.compile(
    r"backend|interactive|toolbar|timezone|date\.|webagg|tk\.|figure\.(max_o|raise)|docstr|keymap"
)
_DEFAULTS = {name: value for name, value in mpl.rcParamsDefault.items() if not _OF_THE_SESSION.match(name)}
_TAKEN = re.compile(r"font\.(?!size)|mathtext\.|axes\.unicode|[xy]axis\.labell|[xy]tick\.(direction|top|right)")
_OWN: dict[str, dict[str, object]] = {
    "plain": {
        "xtick.top": False,
        "ytick.right": False,
        "xaxis.labellocation": "center",
        "yaxis.labellocation": "center",
    },
    "ATLAS": {},
    "CMS": {"axes.linewidth": 1.4, "xtick.major.size": 7, "ytick.major.size": 8, "ytick.minor.size": 4},
    "LHCb": {"axes.linewidth": 1.2, "xtick.major.width": 1.2, "ytick.major.width": 1.2, "font.size": 11},
}
_OF_EXPERIMENTS = {"ATLAS": mplhep.style.ATLAS, "CMS": mplhep.style.CMS, "LHCb": mplhep.style.LHCb2}


def _settings(look: Look) -> dict[Any, Any]:
    """All settings of a look: fonts, ticks and places of labels of the experiment, at sizes for these figures."""
    own = _OF_EXPERIMENTS.get(look.style, {})
    taken = {name: value for name, value in own.items() if _TAKEN.match(name)}
    return {**_DEFAULTS, **mplhep.style.ATLAS, **taken, **_OVERRIDES, **_OWN[look.style]}


class _BelowLabel(ConstrainedLayoutEngine):
    """The usual layout inside of ``rect``, of legends outside of the axes, too, which else stand at the very top."""

    def execute(self, fig: FigureBase) -> None:
        for legend in fig.legends:
            legend.set_bbox_to_anchor(None)
        super().execute(fig)  # type: ignore[arg-type]
        for legend in fig.legends:
            legend.set_bbox_to_anchor(self.get()["rect"], transform=fig.transFigure)  # type: ignore[attr-defined]


class Drawing(Figure):
    """A figure that is drawn in the style in which it was made, wherever it is saved.

    Attributes:
        numbers: what it shows, as tables.

    Args:
        width, height: in inches.
    """

    def __init__(self, width: float, height: float) -> None:
        look = current_look()
        self._settings, self.numbers = _settings(look), list[Numbers]()
        with mpl.rc_context(self._settings):
            strip = _STRIP if look.label else 0.0
            super().__init__(figsize=(width, height + strip))
            inner = height / (height + strip)
            self.set_layout_engine(_BelowLabel(rect=(0.0, 0.0, 1.0, inner)))
            if look.label:
                self.text(0.02, 0.5 * (1.0 + inner), _label_text(look), fontsize=11, va="center")

    def draw(self, renderer: RendererBase) -> None:
        """Draw in the style of the figure."""
        with mpl.rc_context(self._settings):
            super().draw(renderer)

    def keep(self, *tables: Numbers) -> None:
        """Add what was drawn."""
        self.numbers.extend(tables)


def _label_text(look: Look) -> str:
    label = in_figure(look.label)
    return rf"$\mathbf{{{look.experiment}}}$ {label}" if look.experiment else label


def numbers_of(figure: Figure) -> tuple[Numbers, ...]:
    """The tables of what a figure of `wilks.plots` shows.

    >>> from wilks.laws import calibrate
    >>> from wilks.plots import null_distribution
    >>> figure = null_distribution(calibrate([9.0, 12.0, 15.0], degrees_of_freedom=12))
    >>> [table.name for table in numbers_of(figure)]
    ['toys', 'chi-square']
    """
    return tuple(figure.numbers) if isinstance(figure, Drawing) else ()


_UNITS = {"gev": "GeV", "tev": "TeV", "mev": "MeV", "kev": "keV", "rad": "rad", "mm": "mm", "cm": "cm", "ns": "ns"}


@contextmanager
def style() -> Iterator[None]:
    """Settings for drawing; the user's own come back afterwards."""
    with mpl.rc_context(_settings(current_look())):
        yield


def new_figure(width: float, height: float) -> Drawing:
    """An empty figure (inches) that keeps labels and legends from overlapping."""
    return Drawing(width, height)


def plain_log_ticks(axis: Axis, *, span: float) -> None:
    """Label a logarithmic axis that covers a factor ``span`` with ordinary numbers at round places."""
    of_decades = LogLocator(subs=(1.0, 2.0, 5.0) if span < MANY_TIMES else (1.0, 3.0))
    axis.set_major_locator(MaxNLocator(_FEW_TICKS, steps=(1, 2, 5, 10)) if span < _FEW_TIMES else of_decades)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(LogLocator(subs=tuple(range(1, 10)), numticks=50))
    axis.set_minor_formatter(NullFormatter())


def binned_scale(axes: Axes, which: Literal["x", "y"], binning: Binning) -> None:
    """The scale of the axis along bins: logarithmic, with plain labels, where the bins are."""
    if binning.is_log:
        axes.set(**{f"{which}scale": "log"})
        plain_log_ticks(axes.xaxis if which == "x" else axes.yaxis, span=float(binning.edges[-1] / binning.edges[0]))


def to_svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    return _saved(figure, _print_svg)


def to_png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _saved(figure, _print_png)


def to_pdf(figure: Figure) -> bytes:
    """The figure as PDF, with its letters as text; the same figure gives the same bytes."""
    return _saved(figure, _print_pdf)


def _print_svg(figure: Figure, stream: BinaryIO) -> None:
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None})  # type: ignore[no-untyped-call]


def _print_png(figure: Figure, stream: BinaryIO) -> None:
    FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})  # type: ignore[no-untyped-call]


def _print_pdf(figure: Figure, stream: BinaryIO) -> None:
    nameless = {"CreationDate": None, "Creator": None, "Producer": None}
    FigureCanvasPdf(figure).print_pdf(stream, metadata=nameless)  # type: ignore[no-untyped-call]


def _saved(figure: Figure, print_figure: Callable[[Figure, BinaryIO], None]) -> bytes:
    """As `Figure.savefig` writes it, which draws every figure twice, the first time for its size alone."""
    stream, canvas, dpi = io.BytesIO(), figure.canvas, figure.dpi
    try:
        figure.dpi = PNG_DPI
        with style():
            print_figure(figure, stream)
    finally:
        figure.dpi = dpi
        figure.set_canvas(canvas)
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


def name_and_unit(label: str) -> tuple[str, str]:
    """A label without the unit at its end, and that unit; empty where there is none.

    >>> name_and_unit("mass [GeV]"), name_and_unit("eta")
    (('mass', 'GeV'), ('eta', ''))
    """
    return re.sub(r"\s*\[[^\[\]]+\]\s*$", "", label) or label, unit_of(label).strip()


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

"""One figure embedded in a page, with its caption and its text for those who cannot see it.

A figure that cannot be drawn costs that figure alone: a sentence stands in its place, and a warning says so.
"""

import base64
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from wilks import plots
from wilks.errors import WilksWarning

MAX_SVG_BYTES = 250_000
_PIXELS_PER_INCH = 96
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Picture:
    """An image as a data URI, its size in CSS pixels, its caption and its text in words.

    ``failure`` says why there is none; the image is empty then.
    """

    uri: str
    width: int
    height: int
    caption: str
    alt: str
    failure: str = ""


def picture_of(draw: Callable[[], Figure], *, caption: str, alt: str, is_vector: bool = True) -> Picture:
    try:
        figure = draw()
        width, height = (round(_PIXELS_PER_INCH * float(size)) for size in figure.get_size_inches())
        return Picture(_uri(figure, is_vector=is_vector), width, height, caption, alt)
    except Exception as error:  # whatever a drawing library meets in these values, or on this machine
        failure = f"This figure could not be drawn ({type(error).__name__}: {_first_line(error)})."
        warnings.warn(f"a figure could not be drawn ({type(error).__name__}): {alt}", WilksWarning, stacklevel=3)
        return Picture("", 0, 0, caption, alt, failure)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:_LONGEST_REASON]


def _uri(figure: Figure, *, is_vector: bool) -> str:
    """SVG unless the page would grow too large, then PNG."""
    svg = plots.to_svg(figure) if is_vector else b""
    if 0 < len(svg) <= MAX_SVG_BYTES:
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
    return "data:image/png;base64," + base64.b64encode(plots.to_png(figure)).decode("ascii")

"""How results of this room are printed."""

from collections.abc import Sequence

from wilks.wording import visible


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of as many cells each, aligned in columns.

    >>> print(table([("nu", "p-value"), ("0.15", "0.5")]))
      nu    p-value
      0.15  0.5
    """
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def number(value: float) -> str:
    """A number with two or three digits.

    >>> number(0.012345), number(3.0), number(1e-9)
    ('0.0123', '3', '1e-09')
    """
    return f"{value:.3g}"

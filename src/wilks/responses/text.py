"""How results of this room are printed."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of as many cells each, aligned in columns.

    >>> print(table([("nu", "p-value"), ("0.15", "0.5")]))
      nu    p-value
      0.15  0.5
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"  {line}".rstrip() for line in lines)


def number(value: float) -> str:
    """A number with two or three digits.

    >>> number(0.012345), number(3.0), number(1e-9)
    ('0.0123', '3', '1e-09')
    """
    return f"{value:.3g}"

"""How numbers of this room are printed."""


def number(value: float) -> str:
    """A number with two or three digits.

    >>> number(0.012345), number(3.0), number(1e-9)
    ('0.0123', '3', '1e-09')
    """
    return f"{value:.3g}"

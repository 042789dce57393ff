"""The tables of a report: plain text in cells; the template escapes it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LONGEST_NUMBER = 40
_LONGEST_WORD = 12


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first cell of a row is its name. An empty header or title is left out."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()
    note: str = ""


_NUMBER = r"[-+−]?(\d[\d,]*\.?\d*|\.\d+)(e[-+]?\d+)?"
_NUMERIC = re.compile(rf"[(\[]?{_NUMBER}((, | ± | of | to |/){_NUMBER})*[)\]]?( ?%)?")


def is_unbroken(text: str) -> bool:
    """Whether a cell holds a number, two that belong together, or one short word, and must not be broken.

    >>> [is_unbroken(text) for text in ("converged", "a few words", "Donaudampfschiff")]
    [True, False, False]
    >>> [is_unbroken(text) for text in ("-0.21", "12.9 ± 0.3", "[0.1, 0.4]", "19.0/22", "2.5e-09", "1, 2 and 9 more")]
    [True, True, True, True, True, False]
    """
    is_word = text.isalpha() and len(text) <= _LONGEST_WORD
    return is_word or (len(text) <= _LONGEST_NUMBER and _NUMERIC.fullmatch(text) is not None)


def count(value: float) -> str:
    """Format a number of events.

    >>> count(20000), count(19999.5)
    ('20,000', '19,999.5')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.1f}"


def number(value: float) -> str:
    """Format a measured number with four significant digits.

    >>> number(3.14159), number(2.5e-9), number(float("nan"))
    ('3.142', '2.5e-09', 'not available')
    """
    return "not available" if value != value else f"{value:.4g}"


def words(values: Iterable[object], *, limit: int = 12) -> str:
    """Join words with commas; beyond a limit, say how many more there are.

    >>> words(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    items = [str(value) for value in values]
    text = ", ".join(items[:limit])
    return f"{text} and {len(items) - limit} more" if len(items) > limit else text


def flat_rows(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Rows of a nested mapping of settings, with dotted names.

    >>> flat_rows({"hidden": [5, 5], "solver": {"max_iterations": 500}})
    (('hidden', '5, 5'), ('solver max iterations', '500'))
    """
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = str(key).replace("_", " ")
        if isinstance(value, Mapping):
            rows += [(f"{name} {inner}", text) for inner, text in flat_rows(value)]
        else:
            rows.append((name, setting(value)))
    return tuple(rows)


def setting(value: object) -> str:
    """Format one setting.

    >>> setting(True), setting(None), setting(0.30000000000000004)
    ('yes', 'none', '0.3')
    """
    if value is None or value is True or value is False:
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return words(value) if value else "none"
    return str(value)

"""Text from outside, such as the name of a column, as it may stand in what is generated.

Whoever made a file chose the names in it. Each place where such a text is put, an analysis file, a shell, a figure, a
terminal, has characters with a meaning of their own, and a function here that takes it from them. HTML is escaped by
the templates of `wilks.reports`, and in notebooks by `Printed`.
"""

import html
import itertools
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

# Words that YAML 1.1 or 1.2 takes for something else than text.
_YAML_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_YAML_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")


class Rows(NamedTuple):
    """The cells of a table; the header may be empty, and a row may be shorter than others."""

    cells: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = ()


class Text(str):
    """Text that knows which of its lines are a table.

    Attributes:
        parts: lines and tables, from the first to the last.
    """

    parts: tuple[str | Rows, ...]

    @classmethod
    def of(cls, text: str, parts: Iterable[str | Rows]) -> "Text":
        """``text``, whose content is that of ``parts``."""
        made = cls(text)
        made.parts = tuple(parts)
        return made


def table(rows: Iterable[Sequence[str]], *, header: Sequence[str] = ()) -> Text:
    """Align rows of cells in columns, two spaces apart and two from the margin.

    >>> print(table([("t", "12.1"), ("p-value", "0.5", "empirical")]))
      t        12.1
      p-value  0.5   empirical
    >>> print(table([("x", "0.5")], header=("feature", "p")))
      feature  p
      x        0.5
    """
    content = Rows(tuple(tuple(map(visible, row)) for row in rows), tuple(map(visible, header)))
    shown = [content.header, *content.cells] if header else content.cells
    n_columns = max(len(row) for row in shown)
    widths = [max((len(row[i]) for row in shown if i < len(row)), default=0) for i in range(n_columns)]
    lines = ("  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)) for row in shown)
    return Text.of("\n".join(f"  {line}".rstrip() for line in lines), [content])


def stacked(*texts: str) -> Text:
    """Texts below each other; what is a table stays one.

    >>> text = stacked("Answer", table([("t", "12.1")]))
    >>> print(text)
    Answer
      t  12.1
    >>> text.parts
    ('Answer', Rows(cells=(('t', '12.1'),), header=()))
    """
    parts = (text.parts if isinstance(text, Text) else (text,) for text in texts)
    return Text.of("\n".join(texts), itertools.chain.from_iterable(parts))


class Printed:
    """What prints as text shows that text in IPython, and in a notebook, where its tables are tables, too."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(printable(str(self)))

    def _repr_html_(self) -> str:
        text = str(self)
        return "".join(map(_in_html, text.parts)) if isinstance(text, Text) else f"<pre>{_escaped(text)}</pre>"


def _in_html(part: str | Rows) -> str:
    if isinstance(part, str):
        return f"<div>{_escaped(part)}</div>"
    head = f"<thead>{_row_in_html(part.header, 'th')}</thead>" if part.header else ""
    return f"<table>{head}<tbody>{''.join(_row_in_html(row, 'td') for row in part.cells)}</tbody></table>"


def _escaped(text: str) -> str:
    return html.escape(printable(text))


def _row_in_html(row: Sequence[str], tag: str) -> str:
    cells = (f'<{tag} style="text-align: left">{_escaped(cell)}</{tag}>' for cell in row)
    return f"<tr>{''.join(cells)}</tr>"


def visible(text: str) -> str:
    r"""One line of printable characters: any other stands as its escape sequence.

    Characters that move the cursor, end the line, turn the direction of writing or cannot be encoded are not printable.

    >>> visible("pt [GeV]"), visible("mass\n\x1b[31m")
    ('pt [GeV]', 'mass\\n\\x1b[31m')
    """
    return text if text.isprintable() else "".join(map(_visible_character, text))


def printable(text: str) -> str:
    r"""The same for several lines: their ends and tabulators stay.

    >>> printable("a\tb\nc\x07")
    'a\tb\nc\\x07'
    """
    return "".join(part if part in "\n\t" else visible(part) for part in re.split(r"([\n\t])", text))


def is_text(text: str) -> bool:
    r"""Whether a name from a file system or a file is text: its bytes need be none, and Python then keeps surrogates.

    >>> is_text("café"), is_text("caf\udce9")
    (True, False)
    """
    return not any("\ud800" <= character <= "\udfff" for character in text)


def listed(names: Iterable[str]) -> str:
    r"""Names with commas between them, on one line.

    >>> listed(["pt", "eta\n"])
    'pt, eta\\n'
    """
    return ", ".join(map(visible, names))


def in_yaml(text: str) -> str:
    r"""A scalar that YAML reads back unchanged, as text, also inside brackets.

    >>> print(in_yaml("pt1"), in_yaml("log(pt1)"), in_yaml("null"), in_yaml("a\n#"))
    pt1 "log(pt1)" "null" "a\n#"
    """
    if _YAML_PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(escaped)}"'


def in_shell(text: object) -> str:
    r"""One word of a command line for a POSIX shell; what cannot be printed is in bash's own quotes.

    >>> print(in_shell("analysis.yaml"), in_shell("my analysis.yaml"), in_shell("a\nb"))
    analysis.yaml 'my analysis.yaml' $'a\x0ab'
    """
    word = str(text)
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_bash_character, word)) + "'"


def in_figure(text: str) -> str:
    r"""Text that matplotlib shows as it is, dollar signs included, on one line.

    >>> in_figure("price in $")
    'price in \\$'
    """
    return visible(text).replace("$", r"\$")


def _visible_character(character: str) -> str:
    r"""As Python and YAML both write it: ``\xHH``, ``\uHHHH`` or ``\UHHHHHHHH``, and ``\n``, ``\t``, ``\r``."""
    if character.isprintable():
        return character
    short = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(character)
    code = ord(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _bash_character(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    # A byte of a file name that is no UTF-8 is a lone surrogate in Python.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))

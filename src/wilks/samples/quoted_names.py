"""Names of columns in backticks, which may hold anything: `` `jet pt` > 25 ``."""

import itertools
import re
from collections.abc import Mapping

from wilks.errors import SampleError

_QUOTED = re.compile(r"`([^`]*)`")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

HINT = "a column whose name is no plain name stands in backticks, as in `jet pt` > 25 (in YAML the text needs quotes)"


def without_quotes(text: str, what: str) -> tuple[str, Mapping[str, str]]:
    """The text with a plain name of the same length in place of each name in backticks, and what these stand for.

    Raises:
        SampleError: a backtick without its partner, or nothing between two.

    >>> without_quotes("`jet pt` > 25", "the selection")
    ('_0000000 > 25', {'_0000000': 'jet pt'})
    """
    if text.count("`") % 2 or "``" in text:
        raise SampleError(
            f"{what} {text!r} cannot be understood: a backtick stands before and after the name of a column; "
            "a name that holds one itself cannot be used in a formula"
        )
    names: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        name = next(one for one in _plain_names(len(found[0])) if one not in text and one not in names)
        names[name] = found[1]
        return name

    return _QUOTED.sub(plain, text), names


def quoted(name: str) -> str:
    """A name as it stands in a formula where it is no plain name."""
    return f"`{name}`"


def _plain_names(length: int) -> "itertools.chain[str]":
    n_free = min(length - 1, 2)
    zeros = "0" * (length - 1 - n_free)
    return itertools.chain("_" + zeros + "".join(one) for one in itertools.product(_DIGITS, repeat=n_free))

"""What the formulas of an analysis file are made of, through its definitions."""

from collections.abc import Iterable, Iterator, Mapping

from wilks.errors import SampleError
from wilks.samples import parse_expression


def closure(texts: Iterable[str], define: Mapping[str, str]) -> dict[str, None]:
    """Everything that columns and expressions are made of, through definitions, each once, in order."""
    wanted = list(texts)
    found: dict[str, None] = {}
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found[name] = None
            wanted += parts_of(name, define)
    return found


def parts_of(name: str, define: Mapping[str, str]) -> Iterator[str]:
    """Names that a column or expression is made of; of a definition, those of its formula."""
    try:
        yield from parse_expression(define.get(name, name)).names
    except SampleError:  # a column whose name is no expression, such as "pt [GeV]"
        return

"""Columns that are made from other columns, made again after these have changed."""

from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.expressions import Expression, parse_expression
from wilks.samples.sample import Sample
from wilks.samples.syntax import is_plain_name
from wilks.typing import FloatArray


def recomputed(
    sample: Sample, columns: Mapping[str, FloatArray], *, given: Mapping[str, str], changed: Set[str]
) -> dict[str, FloatArray]:
    """The columns with all those made again that are made from others.

    These are the definitions in ``given``; carried columns that `read` defined (`Origin.definitions`); and features or
    carried columns whose name is an expression over others, such as ``"log(pt1)"``. The latter two are left alone where
    they are in ``changed``: then something else made them anew.

    Args:
        sample: where ``columns`` come from.
        columns: present values by name, shape (n,).
        given: expressions by name, as in `read`.
        changed: names of the columns that were changed already.

    Raises:
        SampleError: an expression that cannot be used, a column that is missing, or definitions that need themselves.

    >>> import numpy as np
    >>> sample = Sample([[1.0, 0.0]], features=("pt", "log(pt)"))
    >>> values = recomputed(sample, {"pt": np.array([10.0]), "log(pt)": np.zeros(1)}, given={}, changed={"pt"})
    >>> values["log(pt)"].round(3).tolist()
    [2.303]
    """
    result = dict(columns)
    formulas = {name: parse_expression(text) for name, text in _checked_names(given, columns).items()}
    known = _known_formulas(sample)
    own = {name: formula for name, formula in known.items() if name not in formulas and name not in changed}
    formulas |= {name: formula for name, formula in own.items() if _can_be_made(name, formula, columns, known, changed)}
    for name in _in_order(formulas):
        result[name] = formulas[name].at_precision(sample.precisions).evaluate(_needed(formulas[name], name, result))
    return result


def _checked_names(given: Mapping[str, str], columns: Mapping[str, FloatArray]) -> Mapping[str, str]:
    for name in given:
        if name not in columns and not is_plain_name(name):
            raise SampleError(f"a defined name must be a column or a plain name and no function, but {name!r} came")
    return given


def _known_formulas(sample: Sample) -> dict[str, Expression]:
    """What the columns of a sample are made from, where that is known."""
    definitions = {} if sample.origin is None else sample.origin.definitions
    names = (*sample.features, *sample.extras)
    texts = {name: definitions.get(name, name) for name in names}
    formulas = {name: _parsed(text) for name, text in texts.items() if name in definitions or not is_plain_name(name)}
    return {name: formula for name, formula in formulas.items() if formula is not None and formula.names != (name,)}


def _parsed(text: str) -> Expression | None:
    try:
        return parse_expression(text)
    except SampleError:  # a name such as "pt [GeV]" is no expression
        return None


def _can_be_made(
    name: str,
    formula: Expression,
    columns: Mapping[str, FloatArray],
    known: Mapping[str, Expression],
    changed: Set[str],
) -> bool:
    missing = [one for one in formula.names if one not in columns]
    touched = [one for one in formula.names if one in changed or one in known]
    if missing and touched:
        raise SampleError(
            f"the column {name!r} is made from {touched[0]!r}, which changes, but also from {missing[0]!r}, which the "
            f"sample does not have; read it with carry=[{missing[0]!r}], or return {name!r} from the transform"
        )
    return not missing


def _in_order(formulas: Mapping[str, Expression]) -> tuple[str, ...]:
    needs = {name: [one for one in formula.names if one in formulas] for name, formula in formulas.items()}
    try:
        return tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise SampleError(f"definitions must not need themselves, but {' -> '.join(error.args[1])}") from error


def _needed(formula: Expression, name: str, columns: Mapping[str, FloatArray]) -> Mapping[str, FloatArray]:
    for one in formula.names:
        if one not in columns:
            raise SampleError(
                f"the definition of {name!r} needs the column {one!r}, which the sample does not have; "
                f"{closest(one, columns)}"
            )
    return columns

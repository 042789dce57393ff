"""An analysis file with other values for some keys: the rest of its text, comments included, stays as it is."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from wilks.config.document import Location, parse_document, plain_loader
from wilks.errors import ConfigError
from wilks.wording import in_yaml

Value = str | int | float | list[int]


def with_values(text: str, changes: Mapping[Location, Value], *, path: Path) -> str:
    """Text of an analysis file in which these keys have these values; those that it lacks are written into it.

    Args:
        text: YAML that `parse_document` reads.
        changes: new values by the path of the key, such as ``("model", "mlp", "weight_clip")``.
        path: of the file, for messages.

    Raises:
        ConfigError: the text is no analysis file.

    >>> print(with_values("model:\\n  mlp: {hidden: [4]}   # mine\\n", {("model", "mlp", "weight_clip"): 9.05,
    ...                   ("search", "n_starts"): 48}, path=Path("a.yaml")), end="")
    model:
      mlp: {weight_clip: 9.05, hidden: [4]}   # mine
    search: {n_starts: 48}
    """
    for location, value in changes.items():
        text = _with_value(text, location, value, path=path)
    return text


def _with_value(text: str, location: Location, value: Value, *, path: Path) -> str:
    parse_document(text, path=path)
    node: yaml.Node | None = plain_loader(text).get_single_node()
    for depth, part in enumerate(location):
        assert isinstance(node, yaml.MappingNode)
        key, inner = next(((key, one) for key, one in node.value if key.value == part), (None, None))
        rest, is_last = _written(location[depth + 1 :], value), depth == len(location) - 1
        if key is None or inner is None:
            return _inserted(text, node, f"{part}: {rest}", is_root=depth == 0)
        if is_last and isinstance(inner, yaml.SequenceNode):
            return _relisted(text, inner, rest, column=key.start_mark.column)
        if is_last or not isinstance(inner, yaml.MappingNode):
            return _replaced(text, inner, rest, path=path)
        node = inner
    raise AssertionError("a location has at least one part")


def _written(inside: Location, value: Value) -> str:
    if inside:
        return f"{{{inside[0]}: {_written(inside[1:], value)}}}"
    return in_yaml(value) if isinstance(value, str) else str(value)


def _replaced(text: str, node: yaml.Node, written: str, *, path: Path) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    if not isinstance(node, yaml.ScalarNode):
        raise ConfigError(f"{path}:{node.start_mark.line + 1}: a single value must stand here, which becomes {written}")
    before = text[:start]
    return before + ("" if before.endswith(" ") else " ") + written + text[end:]


def _relisted(text: str, node: yaml.SequenceNode, written: str, *, column: int) -> str:
    """A list in the place of another; one whose entries stand in lines of their own becomes a line below its key."""
    if node.flow_style:
        return text[: node.start_mark.index] + written + text[node.end_mark.index :]
    line = node.start_mark.index - node.start_mark.column
    return text[:line] + " " * (column + 2) + written + text[node.value[-1].end_mark.index :]


def _inserted(text: str, node: yaml.MappingNode, entry: str, *, is_root: bool) -> str:
    if node.flow_style:
        place = node.start_mark.index + 1
        return text[:place] + entry + (", " if node.value else "") + text[place:]
    if is_root:
        return text + ("" if text.endswith("\n") else "\n") + entry + "\n"
    index, column = node.start_mark.index, node.start_mark.column
    return text[:index] + entry + "\n" + " " * column + text[index:]

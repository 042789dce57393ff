"""A YAML file as plain values, with the place of every key kept for messages.

The file is untrusted: only plain scalars, lists and mappings are built. Aliases, tags,
duplicate keys, deep nesting and oversized files are refused, each with its line.
"""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from wilks.errors import ConfigError
from wilks.storage import as_path
from wilks.wording import in_shell, visible

MAX_BYTES = 262_144
MAX_DEPTH = 20
MAX_NODES = 20_000

Location = tuple[str | int, ...]
_PREFIX = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Position:
    """A place in a text file; both numbers start at 1."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Document:
    """The values of a YAML file and where each key stands.

    ``positions`` maps the path of a key, such as ``("model", "mlp", "weight_clip")``, to its place.
    """

    path: Path
    values: dict[str, object]
    positions: Mapping[Location, Position]

    def position(self, location: Location) -> Position:
        """Place of a key, or of the nearest enclosing key that the file has."""
        known = self.known(location)
        return self.positions.get(known, Position(1, 1))

    def known(self, location: Location) -> Location:
        """The part of a path that the file has: names that it lacks, such as union tags, are left out."""
        found: Location = ()
        for part in location:
            if (*found, part) in self.positions:
                found = (*found, part)
        return found

    def message(self, location: Location, text: str) -> str:
        """``file:line: key: text``."""
        key = visible(".".join(str(part) for part in location))
        prefix = f"{visible(str(self.path))}:{self.position(location).line}:"
        return f"{prefix} {key}: {text}" if key else f"{prefix} {text}"


class _Loader(yaml.SafeLoader):
    """Safe loader whose plain words follow YAML 1.2: ``1e-3`` is a number; ``no``, ``12:30`` and dates are text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (PyYAML's own layout)


_EXPONENT = r"[eE][-+]?[0-9]+"
_RULES = (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*)", list("-+0123456789")),
    (
        "float",
        rf"[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:{_EXPONENT})?|[0-9][0-9_]*{_EXPONENT}|\.(?:inf|Inf|INF))"
        r"|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)
for _kind_of_word, _pattern, _first in _RULES:
    _Loader.add_implicit_resolver(_PREFIX + _kind_of_word, re.compile(rf"^(?:{_pattern})$"), _first)


def read_document(path: str | Path) -> Document:
    """Read a YAML file safely.

    Raises ConfigError, naming file and line, when the file cannot be read, is not YAML, or uses
    what an analysis file has no need of: aliases, tags, duplicate keys, several documents.
    """
    return parse_document(document_text(as_path(path)), path=as_path(path))


def parse_document(text: str, *, path: Path) -> Document:
    """Build a document from text; ``path`` serves the messages only.

    >>> document = parse_document("model:\\n  mlp:\\n    hidden: [4]\\n", path=Path("a.yaml"))
    >>> document.values
    {'model': {'mlp': {'hidden': [4]}}}
    >>> document.position(("model", "mlp", "hidden"))
    Position(line=3, column=5)
    """
    try:
        _scan(text, path=path)
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_message(path, error)) from error
    builder = _Builder(path, loader)
    values = builder.build(node, ()) if node is not None else None
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}:1: the file must be a mapping of keys such as `features:` and `reference:`, "
            f"but it holds {_kind(values)}; `wilks init` writes a commented file to start from"
        )
    return Document(path, values, builder.positions)


def plain_loader(text: str) -> yaml.SafeLoader:
    """A loader by the rules of analysis files, for text that `parse_document` accepts."""
    return _Loader(text)


def document_text(path: Path) -> str:
    """The text of an analysis file.

    Raises:
        ConfigError: it is too large, no ordinary file, no text, or not there.
    """
    try:
        found = path.stat()
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):  # a device or a pipe could be read for ever
            raise ConfigError(f"{path}: an analysis file must be an ordinary file, but this is none; save it to a file")
        if size > MAX_BYTES:
            raise ConfigError(
                f"{path}: an analysis file must be at most {MAX_BYTES} bytes, but it has {size}; is it a data file?"
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; `wilks init --output {in_shell(path)}` writes one to start from"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: the analysis file must be readable, but: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: an analysis file must be UTF-8 text, but byte {error.start} is not; is it a data file?"
        ) from error


def _scan(text: str, *, path: Path) -> None:
    """Refuse what must not reach the composer; the events come one by one, so a bomb is never unpacked."""
    depth = n_nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        n_nodes += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{path}:{line}: aliases (*{event.anchor}) are refused; write the value out")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise ConfigError(f"{path}:{line}: tags ({event.tag}) are refused; write a plain value")
        if depth > MAX_DEPTH or n_nodes > MAX_NODES:
            raise ConfigError(
                f"{path}:{line}: an analysis file must have at most {MAX_NODES} values nested at most "
                f"{MAX_DEPTH} deep; this one goes beyond"
            )


def _yaml_message(path: Path, error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        context = f" {error.context}," if error.context else ""
        mark = error.problem_mark
        hint = "; put a text with backticks in quotes" if "'`'" in str(error.problem) else ""
        return f"{path}:{mark.line + 1}: not valid YAML:{context} {error.problem} (column {mark.column + 1}){hint}"
    return f"{path}: not valid YAML: {' '.join(str(error).split())}"


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else f"a single value ({str(value)[:40]!r})"


class _Builder:
    """Turns nodes into values and writes down where every key and list item stands."""

    def __init__(self, path: Path, loader: _Loader) -> None:
        self._path = path
        self._loader = loader
        self.positions: dict[Location, Position] = {}

    def build(self, node: yaml.Node, location: Location) -> object:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*location, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            place = (*location, key)
            if key in values:
                first = self.positions[place].line
                raise ConfigError(
                    f"{self._path}:{_position(key_node).line}: {'.'.join(map(str, place))}: a key may be given once, "
                    f"but it stands in line {first} already; delete one of them"
                )
            self.positions[place] = _position(key_node)
            values[key] = self.build(value_node, place)
        return values

    def _item(self, node: yaml.Node, location: Location) -> object:
        self.positions[location] = _position(node)
        return self.build(node, location)

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise ConfigError(f"{self._path}:{_position(node).line}: a key must be a word, but it is a list or mapping")
        return str(node.value)

    def _scalar(self, node: yaml.Node) -> object:
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            raise ConfigError(f"{self._path}:{_position(node).line}: not a usable number: {error}") from error


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)

"""From an analysis file to a checked configuration, with messages that name file, line and key."""

import difflib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from wilks.config.consistency import fill_faults, model_faults, nuisance_faults, toy_faults, yield_faults
from wilks.config.document import Document, Location, read_document
from wilks.config.schema import AnalysisConfig, resolved
from wilks.errors import ConfigError, InputError, NoColumnError, NoFileError
from wilks.samples import parse_expression, parse_selection
from wilks.storage import as_path

_ERROR = dict[str, Any]
_Config = TypeVar("_Config", bound=AnalysisConfig)


# Where the arguments of an analysis stand in its file.
_KEYS: dict[str, tuple[str, ...]] = {"reference": ("reference",), "toy_source": ("toys",)}


@dataclass(frozen=True, eq=False)
class LoadedConfig:
    """A configuration and the file that it came from.

    ``path`` is the file as the user named it; relative paths inside it start from ``folder``.
    """

    path: Path
    document: Document
    config: AnalysisConfig

    @property
    def folder(self) -> Path:
        """Folder of the file, absolute: that to which a link leads, so that the file says the same by whatever name."""
        return self.path.resolve().parent

    @property
    def output(self) -> Path:
        """Folder of everything that is written."""
        return Path(resolved(self.config.output, folder=self.folder))

    @property
    def has_data(self) -> bool:
        """Whether the file names data."""
        return self.config.data is not None

    def with_processes(self, n_processes: int | None) -> "LoadedConfig":
        """The same with another number of worker processes; None: that of the file. No number depends on it."""
        if n_processes is None:
            return self
        toys = self.config.toys.model_copy(update={"processes": n_processes})
        return replace(self, config=self.config.model_copy(update={"toys": toys}))

    @contextmanager
    def located(self, *location: str | int) -> Iterator[None]:
        """Put file, line and key before the message of an InputError raised inside; no key: that of who is to blame."""
        try:
            yield
        except InputError as error:
            place = self._place_of(error, location) or location or _KEYS.get(error.role, ())
            raise type(error)(self.document.message(place, f"{error}{self._start_of_paths(error)}")) from error

    def _place_of(self, error: InputError, location: Location) -> Location:
        """The key that asks for a column that the reference lacks: the key is wrong more often than the file."""
        if not isinstance(error, NoColumnError) or location[:1] != ("reference",):
            return ()
        config, asked = self.config, error.needed_by
        known: dict[str, Location] = {"where": ("where",)}
        known |= {f"the definition of {name!r}": ("define", name) for name in config.define}
        known |= {repr(text): ("features", i) for i, text in enumerate(config.features)}
        known |= {repr(text): ("carry", i) for i, text in enumerate(config.carry)}
        known |= {repr(config.reference.weight): ("reference", "weight")} if config.reference.weight else {}
        return known.get(asked, ())

    def _start_of_paths(self, error: InputError) -> str:
        """Where relative paths start, for a file that was not found and an analysis file that is reached by a link."""
        if not isinstance(error, NoFileError) or self.folder == Path(os.path.abspath(self.path)).parent:
            return ""
        return f"; relative paths of this file start from {self.folder}, to which {self.path} leads"


def load_config(path: str | Path, *, reference_files: Sequence[str] = ()) -> LoadedConfig:
    """Read and check an analysis file; nothing else is read.

    ``reference_files``, as seen from here, take the place of the files of the reference.

    Raises ConfigError with one line for each fault: ``analysis.yaml:12: model.mlp.weight_clp: unknown key; ...``.
    """
    document = _with_reference(read_document(path), reference_files)
    if "regions" in document.values:
        raise ConfigError(
            document.message(
                ("regions",),
                "this command looks at one region, but the file names several; give it the file of one of them (check, "
                "calibrate, validate, test, power, explain, report, run and toys plan take all together)",
            )
        )
    loaded = LoadedConfig(as_path(path), document, checked_config(document, AnalysisConfig))
    _check_expressions(loaded)
    checks = nuisance_faults, model_faults, toy_faults, yield_faults, fill_faults
    found = [fault for check in checks for fault in check(loaded.config)]
    faults = [(document.position(place).line, document.message(place, text)) for place, text in found]
    if faults:
        raise ConfigError("\n".join(text for _, text in sorted(faults)))
    return loaded


def _with_reference(document: Document, files: Sequence[str]) -> Document:
    """The document with other files of the reference."""
    if not files:
        return document
    given = document.values.get("reference")
    section = {} if given is None else given
    if not isinstance(section, dict):
        return document
    here = [name if "://" in name else os.path.abspath(as_path(name)) for name in files]
    kept = {key: value for key, value in section.items() if key != "generator"}
    return replace(document, values={**document.values, "reference": {**kept, "files": here}})


def checked_config(document: Document, kind: type[_Config]) -> _Config:
    """The values of a document as a section of this kind.

    Raises:
        ConfigError: one line for each fault.
    """
    try:
        return kind.model_validate(_filled(document.values, kind))
    except ValidationError as error:
        items = _without_misspelt([dict(item) for item in error.errors(include_url=False)])
        faults = [_fault(document, item) for item in items]
        raise ConfigError("\n".join(text for _, text in sorted(faults))) from error


def _filled(values: Mapping[str, Any], section: type[BaseModel]) -> dict[str, Any]:
    """The values with `{}` for sections that are empty, all of whose keys are commented out, say: the defaults hold.

    An empty key beside another of which one is to be chosen, `mlp:` beside `kernel: {...}`, is not chosen.
    """
    filled = dict(values)
    is_alone = sum(value is not None for value in values.values()) == 0
    for key, value in values.items():
        field = section.model_fields.get(str(key))
        inner = _section_of(field.annotation) if field is not None else None
        if field is None or not (inner or get_origin(field.annotation) is dict):
            continue
        if get_origin(field.annotation) is dict:
            filled[key] = {} if value is None else value
        elif inner and isinstance(value, Mapping):
            filled[key] = _filled(value, inner)
        elif inner and value is None and (field.default is not None or is_alone) and _needs_nothing(inner):
            filled[key] = {}
    return filled


def _needs_nothing(section: type[BaseModel]) -> bool:
    try:
        section.model_validate({})
    except ValidationError:
        return False
    return True


def _without_misspelt(errors: list[_ERROR]) -> list[_ERROR]:
    """Leave out a missing key where a misspelt one stands in its place."""
    meant = {(*item["loc"][:-1], _close_key(item)) for item in errors if item["type"] == "extra_forbidden"}
    return [item for item in errors if item["type"] != "missing" or tuple(item["loc"]) not in meant]


def _fault(document: Document, error: _ERROR) -> tuple[int, str]:
    location: Location = document.known(tuple(error["loc"]))
    if error["type"] == "missing":
        location = (*location, str(error["loc"][-1]))
    text = _MESSAGES.get(error["type"], _other)(error)
    return document.position(location).line, document.message(location, text)


def _unknown_key(error: _ERROR) -> str:
    close = _close_key(error)
    advice = f"did you mean {close}?" if close else f"known keys here: {', '.join(_keys_at(tuple(error['loc'][:-1])))}"
    return f"unknown key; {advice}"


def _close_key(error: _ERROR) -> str | None:
    *parents, key = error["loc"]
    close = difflib.get_close_matches(str(key), _keys_at(tuple(parents)), n=1, cutoff=0.6)
    return close[0] if close else None


def _missing(error: _ERROR) -> str:
    description = _field_description(tuple(error["loc"]))
    return f"this key must be given, but it is missing; add it{f' ({description})' if description else ''}"


def _raised(error: _ERROR) -> str:
    return str(error["ctx"]["error"])


def _wrong_type(error: _ERROR) -> str:
    wanted = _WANTED.get(error["type"], str(error["msg"]))
    return f"must be {wanted}, but it is {_shown(error['input'])}"


def _too_short(error: _ERROR) -> str:
    least = error["ctx"]["min_length"]
    values = "one value" if least == 1 else f"{least} values"
    return f"must be given at least {values}, but it is {_shown(error['input'])}"


def _out_of_range(error: _ERROR) -> str:
    return f"{str(error['msg']).removeprefix('Input ')}, but it is {_shown(error['input'])}"


def _other(error: _ERROR) -> str:
    return f"{str(error['msg']).removeprefix('Input ')}; it is {_shown(error['input'])}"


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list [a, b, ...]",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "string_too_short": "text that is not empty",
}
_MESSAGES = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "value_error": _raised,
    "too_short": _too_short,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than": _out_of_range,
    "less_than_equal": _out_of_range,
} | dict.fromkeys(_WANTED, _wrong_type)


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, value)) or 'nothing in it'}"[:80]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)[:80]


def _section_of(annotation: object) -> type[BaseModel] | None:
    """The section inside an annotation such as ``MLPConfig | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for item in get_args(annotation) if (found := _section_of(item))), None)


def _section_at(location: Location) -> type[BaseModel] | None:
    section: type[BaseModel] | None = AnalysisConfig
    for part in location:
        field = section.model_fields.get(str(part)) if section is not None else None
        section = _section_of(field.annotation) if field is not None else section
    return section


def _keys_at(location: Location) -> list[str]:
    section = _section_at(location)
    return list(section.model_fields) if section is not None else []


def _field_description(location: Location) -> str:
    section = _section_at(location[:-1])
    field = section.model_fields.get(str(location[-1])) if section is not None else None
    return (field.description or "").rstrip(".") if field is not None else ""


def _check_expressions(loaded: LoadedConfig) -> None:
    config = loaded.config
    for name, text in config.define.items():
        _check_text(loaded, ("define", name), text, parse=parse_expression)
    selections: dict[Location, str | None] = {("where",): config.where}
    if config.toys.unselected is not None:
        selections["toys", "unselected", "loose_where"] = config.toys.unselected.loose_where
    for index, variation in enumerate(config.variations):
        selections["variations", index, "loose_where"] = variation.loose_where
    for location, selection in selections.items():
        if selection is not None:
            _check_text(loaded, location, selection, parse=parse_selection)


def _check_text(loaded: LoadedConfig, location: Location, text: str, *, parse: Callable[[str], object]) -> None:
    try:
        parse(text)
    except InputError as error:
        raise ConfigError(loaded.document.message(location, str(error))) from error

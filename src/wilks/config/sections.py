"""What the keys of an analysis file are made of: strict sections, kinds of values, files and functions.

Values are strict: a number in quotes is text, and an unknown key is an error.
"""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from wilks.errors import InputError
from wilks.storage import as_path

FUNCTION = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def whole(value: object) -> object:
    """``1e5`` is a whole number, as a physicist writes it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _function(value: object) -> object:
    if isinstance(value, str) and not FUNCTION.match(value):
        raise ValueError(f'must be written "module:function", but it is {value!r}; e.g. "mypackage.toys:background"')
    return value


def _one_line(value: str) -> str:
    """An expression may stand on several lines of the file, as after `where: |`."""
    return " ".join(value.split("\n")).strip() if "\n" in value else value


def _path(value: str) -> str:
    try:
        as_path(value)
    except InputError as error:
        raise ValueError(str(error)) from error
    return value


# The limit stands next to the kind: behind a validator it would not be in the JSON Schema.
Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]
CountOrNone = Annotated[int, Field(ge=0), BeforeValidator(whole)]
Seed = Annotated[int, Field(ge=0, lt=2**63), BeforeValidator(whole)]
Positive = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]
Formula = Annotated[Text, AfterValidator(_one_line)]
PathText = Annotated[Text, AfterValidator(_path)]
Files = Annotated[
    list[PathText],
    BeforeValidator(_listed),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
FunctionName = Annotated[str, BeforeValidator(_function)]


class GeneratorConfig(Section):
    """A Python function that makes events: function(rng, n, nuisances) -> (n, d)."""

    function: FunctionName = Field(
        description='"module:function" of an installed module or of one beside this file; it is run, so trust it.'
    )
    version: Text = Field(
        default="1", description="Changed when the function changes: toys of the old one are then refused."
    )


class CertifiedConfig(Section):
    """A golden JSON, with the columns that hold run and lumisection."""

    file: PathText = Field(description="The golden JSON, relative to this file.")
    run: Text = Field(default="run", description="Column of run numbers.")
    lumisection: Text = Field(default="luminosityBlock", description="Column of lumisections.")


def _certified_kind(value: object) -> str:
    return "with_columns" if isinstance(value, dict | CertifiedConfig) else "file"


CertifiedFile = Annotated[
    Annotated[PathText, Tag("file")] | Annotated[CertifiedConfig, Tag("with_columns")],
    Discriminator(_certified_kind),
]


def _yield_kind(value: object) -> str:
    return "by_entry" if isinstance(value, dict) else "one"


EntryYields = Annotated[dict[PathText, Positive], Field(min_length=1)]
Yields = Annotated[
    Annotated[Positive, Tag("one")] | Annotated[EntryYields, Tag("by_entry")], Discriminator(_yield_kind)
]


class SampleFiles(Section):
    """Files of events; `features`, `define`, `where` and `carry` are those of the analysis."""

    files: Files | None = Field(
        default=None,
        description="File, glob or list of them (.root .parquet .h5 .hdf5 .csv .tsv .npz .npy), relative to this file; "
        "or addresses that begin with root:// or https:// (wilks[remote]).",
    )
    per_file: dict[Text, dict[PathText, float]] = Field(
        default={},
        description="New columns that are one number in each file, by name: a number for every entry of `files`, such "
        "as cross section x luminosity / generated events.",
    )
    tree: Text | None = Field(
        default=None, description="TTree, RNTuple or HDF5 table; without it the `tree` at the top."
    )
    weight: Text | None = Field(
        default=None, description="Column or expression of the event weight; none: all are one."
    )
    certified: CertifiedFile | None = Field(
        default=None,
        description="Golden JSON: events of other lumisections are left out. For detector data; simulation has runs of "
        "its own. A path, or {file:, run:, lumisection:} where the columns are not `run` and `luminosityBlock`.",
    )
    entry_start: CountOrNone = Field(default=0, description="First row that is read, of all files together.")
    entry_stop: Count | None = Field(
        default=None, description="First row that is not read any more; yields are those of the rows that are read."
    )

    @property
    def of_files(self) -> list[str]:
        """Those of the given keys that make sense for files alone."""
        keys = ("tree", "weight", "per_file", "certified", "entry_start", "entry_stop")
        return [key for key in keys if getattr(self, key)]


def one_of(*, files: object, generator: object) -> None:
    if (files is None) == (generator is None):
        came = "neither is" if files is None else "both are"
        raise ValueError(f"one of `files` and `generator` must be given, but {came}; give the files of the sample")


def require_no_files_keys(section: SampleFiles) -> None:
    """Raise for keys of files beside a generator."""
    if getattr(section, "generator", None) is not None and section.of_files:
        keys = " and ".join(f"`{key}`" for key in section.of_files)
        raise ValueError(f"{keys} belong to files; delete them beside `generator`")

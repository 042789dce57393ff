"""Analysis files of several regions: each has a file of its own, and one more names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from wilks.config.document import read_document
from wilks.config.load import LoadedConfig, checked_config, load_config
from wilks.config.schema import AnalysisConfig, ReferenceConfig, resolved
from wilks.config.sections import PathText, Text
from wilks.errors import ConfigError
from wilks.storage import as_path

REGIONS = "regions"
_OWN = ("name", "output", REGIONS, "toys", "quality", "labels")
_OWN_TOYS = ("n_toys", "seed", "processes")


class RegionsConfig(AnalysisConfig):
    """Several analyses tested together, each with a file of its own."""

    features: list[Text] = Field(default=[], description="Those of the files of the regions.")
    reference: ReferenceConfig = Field(
        default_factory=ReferenceConfig.model_construct, description="Those of the files of the regions."
    )
    regions: Annotated[dict[Text, PathText], Field(min_length=2)] = Field(
        description="Analysis file of each region by its name, relative to this file."
    )

    @model_validator(mode="after")
    def _says_no_more(self) -> Self:
        more = [name for name in self.model_fields_set if name not in _OWN]
        more += [f"toys.{name}" for name in self.toys.model_fields_set if name not in _OWN_TOYS]
        if more:
            raise ValueError(
                f"a file of regions must have no key but {', '.join(_OWN)}, and in toys {', '.join(_OWN_TOYS)}, but "
                f"{sorted(more)[0]} is given; put it into the file of a region"
            )
        return self


@dataclass(frozen=True, eq=False)
class LoadedRegions(LoadedConfig):
    """The file that names the regions, and theirs."""

    parts: Mapping[str, LoadedConfig]

    @property
    def has_data(self) -> bool:
        return all(one.has_data for one in self.parts.values())


def load_any(path: str | Path) -> LoadedConfig:
    """An analysis file, of one region or of several.

    Raises:
        ConfigError: as `load_config`; a region that is itself one of several.
    """
    document = read_document(path)
    if REGIONS not in document.values:
        return load_config(path)
    config = checked_config(document, RegionsConfig)
    loaded = LoadedConfig(as_path(path), document, config)
    parts = {}
    for name, file in config.regions.items():
        with loaded.located(REGIONS, name):
            place = resolved(file, folder=loaded.folder)
            if REGIONS in read_document(place).values:
                raise ConfigError(f"a region must be one analysis, but {file} names several; name these here")
            parts[name] = load_config(place)
    return LoadedRegions(loaded.path, document, config, parts)

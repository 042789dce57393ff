"""Files have one role: what is data is neither reference nor source of toys."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from wilks.config.document import Location
from wilks.config.load import LoadedConfig
from wilks.config.schema import resolved
from wilks.config.sections import SampleFiles
from wilks.errors import ConfigError, SampleError
from wilks.samples import FileIdentity, file_identity, find_files
from wilks.samples.readers import FilePath


@dataclass(frozen=True)
class _Role:
    """The files of one section, by what they are on disk, and the table in them."""

    location: Location
    files: dict[FileIdentity, FilePath]
    tree: str | None

    @property
    def name(self) -> str:
        return ".".join(map(str, self.location))

    def may_share_table(self, other: "_Role") -> bool:
        """Whether the tables have one name, or one of them is whatever table a file has."""
        return self.tree is None or other.tree is None or self.tree == other.tree


def check_roles(loaded: LoadedConfig) -> None:
    """Raise if a file, whatever its names and links, stands in two roles of an analysis file with the same table.

    Files that cannot be found are left to whoever reads them.

    Raises:
        ConfigError: such a file, with both roles.
    """
    for first, second in combinations(_roles(loaded), 2):
        shared = [identity for identity in second.files if identity in first.files]
        if shared and first.may_share_table(second):
            path, same = second.files[shared[0]], first.files[shared[0]]
            link = "" if path == same else f" (as {same})"
            raise ConfigError(
                loaded.document.message(
                    (*second.location, "files"),
                    f"a file must have one role, but {path} is also in `{first.name}`{link}; reference, data and toys "
                    "must be independent events: give other files, or reference.n_training, which divides a reference",
                )
            )


def _roles(loaded: LoadedConfig) -> Iterator[_Role]:
    config = loaded.config
    sections: dict[Location, SampleFiles | None] = {
        ("reference",): config.reference,
        ("toys", "pool"): config.toys.pool,
        ("toys", "unselected"): config.toys.unselected,
        ("data",): config.data,
    }
    for location, section in sections.items():
        if section is not None and section.files is not None:
            tree = section.tree or config.tree
            yield _Role(location, _identities(loaded, section.files), tree and tree.partition(";")[0].strip("/"))


def _identities(loaded: LoadedConfig, files: list[str]) -> dict[FileIdentity, FilePath]:
    try:
        paths = find_files([resolved(path, folder=loaded.folder) for path in files])
        return {file_identity(path): path for path in paths}
    except (SampleError, OSError):
        return {}

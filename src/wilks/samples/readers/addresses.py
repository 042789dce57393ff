"""Files on other machines, by address: root:// and https://, read in place through fsspec.

Only what was named is fetched, and nothing is kept on disk.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from wilks import lazy
from wilks.errors import NoFileError, SampleError

if TYPE_CHECKING:
    import fsspec.core as fsspec
else:
    fsspec = lazy.Module("fsspec.core")

SCHEMES = ("https", "http", "root", "roots")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_EXTRA = "pip install 'wilks[remote]'"


def scheme_of(text: str) -> str | None:
    """``https`` of an address; None for what is none.

    >>> scheme_of("root://eos.example//store/f.root"), scheme_of("run2:v3/f.root")
    ('root', None)
    """
    found = _ADDRESS.match(text)
    return None if found is None else found[1].lower()


@dataclass(frozen=True)
class Address:
    """A file on another machine.

    >>> Address("https://example.org/a/f.root?version=2").name
    'f.root'
    """

    text: str

    def __post_init__(self) -> None:
        if scheme_of(self.text) not in SCHEMES:
            known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise SampleError(
                f"files are read from disk or from an address that begins with one of {known}, but {self.text!r} is "
                "another remote address; copy the file first"
            )
        if "*" in self.text or "::" in self.text:
            raise SampleError(
                f"an address must name one file, but {self.text!r} is a pattern or a chain; list every file by itself"
            )

    def __str__(self) -> str:
        return self.text

    @property
    def name(self) -> str:
        """The last part, by whose ending the format is told."""
        return self.parts[-1] if self.parts else ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Of the path on the other machine."""
        return tuple(part for part in unquote(urlsplit(self.text).path).split("/") if part)

    def open(self) -> BinaryIO:
        """The bytes, fetched as they are read.

        Raises:
            SampleError: a library that is needed is not installed; the file cannot be read in parts.
            NoFileError: there is none.
            OSError: the network, or the other machine.
        """
        try:
            system, path = fsspec.url_to_fs(self.text)
            stream = system.open(path, "rb")
        except (ImportError, ValueError) as error:
            raise SampleError(f"{self} needs libraries that are not installed here: {_EXTRA} ({error})") from error
        except FileNotFoundError as error:
            raise NoFileError(f"there is no file {self.text!r}") from error
        if getattr(stream, "size", None) is None or not stream.seekable():
            stream.close()
            raise SampleError(
                f"{self} must be readable in parts, but its server does not allow it; copy the file first"
            )
        return cast(BinaryIO, stream)

    @cached_property
    def n_bytes(self) -> int:
        """The size of the file, as its server says when it is first asked."""
        with self.open() as stream:
            return int(cast(Any, stream).size)

"""What lies in a folder of monitoring, by its kind."""

from typing import TypeVar

from wilks.errors import StoreError
from wilks.storage import Folder, Storable, as_path, load, saved_kinds

_Stored = TypeVar("_Stored", bound=Storable)


def load_one(kind: type[_Stored], folder: Folder, *, what: str, maker: str) -> _Stored:
    """The one object of a kind that was saved in a folder; ``what`` and the command that makes it are for messages.

    Raises:
        StoreError: nothing usable lies there, or something else.
    """
    there = saved_kinds(folder)
    found = load(folder) if there == [kind.stored_as] else None
    if not isinstance(found, kind):
        came = " and ".join(f"{one}.json" for one in there) or "none"
        raise StoreError(f"{as_path(folder)} must hold {what}, but it holds {came}; `{maker}` makes one")
    return found

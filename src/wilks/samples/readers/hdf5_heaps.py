"""The names in an HDF5 file of the older layout, looked at before libhdf5 does: it follows a list in a circle for ever.

The names of a group lie in a local heap, whose free blocks form a list (HDF5 file format specification, version 3,
sections II.A, III.A.1, III.B, III.C and III.D). libhdf5 2.0 reads the list to its end, and allocates memory for each
block of it: one byte that makes it a circle takes all memory. Groups of the newer layout have checksums and no such
list.
"""

from collections.abc import Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ENTRY = Struct("<QQIIQQ")  # of a symbol table: name, header, kind of what follows, nothing, B-tree, heap
_HEAP = Struct("<4sIQQQ")  # signature, version, size and first free block of the data, their address
_NODE = Struct("<4sBBHQQ")  # of a B-tree: signature, type, level, number of entries, siblings
_LEAF = Struct("<4sBBH")  # signature, version, nothing, number of entries
_BLOCK = Struct("<QQ")  # next free block, size
_IS_GROUP, _LAST = 1, 1


class _Group(NamedTuple):
    tree: int
    heap: int


def require_finite_heaps(source: TableFile) -> None:
    """Raise where the list of free blocks among the names of a group does not end.

    Raises:
        SampleError: it leads in a circle, or out of the heap.
    """
    with source.open() as stream:
        file = _File(stream)
        todo, seen = [file.root()], set[_Group]()
        while todo:
            group = todo.pop()
            if group is None or group in seen:
                continue
            seen.add(group)
            if not file.is_finite(group.heap):
                raise SampleError(
                    f"{source.path} is damaged: the free space among the names of a group is a list without an end; "
                    "copy the file again from where it came"
                )
            todo += file.groups(group.tree)


class _File:
    """Reads single structures; what cannot be read is not there, and libhdf5 says so later."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._base = stream, 0

    def root(self) -> _Group | None:
        """The root group, where the file has the older layout."""
        while (start := self._read(0, 16)) and not start.startswith(_SIGNATURE):
            self._base = 2 * self._base or 512
        if len(start) < 16 or start[8] > 1 or start[13] != 8 or start[14] != 8:
            return None
        return self._group_of(self._read(56 + 4 * start[8], _ENTRY.size))

    def is_finite(self, address: int) -> bool:
        """Whether the free blocks of a heap end."""
        content = self._read(address, _HEAP.size)
        if len(content) < _HEAP.size or not content.startswith(b"HEAP"):
            return True
        _, _, size, block, data = _HEAP.unpack(content)
        seen = set[int]()
        while block != _LAST and block < size:
            if block in seen:
                return False
            seen.add(block)
            content = self._read(data + block, _BLOCK.size)
            if len(content) < _BLOCK.size:
                return True
            block, _ = _BLOCK.unpack(content)
        return True

    def groups(self, tree: int) -> Iterator[_Group | None]:
        """The groups that a B-tree of links leads to."""
        todo, seen = [tree], set[int]()
        while todo:
            address = todo.pop()
            if address in seen:
                continue
            seen.add(address)
            content = self._read(address, _NODE.size)
            if len(content) == _NODE.size and content.startswith(b"TREE"):
                n_entries = _NODE.unpack(content)[3]
                keys = self._read(address + _NODE.size, 16 * n_entries + 8)
                todo += [int.from_bytes(keys[at : at + 8], "little") for at in range(8, len(keys) - 7, 16)]
            elif content.startswith(b"SNOD"):
                n_entries = _LEAF.unpack(content[: _LEAF.size])[3]
                entries = self._read(address + _LEAF.size, _ENTRY.size * n_entries)
                yield from (
                    self._group_of(entries[at : at + _ENTRY.size]) for at in range(0, len(entries), _ENTRY.size)
                )

    def _group_of(self, content: bytes) -> _Group | None:
        if len(content) < _ENTRY.size:
            return None
        _, _, kind, _, tree, heap = _ENTRY.unpack(content)
        return _Group(tree, heap) if kind == _IS_GROUP else None

    def _read(self, address: int, n_bytes: int) -> bytes:
        if address + self._base >= 1 << 62:
            return b""
        self._stream.seek(address + self._base)
        return self._stream.read(n_bytes)

"""Changes inside of what has a checksum, with the checksum made anew: as a careless program would write."""

import gzip
import io
import struct
import zipfile
from typing import Any

import numpy as np
import uproot
import xxhash

from tests.lab.reader_mutations import mutant

_SUM_BYTES = 8


def inside_npz(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """One array, its header included."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = str(rng.choice(list(members)))
    start = int(rng.choice([128, len(members[name])]))  # the header alone, or all
    what, changed = mutant(members[name][:start], rng)
    members[name] = changed + members[name][start:]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for one, value in members.items():
            archive.writestr(one, value)
    return f"{name}: {what}", stream.getvalue()


def inside_gzip(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """The text."""
    what, changed = mutant(gzip.decompress(content), rng)
    return what, gzip.compress(changed, mtime=0)


def inside_ntuple(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """Some numbers of header, footer or list of pages, and of the anchor, whose checksums are made anew."""
    with uproot.open(io.BytesIO(content)) as file:
        places = _envelopes(file["events"])
    name = str(rng.choice(list(places)))
    start, stop = places[name]
    changed = bytearray(content)
    where = int(rng.integers(start, stop - _SUM_BYTES - 4))
    size = int(rng.choice([1, 2, 4]))
    value = int(rng.choice([0, 1, 2, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, int(rng.integers(2**32))]))
    changed[where : where + size] = (value % 256**size).to_bytes(size, "little")
    old = bytes(changed[places["header"][1] - _SUM_BYTES : places["header"][1]])
    _sum(changed, *places["header"])
    new = bytes(changed[places["header"][1] - _SUM_BYTES : places["header"][1]])
    for begin, end in (place for other, place in places.items() if other != "header"):
        at = changed.find(old, begin, end)
        if at >= 0:
            changed[at : at + _SUM_BYTES] = new
        _sum(changed, begin, end)
    return f"{name}: {size} bytes at {where - start} are {value}", bytes(changed)


def _envelopes(ntuple: Any) -> dict[str, tuple[int, int]]:
    links = [record.page_list_link.locator for record in ntuple.footer.cluster_group_records]
    found = {f"pages {number}": (one.offset, one.offset + one.num_bytes) for number, one in enumerate(links)}
    for name in ("Header", "Footer"):
        start = ntuple.member(f"fSeek{name}")
        found[name.lower()] = start, start + ntuple.member(f"fNBytes{name}")
    return found


def _sum(content: bytearray, start: int, stop: int) -> None:
    content[stop - _SUM_BYTES : stop] = struct.pack(
        "<Q", xxhash.xxh3_64_intdigest(bytes(content[start : stop - _SUM_BYTES]))
    )

"""One change to the bytes of a file."""

from collections.abc import Callable

import numpy as np

Change = Callable[[bytearray, np.random.Generator], str]
EXTREMES = (0, 1, 2, 7, 127, 128, 255, 1 << 15, (1 << 16) - 1, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40)
EXTREMES += ((1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
PIECES = (
    b"\x00",
    b"\n",
    b"\r\n",
    b",",
    b",,",
    b"\n\n",
    b'"',
    b"#",
    b";",
    b"-",
    b"e",
    b"1e400",
    b"nan",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
)
END = 1024  # bytes at either end, where headers and footers lie


def place(content: bytearray, rng: np.random.Generator, length: int = 1) -> int:
    """Anywhere, as often in what is near to either end."""
    last = max(len(content) - length, 0)
    near = int(rng.integers(min(END, last) + 1))
    return int(rng.choice([near, last - near, int(rng.integers(last + 1))]))


def flip(content: bytearray, rng: np.random.Generator) -> str:
    where, bit = place(content, rng), int(rng.integers(8))
    content[where] ^= 1 << bit
    return f"bit {bit} of byte {where}"


def flips(content: bytearray, rng: np.random.Generator) -> str:
    return ", ".join(flip(content, rng) for _ in range(rng.integers(2, 12)))


def byte(content: bytearray, rng: np.random.Generator) -> str:
    where, value = place(content, rng), int(rng.choice([0, 255, int(rng.integers(256))]))
    content[where] = value
    return f"byte {where} is {value}"


def number(content: bytearray, rng: np.random.Generator) -> str:
    """A size, a count or an address becomes another."""
    size, order = int(rng.choice([2, 4, 8])), str(rng.choice(["little", "big"]))
    value = int(EXTREMES[rng.integers(len(EXTREMES))]) if rng.random() < 0.7 else int(rng.integers(2 * len(content)))
    where = place(content, rng, size)
    content[where : where + size] = (value % (1 << 8 * size)).to_bytes(size, order)
    return f"the number of {size} bytes at {where} is {value} ({order})"


def truncate(content: bytearray, rng: np.random.Generator) -> str:
    where = place(content, rng)
    del content[where:]
    return f"cut at {where}"


def extend(content: bytearray, rng: np.random.Generator) -> str:
    n = int(rng.choice([1, 8, 512, 4096]))
    content += bytes(n) if rng.random() < 0.5 else rng.bytes(n)
    return f"{n} bytes more"


def swap(content: bytearray, rng: np.random.Generator) -> str:
    size = int(rng.choice([1, 8, 64, 512]))
    a, b = place(content, rng, size), place(content, rng, size)
    first, second = bytes(content[a : a + size]), bytes(content[b : b + size])
    content[a : a + size] = second
    content[b : b + size] = first
    return f"{size} bytes at {a} and {b} swapped"


def overwrite(content: bytearray, rng: np.random.Generator) -> str:
    size, kind = int(rng.choice([8, 64, 512])), int(rng.integers(3))
    a, b = place(content, rng, size), place(content, rng, size)
    content[a : a + size] = (bytes(size), rng.bytes(size), bytes(content[b : b + size]))[kind]
    return f"{size} bytes at {a} are {('zero', 'random', f'those at {b}')[kind]}"


def insert(content: bytearray, rng: np.random.Generator) -> str:
    where, piece = place(content, rng), PIECES[rng.integers(len(PIECES))]
    content[where:where] = piece
    return f"{piece!r} put in at {where}"


def delete(content: bytearray, rng: np.random.Generator) -> str:
    size = int(rng.choice([1, 2, 8, 64]))
    where = place(content, rng, size)
    del content[where : where + size]
    return f"{size} bytes at {where} left out"


CHANGES: tuple[Change, ...] = (
    flip,
    flip,
    flip,
    flips,
    byte,
    number,
    number,
    truncate,
    extend,
    swap,
    overwrite,
    insert,
    delete,
)


def mutant(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """The bytes with one change, and what it is."""
    changed = bytearray(content)
    what = CHANGES[rng.integers(len(CHANGES))](changed, rng)
    return what, bytes(changed)

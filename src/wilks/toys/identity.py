"""The random numbers of toy i."""

import hashlib
from typing import Protocol

import numpy as np

from wilks.documents import canonical_json


class _Described(Protocol):
    def to_dict(self) -> dict[str, object]: ...


def toy_rng(hypothesis: _Described, *, seed: int, index: int) -> np.random.Generator:
    """The random numbers of toy ``index``: Philox keyed by SHA-256(seed, hypothesis, index).

    They depend on nothing else, so that a toy is the same in any batch, process and order.

    >>> from wilks.hypotheses import Null
    >>> float(toy_rng(Null(), seed=1, index=0).random()) == float(toy_rng(Null(), seed=1, index=0).random())
    True
    """
    return np.random.Generator(np.random.Philox(key=toy_key(hypothesis, seed=seed, index=index)))


def auxiliary_rng(hypothesis: _Described, *, seed: int, index: int) -> np.random.Generator:
    """Those of the auxiliary measurements of toy ``index``: one jump after that of the events."""
    return np.random.Generator(np.random.Philox(key=toy_key(hypothesis, seed=seed, index=index)).jumped())


def toy_key(hypothesis: _Described, *, seed: int, index: int) -> int:
    """The key of toy ``index``, 128 bits of SHA-256(seed, hypothesis, index)."""
    text = canonical_json({"seed": seed, "hypothesis": hypothesis.to_dict(), "index": index})
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")

"""Data in parts: each with a p of its own, combined; or one half that trains, and the other that is tested."""

from wilks.parts.combined import PartsAnswer
from wilks.parts.dividing import part_numbers
from wilks.parts.halves import HalvesAnswer, halves_test
from wilks.parts.testing import parts_test

__all__ = ["HalvesAnswer", "PartsAnswer", "halves_test", "part_numbers", "parts_test"]

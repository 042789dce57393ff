"""Toy i of a hypothesis: its random numbers, its events and its auxiliary measurements."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.toys.drawing": ["check_drawable", "draw_auxiliaries", "draw_toy"],
    "wilks.toys.identity": ["toy_key", "toy_rng"],
}

if TYPE_CHECKING:
    from wilks.toys.drawing import check_drawable, draw_auxiliaries, draw_toy
    from wilks.toys.identity import toy_key, toy_rng
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = ["check_drawable", "draw_auxiliaries", "draw_toy", "toy_key", "toy_rng"]

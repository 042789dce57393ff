"""Toy i of a hypothesis: its random numbers, its events and its auxiliary measurements; what its source must be."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.toys.drawing": ["check_drawable", "draw_auxiliaries", "draw_toy", "drawn_auxiliaries"],
    "wilks.toys.identity": ["toy_key", "toy_rng"],
    "wilks.toys.likeness": ["in_regions", "require_like_reference", "sample_notices"],
}

if TYPE_CHECKING:
    from wilks.toys.drawing import check_drawable, draw_auxiliaries, draw_toy, drawn_auxiliaries
    from wilks.toys.identity import toy_key, toy_rng
    from wilks.toys.likeness import in_regions, require_like_reference, sample_notices
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "check_drawable",
    "draw_auxiliaries",
    "draw_toy",
    "drawn_auxiliaries",
    "in_regions",
    "require_like_reference",
    "sample_notices",
    "toy_key",
    "toy_rng",
]

"""The one place that decides about devices."""

import jax

_WIDTH_ON_ACCELERATOR = 256


def has_accelerator() -> bool:
    """Whether JAX computes on something else than the processor."""
    return jax.default_backend() != "cpu"


def lane_width() -> int:
    """Descents side by side: one on a processor, where lanes would leave the cache and wait for the slowest."""
    return _WIDTH_ON_ACCELERATOR if has_accelerator() else 1

"""The one place that decides about devices."""

import jax

from wilks.errors import InputError

_WIDTH_ON_ACCELERATOR = 256


def backend() -> str:
    """What JAX computes on.

    Raises:
        InputError: ``JAX_PLATFORMS`` names a device that is not there.
    """
    try:
        return jax.default_backend()
    except (RuntimeError, AssertionError) as error:  # the latter where no plugin of that name is installed
        reason = str(error).partition("\n")[0] or "there is none"
        asked = getattr(jax.config, "jax_platforms", "")
        raise InputError(
            f"JAX must find a device to compute on, but of JAX_PLATFORMS={asked} it says: {reason}; "
            "set JAX_PLATFORMS=cpu, or leave it out"
        ) from error


def has_accelerator() -> bool:
    """Whether JAX computes on something else than the processor."""
    return backend() != "cpu"


def lane_width() -> int:
    """Descents side by side: one on a processor, where lanes would leave the cache and wait for the slowest."""
    return _WIDTH_ON_ACCELERATOR if has_accelerator() else 1

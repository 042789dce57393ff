"""The network that `wilks compare` takes in place of the default set."""

from typing import Any

from wilks.errors import InputError
from wilks.statistics import family_of


def network(hidden: str | None, weight_clip: float | None) -> Any:
    """The network with these hidden neurons, "4" or "5,5,5"; None where none is asked for.

    Raises:
        InputError: text that is no list of numbers; a clip without neurons, or neurons without a clip.
    """
    if (hidden is None) != (weight_clip is None):
        given = "--hidden" if weight_clip is None else "--weight-clip"
        raise InputError(
            "--hidden and --weight-clip must be given together, since a network without a box has no largest t, but "
            f"only {given} came"
        )
    if hidden is None:
        return None
    try:
        layers = tuple(int(part) for part in hidden.split(","))
    except ValueError as error:
        raise InputError(f"--hidden must be numbers of neurons such as 4 or 5,5,5, but {hidden!r} came") from error
    model: Any = family_of("mlp")
    return model(hidden=layers, weight_clip=weight_clip)

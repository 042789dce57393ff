"""Whether log r can be used on a sample."""

import numpy as np

from wilks.errors import InputError
from wilks.nuisances.collection import Nuisances, ResponseOn
from wilks.typing import FloatArray

_TOLERANCE = 1e-9


def require_finite_response(nuisances: Nuisances, events: FloatArray, *, role: str) -> None:
    """Raise unless log r is finite at all raw events (n, d) for each nuisance one sigma up and down, and 0 at nu = 0.

    Raises:
        InputError: the nuisance, how many events are wrong, and the first of them.
    """
    if not len(nuisances) or not len(events):
        return
    response, still = nuisances.on(events), np.zeros(len(nuisances))
    for j, (name, sigma) in enumerate(zip(nuisances.names, nuisances.sigmas, strict=True)):
        for step in (-1.0, 1.0):
            z = still.copy()
            z[j] = step
            log_r = _evaluated(response, z, name)
            wrong = np.flatnonzero(~np.isfinite(log_r))
            if wrong.size:
                raise InputError(
                    f"log r must be finite at every event of {role}, but at {name} = {step * sigma:g} it is "
                    f"{log_r[wrong[0]]} for {wrong.size:,} of {len(events):,} events, the first of them at "
                    f"{events[wrong[0]].tolist()}; restrict the sample to where the response is defined, or mend the "
                    "formula"
                )
    at_zero = np.abs(_evaluated(response, still, nuisances.names[0]))
    worst = int(np.argmax(at_zero))
    if not at_zero[worst] <= _TOLERANCE:
        formulas = ", ".join(map(repr, nuisances.formulas.names))
        raise InputError(
            f"log r must be 0 where all nuisances are 0, but it is {at_zero[worst]:g} in size at the event "
            f"{events[worst].tolist()} of {role}; mend the log_ratio of {formulas}"
        )


def _evaluated(response: ResponseOn, z: FloatArray, name: str) -> FloatArray:
    try:
        return response.log_ratio(z)
    except InputError:
        raise
    except Exception as error:  # a formula of the user may raise anything
        raise InputError(
            f"the log_ratio of {name!r} must give one number for each event, function(events, nu) -> (n,) with "
            f"jax.numpy, but it raised {type(error).__name__}: {error}"
        ) from error

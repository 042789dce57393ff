"""Whether log r can be used on a sample."""

import jax.numpy as jnp
import numpy as np

from wilks.errors import InputError
from wilks.nuisances.collection import Nuisances
from wilks.typing import FloatArray

_TOLERANCE = 1e-9


def require_finite_response(nuisances: Nuisances, events: FloatArray, *, role: str) -> None:
    """Raise unless log r is finite at all raw events (n, d) for each nuisance one sigma up and down, and 0 at nu = 0.

    Raises:
        InputError: the nuisance, how many events are wrong, and the first of them.
    """
    if not len(nuisances) or not len(events):
        return
    widths = nuisances.row_widths(events.shape[1])
    columns = jnp.asarray(nuisances.rows(events).T)
    for j, name in enumerate(nuisances.names):
        for step in (-1.0, 0.0, 1.0):
            z = np.zeros(len(nuisances))
            z[j] = step
            log_r = _evaluated(nuisances, z, columns, widths, name)
            wrong = np.flatnonzero(~np.isfinite(log_r))
            at = f"{name} = {step * nuisances.sigmas[j]:g}"
            if wrong.size:
                raise InputError(
                    f"log r must be finite at every event of {role}, but at {at} it is {log_r[wrong[0]]} for "
                    f"{wrong.size:,} of {len(events):,} events, the first of them at {events[wrong[0]].tolist()}; "
                    "restrict the sample to where the response is defined, or mend the formula"
                )
            if step == 0.0 and np.any(np.abs(log_r) > _TOLERANCE):
                worst = int(np.argmax(np.abs(log_r)))
                raise InputError(
                    f"log r must be 0 where all nuisances are 0, but it is {log_r[worst]:g} at the event "
                    f"{events[worst].tolist()} of {role}; mend the log_ratio of {name!r}"
                )


def _evaluated(
    nuisances: Nuisances, z: FloatArray, columns: jnp.ndarray, widths: tuple[int, ...], name: str
) -> FloatArray:
    try:
        return np.asarray(nuisances.column_log_ratio(jnp.asarray(z), columns, widths=widths))
    except InputError:
        raise
    except Exception as error:  # a formula of the user may raise anything
        raise InputError(
            f"the log_ratio of {name!r} must give one number for each event, function(events, nu) -> (n,) with "
            f"jax.numpy, but it raised {type(error).__name__}: {error}"
        ) from error

"""The smeared exponential problem: one feature, an exponential quantity measured with a Gaussian resolution.

x = exp(scale) y + offset + s0 exp(resolution) z with y ~ Exp(1), z ~ N(0, 1) and s0 = 0.3. The density is an
exponentially modified Gaussian: its support is the whole line and it is smooth in x and in the three shape nuisances,
whose effects overlap. N(R_0) = 2000, as in the exponential problem. It is made for tests of several nuisances at once.

``background`` makes events for toys, as ``Generator("wilks.problems.smeared:background", version="1")``. The reference
carries y and z along, so that the transforms of the nuisances are exact.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr

from wilks.errors import InputError
from wilks.hypotheses import Generator
from wilks.nuisances import Nuisance
from wilks.samples import Sample
from wilks.typing import FloatArray

FEATURES = ("x",)
EXPECTED_EVENTS = 2_000.0
N_REFERENCE = 200_000
RESOLUTION = 0.3
SIGMAS = {"scale": 0.1, "offset": 0.1, "resolution": 0.15}

_SERIES_ORDER = 10  # of log_ndtr below -20: exact to rounding
_REFERENCE_STREAM, _DATA_STREAM = 0, 1


def background(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Draw (n, 1) events at the nuisances scale, offset and resolution; ``normalization`` changes counts only."""
    _refuse_unknown(nuisances)
    y, z = rng.exponential(size=n), rng.standard_normal(n)
    return _measured(y, z, **{name: nuisances.get(name, 0.0) for name in SIGMAS})[:, None]


def _measured(y: FloatArray, z: FloatArray, *, scale: float, offset: float, resolution: float) -> FloatArray:
    x: FloatArray = np.exp(scale) * y + offset + RESOLUTION * np.exp(resolution) * z
    return x


def _refuse_unknown(nuisances: Mapping[str, float]) -> None:
    unknown = sorted(set(nuisances) - {*SIGMAS, "normalization"})
    if unknown:
        raise InputError(
            "the smeared exponential problem has the nuisances 'scale', 'offset', 'resolution' and 'normalization' "
            f"(which changes counts only), but {', '.join(unknown)} came; use these names"
        )


def log_density(
    x: jax.Array, scale: jax.Array | float = 0.0, offset: jax.Array | float = 0.0, resolution: jax.Array | float = 0.0
) -> jax.Array:
    """Log of the density of x at the nuisances, any shape; traced and differentiated by JAX.

    With l = exp(-scale) and s = 0.3 exp(resolution) it is

        log l + (l s)^2 / 2 - l (x - offset) + log Phi( (x - offset) / s - l s ),

    Phi the distribution function of the standard normal law. Below the peak the large terms cancel to
    -((x - offset) / s)^2 / 2, with an absolute error of about 1e-11 at x = -60.

    >>> round(float(log_density(jnp.asarray(1.0))), 6)
    -0.95621
    """
    deviation, rate = RESOLUTION * jnp.exp(resolution), jnp.exp(-jnp.asarray(scale))
    distance = x - offset
    smeared = rate * deviation
    tail = log_ndtr(distance / deviation - smeared, _SERIES_ORDER)
    return -jnp.asarray(scale) + 0.5 * smeared**2 - rate * distance + tail


def log_ratio(
    events: jax.Array,
    *,
    scale: jax.Array | float = 0.0,
    offset: jax.Array | float = 0.0,
    resolution: jax.Array | float = 0.0,
) -> jax.Array:
    """log r(x; nu) of the shape at all three nuisances together, exact; raw events (n, 1), result (n,).

    It is not the sum of the three responses alone: their effects mix at second order.

    >>> x = jnp.array([[4.0]])
    >>> alone = scale_log_ratio(x, 0.2) + resolution_log_ratio(x, 0.3)
    >>> float((log_ratio(x, scale=0.2, resolution=0.3) - alone)[0].round(4))
    -0.0122
    """
    x = events[:, 0]
    return log_density(x, scale, offset, resolution) - log_density(x)


def scale_log_ratio(events: jax.Array, nu: jax.Array | float) -> jax.Array:
    """log r(x; nu) of the scale alone; raw events (n, 1), result (n,)."""
    return log_ratio(events, scale=nu)


def offset_log_ratio(events: jax.Array, nu: jax.Array | float) -> jax.Array:
    """log r(x; nu) of the offset alone; raw events (n, 1), result (n,)."""
    return log_ratio(events, offset=nu)


def resolution_log_ratio(events: jax.Array, nu: jax.Array | float) -> jax.Array:
    """log r(x; nu) of the resolution alone; raw events (n, 1), result (n,)."""
    return log_ratio(events, resolution=nu)


def scale_transform(columns: Mapping[str, FloatArray], nu: float) -> Mapping[str, FloatArray]:
    """y -> y exp(nu), and x with it; needs the carried column y."""
    y = columns["y"] * np.exp(nu)
    return {"x": columns["x"] + (y - columns["y"]), "y": y}


def offset_transform(columns: Mapping[str, FloatArray], nu: float) -> Mapping[str, FloatArray]:
    """x -> x + nu."""
    return {"x": columns["x"] + nu}


def resolution_transform(columns: Mapping[str, FloatArray], nu: float) -> Mapping[str, FloatArray]:
    """z -> z exp(nu), and x with it; needs the carried column z."""
    z = columns["z"] * np.exp(nu)
    return {"x": columns["x"] + RESOLUTION * (z - columns["z"]), "z": z}


def nuisances(
    *,
    scale: float = SIGMAS["scale"],
    offset: float = SIGMAS["offset"],
    resolution: float = SIGMAS["resolution"],
    is_exact: bool = True,
) -> tuple[Nuisance, Nuisance, Nuisance]:
    """The three shape nuisances with their sigmas and transforms.

    is_exact: with the exact response of each alone, which lacks what mixes; False: without, to be learned.

    >>> [one.describe() for one in nuisances(offset=0.05)]
    ['scale: sigma 0.1, gaussian', 'offset: sigma 0.05, gaussian', 'resolution: sigma 0.15, gaussian']
    """
    sigmas = {"scale": scale, "offset": offset, "resolution": resolution}
    first, second, third = (
        Nuisance(
            name,
            sigma,
            log_ratio=f"{__name__}:{name}_log_ratio" if is_exact else None,
            transform=f"{__name__}:{name}_transform",
        )
        for name, sigma in sigmas.items()
    )
    return first, second, third


BACKGROUND = Generator(f"{__name__}:background", version="1")


def reference(n_events: int = N_REFERENCE, *, seed: int = 0) -> Sample:
    """A reference sample whose weights sum to 2000; y and z are carried along.

    >>> sample = reference(1000, seed=1)
    >>> sample.event_weights.sum().round(9), list(sample.extras)
    (np.float64(2000.0), ['y', 'z'])
    """
    return _sample(_stream(seed, _REFERENCE_STREAM), n_events, weight=EXPECTED_EVENTS / n_events)


def data(*, seed: int = 0) -> Sample:
    """One simulated observation at nu = 0; never shares random numbers with ``reference`` of the same seed.

    >>> data(seed=3).features
    ('x',)
    """
    rng = _stream(seed, _DATA_STREAM)
    return _sample(rng, rng.poisson(EXPECTED_EVENTS), weight=1.0).without_extras()


def _sample(rng: np.random.Generator, n: int, *, weight: float) -> Sample:
    y, z = rng.exponential(size=n), rng.standard_normal(n)
    x = _measured(y, z, scale=0.0, offset=0.0, resolution=0.0)
    return Sample(x, np.full(n, weight), features=FEATURES, extras={"y": y, "z": z})


def _stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(purpose,))))

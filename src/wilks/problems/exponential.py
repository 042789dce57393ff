"""The exponential problem: one feature, x ~ Exp(1), and four signals.

Section 3 of d'Agnolo, Grosso, Pierini, Wulzer and Zanetti, "Learning New Physics from an Imperfect Machine",
Eur. Phys. J. C 82 (2022) 275, arXiv:2111.13633: reference eq. 26 with N(R_0) = 2000, signals eqs. 32 to 34,
network (1, 4, 1) with weight clipping 9 and the feature as it is (``standardize=False``). The papers on kernel
methods take 90 events in place of 180 for the second signal; it is NP2-90 here.

The functions ``background``, ``np1``, ``np2`` and ``np3`` make events for toys, as
``Generator("wilks.problems.exponential:background", version="1")``. The nuisances are the scale of x (eq. 26) and the
normalization (eq. 30), both with their exact log r.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wilks import lazy
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator
from wilks.nuisances import Nuisance, normalization
from wilks.problems.optimal import optimal_median_z
from wilks.samples import Sample
from wilks.typing import FloatArray

if TYPE_CHECKING:  # drawing events must not wait for JAX
    import jax
    import jax.numpy as jnp
else:
    jnp = lazy.Module("jax.numpy")

FEATURES = ("x",)
EXPECTED_EVENTS = 2_000.0
N_REFERENCE = 200_000
HIDDEN = (4,)
WEIGHT_CLIP = 9.0

TAIL_PEAK = (6.4, 0.16)  # mean, standard deviation
BULK_PEAK = (1.6, 0.16)

_N_CELLS = 200_000
_LAST_X = 60.0
_REFERENCE_STREAM, _DATA_STREAM = 0, 1


def background(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Draw (n, 1) events of density exp(-x), x >= 0; a nuisance ``scale`` = nu multiplies x by exp(nu) (eq. 26)."""
    _refuse_unknown(nuisances)
    return rng.exponential(np.exp(nuisances.get("scale", 0.0)), size=(n, 1))


def scale_log_ratio(events: jax.Array, nu: jax.Array) -> jax.Array:
    """log r(x; nu) = x (1 - exp(-nu)) - nu of the scale, exact (eq. 26); raw events (n, 1), result (n,).

    >>> float(scale_log_ratio(jnp.array([[2.0]]), jnp.array(0.1))[0].round(6))
    0.090325
    """
    return -events[:, 0] * jnp.expm1(-nu) - nu


def scale_transform(columns: Mapping[str, FloatArray], nu: float) -> Mapping[str, FloatArray]:
    """x -> x exp(nu): events at nu from events at 0.

    >>> scale_transform({"x": np.array([1.0])}, np.log(2.0))["x"].tolist()
    [2.0]
    """
    return {"x": columns["x"] * np.exp(nu)}


def nuisances(sigma_scale: float, sigma_normalization: float) -> tuple[Nuisance, Nuisance]:
    """The nuisances ``scale`` and ``normalization`` with their exact responses and Gaussian uncertainties.

    >>> [one.describe() for one in nuisances(0.05, 0.15)]
    ['scale: sigma 0.05, gaussian', 'normalization: sigma 0.15, gaussian']
    """
    log_ratio, transform = f"{__name__}:scale_log_ratio", f"{__name__}:scale_transform"
    scale = Nuisance("scale", sigma_scale, log_ratio=log_ratio, transform=transform)
    return scale, normalization("normalization", sigma=sigma_normalization)


def np1(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Draw (n, 1) events of the peak in the tail, Gauss(6.4, 0.16); the signal has no nuisances."""
    _refuse_unknown(nuisances)
    return rng.normal(*TAIL_PEAK, size=(n, 1))


def np2(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Draw (n, 1) events of the broad excess, density x^2 exp(-x) / 2; the signal has no nuisances."""
    _refuse_unknown(nuisances)
    return rng.gamma(3.0, size=(n, 1))


def np3(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Draw (n, 1) events of the peak in the bulk, Gauss(1.6, 0.16); the signal has no nuisances."""
    _refuse_unknown(nuisances)
    return rng.normal(*BULK_PEAK, size=(n, 1))


def _refuse_unknown(nuisances: Mapping[str, float]) -> None:
    unknown = sorted(set(nuisances) - {"scale", "normalization"})
    if unknown:
        raise InputError(
            "the exponential problem has the nuisances 'scale' and 'normalization' (which changes counts only), "
            f"but {', '.join(unknown)} came; use these names"
        )


def background_density(x: FloatArray) -> FloatArray:
    """exp(-x) for x >= 0, of unit integral.

    >>> background_density(np.array([0.0, 1.0])).round(4).tolist()
    [1.0, 0.3679]
    """
    return np.where(x >= 0.0, np.exp(-np.maximum(x, 0.0)), 0.0)


def _tail_peak_density(x: FloatArray) -> FloatArray:
    return _gauss(x, *TAIL_PEAK)


def _broad_density(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0.0) ** 2 / 2.0 * background_density(x)


def _bulk_peak_density(x: FloatArray) -> FloatArray:
    return _gauss(x, *BULK_PEAK)


def _gauss(x: FloatArray, mean: float, deviation: float) -> FloatArray:
    density: FloatArray = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi))
    return density


@dataclass(frozen=True)
class Signal:
    """A signal of the exponential problem: expected events, normalized density, and the function that draws it."""

    name: str
    n_signal: float
    density: Callable[[FloatArray], FloatArray]
    draw: Callable[[np.random.Generator, int, Mapping[str, float]], FloatArray]

    @property
    def generator(self) -> Generator:
        """What draws the signal's events."""
        return Generator(f"{__name__}:{self.draw.__name__}", version="1")

    @property
    def alternative(self) -> Alternative:
        """The hypothesis of the background with this signal on top.

        >>> NP1.alternative.n_signal
        10.0
        """
        return Alternative(signal=self.generator, n_signal=self.n_signal)


NP1 = Signal("NP1", 10.0, _tail_peak_density, np1)
NP2 = Signal("NP2", 180.0, _broad_density, np2)
NP2_90 = Signal("NP2-90", 90.0, _broad_density, np2)
NP3 = Signal("NP3", 90.0, _bulk_peak_density, np3)
SIGNALS = (NP1, NP2, NP2_90, NP3)

BACKGROUND = Generator(f"{__name__}:background", version="1")


def reference(n_events: int = N_REFERENCE, *, seed: int = 0) -> Sample:
    """A reference sample whose weights sum to 2000.

    >>> reference(1000, seed=1).event_weights.sum().round(9)
    np.float64(2000.0)
    """
    events = background(_stream(seed, _REFERENCE_STREAM), n_events, {})
    return Sample(events, np.full(n_events, EXPECTED_EVENTS / n_events), features=FEATURES)


def data(signal: Signal | None = None, *, seed: int = 0) -> Sample:
    """One simulated observation: Poisson counts of the background and, where given, of a signal.

    Never shares random numbers with ``reference`` of the same seed.

    >>> data(NP1, seed=3).features
    ('x',)
    """
    rng = _stream(seed, _DATA_STREAM)
    events = background(rng, rng.poisson(EXPECTED_EVENTS), {})
    if signal is not None:
        extra = signal.draw(rng, rng.poisson(signal.n_signal), {})
        events = np.concatenate([events, extra])
    return Sample(events, features=FEATURES)


def _stream(seed: int, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(purpose,))))


def neyman_pearson_z(signal: Signal) -> float:
    """Median Z of the best test there can be of one known signal (``wilks.problems.optimal_median_z``).

    >>> [(signal.name, round(neyman_pearson_z(signal), 2)) for signal in SIGNALS]
    [('NP1', 4.77), ('NP2', 8.59), ('NP2-90', 4.54), ('NP3', 5.58)]
    """
    width = _LAST_X / _N_CELLS
    x = width * np.arange(0.5, _N_CELLS, dtype=np.float64)
    expected = EXPECTED_EVENTS * background_density(x)
    return optimal_median_z(np.log1p(signal.n_signal * signal.density(x) / expected), expected * width)

"""Four layers of drift tubes, as data quality sees them: four drift times and the angle of a muon's segment.

A muon crosses four staggered layers of cells of 42 mm by 13 mm, as those of the CMS barrel (S. Chatrchyan et al.,
JINST 3 (2008) S08004, section 7.1), with a place that is uniform over a cell and an angle of density cos^2, up to
`LARGEST_ANGLE`. In each layer, with d its distance from the nearest wire,

    t = d / v + rise * threshold / amplitude + resolution * z,

the time at which the signal, which rises linearly, passes the threshold. A muon is lost where one of its signals does
not reach it. Noise passes the threshold, too, at the rate of Rice's formula,

    f = bandwidth exp(-threshold^2 / (2 noise^2)),

from `BEGINS` on, and a share `KNOCKED_ON` of the signals has an electron that was knocked out of the gas before it, at
a distance from the wire that is uniform below d. The first to come is taken for the signal. The angle is that of a
straight line through the four places, found with the drift velocity of good runs and the right sides of the wires.

Kernel tests of such chambers were published for thresholds and cathode voltages below the nominal ones (Letizia,
Grosso et al., arXiv:2303.05413), without what these do to single hits. What is not geometry, voltage or drift velocity
is assumed. Resolution and knock-on electrons are about those of real chambers in good runs, in which (t1 + 2 t2 + t3)/4
of steep segments has a core of 5 ns and one in seven has a bad fit; nothing was fitted to a published power. Thresholds
count in units of the nominal one, and the drift velocity goes as a small power of the field between strips (`STRIP_V`)
and cathodes, near saturation as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wilks.errors import InputError
from wilks.hypotheses import Generator
from wilks.samples import Sample
from wilks.typing import FloatArray, Positive, check_options

FEATURES = ("t1_ns", "t2_ns", "t3_ns", "t4_ns", "theta_rad")
CELL_MM, HEIGHT_MM, N_LAYERS = 42.0, 13.0, 4
LARGEST_ANGLE = 0.8  # rad
VELOCITY_MM_NS, STRIP_V, CATHODE_V = 0.054, 1_800.0, -1_200.0
FIELD_POWER = 0.2  # of the drift velocity
RESOLUTION_NS, RISE_NS = 8.0, 20.0
AMPLITUDE, AMPLITUDE_SPREAD = 4.0, 0.5  # median, and spread of its logarithm
NOISE, BANDWIDTH_NS = 0.2, 0.02
BEGINS = -25.0  # ns
KNOCKED_ON = 0.04
_REFERENCE_STREAM = 0


@dataclass(frozen=True)
class Settings:
    """Of a chamber.

    Args:
        threshold: of the discriminators, as a share of the nominal one.
        cathode: voltage of the cathodes, as a share of the nominal one.
        resolution_ns: of a time.

    Raises:
        InputError: one of them is not positive.

    >>> round(Settings(cathode=0.5).velocity_mm_ns, 5), round(Settings(threshold=0.5).noise_per_ns, 6)
    (0.05164, 0.000879)
    """

    threshold: Positive = 1.0
    cathode: Positive = 1.0
    resolution_ns: Positive = RESOLUTION_NS

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def velocity_mm_ns(self) -> float:
        """v, which goes as a power of the field between strips and cathodes."""
        field = (STRIP_V - self.cathode * CATHODE_V) / (STRIP_V - CATHODE_V)
        return float(VELOCITY_MM_NS * field**FIELD_POWER)

    @property
    def noise_per_ns(self) -> float:
        """How often noise passes the threshold."""
        return float(BANDWIDTH_NS * np.exp(-0.5 * (self.threshold / NOISE) ** 2))


NOMINAL = Settings()
PUBLISHED = {
    f"{name} {share:.0%}": Settings(**{what: share})
    for name, what in (("threshold", "threshold"), ("cathode", "cathode"))
    for share in (0.75, 0.5, 0.25)
}


def draw(rng: np.random.Generator, n: int, settings: Settings = NOMINAL) -> FloatArray:
    """Draw (n, 5) segments with a hit in each layer.

    >>> draw(np.random.default_rng(0), 3).shape
    (3, 5)
    """
    found = [np.empty((0, len(FEATURES)))]
    while sum(map(len, found)) < n:
        found.append(_segments(rng, 2 * n + 100, settings))
    return np.concatenate(found)[:n]


def good(rng: np.random.Generator, n: int, nuisances: Mapping[str, float]) -> FloatArray:
    """Those of good runs, as ``Generator("wilks.problems.drift_tubes:good", version="1")`` makes them."""
    if nuisances:
        raise InputError(f"drift tubes have no nuisances, but {', '.join(sorted(nuisances))} came; give none")
    return draw(rng, n)


def generator() -> Generator:
    """Of good segments."""
    return Generator("wilks.problems.drift_tubes:good", version="1")


def reference(n: int, *, seed: int) -> Sample:
    """A sample of n good segments."""
    return Sample(draw(np.random.default_rng([seed, _REFERENCE_STREAM]), n), features=FEATURES)


def _segments(rng: np.random.Generator, n: int, settings: Settings) -> FloatArray:
    """n muons, without those that are lost."""
    heights = HEIGHT_MM * np.arange(N_LAYERS)
    places = rng.uniform(0.0, CELL_MM, n)[:, None] + np.tan(_angles(rng, n))[:, None] * heights
    stagger = 0.5 * CELL_MM * (np.arange(N_LAYERS) % 2)
    wires = stagger + CELL_MM * np.round((places - stagger) / CELL_MM)
    away = places - wires
    amplitudes = AMPLITUDE * np.exp(AMPLITUDE_SPREAD * rng.normal(size=away.shape))
    nearest = np.abs(away) * np.where(rng.random(away.shape) < KNOCKED_ON, rng.random(away.shape), 1.0)
    signal = nearest / settings.velocity_mm_ns + RISE_NS * settings.threshold / amplitudes
    times = np.minimum(signal + settings.resolution_ns * rng.normal(size=away.shape), _noise(rng, away.shape, settings))
    found = wires + np.sign(away) * VELOCITY_MM_NS * times
    level = heights - np.mean(heights)
    slopes = found @ level / np.sum(level**2)
    return np.column_stack([times, np.arctan(slopes)])[np.all(amplitudes > settings.threshold, axis=1)]


def _angles(rng: np.random.Generator, n: int) -> FloatArray:
    """Of density cos^2 within the largest angle, by inversion of its distribution function on a grid."""
    grid = np.linspace(-LARGEST_ANGLE, LARGEST_ANGLE, 2_001)
    shares = grid + 0.5 * np.sin(2.0 * grid)
    angles: FloatArray = np.interp(rng.uniform(shares[0], shares[-1], n), shares, grid)
    return angles


def _noise(rng: np.random.Generator, shape: tuple[int, ...], settings: Settings) -> FloatArray:
    """When noise first passes the threshold, in ns."""
    times: FloatArray = BEGINS + rng.exponential(1.0 / settings.noise_per_ns, size=shape)
    return times

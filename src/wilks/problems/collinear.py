"""H -> tau e among e-mu pairs: the collinear mass of two samples that would be alike without it; made up.

"Learning New Physics from Data: a Symmetrized Approach" (arXiv:2401.09530) compares two samples of e-mu pairs in
x = m_coll / 100 GeV, and adds decays H -> tau e to one of them: 30 for each inverse femtobarn, which a test that knows
signal and background sees at sqrt(q0) = 6.05 in 20 of them. The distributions were not published. Here

    b(x) = BACKGROUND_PER_FB * (0.35 N(x; 0.90, 0.18) + 0.65 Gamma(x; shape 4, scale 0.3)),
    s(x) = 30 N(x; 1.25, 0.15)

for an inverse femtobarn: Z -> tau tau, a broad rest, as of top quarks and W pairs, and a Higgs boson with a resolution
of 12 %. All of this is made up but for the 30 and one number, the background, which is as large as the published
sqrt(q0) says for these shapes. The published samples have some 220,000 events each; these have as many in 126
inverse femtobarns.
"""

import numpy as np
import scipy.integrate
import scipy.special
import scipy.stats

from wilks.samples import Sample
from wilks.typing import FloatArray

FEATURES = ("m_coll",)
SIGNAL_PER_FB, BACKGROUND_PER_FB = 30.0, 1_748.0
PUBLISHED_Z, PUBLISHED_LUMINOSITY_FB = 6.05, 20.0
Z_PEAK, HIGGS_PEAK = (0.90, 0.18), (1.25, 0.15)  # mean, standard deviation
REST = (4.0, 0.3)  # shape, scale
_SHARE_OF_Z = 0.35
_GRID = np.linspace(0.0, 6.0, 6_001)


def background_density(x: FloatArray) -> FloatArray:
    """b(x) / BACKGROUND_PER_FB, of integral 1.

    >>> background_density(np.array([1.25])).round(3).tolist()
    [0.522]
    """
    shape, scale = REST
    rest = scipy.stats.gamma.pdf(x, shape, scale=scale)
    found: FloatArray = _SHARE_OF_Z * scipy.stats.norm.pdf(x, *Z_PEAK) + (1.0 - _SHARE_OF_Z) * rest
    return found


def background(rng: np.random.Generator, n: int) -> FloatArray:
    """n background events, shape (n, 1)."""
    is_z = rng.random(n) < _SHARE_OF_Z
    x: FloatArray = np.where(is_z, rng.normal(*Z_PEAK, size=n), rng.gamma(*REST, size=n))
    return x[:, None]


def signal(rng: np.random.Generator, n: int) -> FloatArray:
    """n events of H -> tau e, shape (n, 1)."""
    return rng.normal(*HIGGS_PEAK, size=(n, 1))


def pair(
    rng: np.random.Generator, luminosity_fb: float, *, signal_per_fb: float = SIGNAL_PER_FB
) -> tuple[Sample, Sample]:
    """Samples A, which has the signal, and B, in Poisson numbers.

    >>> a, b = pair(np.random.default_rng(1), 5.0)
    >>> a.n_events, b.n_events
    (8887, 8673)
    """
    b, s = BACKGROUND_PER_FB * luminosity_fb, signal_per_fb * luminosity_fb
    first = np.concatenate([background(rng, rng.poisson(b)), signal(rng, rng.poisson(s))])
    return Sample(first, features=FEATURES), Sample(background(rng, rng.poisson(b)), features=FEATURES)


def known_signal_z(luminosity_fb: float) -> float:
    """sqrt(q0) of the expected data of A where signal and background are known.

        q0 = 2 int (s + b) log(1 + s/b) - s dx

    (eq. 97 of "Asymptotic formulae for likelihood-based tests of new physics", arXiv:1007.1727, for each x.)

    >>> round(known_signal_z(PUBLISHED_LUMINOSITY_FB), 2)
    6.05
    """
    s, b = _expected(luminosity_fb)
    return float(np.sqrt(2.0 * scipy.integrate.simpson(scipy.special.xlogy(s + b, 1.0 + s / b) - s, x=_GRID)))


def known_shape_z(luminosity_fb: float) -> float:
    """The same where nothing is known of the background but the events of B, as many as of background in A.

        q0 = 2 int (s + b) log((s + b)/c) + b log(b/c) dx,   c = b + s/2

    the background at each x that A and B give together under the null: what the comparison of two samples can reach.

    >>> round(known_shape_z(PUBLISHED_LUMINOSITY_FB), 2)
    4.25
    """
    s, b = _expected(luminosity_fb)
    both = b + 0.5 * s
    gained = scipy.special.xlogy(s + b, (s + b) / both) + scipy.special.xlogy(b, b / both)
    return float(np.sqrt(2.0 * scipy.integrate.simpson(gained, x=_GRID)))


def _expected(luminosity_fb: float) -> tuple[FloatArray, FloatArray]:
    """s and b on the grid."""
    b = BACKGROUND_PER_FB * luminosity_fb * background_density(_GRID)
    return SIGNAL_PER_FB * luminosity_fb * scipy.stats.norm.pdf(_GRID, *HIGGS_PEAK), b

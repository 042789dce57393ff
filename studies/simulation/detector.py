"""Muons as a detector measures them, and the columns of an event: numpy alone, no generator.

Muons are smeared by a Gaussian of relative width sqrt(a^2 + (b pt)^2), with (a, b) of the order of a central tracker,
and lost at random with the efficiency of a muon system; both depend on eta alone.
"""

import numpy as np

ETA_EDGES = (0.5, 1.5)  # the resolution changes here
RESOLUTION_A = np.array([0.010, 0.015, 0.025])
RESOLUTION_B = np.array([1.0e-4, 1.5e-4, 3.5e-4])  # per GeV
BARREL_ETA, LARGEST_ETA, SMALLEST_PT, SMALLEST_FOUR_PT = 1.2, 2.4, 15.0, 5.0
EFFICIENCY_BARREL, EFFICIENCY_ENDCAP = 0.94, 0.93
MASS_Z = 91.1876
COLUMNS = {
    2: ("pt1", "pt2", "eta1", "eta2", "delta_phi", "mll"),
    4: (
        *("z1_mass", "z1_pt", "z1_eta", "z2_mass", "z2_pt", "z2_eta", "delta_phi_zz"),
        *("m4l", "pt4l"),
    ),
}
MASSES = {2: "mll", 4: "m4l"}
"""Columns of an event of so many muons, and the mass of them all."""


def describe() -> dict:
    """The figures of the measurement, for a file of events."""
    return {
        "resolution": {"abs_eta_edges": ETA_EDGES, "a": RESOLUTION_A.tolist(), "b_per_gev": RESOLUTION_B.tolist()},
        "efficiency": {"abs_eta_edge": BARREL_ETA, "barrel": EFFICIENCY_BARREL, "endcap": EFFICIENCY_ENDCAP},
        "acceptance": f"abs(eta) < {LARGEST_ETA}, pt > {SMALLEST_PT} (pairs) or {SMALLEST_FOUR_PT} (four muons)",
    }


def measured(muons: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Muons (n, k, 3) with pt smeared, and which have all been found within the acceptance (n,)."""
    pt, eta, phi = np.moveaxis(muons, 2, 0)
    region = np.searchsorted(ETA_EDGES, np.abs(eta))
    width = np.hypot(RESOLUTION_A[region], RESOLUTION_B[region] * pt)
    pt = pt * (1.0 + width * rng.standard_normal(pt.shape))
    efficiency = np.where(np.abs(eta) < BARREL_ETA, EFFICIENCY_BARREL, EFFICIENCY_ENDCAP)
    smallest = SMALLEST_PT if pt.shape[1] == 2 else SMALLEST_FOUR_PT
    is_found = (rng.random(pt.shape) < efficiency) & (np.abs(eta) < LARGEST_ETA) & (pt > smallest)
    return np.stack([pt, eta, phi], axis=2), is_found.all(axis=1)


def table(muons: np.ndarray) -> np.ndarray:
    """(n, columns) of `COLUMNS`, float32, of muons (n, 2 or 4, 3)."""
    return _pairs(muons) if muons.shape[1] == 2 else _fours(muons)


def _pairs(muons: np.ndarray) -> np.ndarray:
    """(n, 6), pt1 >= pt2; mll follows from the five others as they are stored."""
    order = np.argsort(-muons[:, :, 0], axis=1, kind="stable")
    pt, eta, phi = (np.take_along_axis(muons[:, :, j], order, axis=1) for j in range(3))
    stored = np.float32([*pt.T, *eta.T, (phi[:, 1] - phi[:, 0]) % (2 * np.pi)])
    pt1, pt2, eta1, eta2, delta_phi = stored.astype(np.float64)
    mll = np.sqrt(2 * pt1 * pt2 * (np.cosh(eta1 - eta2) - np.cos(delta_phi)))
    return np.vstack([stored, np.float32(mll)]).T


def _fours(muons: np.ndarray) -> np.ndarray:
    """(n, 9), of charges - + - +: the pair nearest to the mass of the Z is the first, the rest the second."""
    momenta = _four_momenta(muons)
    pairings = [((0, 1), (2, 3)), ((0, 3), (2, 1))]
    candidates = [[momenta[:, i] + momenta[:, j] for i, j in pairing] for pairing in pairings]
    bosons = np.array([one for pairing in candidates for one in (pairing, pairing[::-1])])  # (4 ways, 2, n, 4)
    nearest = np.argmin(np.abs(_mass(bosons[:, 0]) - MASS_Z), axis=0)
    first, second = (bosons[nearest, place, np.arange(len(muons))] for place in (0, 1))
    whole = first + second
    delta_phi = (np.arctan2(second[:, 2], second[:, 1]) - np.arctan2(first[:, 2], first[:, 1])) % (2 * np.pi)
    features = [value for one in (first, second) for value in (_mass(one), _pt(one), _eta(one))]
    return np.float32([*features, delta_phi, _mass(whole), _pt(whole)]).T


def _four_momenta(muons: np.ndarray) -> np.ndarray:
    pt, eta, phi = np.moveaxis(muons, 2, 0)
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=2)


def _mass(momenta: np.ndarray) -> np.ndarray:
    energy, x, y, z = np.moveaxis(momenta, -1, 0)
    return np.sqrt(np.maximum(energy**2 - x**2 - y**2 - z**2, 0.0))


def _pt(momenta: np.ndarray) -> np.ndarray:
    return np.hypot(momenta[..., 1], momenta[..., 2])


def _eta(momenta: np.ndarray) -> np.ndarray:
    return np.arcsinh(momenta[..., 3] / np.maximum(_pt(momenta), 1e-12))

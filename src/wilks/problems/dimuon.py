"""The di-muon problem: five variables of muon pairs at the LHC.

Features and selection of d'Agnolo, Grosso, Pierini, Wulzer and Zanetti, "Learning multivariate new physics",
Eur. Phys. J. C 81 (2021) 89, arXiv:1912.12155: N(R_0) = 20,000 with N_R = 100,000 above 60 GeV and a network
(5, 5, 5, 5, 1), inputs and output included: 96 parameters. Momenta and masses are in GeV, angles in radians.
The files have one data set per variable, pt1 >= pt2, delta_phi = (phi2 - phi1) mod 2 pi.

Two files come with the package, pp -> Z/gamma* -> mu+ mu- at 13 TeV from Pythia 8 with smeared muons: 80,000 events to
serve as reference and pool of toys, and 1968 of another seed to play the data. Their settings stand in the JSON files
beside them, and ``studies/simulation/packaged.py`` makes them.
"""

import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from wilks.errors import SampleError
from wilks.hypotheses import Alternative
from wilks.nuisances import Nuisance
from wilks.samples import Sample, columns, parse_expression, read
from wilks.typing import FloatArray

FEATURES = ("pt1", "pt2", "eta1", "eta2", "delta_phi")
MASS = "sqrt(2*pt1*pt2*(cosh(eta1 - eta2) - cos(delta_phi)))"
SELECTION = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 60"
LOOSE_SELECTION = "pt2 > 17 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 50"
EXPECTED_EVENTS = 20_000.0
N_REFERENCE = 100_000
HIDDEN = (5, 5, 5)
WEIGHT_CLIP = 2.16

MUON_SCALE = "muon_scale"
BARREL_ETA = 2.1
ENDCAP_FACTOR = 3.0  # the uncertainty of the momentum scale beyond BARREL_ETA, in that inside

_MASS = parse_expression(MASS)
_DATA = files("wilks.problems") / "data"


def read_dimuons(path: str | Path, *, where: str = SELECTION, weight: str | None = None) -> Sample:
    """Muon pairs of a file in this layout that pass a selection; ``mll`` is carried along, computed where not stored.

    where: a selection in the five features and mll. weight: the name of a weight column, if there is one.

    Raises SampleError for a file that cannot be used.
    """
    define = {} if "mll" in columns(path) else {"mll": MASS}
    return read(path, features=list(FEATURES), where=where, weight=weight, define=define, carry=["mll"])


def read_unselected(path: str | Path, *, where: str = LOOSE_SELECTION, weight: str | None = None) -> Sample:
    """Muon pairs that reach beyond SELECTION, for `wilks.nuisances.vary` and `wilks.nuisances.Unselected`.

    With LOOSE_SELECTION momenta may change by up to 16 % before events are missing that would migrate into SELECTION.

    Raises SampleError for a file that cannot be used.
    """
    return read_dimuons(path, where=where, weight=weight)


def muon_scale(columns: Mapping[str, FloatArray], nu: float) -> dict[str, FloatArray]:
    """The pairs with another momentum scale: pt -> pt exp(nu) where abs(eta) < 2.1 and pt exp(3 nu) beyond.

    Section 4 of d'Agnolo, Grosso, Pierini, Wulzer and Zanetti, "Learning New Physics from an Imperfect Machine",
    Eur. Phys. J. C 82 (2022) 275. Then pt1 >= pt2 is restored: where the muons swap, eta1 and eta2 do so too, and
    delta_phi becomes (2 pi - delta_phi) mod 2 pi. mll is computed anew where the columns have it.

    >>> one = {"pt1": [30.0], "pt2": [29.0], "eta1": [0.5], "eta2": [2.2], "delta_phi": [3.0]}
    >>> varied = muon_scale({name: np.array(value) for name, value in one.items()}, 0.1)
    >>> {name: round(float(value[0]), 3) for name, value in varied.items()}
    {'pt1': 39.146, 'pt2': 33.155, 'eta1': 2.2, 'eta2': 0.5, 'delta_phi': 3.283}
    """
    return _scaled(columns, nu, endcap_factor=ENDCAP_FACTOR)


def tau_scale(columns: Mapping[str, FloatArray], nu: float) -> dict[str, FloatArray]:
    """The pairs with another momentum scale, pt -> pt exp(nu) everywhere: the "tau-like" regime of the same section.

    >>> one = {"pt1": [30.0], "pt2": [25.0], "eta1": [0.5], "eta2": [2.2], "delta_phi": [3.0]}
    >>> varied = tau_scale({name: np.array(value) for name, value in one.items()}, 0.1)
    >>> {name: round(float(value[0]), 3) for name, value in varied.items()}
    {'pt1': 33.155, 'pt2': 27.629, 'eta1': 0.5, 'eta2': 2.2, 'delta_phi': 3.0}
    """
    return _scaled(columns, nu, endcap_factor=1.0)


def _scaled(columns: Mapping[str, FloatArray], nu: float, *, endcap_factor: float) -> dict[str, FloatArray]:
    first, second = (
        columns[f"pt{i}"] * np.exp(np.where(np.abs(columns[f"eta{i}"]) < BARREL_ETA, nu, endcap_factor * nu))
        for i in (1, 2)
    )
    is_swapped = second > first
    delta_phi = columns["delta_phi"]
    varied = {
        "pt1": np.where(is_swapped, second, first),
        "pt2": np.where(is_swapped, first, second),
        "eta1": np.where(is_swapped, columns["eta2"], columns["eta1"]),
        "eta2": np.where(is_swapped, columns["eta1"], columns["eta2"]),
        "delta_phi": np.where(is_swapped, np.mod(2.0 * np.pi - delta_phi, 2.0 * np.pi), delta_phi),
    }
    return varied | ({"mll": _MASS.evaluate(varied)} if "mll" in columns else {})


def muon_scale_nuisance(sigma: float) -> Nuisance:
    """The nuisance ``muon_scale`` with its transform; its response is to be learned.

    >>> muon_scale_nuisance(1.5e-3).describe()
    'muon_scale: sigma 0.0015, gaussian'
    """
    return Nuisance(MUON_SCALE, sigma, transform=f"{__name__}:muon_scale")


def small_sample() -> Sample:
    """The packaged sample: 80,000 simulated events, all within SELECTION, each of weight one.

    >>> sample = small_sample()
    >>> sample.n_events, round(float(sample.column("mll").min()), 2)
    (80000, 60.0)
    """
    return _packaged("dimuon_small.h5")


def small_data() -> Sample:
    """Packaged events that play the data: a Poisson number of mean 2000, no signal, another seed.

    >>> small_data().n_events
    1968
    """
    return _packaged("dimuon_small_data.h5")


def _packaged(name: str) -> Sample:
    """Events of a packaged file; the cut repeats one that was made before the values were rounded to float32."""
    with as_file(_DATA / name) as path:
        return read_dimuons(path, where="pt2 > 20")


def small_sample_provenance() -> Mapping[str, object]:
    """How the packaged sample was made: generator, settings, seed, resolution, selection, cross section, SHA-256.

    >>> small_sample_provenance()["n_events"]
    80000
    """
    document: dict[str, object] = json.loads((_DATA / "dimuon_small.json").read_text(encoding="utf-8"))
    return document


def contact_interaction(standard_model: Sample, contact: Sample, *, expected_events: float) -> Alternative:
    """The hypothesis that all data come from a sample with a contact term, interference included.

    Its cross section is not known, so the yield follows from the Z peak, which the term leaves alone: both samples
    are to expect the same number of events in 80 < mll < 100 GeV. ``expected_events`` is that of the Standard Model.

    Raises SampleError where a sample has no event in the peak.
    """
    share = _peak_share(standard_model) / _peak_share(contact)
    return Alternative(source=contact, expected_events=expected_events * share)


def _peak_share(sample: Sample) -> float:
    """Share of the weights of a sample in 80 < mll < 100 GeV."""
    mll = sample.column("mll")
    share = float(sample.event_weights[(mll > 80.0) & (mll < 100.0)].sum()) / sample.expected_events
    if not share > 0.0:
        raise SampleError(
            f"a sample must have events in 80 < mll < 100 GeV to be normalized there, but of {sample.n_events} events "
            "none of positive weight is; read it with a selection that keeps the Z peak"
        )
    return share

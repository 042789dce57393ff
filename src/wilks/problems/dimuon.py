"""The di-muon problem: five variables of muon pairs at the LHC.

Features and selection of d'Agnolo, Grosso, Pierini, Wulzer and Zanetti, "Learning multivariate new physics",
Eur. Phys. J. C 81 (2021) 89, arXiv:1912.12155: N(R_0) = 20,000 with N_R = 100,000 above 60 GeV and a network
(5, 5, 5, 5, 1), inputs and output included: 96 parameters. Momenta and masses are in GeV, angles in radians.
The files have one data set per variable, pt1 >= pt2, delta_phi = (phi2 - phi1) mod 2 pi.

Two files come with the package, pp -> Z/gamma* -> mu+ mu- at 13 TeV from Pythia 8 with smeared muons: 80,000 events to
serve as reference and pool of toys, and 1968 of another seed to play the data. Their settings stand in the JSON files
beside them, and ``examples/dimuon/simulate.py`` makes them.
"""

import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from wilks.errors import SampleError
from wilks.hypotheses import Alternative
from wilks.samples import Sample, columns, read

FEATURES = ("pt1", "pt2", "eta1", "eta2", "delta_phi")
MASS = "sqrt(2*pt1*pt2*(cosh(eta1 - eta2) - cos(delta_phi)))"
SELECTION = "pt1 < 1000 and pt2 > 20 and abs(eta1) < 2.4 and abs(eta2) < 2.4 and mll > 60"
EXPECTED_EVENTS = 20_000.0
N_REFERENCE = 100_000
HIDDEN = (5, 5, 5)
WEIGHT_CLIP = 2.16

_DATA = files("wilks.problems") / "data"


def read_dimuons(path: str | Path, *, where: str = SELECTION, weight: str | None = None) -> Sample:
    """Muon pairs of a file in this layout that pass a selection; ``mll`` is carried along, computed where not stored.

    where: a selection in the five features and mll. weight: the name of a weight column, if there is one.

    Raises SampleError for a file that cannot be used.
    """
    define = {} if "mll" in columns(path) else {"mll": MASS}
    return read(path, features=list(FEATURES), where=where, weight=weight, define=define, carry=["mll"])


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

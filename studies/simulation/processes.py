"""What can be simulated, each as settings of the generator.

Muon pairs come in slices of the mass of the hard process, so that the rare ones are not the few: a set of slices adds
up to one sample, with the cross section of each over its number of events as weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

COMMON = ("Beams:eCM = 13000.", "PartonLevel:MPI = off", "HadronLevel:all = off", "Print:quiet = on")
_PAIR = ("WeakSingleBoson:ffbar2gmZ = on", "23:onMode = off", "23:onIfAny = 13")
_RESONANCE = ("NewGaugeBoson:ffbar2gmZZprime = on", "Zprime:gmZmode = 3", "32:onMode = off", "32:onIfAny = 13")
_CONTACT_OF_ONE = (
    57.1  # couplings to left-handed fermions over those of a Z, with which a Z' of 30 TeV has c_W = 1/TeV^2
)
_OTHER_SHOWER = (
    "SpaceShower:alphaSvalue = 0.1237",
    "SpaceShower:pT0Ref = 0.59",
    "BeamRemnants:primordialKThard = 1.71",
)
_FOUR = ("23:onMode = off", "23:onIfAny = 13")
_ZZ = ("WeakDoubleBoson:ffbar2gmZgmZ = on", *_FOUR, "23:mMin = 12.")
_HIGGS = ("HiggsSM:gg2H = on", "25:onMode = off", "25:onIfMatch = 23 23", *_FOUR)
_TAILS, _TAIL_MASS = {80: 40, 94: 8, 98: 2}, 95.0  # near the peak few of many events are measured far above it
MASS_EDGES = (50, 80, 94, 98, 105, 130, 200, 400)  # GeV, of the hard process


@dataclass(frozen=True)
class Process:
    """A hard process.

    Attributes:
        what: in words.
        settings: of the generator, besides `COMMON`, seed and final state.
        n_muons: in the final state, 2 or 4.
        n_measured: how often each event is measured, by independent resolutions.
        least_mass: of the muons as measured, in GeV; events below are not kept.
    """

    what: str
    settings: tuple[str, ...]
    n_muons: int = 2
    n_measured: int = 1
    least_mass: float = 0.0


def _contact(c_w: float) -> Process:
    """c_W J_L^a J_L^a as a Z' of 30 TeV far below its mass, exchanged beside Z and photon.

    Its amplitude is -e^2 k^2 T_q T_l / (s_w^2 c_w^2 M^2), where the contact term has 2 c_W T_q T_l.
    """
    k = _CONTACT_OF_ONE * c_w**0.5
    heavy = ("NewGaugeBoson:ffbar2gmZZprime = on", "Zprime:gmZmode = 0", "32:m0 = 30000.", "32:onMode = off")
    width = ("32:onIfAny = 13", "32:doForceWidth = on", "32:mWidth = 1.", "PhaseSpace:mHatMin = 105.")
    signs = {"d": -k, "u": k, "e": k, "nue": -k}  # of opposite sign for quarks and leptons of one isospin: c_W > 0
    couplings = tuple(f"Zprime:{kind}{name} = {value:.6g}" for name, value in signs.items() for kind in "va")
    return Process(
        f"mu+ mu- with mHat above 105 GeV and a contact term, c_W = {c_w:g}/TeV^2", heavy + width + couplings
    )


def _slices() -> dict[str, Process]:
    """Z/gamma* by mass; the last slice has no upper end."""
    found = {}
    for low, high in zip(MASS_EDGES, (*MASS_EDGES[1:], -1), strict=True):
        limits = (f"PhaseSpace:mHatMin = {low}.", f"PhaseSpace:mHatMax = {high}.")
        end = "" if high < 0 else f" to {high}"
        what = f"Z/gamma* -> mu+ mu- with mHat from {low}{end} GeV"
        found[f"sm{low}"] = Process(what, (*_PAIR, *limits))
        if low in _TAILS:
            tail = Process(f"{what}, measured above {_TAIL_MASS} GeV", (*_PAIR, *limits))
            found[f"tail{low}"] = replace(tail, n_measured=_TAILS[low], least_mass=_TAIL_MASS)
    return found


PROCESSES: Mapping[str, Process] = {
    **_slices(),
    "sm": Process("Z/gamma* -> mu+ mu- with mHat above 50 GeV", (*_PAIR, "PhaseSpace:mHatMin = 50.")),
    "az": Process(
        "Z/gamma* -> mu+ mu- with mHat above 50 GeV, another initial-state shower",
        (*_PAIR, "PhaseSpace:mHatMin = 50.", *_OTHER_SHOWER),
    ),
    "vincia": Process(
        "Z/gamma* -> mu+ mu- with mHat above 50 GeV, antenna shower",
        (*_PAIR, "PhaseSpace:mHatMin = 50.", "PartonShowers:model = 2"),
    ),
    **{
        f"zprime{mass}": Process(f"Z' -> mu+ mu- of {mass} GeV, couplings of the Z", (*_RESONANCE, f"32:m0 = {mass}."))
        for mass in (180, 200, 240, 300, 450, 600)
    },
    "contact100": _contact(1.0),
    "contact25": _contact(0.25),
    "zz": Process("ZZ -> 4 mu", _ZZ, n_muons=4),
    "higgs": Process("gg -> H -> ZZ* -> 4 mu", _HIGGS, n_muons=4),
}
_NAMES = tuple(_slices())
SETS: Mapping[str, tuple[str, ...]] = {
    "slices": tuple(name for name in _NAMES if name.startswith("sm")),
    "high": (*(f"tail{low}" for low in _TAILS), *(f"sm{low}" for low in MASS_EDGES if low > max(_TAILS))),
}
"""Several processes that add up: all of Z/gamma*, and what is measured above 95 GeV, with more equal weights."""

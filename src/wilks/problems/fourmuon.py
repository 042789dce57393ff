"""The four-muon problem: seven variables of a pair of Z bosons, with a Higgs boson as the exercise.

Of the bosons the mass, pt and eta, and the angle between them; the one nearer to the mass of the Z is the first. The
mass of the four muons is no feature: m4l is carried along, to see there what was learned. Momenta and masses are in
GeV, angles in radians.
"""

from pathlib import Path

from wilks.samples import Sample, read

FEATURES = ("z1_mass", "z1_pt", "z1_eta", "z2_mass", "z2_pt", "z2_eta", "delta_phi_zz")
SELECTION = "z1_mass > 40 and z1_mass < 120 and z2_mass > 12 and z2_mass < 120"


def read_fourmuons(path: str | Path) -> Sample:
    """Events of a file with these columns and ``m4l`` that pass SELECTION.

    Raises SampleError for a file that cannot be used.
    """
    return read(path, features=list(FEATURES), where=SELECTION, carry=["m4l"])

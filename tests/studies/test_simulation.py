"""The simulation as far as it needs no generator: muons as measured, their columns, and slices merged with weights."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from wilks.problems import dimuon
from wilks.samples import parse_expression

from studies.simulation import detector
from studies.simulation.merge import merged
from studies.simulation.processes import PROCESSES, SETS


def muons(n: int, k: int) -> np.ndarray:
    """Within the acceptance."""
    rng = np.random.default_rng(1)
    return np.stack([rng.uniform(30, 90, (n, k)), rng.uniform(-2, 2, (n, k)), rng.uniform(-3, 3, (n, k))], axis=2)


def test_pairs_are_ordered_and_have_the_mass_of_their_columns() -> None:
    table = detector.table(muons(100, 2))
    columns = dict(zip(detector.COLUMNS[2], table.T.astype(np.float64), strict=True))
    assert np.all(columns["pt1"] >= columns["pt2"])
    np.testing.assert_allclose(columns["mll"], parse_expression(dimuon.MASS).evaluate(columns), rtol=1e-6)


def test_two_muons_of_one_z_are_its_mass() -> None:
    """Two bosons at rest, of 91 and 30 GeV, whatever the order of the muons of a charge."""
    pairs = [((m / 2, 0.0, phi), (m / 2, 0.0, phi + np.pi)) for m, phi in ((30.0, 1.0), (91.0, 0.3))]
    (a, b), (c, d) = pairs
    for event in ((a, b, c, d), (c, b, a, d)):
        found = dict(zip(detector.COLUMNS[4], detector.table(np.array([event]))[0], strict=True))
        assert found["z1_mass"] == pytest.approx(91.0, rel=1e-5) and found["z2_mass"] == pytest.approx(30.0, rel=1e-5)
        assert found["m4l"] == pytest.approx(121.0, rel=1e-5) and found["pt4l"] < 1e-3


def test_muons_are_smeared_and_lost_as_stated() -> None:
    true = muons(200_000, 2)
    found, is_found = detector.measured(true, np.random.default_rng(2))
    is_central = np.abs(true[:, 0, 1]) < detector.ETA_EDGES[0]
    pulls = (found[:, 0, 0] / true[:, 0, 0] - 1.0) / np.hypot(0.01, 1e-4 * true[:, 0, 0])
    assert np.std(pulls[is_central]) == pytest.approx(1.0, abs=0.02)
    is_barrel = np.all(np.abs(true[:, :, 1]) < detector.BARREL_ETA, axis=1)
    assert is_found[is_barrel].mean() == pytest.approx(detector.EFFICIENCY_BARREL**2, abs=0.01)


def test_slices_are_complete_and_do_not_overlap() -> None:
    limits = [PROCESSES[name].settings[-2:] for name in SETS["slices"]]
    edges = [tuple(float(text.split("=")[1]) for text in both) for both in limits]
    assert [low for low, _ in edges[1:]] == [high for _, high in edges[:-1]] and edges[-1][1] == -1
    high = [name.removeprefix("tail").removeprefix("sm") for name in SETS["high"]]
    assert high == [name.removeprefix("sm") for name in SETS["slices"][1:]]


@pytest.fixture
def simulated(tmp_path):
    """Two slices of 10 and 20 pb, of two files and of one, 100 generated events each, all kept, one measured twice."""
    for name, cross_section, n_files, n_measured in (("sm98", 10.0, 2, 1), ("tail98", 20.0, 1, 2)):
        (tmp_path / name).mkdir()
        for k in range(n_files):
            generated = np.repeat(np.arange(100, dtype=np.int32), n_measured)
            facts = {"cross_section_pb": cross_section, "n_generated": 100, "n_measured": n_measured}
            columns = {"mll": generated + 1000.0 * k, "generated": generated}
            table = pyarrow.table(columns, metadata={"simulation": json.dumps(facts)})
            pyarrow.parquet.write_table(table, tmp_path / name / f"{k + 1:05d}.parquet")
    return tmp_path


def test_weights_add_up_to_the_cross_section_in_every_share(simulated) -> None:
    whole = merged(simulated, ("sm98", "tail98"))
    assert whole["weight"].to_numpy().sum() == pytest.approx(30.0) and len(whole) == 400
    parts = [merged(simulated, ("sm98", "tail98"), share=share) for share in ((0.0, 0.3), (0.3, 1.0))]
    assert [part["weight"].to_numpy().sum() for part in parts] == pytest.approx([30.0, 30.0])
    seen = [set(part["mll"].to_pylist()) for part in parts]
    assert not seen[0] & seen[1] and len(seen[0] | seen[1]) == 200


def test_a_slice_without_files_is_named(simulated) -> None:
    with pytest.raises(SystemExit, match="simulate sm400 first"):
        merged(simulated, ("sm400",))

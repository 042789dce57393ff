"""The four-muon problem: what is read, and what is left out."""

import numpy as np

import wilks
from wilks.problems import fourmuon


def test_the_mass_of_all_is_carried_and_no_feature(tmp_path) -> None:
    columns = {name: np.full(3, 30.0) for name in fourmuon.FEATURES}
    columns |= {"z1_mass": np.array([91.0, 91.0, 30.0]), "m4l": np.array([125.0, 300.0, 90.0])}
    np.savez(tmp_path / "events.npz", **columns)
    sample = fourmuon.read_fourmuons(tmp_path / "events.npz")
    assert sample.features == fourmuon.FEATURES and "m4l" not in sample.features
    assert sample.column("m4l").tolist() == [125.0, 300.0]  # the third has no Z


def test_it_is_an_analysis(tmp_path) -> None:
    rng = np.random.default_rng(1)
    columns = {name: rng.uniform(41, 119, 400) for name in (*fourmuon.FEATURES, "m4l")}
    np.savez(tmp_path / "events.npz", **columns)
    analysis = wilks.Analysis(reference=fourmuon.read_fourmuons(tmp_path / "events.npz"), expected_events=40)
    assert analysis.features == fourmuon.FEATURES

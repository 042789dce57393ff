"""The di-muon problem and its packaged files."""

import hashlib
from importlib.resources import files

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.problems import dimuon
from wilks.samples import Sample


@pytest.fixture(scope="module")
def sample():
    return dimuon.small_sample()


def test_packaged_sample_lies_within_the_selection(sample):
    pt1, pt2, eta1, eta2, delta_phi = sample.events.T
    assert sample.n_events == 80_000 and sample.features == dimuon.FEATURES and not sample.is_weighted
    assert np.all(pt1 >= pt2) and np.all(pt2 > 20) and np.all(pt1 < 1000)
    assert np.all(abs(eta1) < 2.4) and np.all(abs(eta2) < 2.4)
    assert np.all((delta_phi >= 0) & (delta_phi <= np.float32(2 * np.pi)))
    assert np.all(sample.column("mll") > 60 - 1e-4)


def test_packaged_sample_looks_like_a_z(sample):
    mll = sample.column("mll")
    assert np.median(mll) == pytest.approx(90.8, abs=0.3)
    assert np.mean((mll > 80) & (mll < 100)) == pytest.approx(0.89, abs=0.01)


def test_packaged_files_are_what_their_provenance_says():
    for name in ("dimuon_small", "dimuon_small_data"):
        content = (files("wilks.problems") / "data" / f"{name}.h5").read_bytes()
        text = (files("wilks.problems") / "data" / f"{name}.json").read_text(encoding="utf-8")
        assert hashlib.sha256(content).hexdigest() in text
        assert len(content) < 3_000_000


def test_provenance_names_the_selection():
    provenance = dimuon.small_sample_provenance()
    assert provenance["selection"] == dimuon.SELECTION
    assert provenance["n_events"] == 80_000


def test_packaged_data_share_no_event_with_the_sample(sample):
    rows = {row.tobytes() for row in sample.events}
    assert not any(row.tobytes() in rows for row in dimuon.small_data().events)


def test_mass_is_computed_where_it_is_not_stored(tmp_path):
    path = tmp_path / "pairs.h5"
    with h5py.File(path, "w") as file:
        for name, values in {"pt1": [50.0, 40.0], "pt2": [45.0, 10.0]}.items():
            file[name] = np.array(values, dtype=np.float32)
        for name, value in {"eta1": 0.5, "eta2": -0.5, "delta_phi": np.pi}.items():
            file[name] = np.full(2, value)
    pairs = dimuon.read_dimuons(path)
    assert pairs.n_events == 1
    assert pairs.column("mll")[0] == pytest.approx(np.sqrt(2 * 50 * 45 * (np.cosh(1.0) + 1)))


def with_masses(masses, weights=None):
    return Sample(np.ones((len(masses), 1)), weights, extras={"mll": np.array(masses)})


def test_contact_interaction_is_normalized_on_the_z_peak():
    standard_model = with_masses([90.0, 91.0, 92.0, 150.0])
    contact = with_masses([90.0, 91.0, 200.0, 300.0])
    hypothesis = dimuon.contact_interaction(standard_model, contact, expected_events=1_000.0)
    assert hypothesis.expected_events == pytest.approx(1_500.0)  # 750 events in the peak, half of the sample


def test_contact_interaction_needs_the_peak():
    with pytest.raises(SampleError, match="80 < mll < 100"):
        dimuon.contact_interaction(with_masses([90.0]), with_masses([200.0]), expected_events=10.0)

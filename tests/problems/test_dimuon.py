"""The di-muon problem and its packaged files."""

import hashlib
from importlib.resources import files

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.nuisances import Unselected
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


def lorentz(columns):
    """Momenta (n, 2, 4) of both muons, the first at phi = 0, in no order."""
    phi = (np.zeros_like(columns["delta_phi"]), columns["delta_phi"])
    muons = []
    for i in (1, 2):
        pt, eta = columns[f"pt{i}"], columns[f"eta{i}"]
        muons.append(np.stack([pt * np.cosh(eta), pt * np.cos(phi[i - 1]), pt * np.sin(phi[i - 1]), pt * np.sinh(eta)]))
    return np.moveaxis(np.stack(muons), (0, 2), (1, 0))


def mass(columns):
    total = lorentz(columns).sum(axis=1)
    return np.sqrt(total[:, 0] ** 2 - np.sum(total[:, 1:] ** 2, axis=1))


def pairs(n, seed=0):
    rng = np.random.default_rng(seed)
    pt = np.sort(20.0 + rng.exponential(20.0, (n, 2)), axis=1)
    columns = {"pt1": pt[:, 1], "pt2": pt[:, 0], "eta1": rng.uniform(-2.4, 2.4, n), "eta2": rng.uniform(-2.4, 2.4, n)}
    columns["delta_phi"] = rng.uniform(0.0, 2 * np.pi, n)
    return columns | {"mll": mass(columns)}


@pytest.mark.parametrize("nu", [-0.1, 0.02, 0.3])
def test_muon_scale_is_that_of_the_four_momenta(nu):
    """Each muon alone is scaled: the set of (pt, eta) and the mass tell, whatever the order."""
    before = pairs(2_000)
    after = dimuon.muon_scale(before, nu)
    assert np.all(after["pt1"] >= after["pt2"]) and after.keys() == before.keys()
    factors = [np.exp(np.where(abs(before[f"eta{i}"]) < 2.1, nu, 3 * nu)) for i in (1, 2)]
    scaled = before | {"pt1": before["pt1"] * factors[0], "pt2": before["pt2"] * factors[1]}
    assert after["mll"] == pytest.approx(mass(scaled)) and after["mll"] == pytest.approx(mass(after))
    swapped = scaled["pt2"] > scaled["pt1"]
    assert 0 < swapped.sum() < 2_000
    for name, other in (("pt1", "pt2"), ("eta1", "eta2"), ("eta2", "eta1")):
        assert after[name] == pytest.approx(np.where(swapped, scaled[other], scaled[name]))
    turned = np.where(swapped, 2 * np.pi - before["delta_phi"], before["delta_phi"])
    assert after["delta_phi"] == pytest.approx(turned) and np.all(after["delta_phi"] < 2 * np.pi)


def test_muon_scale_goes_back_and_forth():
    before = pairs(1_000, seed=1)
    again = dimuon.muon_scale(dimuon.muon_scale(before, 0.2), -0.2)
    assert all(again[name] == pytest.approx(before[name]) for name in before)
    assert "mll" not in dimuon.muon_scale({name: before[name] for name in dimuon.FEATURES}, 0.1)


def test_muons_back_to_back_keep_their_angle_in_range():
    one = {name: np.array([value]) for name, value in zip(dimuon.FEATURES, (21.0, 20.9, 0.0, 2.3, 0.0), strict=True)}
    assert dimuon.muon_scale(one, 0.1)["delta_phi"][0] == 0.0


def unselected_file(path, n=4_000):
    """Pairs with a peak in the mass near 91 and momenta down to 15 GeV, as a file without mll."""
    rng = np.random.default_rng(2)
    pt = np.sort(15.0 + rng.exponential(25.0, (n, 2)), axis=1)
    with h5py.File(path, "w") as file:
        columns = {
            "pt1": pt[:, 1],
            "pt2": pt[:, 0],
            "eta1": rng.uniform(-2.6, 2.6, n),
            "eta2": rng.uniform(-2.6, 2.6, n),
        }
        for name, values in (columns | {"delta_phi": rng.uniform(2.0, 4.0, n)}).items():
            file[name] = values
    return path


def test_muons_migrate_across_the_selection(tmp_path):
    events = dimuon.read_unselected(unselected_file(tmp_path / "pairs.h5"))
    assert events.column("pt2").min() < 18 and events.column("mll").min() < 60
    source = Unselected(events, where=dimuon.SELECTION)
    nuisance = dimuon.muon_scale_nuisance(0.01)
    for nu in (-0.1, 0.1):
        varied = source.at([nuisance], {"muon_scale": nu})
        columns = {name: events.column(name) for name in (*dimuon.FEATURES, "mll")}
        moved = dimuon.muon_scale(columns, nu)
        passing = (moved["pt1"] < 1000) & (moved["pt2"] > 20) & (moved["mll"] > 60)
        passing &= (abs(moved["eta1"]) < 2.4) & (abs(moved["eta2"]) < 2.4)
        assert varied.n_events == passing.sum() != source.nominal().n_events
        assert varied.column("mll") == pytest.approx(mass({name: varied.column(name) for name in dimuon.FEATURES}))
    assert (
        source.yield_ratio([nuisance], {"muon_scale": 0.1})
        > 1.1
        > 0.9
        > source.yield_ratio([nuisance], {"muon_scale": -0.1})
    )

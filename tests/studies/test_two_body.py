"""The study of two-body final states from its samples to its figures, in a reduced form: some hundred events and toys
of a few."""

import dataclasses
import json

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

import wilks
from wilks.problems import dimuon
from wilks.samples import parse_expression

from studies.two_body import run
from studies.two_body.cells import Cell, against_chi_square, recorded
from studies.two_body.regimes import REGIMES, thinned

N_EVENTS = {"learning": 3_000, "reference": 3_000, "pool": 6_000, "zprime300": 500}


def pairs(n: int, rng: np.random.Generator, *, mass: float) -> dict[str, np.ndarray]:
    """Muons back to back in the transverse plane, of pairs near a mass and above it."""
    eta = rng.normal(0.0, 0.6, size=(2, n))
    masses = mass * (0.94 + rng.exponential(0.2, size=n))
    pt = masses / np.sqrt(2 * (np.cosh(eta[0] - eta[1]) + 1)) * np.exp(rng.normal(0.0, 0.02, size=(2, n)))
    columns = dict(zip(dimuon.FEATURES, (*np.sort(pt, axis=0)[::-1], *eta, rng.normal(np.pi, 0.1, n)), strict=True))
    return columns | {"mll": parse_expression(dimuon.MASS).evaluate(columns)}


@pytest.fixture
def folder(tmp_path):
    """Samples as `studies.simulation.merge` writes them, and the contact term: the pool, and a twentieth on top."""
    rng = np.random.default_rng(1)
    for name, n in N_EVENTS.items():
        columns = pairs(n, rng, mass=300.0 if name == "zprime300" else 105.0)
        table = pyarrow.table(columns | {"weight": np.full(n, 23.0 / n)})
        pyarrow.parquet.write_table(table, tmp_path / f"dimuon_{name}.parquet")
    pool = pyarrow.parquet.read_table(tmp_path / "dimuon_pool.parquet")
    with h5py.File(tmp_path / "dimuon_eft_high_mass.h5", "w") as file:
        for name, values in pairs(N_EVENTS["pool"] // 20, rng, mass=130.0).items():
            file[name] = np.concatenate([pool[name].to_numpy(), values])
    return tmp_path


@pytest.fixture
def rows_of(folder, monkeypatch):
    """The rows of a command, run on these events with 150 expected ones."""
    monkeypatch.setitem(run.DEFINED, "electron", dataclasses.replace(REGIMES["electron"], expected_events=150.0))
    places = ["--data", str(folder), "--output", str(folder / "record.json")]

    def rows(part: str, *words: str) -> list[dict]:
        store = [] if part == "study" else ["--store", str(folder / "store")]
        run.SCRIPT.main([part, *words, *places, *store])
        return json.loads((folder / "record.json").read_text())["runs"][-1]["results"]

    return rows


def test_tails_are_thinned_to_the_share_that_they_have() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(0.0, 1.0, size=20_000)
    sample = wilks.Sample(x, np.exp(-5 * x), extras={"twice": 2 * x})
    kept = thinned(sample, 6_000, rng=rng)
    weights, least = kept.event_weights, kept.event_weights.min()

    assert kept.n_events == pytest.approx(6_000, abs=4 * np.sqrt(6_000))
    assert weights.sum() == pytest.approx(sample.expected_events, rel=0.02)
    heavy = np.exp(-5 * x) > least
    assert np.array_equal(kept.events[weights > least, 0], x[heavy]), "heavy events stay"
    tail = np.histogram(kept.events[weights == least], bins=4, range=(0.4, 1.0))[0] * least
    expected = np.histogram(x, bins=4, range=(0.4, 1.0), weights=np.exp(-5 * x))[0]
    assert np.abs(tail / expected - 1.0) == pytest.approx(0.0, abs=0.3)
    assert np.array_equal(kept.column("twice"), 2 * kept.events[:, 0])


def test_toys_of_several_seeds_are_one_table_each_counted_once() -> None:
    rng = np.random.default_rng(3)
    t, tau, seconds = rng.chisquare(96, size=60), rng.chisquare(110, size=60), np.full(60, 45.0)
    t[50] = tau[50] = np.nan  # a toy that failed

    def run_of(rows: slice, *, seed: int) -> dict:
        cell = Cell(t[rows], tau[rows], seconds[rows])
        results = [{"model": "a network"}, *against_chi_square({"0": cell, "scale +": cell}, 96)]
        options = {"n_toys": cell.t.size, "seed_of_toys": seed}
        text = json.dumps({"options": options, "results": results}, default=np.ndarray.tolist)
        return json.loads(text.replace("NaN", "null"))

    runs = [run_of(slice(40), seed=2), run_of(slice(10), seed=2), run_of(slice(40, 60), seed=4)]
    cells, dof = recorded(runs)
    assert list(cells) == ["0", "scale +"] and dof == 96
    assert np.allclose(cells["0"].t, t, atol=6e-4, equal_nan=True) and cells["0"].n_failed == 1
    first, _, together = against_chi_square(cells, dof)
    assert first["n_toys"] == 60 and first["mean"] == pytest.approx(np.nanmean(t), abs=1e-3)
    assert first["tau_ks_p_value"] < 0.01 < first["ks_p_value"]
    assert together["n_toys"] == 118 and together["p_value"] > 0.01
    assert recorded([]) == ({}, 0)


@pytest.mark.nightly
def test_the_study_runs_from_its_samples_to_its_figures(folder, rows_of) -> None:
    figures = ["--figures", str(folder / "figures")]
    (learned,) = rows_of("responses", "--regimes", "electron", *figures)
    assert set(learned["+1 sigma"]) == {*dimuon.FEATURES, "mll"}

    (studied,) = rows_of("study", "--regimes", "electron", *figures)
    assert studied["regime"] == "electron" and studied["order"] >= 1

    few = ["--n-toys", "10", "--n-calibration", "20"]
    first, *cells, together, _ = rows_of("validation", *few, *figures)[:8]
    assert first["reference"] == 750 and [cell["point"] for cell in cells] == list(run.POINTS)
    assert all(cell["n_failed"] == 0 and 0 < cell["p_uniform"] <= 1 for cell in cells)
    assert 0 < together["p_uniform, all points"] <= 1

    for negligible in ([], ["--negligible"]):
        resonance, peak, contact, excess = rows_of("sensitivity", *few, *negligible)
        assert resonance["signal"] == "resonance" and contact["signal"] == "contact term"
        assert peak["z_ref"] > 10.0, "a peak of 120 events on next to nothing"
        assert excess["z_ref"] > 0.0

    bins = rows_of("mass", *figures)
    assert sum(row["injected"] for row in bins) == pytest.approx(REGIMES["electron"].n_resonance, rel=0.01)
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        *(f"electron-{column}" for column in run.DRAWN),
        *("electron-mass", "electron-set", "electron-study"),
    }

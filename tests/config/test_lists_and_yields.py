"""Columns of lists, golden JSON files, rows and yields by entry in an analysis file."""

import json
from pathlib import Path

import numpy as np
import pytest

from wilks.config import build_analysis, load_config, read_data, read_sources
from wilks.config.systematics import Systematics
from wilks.errors import ConfigError, InputError

from tests.samples import jagged

TEXT = """
features: ["Muon_pt[0]", ht]
define: {ht: sum(Jet_pt)}
where: not max(Jet_pt) > 80
fill: {"max(Jet_pt)": 0}
reference: {files: mc.root, expected_events: 100}
data: {files: data.root, certified: golden.json}
model: {kernel: {n_centers: 3, is_score: true}}
"""
MC, DATA = jagged.events(1), jagged.events(2)
RUNS = np.random.default_rng(0).integers(1, 4, jagged.N_EVENTS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    jagged.write_tree(tmp_path / "mc.root", MC)
    blocks = np.ones(jagged.N_EVENTS)
    jagged.write_ntuple(
        tmp_path / "data.root", {**DATA, "run": RUNS, "luminosityBlock": blocks, "Run": RUNS, "ls": blocks}
    )
    (tmp_path / "golden.json").write_text(json.dumps({"1": [[1, 1]], "2": [[1, 9]]}))
    rng = np.random.default_rng(0)
    for name, n in (("a", 40), ("b", 60), ("c", 30)):
        np.savez(tmp_path / f"{name}.npz", x=rng.exponential(size=n), w=rng.uniform(1, 2, n), w_up=rng.uniform(1, 3, n))
    return tmp_path


def load(folder: Path, text: str = TEXT):
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return load_config(folder / "a.yaml")


def wanted(events, certified=None) -> list[float]:
    good = np.ones(jagged.N_EVENTS, bool) if certified is None else certified
    rows = zip(events["Muon_pt"].tolist(), events["Jet_pt"].tolist(), good.tolist(), strict=True)
    return [muons[0] for muons, jets, keep in rows if muons and keep and not max(jets, default=0) > 80]


def test_data_and_reference_are_read_alike(folder: Path) -> None:
    loaded = load(folder)
    sources, data = read_sources(loaded), read_data(loaded)
    assert sources.reference.events[:, 0].tolist() == wanted(MC)
    assert data.events[:, 0].tolist() == wanted(DATA, RUNS < 3)
    assert data.origin.n_uncertified == np.count_nonzero(RUNS == 3) and sources.reference.origin.certified == {}
    assert build_analysis(loaded, sources).expected_events == pytest.approx(100)
    on_disk = read_data(load(folder, TEXT + "on_disk: scratch\n"))
    assert on_disk.is_on_disk and on_disk.digest() == data.digest() and (folder / "scratch").is_dir()
    named = TEXT.replace(
        "certified: golden.json", "certified: {file: golden.json, run: Run, lumisection: ls}, entry_stop: 100"
    )
    assert read_data(load(folder, named)).events[:, 0].tolist() == wanted(
        DATA, (RUNS < 3) & (np.arange(len(RUNS)) < 100)
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{"max(Jet_pt)": 0}', '{"max(Jet_eta)": 0}', r"a.yaml:5: fill.* nothing uses 'max\(Jet_eta\)'"),
        ('{"max(Jet_pt)": 0}', "{ht: 0}", r"fill.* what events may lack"),
        ("sum(Jet_pt)", "sum(Jet_pt", r"a.yaml:3: define.ht"),
        (
            "files: mc.root",
            "generator: {function: 'a:b', n_events: 9}, certified: g.json",
            "`certified` belong to files",
        ),
        ("certified: golden.json", "certified: {file: golden.json, rum: Run}", "rum: unknown key"),
    ],
)
def test_faults_are_named_by_their_place(folder: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(folder, TEXT.replace(old, new))


YIELDS = """
features: [x]
reference: {files: [a.npz, b.npz], weight: w, expected_events: {a.npz: 30, b.npz: 300}, n_training: 50}
nuisances: {tune: {sigma: 0.1}, scale: {sigma: 0.1}}
variations:
  - {at: {tune: 0.1}, weight: w_up}
  - {at: {scale: 0.1}, files: [a.npz, b.npz], expected_events: {a.npz: 31, b.npz: 310}}
model: {kernel: {n_centers: 3, is_score: true}}
"""


@pytest.mark.parametrize("carried", ["", "carry: [w_up]"])
def test_every_process_of_a_reference_has_its_yield(folder: Path, carried: str) -> None:
    """A weight that is carried along, too, is multiplied as all weights of its file."""
    loaded = load(folder, YIELDS.replace(", n_training: 50", "").replace("features: [x]", f"features: [x]\n{carried}"))
    sources = read_sources(loaded)
    files = [np.load(folder / name) for name in ("a.npz", "b.npz")]
    factors = [30 / files[0]["w"].sum(), 300 / files[1]["w"].sum()]
    weights = np.concatenate([one["w"] * factor for one, factor in zip(files, factors, strict=True)])
    np.testing.assert_allclose(sources.reference.event_weights, weights, rtol=1e-14)
    assert sources.expected_events == pytest.approx(330, rel=1e-14)
    reweighted, of_files = Systematics(loaded, sources).variations
    varied = np.concatenate([one["w_up"] * factor for one, factor in zip(files, factors, strict=True)])
    np.testing.assert_allclose(reweighted.sample.event_weights, varied, rtol=1e-14)
    assert of_files.sample.expected_events == pytest.approx(341, rel=1e-14)


def test_a_part_of_it_keeps_the_yield_and_the_factors(folder: Path) -> None:
    loaded = load(folder, YIELDS)
    sources = read_sources(loaded)
    assert sources.reference.n_events == 50 and sources.reference.extras == {}
    assert sources.expected_events == pytest.approx(330) and sources.scaled_reference.expected_events == pytest.approx(
        330
    )
    whole = read_sources(load(folder, YIELDS.replace(", n_training: 50", "")))
    raw = {x: w for x, w in zip(whole.reference.events[:, 0], whole.reference.event_weights, strict=True)}
    assert sources.reference.event_weights.tolist() == [raw[x] for x in sources.reference.events[:, 0]]
    ups = {x: w for x, w in zip(whole.reference.events[:, 0], whole.varied_weights["w_up"], strict=True)}
    assert sources.varied_weights["w_up"].tolist() == [ups[x] for x in sources.reference.events[:, 0]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("a.npz: 30, b.npz: 300", "a.npz: 30", r"one for each entry of files, which are .*a.npz, .*b.npz"),
        ("a.npz: 30, b", "a.npz: -1, b", r"greater than 0"),
        (", expected_events: {a.npz: 31, b.npz: 310}", "", r"variations.1: .* give `expected_events` here as well"),
        ("weight: w_up", "transformed: true", r"variations.0: .* as a column of `per_file`"),
        (", n_training: 50}", "}\ntoys: {pool: {files: c.npz}}", r"toys.pool: .* give `expected_events` here as well"),
        (", n_training: 50}", "}\ntoys: {unselected: {files: c.npz}}", r"toys.unselected: .* `per_file`"),
        (
            "weight: w_up}",
            "weight: w_up, expected_events: {a.npz: 1}}",
            r"variations.0.expected_events: a mapping is for",
        ),
    ],
)
def test_other_samples_must_say_theirs(folder: Path, old: str, new: str, message: str) -> None:
    assert old in YIELDS
    with pytest.raises(InputError, match=message):
        read_sources(load(folder, YIELDS.replace(old, new)))


def test_a_pool_of_several_processes(folder: Path) -> None:
    pool = "}\ntoys: {pool: {files: [c.npz], expected_events: {c.npz: 7}}}"
    sources = read_sources(load(folder, YIELDS.replace(", n_training: 50}", pool)))
    assert sources.toy_source.expected_events == pytest.approx(7)

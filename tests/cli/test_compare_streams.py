"""`wilks compare --stream`: samples that are read in pieces, from files to a report."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from wilks.cli import compare_streams
from wilks.cli.main import main
from wilks.comparison.contents import Asked
from wilks.comparison.streamed import running

from tests import nano
from tests.lab.here import Here

N = 300


def write(path: Path, seed: int, **more: np.ndarray) -> None:
    rng = np.random.default_rng(seed)
    columns = {"pt": rng.exponential(20.0, N), "n_jets": rng.poisson(2.0, N).astype(float), **more}
    pq.write_table(pa.table(columns), path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a1", "a2", "b")):
        write(tmp_path / f"{name}.parquet", number)
    return tmp_path


def invoke(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["compare", *words, "--permutations", "19"])
    return done.exit_code, done.stdout, done.stderr


class TwoProcesses(Here):
    """Said to be; two that are: tests/comparison/streamed/test_streams.py."""

    n_processes = 2


def test_from_files_to_a_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.cli.workers.LocalProcesses", TwoProcesses)
    code, text, said = invoke("a*.parquet", "b.parquet", "--stream", "--processes", "1")
    assert code == 0, said
    assert "Comparison of 600 with 300 events in pt, n_jets" in text
    assert "read in pieces, twice, by this process" in said
    assert "streamed: labels of 900 events were permuted" in text
    assert sorted(path.name for path in (folder / "comparison").iterdir()) == [
        "comparison",
        "histograms",
        "report.html",
        "result.json",
    ]
    page = (folder / "comparison" / "report.html").read_text()
    assert "600, 600" in page and "a2.parquet" in page
    code, other, said = invoke("a*.parquet", "b.parquet", "--stream", "--processes", "2", "--output", "two")
    assert code == 0 and "by 2 processes" in said
    assert other.splitlines()[:-1] == text.splitlines()[:-1]
    code, text, said = invoke("a*.parquet", "b.parquet")
    assert code == 2 and "(stream differ)" in said


def chosen(a: str, b: str, asked: Asked | None = None, **options: object) -> bool:
    """Whether these files are streamed."""
    given = {
        "stream": None,
        "weight": (),
        "entry_stop": None,
        "reach": None,
        "hidden": (),
        "no_weights": False,
        **options,
    }
    return compare_streams.streamed((a, b), (asked or Asked(),) * 2, given) is not None


def test_large_samples_are_streamed_unless_they_have_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_streams, "STREAMED_ABOVE", 3 * N - 1)
    assert chosen("a*.parquet", "b.parquet")
    assert not chosen("a1.parquet", "b.parquet")
    assert chosen("a1.parquet", "b.parquet", stream=True)
    assert not chosen("a*.parquet", "b.parquet", stream=False)
    assert not chosen("a*.parquet", "b.parquet", reach=1e-6)
    write(folder / "b.parquet", 2, weight=np.linspace(0.5, 1.5, N))
    assert not chosen("a*.parquet", "b.parquet")
    assert chosen("a*.parquet", "b.parquet", no_weights=True)
    assert not chosen("a*.parquet", "a*.parquet", asked=Asked(define={"w": "pt / 2"}))
    np.savetxt("c.csv", np.ones((9, 2)), delimiter=",", header="pt,n_jets", comments="")
    assert not chosen("a*.parquet", "c.csv")
    monkeypatch.setattr(compare_streams, "_MOST_BYTES", 10)
    assert chosen("a*.parquet", "c.csv")


@pytest.mark.parametrize("words", [("--weight", "pt"), ("--entry-stop", "100"), ("--reach", "1e-6")])
def test_what_needs_memory_is_said(folder: Path, words: tuple[str, str]) -> None:
    code, _, said = invoke("a*.parquet", "b.parquet", "--stream", *words)
    assert code == 2 and f"--stream and {words[0]} exclude each other" in said
    assert not (folder / "comparison").exists()


@pytest.mark.usefixtures("no_figures")
def test_weights_that_are_not_1_are_set_aside_on_purpose_alone(folder: Path) -> None:
    write(folder / "b.parquet", 2, weight=np.linspace(0.5, 1.5, N))
    words = ("a1.parquet", "b.parquet", "--feature", "pt", "--stream", "--processes", "1")
    code, _, said = invoke(*words)
    assert code == 2 and "'weight' of the second sample looks like a weight" in said
    code, text, said = invoke(*words, "--no-weights", "--json")
    assert code == 0, said
    assert json.loads(text)["warnings"][0] == "weight left out: named as weights are"


@pytest.mark.usefixtures("no_figures")
def test_an_interrupted_one_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, calls = running._keep, list[int]()

    def stopped(sums: object, store: Path) -> None:
        keep(sums, store)
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "_keep", stopped)
    words = ("a*.parquet", "b.parquet", "--stream", "--processes", "1")
    code, _, said = invoke(*words)
    assert code == 3 and "the same command goes on" in said
    assert (folder / "comparison" / "sums").is_dir()
    code, text, said = invoke(*words, "--seed", "1")
    assert code == 2 and "sums of this comparison" in said
    code, text, said = invoke(*words)
    assert code == 0 and len(calls) == 3
    assert "p-value" in text and not (folder / "comparison" / "sums").exists()
    calls.clear()
    code, _, said = invoke(*words)  # once more, and interrupted: result.json is that of the interruption
    assert code == 3 and json.loads((folder / "comparison" / "result.json").read_text())["numbers"]["asked"]
    code, again, said = invoke(*words)
    assert code == 0 and again == text, said


@pytest.mark.usefixtures("no_processes")
def test_certified_events_and_lists(folder: Path) -> None:
    data, simulated = nano.events(N, seed=1, is_data=True), nano.events(N, seed=2, is_data=False)
    nano.write(folder / "data.root", data)
    nano.write(folder / "mc.root", simulated)
    nano.write_golden(folder / "golden.json")
    features = ("--feature", "Muon_pt[0]", "--feature", "max(Jet_pt)", "--fill", "max(Jet_pt)=0")
    words = ("data.root", "mc.root", *features, "--golden-json", "A=golden.json", "--no-weights")
    streamed, held = (
        json.loads(invoke(*words, way, "--json", "--output", way.strip("-"))[1]) for way in ("--stream", "--in-memory")
    )
    one, other = (told["numbers"]["comparison"] for told in (streamed, held))
    assert one["sizes"] == other["sizes"] and one["features"] == ["Muon_pt[0]", "max(Jet_pt)"]
    assert one["warnings"][:-1] == other["warnings"] and "have no 'Muon_pt[0]'" in one["warnings"][1]
    assert "golden.json does not certify" in streamed["numbers"]["left_out"][0]
    assert "golden.json (SHA-256" in (folder / "stream" / "report.html").read_text()

"""Files as those of NanoAOD, from `wilks compare` to a report, in one command."""

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
from click.testing import CliRunner

import wilks
from wilks.cli.main import main

from tests import nano

N_DATA, N_SIMULATED = 1500, 2000
DATA = nano.events(N_DATA, seed=1, is_data=True)
SIMULATED = nano.events(N_SIMULATED, seed=2, is_data=False)
GOOD = nano.is_certified(DATA["run"].astype(int), DATA["luminosityBlock"].astype(int))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nano.write(tmp_path / "data.root", DATA)
    nano.write(tmp_path / "mc.root", SIMULATED)
    nano.write_golden(tmp_path / "golden.json")
    return tmp_path


def invoke(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["compare", "data.root", "mc.root", "--permutations", "19", *words])
    return done.exit_code, done.stdout, done.stderr


FEATURES = ("--feature", "Muon_pt[0]", "--feature", "len(Jet_pt)", "--feature", "max(Jet_pt)", "--feature", "MET_pt")


def test_from_files_to_a_report(folder: Path) -> None:
    words = (
        *FEATURES,
        "--where",
        "abs(Muon_eta[0]) < 2.4",
        "--golden-json",
        "A=golden.json",
        "--fill",
        "max(Jet_pt)=0",
    )
    code, text, said = invoke(*words, "--json")
    assert code == 0, said
    told = json.loads(text)
    has_muon = ak.num(DATA["Muon"]["pt"]) > 0
    passes = GOOD & ak.to_numpy(ak.fill_none(abs(ak.firsts(DATA["Muon"]["eta"])) < 2.4, False))
    weights = SIMULATED["genWeight"][
        ak.to_numpy(ak.fill_none(abs(ak.firsts(SIMULATED["Muon"]["eta"])) < 2.4, False))
    ].astype(float)
    first, second = told["numbers"]["comparison"]["sizes"]
    assert first == passes.sum() and second == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    left_out = told["numbers"]["left_out"]
    assert (
        f"of the first sample {N_DATA - GOOD.sum():,} of 1,500 events are of lumisections that golden.json does not "
        "certify" in left_out
    )
    assert (
        f"of the first sample {int(ak.sum(GOOD & ~has_muon)):,} of 1,500 events have no object that "
        "'abs(Muon_eta[0]) < 2.4' needs and do not pass" in left_out
    )
    assert "'genWeight' weighs the events of the second" in left_out
    page = (folder / "comparison" / "report.html").read_text()
    for words_of_page in (
        "Muon_pt[0]",
        "max(Jet_pt) = 0",
        "golden.json (SHA-256",
        "does not certify",
        "What was compared",
    ):
        assert words_of_page in page
    assert wilks.load(folder / "comparison" / "comparison").features[0] == "Muon_pt[0]"


def test_events_without_a_leading_object_are_left_out_of_both_and_said(folder: Path) -> None:
    code, text, _ = invoke("--feature", "Jet_pt[1]", "--no-weights", "--output", "second")
    assert code == 0
    for which, events, n in (("first", DATA, N_DATA), ("second", SIMULATED, N_SIMULATED)):
        n_without = int(ak.sum(ak.num(events["Jet"]["pt"]) < 2))
        assert f"of the {which} sample {n_without:,} of {n:,} events have no 'Jet_pt[1]' and are left out" in text


def test_all_columns_of_numbers_without_a_choice(folder: Path) -> None:
    code, text, said = invoke("--define", "ht=sum(Jet_pt)", "--golden-json", "A=golden.json")
    assert code == 0, said
    assert f"Comparison of {GOOD.sum():,} with" in text and "in MET_pt, nMuon, nJet, ht" in text
    assert "Muon_pt, Muon_eta, Jet_pt, Jet_eta: it is jagged" in said
    assert "run, luminosityBlock, event left out: named as numbers of runs or events are." in said


def test_weights_of_one_sample(folder: Path) -> None:
    code, text, said = invoke(*FEATURES[-2:], "--weight", "B=2*genWeight", "--expected-ratio", "0.375")
    assert code == 0, said
    assert "Comparison of 1,500 with 1,9" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--golden-json", "golden.json"),
            "give the golden JSON to the data alone (on the command line --golden-json A=",
        ),
        (("--golden-json", "A=gone.json"), "there is no file 'gone.json'"),
        (("--golden-json", "A=golden.json", "--golden-json", "golden.json"), "--golden-json is given twice for A"),
        (("--golden-json", "A=golden.json", "--run-columns", "run"), "--run-columns must be two names"),
        (("--golden-json", "A=golden.json", "--run-columns", "Run,ls"), "has no column 'Run'"),
        (
            ("--feature", "Muon_pt"),
            "is jagged (a list of numbers for each event); write what is taken of them: Muon_pt[0]",
        ),
        (("--feature", "Moun_pt[0]"), "no column 'Moun_pt'"),
        (("--feature", "MET_pt", "--fill", "Jet_pt[0]=1"), "nothing uses 'Jet_pt[0]'"),
        (("--feature", "Jet_pt[0]", "--fill", "Jet_pt[0]=x"), "--fill must give numbers"),
        (("--define", "lead"), "--define must be NAME=EXPRESSION"),
        (("--weight", "A=1", "--weight", "2"), "--weight is given twice for A"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, words: tuple[str, ...], message: str) -> None:
    code, _, said = invoke(*words)
    assert code == 2 and message in said
    assert not (folder / "comparison").exists()


def test_the_first_rows_alone(folder: Path) -> None:
    code, text, _ = invoke("--feature", "MET_pt", "--no-weights", "--entry-stop", "120")
    assert code == 0 and "Comparison of 120 with 120 events" in text


def test_the_pattern_of_what_is_certified() -> None:
    assert 0.5 < np.mean(GOOD) < 0.8

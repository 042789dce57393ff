"""The recipes run as they stand: files get the names that they say, commands and Python follow in order."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

import wilks
from wilks.campaign import toys_here
from wilks.cli import main

from tests import nano
from tests.pages import worlds
from tests.pages.markdown import DOCS, Block, blocks, command_lines, run

SMALLER = {
    "--n-toys 200": "--n-toys 30",
    "--shard-size 50": "--shard-size 5",
    "n_toys: 400": "processes: 1, n_toys: 20",
}
NETWORKS_AND_CLUSTERS = {("select",), ("toys", "run", "results/toys", "--dask")}


def data_files(folder: Path) -> None:
    for name, n, is_data in (("mc.root", 1_500, False), ("data.root", 300, True)):
        nano.write(folder / name, nano.events(n, seed=n, is_data=is_data))
    nano.write_golden(folder / "Cert.json")
    scales = {"nominal": 1.0, "observed": 1.0, "jet_scale_up": 1.05, "jet_scale_down": 0.95}
    for name, scale in scales.items():
        made = worlds.columns(200 if name == "observed" else 2_500, seed=len(name))
        worlds.write_root(folder / f"{name}.root", "events", made | {"pt": made["pt"] * scale})
    for name in ("first", "second"):
        frame = pd.DataFrame(worlds.columns(300, seed=len(name)))
        frame.assign(genWeight=np.linspace(0.5, 1.5, 300)).to_parquet(folder / f"{name}.parquet")
    content = [
        {
            "key": kind,
            "value": {"nodetype": "formula", "expression": f"{size}+0*x", "parser": "TFormula", "variables": ["pt"]},
        }
        for kind, size in (("nominal", 0.98), ("up", 1.0), ("down", 0.95))
    ]
    correction = {
        **{"name": "muon_id", "version": 1, "output": {"name": "factor", "type": "real"}},
        "inputs": [{"name": "pt", "type": "real"}, {"name": "kind", "type": "string"}],
        "data": {"nodetype": "category", "input": "kind", "content": content},
    }
    (folder / "muon_sf.json").write_text(json.dumps({"schema_version": 2, "corrections": [correction]}))


def running_files(folder: Path) -> None:
    np.savez(folder / "reference.npz", **worlds.columns(1_000, seed=1))
    np.savez(folder / "data.npz", **worlds.columns(60, seed=2))
    document: dict[str, Any] = {
        "features": ["pt", "eta"],
        "reference": {"files": "reference.npz", "expected_events": 60, "n_training": 400},
        "data": {"files": "data.npz"},
        "model": {"kernel": {"n_centers": 10, "width": 1.0, "is_score": True}},
        "toys": {"n_toys": 20, "processes": 1},
    }
    (folder / "analysis.yaml").write_text(yaml.safe_dump(document))
    for name in ("good", "incoming"):
        (folder / name).mkdir()
    rng = np.random.default_rng(3)
    for k, name in enumerate(("good/run1", "good/run2", "good/run3", "incoming/run4")):
        n = 4_000 if k < 3 else 150
        np.savez(folder / f"{name}.npz", t1=rng.exponential(size=n), angle=rng.normal(size=n))


def workspace(folder: Path) -> None:
    background: dict[str, Any] = {
        "name": "background",
        "data": [100.0, 60.0, 30.0, 10.0],
        "modifiers": [
            {"name": "luminosity", "type": "normsys", "data": {"hi": 1.025, "lo": 0.975}},
            {"name": "scale", "type": "histosys", "data": {"hi_data": [95, 62, 32, 11], "lo_data": [105, 58, 28, 9]}},
        ],
    }
    mu = [{"name": "mu", "type": "normfactor", "data": None}]
    samples = [background, {"name": "signal", "data": [0.0, 1.0, 5.0, 1.0], "modifiers": mu}]
    document = {
        "channels": [{"name": "signal_region", "samples": samples}],
        "observations": [{"name": "signal_region", "data": [100, 60, 30, 10]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    (folder / "workspace.json").write_text(json.dumps(document))


def statistics_names() -> worlds.Names:
    analysis = worlds.analysis_of()
    toys = toys_here(analysis, wilks.Null(), n_toys=20, seed=1)
    result = wilks.goodness_of_fit(analysis, worlds.sample(60, seed=3), calibration=wilks.calibrate(toys))
    frame = pd.DataFrame(worlds.columns(500, seed=1)).assign(mll=np.linspace(100, 499, 500))
    return {"toys": toys, "result": result, "frame": frame}


def data_names() -> worlds.Names:
    made = nano.events(200, seed=3, is_data=True)
    events = ak.Array({name: made[name] for name in ("Muon", "Jet", "MET_pt")})
    return {"events": events, "frame": pd.DataFrame(worlds.columns(400, seed=1))}


def play(page: Path, folder: Path, names: worlds.Names) -> list[str]:
    """Every block of a page in its order, definitions of files first; what the commands printed."""
    told = blocks(page)
    for block in told:
        if block.language == "yaml" and block.file:
            text = block.text
            for old, new in SMALLER.items():
                text = text.replace(old, new)
            (folder / block.file).write_text(text)
    printed = []
    for block in told:
        if block.language == "python":
            run(block, names)
        elif block.language == "sh":
            printed += [command(block, words) for words in command_lines(block) if not is_elsewhere(words)]
    return printed


def is_elsewhere(words: list[str]) -> bool:
    return any(tuple(words[: len(one)]) == one for one in NETWORKS_AND_CLUSTERS)


def command(block: Block, words: list[str]) -> str:
    line = " ".join(words)
    for old, new in SMALLER.items():
        line = line.replace(old, new)
    outcome = CliRunner().invoke(main, line.split(" ") if line != " ".join(words) else words)
    is_told = words[:2] == ["toys", "status"]  # of toys that are missing, by exit code 3
    assert outcome.exit_code in ({0, 3} if is_told else {0}), f"{block.place}: wilks {line}: {outcome.output}"
    return outcome.output


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wilks.plots.style._saved", lambda figure, print_figure: b"of tests/plots")
    return tmp_path


@pytest.mark.usefixtures("no_processes", "cheap_figures")
def test_data(here: Path) -> None:
    data_files(here)
    names = data_names()
    play(DOCS / "howto-data.md", here, names)
    flat = wilks.read("selected.parquet", features=["muon_pt", "n_jets", "met"])
    assert 0 < flat.n_events < 200 and flat.column("muon_pt").min() > 25
    assert names["nuisances"].log_ratio(flat.events[:1, :2], {"muon_id": 1.0})[0] == pytest.approx(np.log(1.0 / 0.98))
    assert (here / "generators" / "report.html").exists() and (here / "nano-results" / "report.html").exists()


@pytest.mark.usefixtures("no_processes", "cheap_figures")
def test_running(here: Path) -> None:
    running_files(here)
    printed = play(DOCS / "howto-running.md", here, {})
    assert list((here / "results" / "toys" / "jobs").iterdir()) and (here / "results" / "report.html").exists()
    assert any("run4.npz: " in one for one in printed)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pyhf")
def test_other_programs(here: Path) -> None:
    workspace(here)
    names = statistics_names()
    (here / "gof.json").write_text(json.dumps({"125.0": {"obs": [3.0], "toy": [1.0, 2.0, 4.0], "p": 1 / 3}}))
    play(DOCS / "howto-statistics.md", here, names)
    response, at = names["nuisances"], np.array([[120.0, 0.0], [220.0, 0.0], [450.0, 0.0]])
    assert np.exp(response.log_ratio(at, {"scale": 1.0})) == pytest.approx([0.95, 32 / 30, 1.1])
    assert np.exp(response.log_ratio(at, {"luminosity": -1.0})) == pytest.approx([0.975] * 3)


def test_workflows_name_the_shards_of_the_plan(here: Path) -> None:
    """A Snakefile, tasks of law and the plan beside them agree on the names of the files of shards."""
    running_files(here)
    text = (DOCS / "howto-running.md").read_text()
    plan = next(words for one in blocks(DOCS / "howto-running.md") for words in command_lines(one) if "plan" in words)
    assert CliRunner().invoke(main, plan).exit_code == 0
    outcome = CliRunner().invoke(main, ["toys", "run", "results/toys", "--shard", "3"])
    assert outcome.exit_code == 0 and (here / "results" / "toys" / "shards" / "shard-0000003.parquet").exists()
    assert " ".join(plan[2:]).replace("analysis.yaml", "{input}") in text and text.count("range(4)") == 1


def test_coming_from_nplm(here: Path) -> None:
    t = np.random.default_rng(1).chisquare(13, size=30)
    for name in ("out", "tables"):
        (here / name).mkdir()
    for seed, value in enumerate(t):
        (here / "out" / f"seed{seed}_TAU.txt").write_text(f"{value + 2:.6f}\n")
        (here / "out" / f"seed{seed}_DELTA.txt").write_text("2.000000\n")
    for name, values in (("TAU", t + 2), ("DELTA", np.full(30, 2.0))):
        with h5py.File(here / "tables" / f"{name}_final.h5", "w") as file:
            file["tvalues"], file["seeds"] = values, np.arange(30.0)
    (here / "reference.log").write_text("".join(f"{k},{one},2000.0,2.1,17,{k}\n" for k, one in enumerate(t)))
    names: worlds.Names = {"wilks": wilks}
    printed = play(DOCS / "from-nplm.md", here, names)
    assert np.allclose(np.sort(names["t"]), np.sort(t), atol=2e-6) and "p = " in printed[-1]
    assert printed[0] == printed[1]

"""`wilks figures` on everything that commands store."""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from click.testing import CliRunner, Result

import wilks
from wilks.cli.main import main
from wilks.monitor.audit import AuditLog
from wilks.plots import catalog
from wilks.plots.style import Drawing

pytestmark = pytest.mark.usefixtures("no_processes")


def figures(folder: Path, output: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["figures", str(folder), "-o", str(output), *words])


@pytest.fixture(scope="module")
def output(make_study: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After `wilks run` of a kernel."""
    study = make_study(tmp_path_factory.mktemp("figures"))
    study.config["model"] = {"kernel": {"n_centers": 10, "width": 1.0, "is_score": True}}
    study.config["toys"]["n_toys"] = 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wilks.reports.picture._uri", lambda figure, *, is_vector: "data:,")
        done = study.run("run")
    assert done.exit_code == 0, done.output
    page = (study.output / "report.html").read_text()
    assert "What limits this answer" in page and f"wilks run {study.path}" in page
    return Path(study.output)


def test_every_figure_of_an_analysis(output: Path, tmp_path: Path) -> None:
    done = figures(output, tmp_path, "--format", "csv", "--axis", "x=energy [GeV]", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["numbers"]["figures"] == [
        *("null_distribution", "qq", "running_mean", "percentiles", "ratio-x", "ratio-y", "region", "corner"),
    ]
    assert (tmp_path / "ratio-x.csv").read_text().splitlines()[2].startswith("energy [GeV],energy low [GeV]")
    assert all(Path(path).parent == tmp_path for path in told["files"].values())
    assert not list(output.glob("figures*")) and json.loads((output / "result.json").read_text())["command"] == "run"


def test_a_style_holds_for_the_command_alone(output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setitem(catalog._IMAGES, "pdf", lambda figure: seen.append(figure) or b"%PDF")
    before = dict(mpl.rcParams)
    done = figures(output / "test" / "answer", tmp_path, "--style", "lhcb", "--label", "Simulation")
    assert done.exit_code == 0, done.output
    assert seen and all(isinstance(one, Drawing) and "LHCb" in one.texts[0].get_text() for one in seen)
    assert dict(mpl.rcParams) == before
    wrong = figures(output, tmp_path, "--style", "D0")
    assert wrong.exit_code == 2 and "must be one of plain, CMS, ATLAS, LHCb, but it is 'D0'" in wrong.stderr


def test_what_the_command_did_not_write_is_not_replaced(output: Path, tmp_path: Path) -> None:
    mine = tmp_path / "figs" / "running_mean.csv"
    mine.parent.mkdir()
    mine.write_text("mine")
    refused = figures(output / "toys", mine.parent, "--format", "csv")
    assert refused.exit_code == 2 and "but it holds running_mean.csv; give another --output" in refused.stderr
    assert mine.read_text() == "mine" and len(list(mine.parent.iterdir())) == 1
    mine.unlink()
    for formats in (("csv",), ("csv", "hepdata")):
        done = figures(output / "toys", mine.parent, *(word for name in formats for word in ("--format", name)))
        assert done.exit_code == 0, done.output
    assert (mine.parent / "hepdata" / "submission.yaml").exists() and mine.read_text() != "mine"
    (mine.parent / "hepdata" / "notes.txt").write_text("mine")
    refused = figures(output / "toys", mine.parent)
    assert refused.exit_code == 2 and "but it holds hepdata/notes.txt" in refused.stderr


def test_campaigns_and_logs(output: Path, tmp_path: Path) -> None:
    done = figures(output / "toys", tmp_path / "a", "--format", "csv")
    assert "running_mean, percentiles, null_distribution" in done.output
    verdict = {"name": "b", "state": "GOOD", "z_score": 0.5, "p_value": 0.3, "alarms": []}
    with AuditLog(tmp_path / "log.jsonl", reference="r") as log:
        list(log.entries())
        log.append({"kind": "start", "reference": "r", "decisions": {"medium": 0.01, "bad": 0.001}})
        log.append({"kind": "batch", "verdict": verdict})
    done = figures(tmp_path, tmp_path / "b", "--format", "csv")
    assert done.exit_code == 0 and "1 figures: timeline" in done.output
    (tmp_path / "log.jsonl").write_text((tmp_path / "log.jsonl").read_text().replace("0.5", "0.6"))
    done = figures(tmp_path, tmp_path / "b")
    assert done.exit_code == 2 and "line 2 of" in done.output


def test_a_comparison_without_its_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        np.savez(f"{name}.npz", x=np.random.default_rng(1).normal(size=60), y=np.arange(60) % 7)
    assert CliRunner().invoke(main, ["compare", "a.npz", "b.npz", "--permutations", "9"]).exit_code == 0
    for name in "ab":
        Path(f"{name}.npz").unlink()
    done = figures(Path("comparison"), tmp_path / "figures", "--format", "csv")
    assert done.exit_code == 0 and "members, samples-" in done.output and len(list(tmp_path.glob("figures/*.csv"))) == 3


def test_what_holds_no_result_is_said(tmp_path: Path) -> None:
    done = figures(tmp_path, tmp_path / "out")
    assert done.exit_code == 2 and "there are none to draw; give the output folder" in " ".join(done.output.split())
    wilks.calibrate([1.0, 2.0, 3.0]).save(tmp_path / "saved")
    assert figures(tmp_path / "saved", tmp_path / "out", "--format", "csv").exit_code == 0
    assert figures(tmp_path / "saved", tmp_path / "out", "--axis", "x").exit_code == 2

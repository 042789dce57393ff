"""The examples run from end to end at reduced size."""

import importlib.util
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

import wilks
from wilks.campaign import processes
from wilks.cli import main as wilks_command

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PACKAGED = files("wilks.problems") / "data"


def script(path: Path) -> ModuleType:
    """An example as a module, without running it."""
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_script(path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(path), *arguments])
    script(path).main()


def reduced(text: str, changes: dict[str, str]) -> str:
    """The text of an analysis file with smaller numbers; each change must find its place."""
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def run_analysis(text: str, folder: Path) -> None:
    """`wilks run` on a text; a rejected calibration (code 4) is no fault with so few toys."""
    path = folder / "analysis.yaml"
    path.write_text(text, encoding="utf-8")
    outcome = CliRunner().invoke(wilks_command, ["run", str(path)])
    assert outcome.exit_code in (0, 4), outcome.output
    assert (folder / "output" / "report.html").stat().st_size > 10_000
    assert (folder / "output" / "result.json").exists()


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker process: several would each compile the same for a few toys."""
    monkeypatch.setattr(processes, "n_cores", lambda: 1)


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.usefixtures("one_core")
def test_exponential_script(tmp_path, monkeypatch, capsys):
    size = ["--signal", "NP1", "--n-toys", "4", "--n-reference", "4000", "--n-starts", "2"]
    run_script(EXAMPLES / "exponential" / "exponential.py", [*size, "--output", str(tmp_path)], monkeypatch)
    assert "median Z = 4.77" in capsys.readouterr().out
    assert (tmp_path / "report.html").exists()


@pytest.mark.nightly
@pytest.mark.slow
def test_dimuon_script(tmp_path, monkeypatch, capsys):
    (tmp_path / "dimuon_sm.h5").write_bytes((PACKAGED / "dimuon_small.h5").read_bytes())
    size = ["--null", "--n-reference", "5000", "--expected-events", "500", "--n-toys", "3", "--n-starts", "2"]
    output = ["--output", str(tmp_path / "output")]
    run_script(EXAMPLES / "dimuon" / "dimuon.py", [str(tmp_path), *size, *output], monkeypatch)
    assert (tmp_path / "output" / "report.html").exists()


NETWORK = "mlp: {hidden: [4], weight_clip: 9.0}"


@pytest.mark.slow
@pytest.mark.usefixtures("no_processes", "cheap_figures")
@pytest.mark.parametrize("model", ["kernel: {n_centers: 10}", pytest.param(NETWORK, marks=pytest.mark.nightly)])
def test_exponential_analysis_file(tmp_path, model):
    """With kernels in the place of its network all but the fit is the same."""
    text = (EXAMPLES / "exponential" / "analysis.yaml").read_text(encoding="utf-8")
    smaller = {"200_000": "4000", "n_toys: 100": "processes: 1\n  n_toys: 4", "n_starts: 40": "n_starts: 2"}
    smaller |= {NETWORK: model}
    run_analysis(reduced(text, smaller), tmp_path)


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.usefixtures("no_processes")
def test_dimuon_analysis_file(tmp_path):
    text = (EXAMPLES / "dimuon" / "analysis.yaml").read_text(encoding="utf-8")
    smaller = {
        "n_training: 40_000": "n_training: 5_000",
        "n_toys: 100": "processes: 1\n  n_toys: 3",
        "n_starts: 5": "n_starts: 2",
        "../../src/wilks/problems/data/dimuon_small.h5": str(PACKAGED / "dimuon_small.h5"),
        "../../src/wilks/problems/data/dimuon_small_data.h5": str(PACKAGED / "dimuon_small_data.h5"),
    }
    run_analysis(reduced(text, smaller), tmp_path)


@pytest.mark.nightly
@pytest.mark.slow
def test_nuisances_analysis_file(tmp_path):
    text = (EXAMPLES / "nuisances" / "analysis.yaml").read_text(encoding="utf-8")
    smaller = {
        "n_events: 50_000": "n_events: 5_000",
        "n_toys: 20": "processes: 1\n  n_toys: 2",
        "n_starts: 10": "n_starts: 2",
    }
    run_analysis(reduced(text, smaller), tmp_path)
    assert (tmp_path / "output" / "nuisances.json").exists()
    assert "<h2>Nuisances</h2>" in (tmp_path / "output" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("cheap_figures")
def test_fraud_script(tmp_path, monkeypatch, capsys):
    """Payments that no single feature shows."""
    size = ["--n-payments", "700", "--output", str(tmp_path)]
    run_script(EXAMPLES / "fraud" / "fraud.py", [*size, "--share", "0.03"], monkeypatch)
    shown = capsys.readouterr().out
    assert "p-value  0.00" in shown and "all pairs" in shown
    assert (tmp_path / "report.html").exists() and (tmp_path / "april.csv").exists()


@pytest.mark.nightly  # that clean samples are alike: tests/comparison
def test_without_fraud_both_months_are_alike():
    months = script(EXAMPLES / "fraud" / "fraud.py").months
    (usual, april), (again, clean) = months(700, 0.03, 1), months(700, 0.0, 1)
    assert (usual == again).all() and april.shape == clean.shape == (700, 5)
    assert wilks.compare(again, clean, n_permutations=19).p_value > 0.05

"""wilks select on a small study. Its fits are made up in `make test`; real ones: tests/selection/test_selecting.py."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import wilks
import wilks.cli.select
import wilks.selection.selecting
from wilks.cli import main
from wilks.config import load_config
from wilks.laws.compatibility import judge
from wilks.selection import Candidate, Trial
from wilks.statistics.fits import FitResult
from wilks.wording import in_shell

from tests.lab.here import Here
from tests.lab.made_up_fits import FITTED, fits_of_chi_square

GENERATOR = {"function": "wilks.problems.exponential:background"}
CONFIG = {
    "features": ["x"],
    "reference": {"files": "reference.npz", "expected_events": 100.0},
    "model": {"mlp": {"hidden": [2], "weight_clip": 4.0}},
    "toys": {"n_toys": 12, "seed": 1, "generator": GENERATOR},
    "search": {"n_starts": 2},
}
_CHI_SQUARE = np.random.default_rng(1).chisquare(13, size=40)
COMPATIBLE = Trial("fresh", 5.0, 2, judge(_CHI_SQUARE, 13.0, n_failed=0, is_estimated_dof=False), seconds=0.1)
WORDS = ("--n-toys", "20", "--most-starts", "2", "--tolerance", "0.3")
pytestmark = pytest.mark.usefixtures("no_pictures")  # but for that of `done`


@pytest.fixture(scope="module", params=["made up", pytest.param("fitted", marks=pytest.mark.nightly)])
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fit_of: Callable[..., FitResult]
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("select")
    np.savez(folder / "reference.npz", x=np.random.default_rng(0).exponential(size=600))
    (folder / "analysis.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "made up":
            patch.setattr(FITTED, fits_of_chi_square(fit_of, clip=3.0))
        yield folder


@pytest.fixture(scope="module", autouse=True)
def _in_process() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wilks.selection.selecting, "LocalProcesses", Here)
        patch.setattr(wilks.cli.select, "select_weight_clip", partial(wilks.select_weight_clip, n_spread=10))
        yield


@pytest.fixture
def chosen(done: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command gets what `done` has chosen, without the work."""
    found = wilks.load(folder / "results" / "selection" / "result")
    monkeypatch.setattr(
        wilks.cli.select,
        "select_weight_clip",
        lambda analysis, **o: replace(found, analysis=found.applied_to(analysis)),
    )


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["select", str(folder / "analysis.yaml"), *words])


@pytest.fixture(scope="module")
def done(folder: Path) -> Result:
    return run(folder, *WORDS)


def test_it_chooses_and_writes_everything(done: Result, folder: Path) -> None:
    output = folder / "results"
    result = json.loads((output / "result.json").read_text())
    numbers, found = result["numbers"]["selection"], wilks.load(output / "selection" / "result")
    assert done.exit_code == 0, done.output
    assert numbers == json.loads(json.dumps(found.to_dict())) and str(found) in done.stdout
    assert set(result["files"]) == {"selection", "figure", "report", "analysis"}
    assert (output / "selection" / "weight_clips.png").read_bytes().startswith(b"\x89PNG")


def test_the_written_file_is_the_same_analysis_with_the_choice(done: Result, folder: Path) -> None:
    path, found = folder / "analysis.selected.yaml", wilks.load(folder / "results" / "selection" / "result")
    loaded = load_config(path)
    assert loaded.config.model.build() == wilks.MLP(hidden=(2,), weight_clip=found.weight_clip)
    assert loaded.output == folder / "results" / "selected"
    begun, chosen = (yaml.safe_load(p.read_text()) for p in (folder / "analysis.yaml", path))
    assert {name for name in chosen if chosen[name] != begun.get(name)} == {"output", "model"}
    assert f"wilks run {in_shell(path)}" in done.stdout
    checked = CliRunner().invoke(main, ["check", str(path)])
    assert checked.exit_code == 0, checked.output


def test_the_same_command_again_fits_nothing(done: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.campaign.shard.fit_together", lambda *arguments: pytest.fail("a fit"))
    again = run(folder, *WORDS)
    assert again.exit_code == done.exit_code and again.stdout == done.stdout


@pytest.mark.usefixtures("chosen")
def test_a_file_of_somebody_else_is_not_overwritten(done: Result, folder: Path, tmp_path: Path) -> None:
    path = folder / "analysis.selected.yaml"
    own = path.read_text()
    try:
        path.write_text(own.replace("seed: 1", "seed: 2"))
        refused = run(folder, *WORDS)
        assert refused.exit_code == 2 and "it is another file; move it away" in refused.output
        path.write_text(
            own.replace(f"weight_clip: {yaml.safe_load(own)['model']['mlp']['weight_clip']}", "weight_clip: 1.5")
        )
        assert run(folder, *WORDS).exit_code == done.exit_code and path.read_text() == own
    finally:
        path.write_text(own)


def test_a_model_without_a_clip_is_bad_input(folder: Path, tmp_path: Path) -> None:
    config = CONFIG | {"model": {"histogram": {"n_bins": 5}}}
    np.savez(tmp_path / "reference.npz", x=np.random.default_rng(0).exponential(size=600))
    (tmp_path / "analysis.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    refused = run(tmp_path)
    assert refused.exit_code == 2 and "model: a weight clip is chosen for a network" in refused.output
    assert "choose n_bins by the resolution" in " ".join(refused.output.split())
    assert not (tmp_path / "results").exists()


def test_layers_and_a_time_go_to_the_scan(done: Result, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = wilks.load(folder / "results" / "selection" / "result")
    asked: dict[str, Any] = {}

    def scanned(analysis: wilks.Analysis, architectures: Any, **options: Any) -> wilks.ArchitectureScan:
        asked.update(options, architectures=architectures)
        layers = (2, 2)
        good = replace(found, model={**found.model, "hidden": list(layers)}, fresh=COMPATIBLE)
        candidates = (Candidate(layers, 13, good, (0.5, 0.7), 12.0),) if options["budget_seconds"] > 100 else ()
        scan = wilks.ArchitectureScan(candidates, (0.4, 0.6), 0.05, 10, 1800.0, 12.0, 0)
        return replace(scan, analysis=scan.applied_to(analysis))

    monkeypatch.setattr(wilks.cli.select, "select_architecture", scanned)
    scan = run(folder, "--architectures", "4,2x2", "--budget", "30min", "--n-toys", "20")
    assert scan.exit_code == 0, scan.output
    assert (asked["architectures"], asked["budget_seconds"], asked["n_toys"]) == ([(4,), (2, 2)], 1800.0, (20,))
    assert "Recommended: 2x2" in scan.stdout and "0.60 +- 0.10" in scan.stdout
    assert load_config(folder / "analysis.selected.yaml").config.model.build().hidden == (2, 2)
    assert json.loads((folder / "results" / "result.json").read_text())["numbers"]["scan"]["recommended"] == "2x2"
    nothing = run(folder, "--architectures", "4", "--budget", "90s")
    assert nothing.exit_code == 4 and "No network was found to be compatible" in nothing.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--architectures", "4"), "belong together"),
        (("--budget", "30min"), "belong together"),
        (("--architectures", "4x", "--budget", "1h"), "write neurons"),
        (("--architectures", "4", "--budget", "soon"), "such as 90s, 30min or 2h"),
        (("--architectures", "4", "--budget", "1h", "--bracket", "1", "2"), "is for one network"),
    ],
)
def test_words_that_say_nothing_are_bad_usage(folder: Path, words: tuple[str, ...], message: str) -> None:
    refused = run(folder, *words)
    assert refused.exit_code == 2 and message in refused.output


@pytest.mark.parametrize("is_required", [False, True])
def test_no_chi_square_is_a_failure_only_for_who_requires_it(
    done: Result, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_required: bool
) -> None:
    far = judge(3.0 * _CHI_SQUARE, 13.0, n_failed=0, is_estimated_dof=False)
    bad = wilks.load(folder / "results" / "selection" / "result")
    bad = replace(bad, fresh=replace(bad.fresh, compatibility=far))
    monkeypatch.setattr(
        wilks.cli.select, "select_weight_clip", lambda analysis, **o: replace(bad, analysis=bad.applied_to(analysis))
    )
    np.savez(tmp_path / "reference.npz", x=np.random.default_rng(0).exponential(size=600))
    config = CONFIG | {"quality": {"require_chi2": is_required}}
    (tmp_path / "analysis.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    ended = run(tmp_path)
    assert ended.exit_code == (4 if is_required else 0), ended.output
    assert "do not follow the chi-square (" in ended.output and (tmp_path / "analysis.selected.yaml").exists()

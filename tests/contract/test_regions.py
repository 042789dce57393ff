"""Analyses of several regions go through the verbs and the commands that those of one go through."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

import wilks
import wilks.cli.toys
from wilks.cli import main
from wilks.statistics import REGIONS, statistic_from_dict
from wilks.statistics.regions import Fixed

from tests.lab.here import Here

GENERATOR = "wilks.problems.exponential:background"
LOG_RATIO = "wilks.problems.exponential:scale_log_ratio"
N_TOYS = 12
SECTIONS = {
    "histogram": {"histogram": {"n_bins": 4}},
    "kernel": {"kernel": {"n_centers": 10, "width": 1.0, "ridge": 3.0, "is_score": True}},
    "kernel set": {"kernel_set": {"widths": [0.5, 1.5], "n_centers": 10}},
}
MODELS = {
    "histogram": wilks.Histogram(n_bins=4),
    "kernel": wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True),
    "kernel set": wilks.KernelSet(widths=(0.5, 1.5), n_centers=10),
}
SIGNALS = {"signal": "bump.npz", "control": "tail.npz"}
FEATURE = {"signal": "x", "control": "y"}


def events(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=n)


def part(kind: str, name: str, **changes) -> wilks.Analysis:
    seed = {"signal": 0, "control": 1}[name]
    settings = {
        "reference": wilks.Sample(events(seed, 600), features=[FEATURE[name]]),
        "model": MODELS[kind],
        "expected_events": 100.0,
        "nuisances": [wilks.Nuisance("scale", 0.1, log_ratio=LOG_RATIO)],
        "toy_source": wilks.Generator(GENERATOR),
        "search": wilks.Search(n_starts=2),
        "name": name,
    }
    return wilks.Analysis(**settings | changes)


def data() -> dict[str, np.ndarray]:
    return {"signal": events(2, 120), "control": events(3, 90)}


@pytest.fixture(params=list(SECTIONS), scope="module")
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def whole(kind) -> wilks.Analysis:
    return part(kind, "signal") + part(kind, "control")


@pytest.fixture(scope="module")
def toys(whole, tmp_path_factory) -> wilks.Toys:
    store = tmp_path_factory.mktemp("toys") / "toys"
    return wilks.run_toys(whole, wilks.Null(), n_toys=N_TOYS, seed=1, store=store, executor=Here())


@dataclass
class Files:
    """An analysis file for each region, and the one that names them."""

    folder: Path
    kind: str

    def __post_init__(self) -> None:
        for name, seed in (("signal", 0), ("control", 1)):
            np.savez(self.folder / f"{name}.npz", **{FEATURE[name]: events(seed, 600)})
            np.savez(self.folder / f"{name}-data.npz", **{FEATURE[name]: data()[name]})
            self._write(name, self.region(name))
        self._write("both", self.both())

    def region(self, name: str) -> dict:
        return {
            "features": [FEATURE[name]],
            "reference": {"files": f"{name}.npz", "expected_events": 100.0},
            "data": {"files": f"{name}-data.npz"},
            "model": SECTIONS[self.kind],
            "toys": {"generator": {"function": GENERATOR}},
            "search": {"n_starts": 2},
            "nuisances": {"scale": {"sigma": 0.1, "log_ratio": LOG_RATIO}},
        }

    @staticmethod
    def both() -> dict:
        regions = {name: f"{name}.yaml" for name in FEATURE}
        return {"regions": regions, "toys": {"n_toys": N_TOYS, "processes": 1}, "output": "results-of-both"}

    def _write(self, name: str, section: dict) -> None:
        (self.folder / f"{name}.yaml").write_text(yaml.safe_dump(section, sort_keys=False))

    def run(self, command: str, name: str = "both", words: tuple[str, ...] = ()):
        return CliRunner().invoke(main, [command, str(self.folder / f"{name}.yaml"), *words])


@pytest.fixture
def files(kind, tmp_path, monkeypatch) -> Files:
    monkeypatch.setattr(wilks.cli.toys, "LocalProcesses", Here)
    return Files(tmp_path, kind)


def test_an_analysis_of_regions_knows_its_parts(whole, kind):
    assert whole.features == ("region", "x", "y") and whole.nuisances.names == ("scale",)
    assert whole.expected_events == pytest.approx(200.0)
    for name, one in whole.regions.items():
        assert one.fingerprint() == part(kind, name).fingerprint()
    again = wilks.Analysis.of_regions(whole.regions)
    assert again.fingerprint() == whole.fingerprint()


def test_toys_are_those_of_every_region(whole, toys):
    n = toys.n_events
    assert np.isfinite(toys.t).all() and abs(n.mean() - 200.0) < 5 * np.sqrt(200.0 / N_TOYS)
    fit = wilks.fit(whole, data())
    result = wilks.goodness_of_fit(whole, data(), calibration=wilks.calibrate(toys))
    assert result.t == fit.t and result.method == "empirical"
    assert wilks.goodness_of_fit(whole, list(data().values()), calibration=wilks.calibrate(toys)).t == fit.t


def test_it_is_saved_and_loaded(whole, tmp_path):
    whole.save(tmp_path / "analysis")
    loaded = wilks.Analysis.load(tmp_path / "analysis")
    assert loaded.fingerprint() == whole.fingerprint() and list(loaded.regions) == ["signal", "control"]
    assert wilks.fit(loaded, data()).t == wilks.fit(whole, data()).t


def test_models_of_regions_are_made_again_from_their_documents(whole):
    document = json.loads(json.dumps(whole.model.to_dict()))
    assert statistic_from_dict(document) == whole.model and document["kind"] in REGIONS
    assert whole.model.describe().startswith("signal: ")
    assert whole.model.words(is_profiled=True).sentences[-1].startswith("Each of the 2 regions (signal, control)")
    assert statistic_from_dict(Fixed().to_dict()) == Fixed()


@pytest.mark.parametrize(
    "kind", ["histogram", pytest.param("kernel", marks=pytest.mark.nightly), "kernel set"], indirect=True
)
def test_wilks_run_and_report(files, whole, kind, cheap_figures):
    ran = files.run("run")
    assert ran.exit_code == 0, ran.output
    result = json.loads((files.folder / "results-of-both" / "result.json").read_text())
    assert result["numbers"]["answer"]["t"] == pytest.approx(wilks.fit(whole, data()).t)
    page = (files.folder / "results-of-both" / "report.html").read_text(encoding="utf-8")
    assert "Each of the 2 regions (signal, control) has an f of its own" in page
    assert "integers in order" not in page
    assert "expected at Δ" in page and (">part of t<" in page) == (kind == "histogram")
    assert "signal: x" in page and "control: y" in page and "control: x" not in page
    for command in ("check", "calibrate", "test", "report"):
        again = files.run(command)
        assert again.exit_code == 0, again.output
    assert "scale" in files.run("check").output
    refused = files.run("select")
    assert refused.exit_code == 2 and "this command looks at one region" in refused.output


@pytest.mark.parametrize("kind", ["histogram"])
def test_wilks_validate_looks_at_all_regions_together(files, kind, no_processes, no_figures):
    files._write("both", files.both() | {"toys": {"n_toys": 20, "processes": 1}})
    done = files.run("validate", words=("--n-toys", "20", "--n-references", "2"))
    assert done.exit_code in (0, 4), done.output
    found = wilks.load(files.folder / "results-of-both" / "validation" / "result")
    checks = {one.name: one for one in found.checks}
    assert checks["nuisances found back"].numbers["names"] == ["scale"]
    assert checks["another reference"].numbers["n_references"] == 3 and "drawn anew" in checks["another reference"].text
    assert "with its own file" in checks["closure of responses"].text


@pytest.mark.parametrize("kind", ["histogram"])
def test_wilks_power_takes_the_signal_of_each_region(files, kind, no_processes, no_figures):
    np.savez(files.folder / "bump.npz", x=np.full(99, 4.0), w=np.full(99, 2.0))
    np.savez(files.folder / "tail.npz", y=np.full(99, 6.0), w=np.full(99, 1.0))
    counts = ("--n-signal", "40", "--n-null", "25", "--n-toys", "20")
    signal = tuple(f"--signal={name}={files.folder / file}" for name, file in SIGNALS.items())
    done = files.run("power", words=(*signal, "--weight", "w", "--model-alone", *counts))
    assert done.exit_code == 0, done.output
    row = wilks.load(files.folder / "results-of-both" / "power" / "table").rows[0]
    assert row.test == "model" and row.power[0] is None and row.z_score > 1.0
    for words, message in (
        ((*signal, *counts), "give tests=() (--model-alone)"),
        ((*signal, "--binned", "x", *counts), "a binned search looks at one region"),
        ((f"--signal={files.folder / 'bump.npz'}", *counts), "--signal must be REGION=FILE"),
        ((*signal, f"--signal=signal={files.folder / 'tail.npz'}", *counts), "once for a region (signal, control)"),
    ):
        refused = files.run("power", words=words)
        assert refused.exit_code == 2 and message in " ".join(refused.output.split())


def test_a_file_of_regions_says_what_is_wrong(files):
    files._write("both", files.both() | {"features": ["x"]})
    assert "no key but name, output, regions" in files.run("check").output
    files._write("both", files.both() | {"regions": {"signal": "signal.yaml"}})
    assert files.run("check").exit_code == 2
    files._write("both", files.both() | {"regions": {"signal": "signal.yaml", "both": "both.yaml"}})
    assert "a region must be one analysis" in files.run("check").output
    files._write("both", files.both())
    section = files.region("control")
    section["nuisances"]["scale"]["sigma"] = 0.2
    files._write("control", section)
    found = files.run("check")
    assert found.exit_code == 2 and "must have one sigma" in found.output

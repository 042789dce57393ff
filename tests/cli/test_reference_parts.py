"""wilks reference part and wilks reference merge: runs that are read once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from wilks.monitor import MonitorReference

from tests.cli.test_monitor import CONFIG, put, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With good events and an analysis file, which tests may not change."""
    folder = tmp_path_factory.mktemp("parts")
    put(folder / "good.npz", 6_000)
    (folder / "dqm.yaml").write_text(yaml.safe_dump(CONFIG))
    return folder


def test_a_reference_of_parts_needs_their_files_no_more(folder: Path, tmp_path: Path) -> None:
    for i in range(3):
        put(tmp_path / f"run{i}.npz", 2_000, seed=i + 30)
        words = ("reference", "part", tmp_path / f"run{i}.npz", "--analysis", folder / "dqm.yaml")
        made = run(*words, "-o", tmp_path / "parts" / str(i))
        assert made.exit_code == 0 and "for the reference" in made.output, made.output
        (tmp_path / f"run{i}.npz").unlink()
    parts, merge = [tmp_path / "parts" / str(i) for i in range(3)], ("reference", "merge", "--analysis")
    done = run(*merge, folder / "dqm.yaml", *parts, "-o", tmp_path / "ref", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["numbers"]["reference"]
    assert told["n_held_out"] + told["n_reference"] == pytest.approx(6_000, abs=20) and told["batch_sizes"] == [100]
    assert MonitorReference.load(tmp_path / "ref").reading["define"] == {"z": "y - x"}
    again = run(*merge, folder / "dqm.yaml", *parts[::-1], "-o", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["numbers"]["reference"]["digest"] == told["digest"]
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(CONFIG | {"where": "x > -2"}))
    refused = run(*merge, tmp_path / "other.yaml", *parts, "-o", tmp_path / "other")
    assert refused.exit_code == 2 and "but it differs in where; make it again" in " ".join(refused.output.split())
    assert not (tmp_path / "other").exists()


def test_parts_that_were_read_in_another_way_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", **dict(np.load(folder / "good.npz")), lumi=np.arange(6_000) % 4 + 1)
    certified = {"file": "gold.json", "run": "run", "lumisection": "lumi"}
    changes: dict[str, dict[str, Any]] = {
        "certified": {"certified": certified},
        "certified.sha256": {"certified": certified | {"file": "silver.json"}},
        "entry_stop": {"entry_stop": 5_000},
        "per_file, weight": {"per_file": {"w": {"run.npz": 1.0}}, "weight": "w"},
        "expected_events by entry of files": {"expected_events": {"run.npz": 900}},
    }
    (tmp_path / "gold.json").write_text('{"1": [[1, 2]]}')
    (tmp_path / "silver.json").write_text('{"1": [[1, 3]]}')
    for name, more in (changes | {"plain": {}}).items():
        config = CONFIG | {"reference": {"files": "run.npz", **more}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config))

    def part(name: str) -> Path:
        path = tmp_path / f"part {name}"
        assert run("reference", "part", "--analysis", tmp_path / f"{name}.yaml", "-o", path).exit_code == 0
        return path

    plain, gold = part("plain"), part("certified")
    for name in changes:
        made, against = (gold, "certified.sha256") if name == "certified.sha256" else (plain, name)
        words = ("--analysis", tmp_path / f"{against}.yaml", made, "-o", tmp_path / "ref")
        refused = run("reference", "merge", *words)
        said = " ".join(refused.output.split())
        assert refused.exit_code == 2 and f"it differs in {name}; make it again" in said, said
    done = run("reference", "merge", "--analysis", tmp_path / "certified.yaml", gold, "-o", tmp_path / "ref")
    assert done.exit_code == 0, done.output


def test_a_part_holds_out_its_own_events(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(CONFIG | {"toys": {"pool": {"files": "pool.npz"}}}))
    done = run("reference", "part", folder / "good.npz", "--analysis", tmp_path / "a.yaml", "-o", tmp_path / "part")
    assert done.exit_code == 2 and "a part must hold out a share of its own" in " ".join(done.output.split())

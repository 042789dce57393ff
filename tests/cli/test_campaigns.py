"""Commands on a campaign of toys, on a small study with real fits of a kernel: its processes are ready at once."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from pyarrow import parquet

import wilks.campaign.shard
from wilks.campaign import Ledger
from wilks.cli import main
from wilks.typing import FitStatus

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """``wilks toys ...`` in this process."""
    return lambda *words: CliRunner().invoke(main, ["toys", *map(str, words)])


@pytest.fixture(scope="module")
def planned(make_study: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A study whose toys are planned in shards of two."""
    study = make_study(tmp_path_factory.mktemp("planned"))
    study.config["model"] = {"kernel": {"n_centers": 10, "width": 1.0, "is_score": True}}
    del study.config["search"]
    study.path.write_text(yaml.safe_dump(study.config))
    study.first = CliRunner().invoke(main, ["toys", "plan", str(study.path), "--shard-size", "2"])
    return study


@pytest.fixture
def campaign(planned: Any) -> Path:
    return Path(planned.output / "toys")


def numbers(campaign: Path) -> dict[str, Any]:
    return dict(json.loads((campaign / "result.json").read_text())["numbers"])


def test_a_plan_says_what_to_do_with_it(planned: Any, campaign: Path) -> None:
    assert planned.first.exit_code == 0, planned.first.output
    assert planned.first.stdout.splitlines() == [
        f"3 toys in 2 shards are planned in {campaign}; make them with",
        f"  wilks toys run {campaign}",
        f"  wilks toys submit {campaign} --backend slurm    (or htcondor)",
    ]
    assert planned.result()["numbers"]["plan"] == {"n_toys": 3, "n_shards": 2, "seed": 1}


def test_a_campaign_from_plan_to_answer(planned: Any, campaign: Path, run: Run) -> None:
    status = run("status", campaign)
    assert status.exit_code == 3 and "shards  2: 2 missing" in status.stdout
    job = run("run", campaign, "--shard", 1)
    assert job.exit_code == 0 and "shard 1: 1 toys, 1 made; mean t" in job.stdout, job.output
    again = run("run", campaign, "--shard", 1)
    assert again.exit_code == 0 and "shard 1: 1 toys, was done" in again.stdout
    assert not (campaign / "result.json").exists(), "many jobs write in one folder"
    rest = run("run", campaign, "--processes", 1)
    assert rest.exit_code == 0, rest.output
    assert "Made 2 toys in" in rest.stdout and "shards  2: 2 done" in rest.stdout
    assert "toys: 3 of 3" in rest.stderr and "mean t" in rest.stderr
    assert numbers(campaign)["speed"]["n_toys"] == 2 and (campaign / "campaign.html").exists()
    assert run("status", campaign).exit_code == 0
    merged = run("merge", campaign)
    assert merged.exit_code == 0 and parquet.read_table(campaign / "toys.parquet").num_rows == 3
    calibrated = planned.run("calibrate")
    assert calibrated.exit_code == 0 and "3 of 3 toys are stored already" in calibrated.stderr


# Each takes longer to import than a small command to do its work.
SLOW = {"awkward", "dask", "h5py", "hist", "jax", "matplotlib", "pydantic", "scipy", "uproot"}
ONLY_FOR_TABLES = {"numpy", "pyarrow", "rich"}
ONLY_FOR_FITS = {"awkward", "dask", "jax", "matplotlib", "scipy.optimize", "scipy.stats"}


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (["--help"], SLOW | ONLY_FOR_TABLES),
        (["toys", "--help"], SLOW | ONLY_FOR_TABLES),
        (["toys", "status", "CAMPAIGN"], SLOW),
        (["toys", "submit", "CAMPAIGN", "--backend", "slurm", "--dry-run"], SLOW),
        (["check", "ANALYSIS"], ONLY_FOR_FITS),
    ],
)
def test_a_quick_command_imports_no_slow_library(
    planned: Any, campaign: Path, words: list[str], unused: set[str]
) -> None:
    paths = {"CAMPAIGN": str(campaign), "ANALYSIS": str(planned.path)}
    arguments = [paths.get(word, word) for word in words]
    code = (
        "import sys; from wilks.cli import main\n"
        f"try: main({arguments})\n"
        f"finally: print(sorted({unused} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode in {0, 3} and done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_a_campaign_grows(planned: Any, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    options = ("--n-toys", 4, "--seed", 9, "--shard-size", 4, "--no-params")
    assert run("plan", planned.path, folder, *options).exit_code == 0
    plan = json.loads((folder / "campaign.json").read_text())
    assert (plan["extents"], plan["seed"], plan["keep_params"]) == ([[4, 4]], 9, False)
    assert run("extend", folder, "--n-toys", 10, "--shard-size", 3).exit_code == 0
    assert json.loads((folder / "campaign.json").read_text())["extents"] == [[4, 4], [6, 3]]
    less = run("extend", folder, "--n-toys", 5)
    assert less.exit_code == 2 and "5 were asked for and 10 are planned; `wilks toys shrink`" in less.stderr
    status = run("status", folder, "--json")
    assert status.exit_code == 3
    assert json.loads(status.stdout)["numbers"]["campaign"]["shards"] == {"missing": 3}
    assert run("status", folder, "--html").exit_code == 3 and (folder / "campaign.html").exists()
    merged = run("merge", folder)
    assert merged.exit_code == 3 and "10 of 10 are missing" in merged.stderr and "(--partial)" in merged.stderr
    partial = run("merge", folder, "--partial", "--output", tmp_path / "some.csv")
    assert partial.exit_code == 3 and (tmp_path / "some.csv").exists()
    jobs = run("submit", folder, "--backend", "htcondor", "--dry-run", "--job-flavour", "longlunch")
    assert jobs.exit_code == 0 and "Jobs for 3 missing shards were written, not submitted:" in jobs.stdout


@pytest.mark.usefixtures("no_processes")
def test_damage_is_a_warning_of_the_outcome(planned: Any, run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "toys"
    assert run("plan", planned.path, folder, "--shard-size", 2).exit_code == 0
    for number in range(2):
        assert run("run", folder, "--shard", number).exit_code == 0
    damaged = folder / "shards" / "shard-0000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    status = run("status", folder)
    assert status.exit_code == 3 and "shard 1 corrupt:" in status.stdout and damaged.exists()
    found = run("run", folder, "--processes", 1)
    text = f"1 files of {folder} could not be read or had changed; they were set aside in its folder 'damaged'"
    assert found.exit_code == 0 and f"Warning: {text}" in found.stderr.replace("\n", " ")
    assert json.loads((folder / "result.json").read_text())["warnings"][0].startswith(text)


def test_too_many_failed_toys_trip_the_gate(planned: Any, run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "toys"
    assert run("plan", planned.path, folder, "--shard-size", 2).exit_code == 0
    make_toys = wilks.campaign.shard.make_toys

    def failing(*arguments: Any, **options: Any) -> Any:
        rows = make_toys(*arguments, **options)
        return [replace(row, t=np.nan, status=int(FitStatus.NOT_CONVERGED)) for row in rows]

    monkeypatch.setattr(wilks.campaign.shard, "make_toys", failing)
    strict = run("run", folder, "--shard", 0, "--max-failed-fraction", 0.9)
    assert strict.exit_code == 4, strict.output
    assert "Warning: 2 of 2 toys failed; --max-failed-fraction allows 90.0%." in strict.stdout
    assert run("run", folder, "--shard", 0, "--max-failed-fraction", 1.0).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("status", "NOWHERE"), 2, "campaign.json is not there; `wilks toys plan`"),
        (("run", "NOWHERE"), 2, "must hold a plan of toys"),
        (("run", "CAMPAIGN", "--shard", 7), 2, "shard must be one of 0 to 1, but 7 came"),
        (("run", "CAMPAIGN", "--shard", -1), 2, "--shard"),
        (("run", "CAMPAIGN", "--shard", 1, "--processes", 2), 2, "leave --processes and --dask out"),
        (("run", "CAMPAIGN", "--shard", 1, "--dask"), 2, "leave --processes and --dask out"),
        (("run", "CAMPAIGN", "--max-failed-fraction", 2), 2, "--max-failed-fraction"),
        (("merge", "CAMPAIGN", "--output", "toys.txt"), 2, "ends with .parquet, .csv or .root"),
        (("submit", "CAMPAIGN"), 2, "--backend"),
        (
            ("submit", "CAMPAIGN", "--backend", "slurm", "--sbatch-option", "rm -rf"),
            2,
            "one line that begins with '--'",
        ),
    ],
)
def test_bad_input_is_said_before_anything_starts(
    campaign: Path, run: Run, tmp_path: Path, words: tuple[object, ...], code: int, text: str
) -> None:
    places = {"CAMPAIGN": campaign, "NOWHERE": tmp_path / "nowhere"}
    result = run(*(places.get(str(word), word) for word in words))
    assert result.exit_code == code and text in result.stderr


def test_an_analysis_without_a_source_of_toys_has_no_plan(make_study: Any, tmp_path: Path, run: Run) -> None:
    study = make_study(tmp_path)
    del study.config["reference"]["n_training"]
    study.path.write_text(yaml.safe_dump(study.config))
    result = run("plan", study.path)
    assert result.exit_code == 2 and "needs a source of toys" in result.stderr and not study.output.exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")
def test_modules_of_a_campaign_of_others_are_named(campaign: Path, run: Run, tmp_path: Path) -> None:
    """Refused before anything is made or written; then used, and told to jobs."""
    shared, modules = tmp_path / "toys", tmp_path / "modules"
    shutil.copytree(campaign, shared)
    modules.mkdir()
    for path in [*shared.glob("shards/*"), *shared.glob("progress/*")]:
        path.unlink()
    ledger = Ledger.open(shared)
    ledger.document["module_folders"] = [str(modules)]
    ledger.save()
    shared.chmod(0o777)
    for words in (
        ["run", shared],
        ["run", shared, "--shard", 0],
        ["submit", shared, "--backend", "slurm", "--dry-run"],
    ):
        refused = run(*words)
        assert refused.exit_code == 2 and f"every user can write {shared}" in refused.stderr.replace("\n", " ")
    assert not (shared / "jobs").exists() and not list(shared.glob("shards/*"))
    assert run("run", shared, "--shard", 0, "--module-folder", modules).exit_code == 0
    assert run("submit", shared, "--backend", "slurm", "--dry-run", "--module-folder", modules).exit_code == 0
    assert f"export WILKS_MODULE_FOLDERS={modules}" in (shared / "jobs/0001/array-1.sh").read_text()
    wrong = run("run", shared, "--module-folder", tmp_path / "nowhere")
    assert wrong.exit_code == 2 and "a folder of modules must be there" in wrong.stderr

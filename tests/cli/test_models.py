"""`wilks models`: one table on the same toys, in the report of `wilks run` too, and what it refuses."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.cli.outcome import ExitCode

pytestmark = pytest.mark.usefixtures("no_processes", "cheap_figures")
OTHERS = {"bins": {"histogram": {"n_bins": 10}}, "scan": {"scan": {}}}


@pytest.fixture
def study(make_study: Any, tmp_path: Path) -> Any:
    study = make_study(tmp_path)
    rng = np.random.default_rng(1)
    study.write("reference.npz", x=rng.exponential(size=12_000))
    study.write("data.npz", x=rng.exponential(1.2, size=105))
    study.config = {
        "features": ["x"],
        "reference": {"files": "reference.npz", "expected_events": 100, "n_training": 3_000},
        "data": {"files": "data.npz"},
        "toys": {"n_toys": 19, "processes": 1},
        "model": {"kernel": {"n_centers": 10, "width": 1.0, "is_score": True}},
        "models": OTHERS,
    }
    return study


def test_run_tests_the_others_too_and_reports_them(study: Any) -> None:
    done = study.run("run")
    assert done.exit_code == ExitCode.DONE, done.output
    numbers = study.result()["numbers"]
    rows = {one["name"]: one for one in numbers["models"]["rows"]}
    assert list(rows) == ["model", "bins", "scan"]
    assert rows["model"]["p_value"] == numbers["answer"]["p_value"] and rows["model"]["t"] == numbers["answer"]["t"]
    assert numbers["models"]["p_value"] >= min(one["p_value"] for one in rows.values())
    made = list((study.output / "models" / "toys").iterdir())
    assert len(made) == 2, "those of `model` were there"
    page = (study.output / "report.html").read_text(encoding="utf-8")
    assert "Several models" in page and "is not a p-value" in page and "histogram of 10 bins" in page

    again = study.run("models")
    assert again.exit_code == ExitCode.DONE, again.output
    assert study.result()["numbers"]["models"] == numbers["models"]
    assert str(wilks.load(study.output / "models" / "table")) in again.output

    study.config = study.config | {"models": {"bins": {"histogram": {"n_bins": 12}}}}
    assert study.run("report").exit_code == ExitCode.DONE
    page = (study.output / "report.html").read_text(encoding="utf-8")
    assert "Several models" not in page, "the table is that of other models"

    study.config = study.config | {"models": OTHERS}
    study.write("data.npz", x=np.random.default_rng(2).exponential(1.3, size=104))
    shutil.rmtree(study.output / "test")
    assert study.run("test").exit_code == study.run("report").exit_code == ExitCode.DONE
    page = (study.output / "report.html").read_text(encoding="utf-8")
    assert "Several models" not in page, "the table is that of other data"


def test_what_is_refused_before_anything_is_made(study: Any) -> None:
    own = study.config
    for change, text in (
        ({"models": {}}, "`models` must name other models"),
        ({"toys": own["toys"] | {"n_toys": 0}}, "toys.n_toys is 0"),
        ({"models": {"bins": {"histogram": {"n_bins": 0}}}}, "models.bins"),
        ({"models": {"model": {"histogram": {}}}}, "models.model: `model` is the model of the file itself"),
        ({"models": {"bins": {"histgram": {}}}}, "did you mean histogram"),
    ):
        study.config = own | change
        done = study.run("models")
        assert done.exit_code == ExitCode.INVALID_INPUT and text in done.output, done.output
        assert not study.output.exists()
